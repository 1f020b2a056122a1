package machine

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// claim is one of somebody called name; what it says is shell code.
func claim(folder, name string) Claim {
	return Claim{Folder: folder, Nonce: script.Nonce(), TTL: 2 * time.Minute, Process: "p $(exit 1) '\"", Owner: name + " $(touch /x) `id` %s \\n",
		Entry: fmt.Sprintf(`"entry":"begin","owner":%q}`, name)}
}

func TestALockIsHeldByOne(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		folder := filepath.Join(t.TempDir(), "bulwark")
		ann, bob := claim(folder, "ann"), claim(folder, "bob")
		before := time.Now().Add(-time.Second)
		got, err := Acquire(t.Context(), h, ann)
		if err != nil || got.Was != nil || got.Journal != "" || got.Last != nil {
			t.Fatalf("%+v, %v", got, err)
		}
		for path, mode := range map[string]os.FileMode{"": 0o700, "lock": 0o600, "journal": 0o600} {
			if info, err := os.Stat(filepath.Join(folder, path)); err != nil || info.Mode().Perm() != mode {
				t.Errorf("%q: %v, %v", path, info, err)
			}
		}
		_, err = Acquire(t.Context(), h, bob)
		held, ok := errors.AsType[*HeldError](err)
		if !ok {
			t.Fatalf("%v", err)
		}
		l := held.Lock
		if l.Nonce != ann.Nonce || l.Owner != ann.Owner || l.Process != ann.Process || l.Since.Before(before) || l.Expired() ||
			l.Expires.Sub(l.Now) > ann.TTL || l.Expires.Sub(l.Now) < ann.TTL-time.Minute {
			t.Errorf("%+v", l)
		}
		if shown, err := ShowLock(t.Context(), h, folder); err != nil || shown.Nonce != ann.Nonce {
			t.Errorf("%+v, %v", shown, err)
		}
		for _, err := range []error{Renew(t.Context(), h, folder, bob.Nonce), release(t, h, bob)} {
			if lost, ok := errors.AsType[*LostError](err); !ok || lost.By == nil || lost.By.Owner != ann.Owner {
				t.Errorf("not his: %v", err)
			}
		}
		if err := Renew(t.Context(), h, folder, ann.Nonce); err != nil {
			t.Error(err)
		}
		if err := release(t, h, ann); err != nil {
			t.Error(err)
		}
		if got, err := Acquire(t.Context(), h, bob); err != nil || got.Was != nil || !strings.Contains(string(got.Last), `"entry":"end"`) {
			t.Errorf("%+v, %v", got, err)
		}
		var owners []string
		for _, e := range journal(t, folder) {
			owners = append(owners, fmt.Sprint(e["entry"], " ", e["owner"]))
			if at, ok := e["time"].(float64); !ok || time.Unix(int64(at), 0).Before(before) {
				t.Errorf("time: %v", e)
			}
		}
		if strings.Join(owners, ", ") != "begin ann, end ann, begin bob" {
			t.Errorf("journal: %v", owners)
		}
	})
}

func release(t *testing.T, h *scripttest.Host, c Claim) error {
	t.Helper()
	said, err := Release(t.Context(), h, c.Folder, c.Nonce, strings.Replace(c.Entry, "begin", "end", 1))
	if said != "" {
		t.Errorf("it said %q", said)
	}
	return err
}

// journal is its lines, each of which must be JSON.
func journal(t *testing.T, folder string) (all []map[string]any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Errorf("%v: %q", err, line)
		}
		all = append(all, e)
	}
	return all
}

// The digest that the lock answers with is that of the file a look saw.
func TestTheLockAnswersWithTheJournal(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		folder := t.TempDir()
		ann, bob := claim(folder, "ann"), claim(folder, "bob")
		if _, err := Acquire(t.Context(), h, ann); err != nil {
			t.Fatal(err)
		}
		if err := release(t, h, ann); err != nil {
			t.Fatal(err)
		}
		text, _ := os.ReadFile(filepath.Join(folder, "journal"))
		if got, err := Acquire(t.Context(), h, bob); err != nil || got.Journal != state.SHA256(text) {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestALockExpiresByTheMachinesClock(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		folder := t.TempDir()
		ann, bob := claim(folder, "ann"), claim(folder, "bob")
		if _, err := Acquire(t.Context(), h, ann); err != nil {
			t.Fatal(err)
		}
		age(t, folder, ann.TTL-20*time.Second)
		if _, err := Acquire(t.Context(), h, bob); err == nil {
			t.Fatal("it had 20 seconds to live")
		}
		age(t, folder, ann.TTL)
		if l, err := ShowLock(t.Context(), h, folder); err != nil || !l.Expired() {
			t.Errorf("%+v, %v", l, err)
		}
		// Nobody took it: whoever was away for long still has it.
		if err := Renew(t.Context(), h, folder, ann.Nonce); err != nil {
			t.Error(err)
		}
		if _, err := Acquire(t.Context(), h, bob); err == nil {
			t.Fatal("it was renewed")
		}
		age(t, folder, ann.TTL)
		got, err := Acquire(t.Context(), h, bob)
		if err != nil || got.Was == nil || got.Was.Owner != ann.Owner || !strings.Contains(string(got.Last), `"entry":"begin","owner":"ann"`) {
			t.Errorf("%+v, %v", got, err)
		}
		if lost, ok := errors.AsType[*LostError](Renew(t.Context(), h, folder, ann.Nonce)); !ok || lost.By.Owner != bob.Owner {
			t.Errorf("%v", lost)
		}
	})
}

// age makes a lock one that was renewed that long ago.
func age(t *testing.T, folder string, by time.Duration) {
	t.Helper()
	at := time.Now().Add(-by)
	if err := os.Chtimes(filepath.Join(folder, "lock"), at, at); err != nil {
		t.Fatal(err)
	}
}

func TestALivingLockIsTakenOnPurposeOnly(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		folder := t.TempDir()
		ann, bob, eve := claim(folder, "ann"), claim(folder, "bob"), claim(folder, "eve")
		if _, err := Acquire(t.Context(), h, ann); err != nil {
			t.Fatal(err)
		}
		bob.Over, eve.Over = ann.Nonce, ann.Nonce
		if got, err := Acquire(t.Context(), h, bob); err != nil || got.Was.Nonce != ann.Nonce {
			t.Fatalf("%+v, %v", got, err)
		}
		// She meant Ann's, not Bob's.
		if _, err := Acquire(t.Context(), h, eve); err == nil {
			t.Error("a lock was taken that nobody meant")
		}
	})
}

func TestOfManyWhoAskOneGetsTheLock(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		const askers, rounds = 4, 6
		folder := filepath.Join(t.TempDir(), "bulwark")
		for round := range rounds {
			claims, errs := make([]Claim, askers), make([]error, askers)
			var wg sync.WaitGroup
			for i := range askers {
				claims[i] = claim(folder, fmt.Sprint(i))
				wg.Go(func() { _, errs[i] = Acquire(t.Context(), h, claims[i]) })
			}
			wg.Wait()
			won := -1
			for i, err := range errs {
				switch _, held := errors.AsType[*HeldError](err); {
				case err == nil && won < 0:
					won = i
				case err == nil:
					t.Errorf("round %d: %d and %d have it", round, won, i)
				case !held:
					t.Errorf("round %d: %v", round, err)
				}
			}
			if won < 0 {
				t.Fatalf("round %d: nobody has it: %v", round, errs)
			}
			// An expired one too is taken by one, and a folder may be new each time.
			switch round % 3 {
			case 0:
				age(t, folder, time.Hour)
			case 1:
				if err := release(t, h, claims[won]); err != nil {
					t.Error(err)
				}
			case 2:
				if err := os.RemoveAll(folder); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// After a reset there is neither lock nor folder, and giving back makes none.
func TestWhatWasResetIsNotMadeAgain(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		folder := filepath.Join(t.TempDir(), "bulwark")
		ann := claim(folder, "ann")
		if _, err := Acquire(t.Context(), h, ann); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{Renew(t.Context(), h, folder, ann.Nonce), release(t, h, ann)} {
			if lost, ok := errors.AsType[*LostError](err); !ok || lost.By != nil {
				t.Errorf("%v", err)
			}
		}
		if l, err := ShowLock(t.Context(), h, folder); err != nil || l != nil {
			t.Errorf("%+v, %v", l, err)
		}
		if _, err := os.Lstat(folder); err == nil {
			t.Error("it is there again")
		}
	})
}

// Whatever lies there instead of a lock is held by somebody until it is taken
// on purpose, and never written through.
func TestALockThatCannotBeRead(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		for name, text := range map[string]string{
			"empty": "", "another format": "bulwark lock 2\nabc\n120\n1\np\no\n", "no number": "bulwark lock 1\nabc\n12x\n1\np\no\n", "a long number": "bulwark lock 1\nabc\n99999999999999999999\n1\np\no\n",
			"no nonce": "bulwark lock 1\n\n120\n1\np\no\n", "odd nonce": "bulwark lock 1\n$(id)\n120\n1\np\no\n", "cut": "bulwark lock 1\nabc\n120\n1\np\n", "NUL": "bulwark lock 1\x00\nabc",
		} {
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, "lock"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			age(t, folder, 100*24*time.Hour)
			ann := claim(folder, "ann")
			_, err := Acquire(t.Context(), h, ann)
			held, ok := errors.AsType[*HeldError](err)
			if !ok || !held.Lock.Expires.IsZero() || held.Lock.Expired() || !strings.Contains(held.Lock.Owner, "cannot be read") {
				t.Errorf("%s: %v", name, err)
				continue
			}
			ann.Over = held.Lock.Nonce
			if _, err := Acquire(t.Context(), h, ann); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		folder := t.TempDir()
		if err := os.Symlink("/dev/null", filepath.Join(folder, "lock")); err != nil {
			t.Fatal(err)
		}
		if _, err := Acquire(t.Context(), h, claim(folder, "ann")); err == nil || !strings.Contains(err.Error(), "not a file") {
			t.Errorf("a link: %v", err)
		}
	})
}

func TestTheJournalIsBoundedAndSurvivesAPowerCut(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		folder := t.TempDir()
		file := filepath.Join(folder, "journal")
		if err := os.WriteFile(file, []byte("{\"time\":1,\"entry\":\"beg"), 0o600); err != nil {
			t.Fatal(err)
		}
		ann := claim(folder, "ann")
		if _, err := Acquire(t.Context(), h, ann); err != nil {
			t.Fatal(err)
		}
		text, _ := os.ReadFile(file)
		if lines := strings.Split(string(text), "\n"); len(lines) != 3 || !json.Valid([]byte(lines[1])) {
			t.Errorf("%q", text)
		}
		long := []byte(strings.Repeat(string(text), 256<<10/len(text)+1))
		if err := os.WriteFile(file, long, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := release(t, h, ann); err != nil {
			t.Fatal(err)
		}
		if old, err := os.ReadFile(file + ".1"); err != nil || len(old) != len(long) {
			t.Errorf("%d bytes, %v", len(old), err)
		}
		if len(journal(t, folder)) != 1 {
			t.Error("the new one has more than the last entry")
		}
	})
}

// A full disk is said before anything is taken, a renewal needs no room, and
// the lock is given back without any.
func TestALockOnAFullDisk(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		own, dir := small(t, h, "size=16k,mode=700")
		ann := claim(dir, "ann")
		put := func(name, text string) {
			if err := os.WriteFile(filepath.Join(dir+".before", name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		put("lock", "bulwark lock 1\n"+ann.Nonce+"\n120\n1\np\nann\n")
		put("filler", strings.Repeat("x", 12<<10))
		if err := Renew(t.Context(), own, dir, ann.Nonce); err != nil {
			t.Errorf("renewing: %v", err)
		}
		said, err := Release(t.Context(), own, dir, ann.Nonce, ann.Entry)
		if err != nil || !strings.Contains(said, "journal cannot be written") {
			t.Errorf("giving back: %q, %v", said, err)
		}
		if err := os.Remove(dir + ".before/lock"); err != nil {
			t.Fatal(err)
		}
		put("filler", strings.Repeat("x", 16<<10))
		_, err = Acquire(t.Context(), own, claim(dir, "bob"))
		if full, ok := errors.AsType[*DiskFullError](err); !ok || full.Path != dir+"/lock" {
			t.Errorf("taking: %v", err)
		}
	})
}
