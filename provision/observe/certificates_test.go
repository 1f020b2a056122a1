package observe

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/host"
	"github.com/bulwark-k8s/bulwark/provision/state"
	"github.com/bulwark-k8s/bulwark/templates/node/script"
	"github.com/bulwark-k8s/bulwark/templates/node/script/scripttest"
)

// pair is a certificate of a serial number and its key, as PEM.
func pair(t *testing.T, serial int64) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
	must(t, err)
	text, err := x509.MarshalECPrivateKey(k)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: text}))
}

func kubeconfig(cert, key string) string {
	return "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: QUFBQQ==\nusers:\n- name: u\n  user:\n    client-certificate-data: " +
		base64.StdEncoding.EncodeToString([]byte(cert)) + "\n    client-key-data: " + base64.StdEncoding.EncodeToString([]byte(key)) + "\n"
}

// heard keeps all that a machine said.
type heard struct {
	*scripttest.Host
	out *bytes.Buffer
}

func (h heard) Exec(ctx context.Context, p host.Program, stdin []byte) (host.Result, error) {
	res, err := h.Host.Exec(ctx, p, stdin)
	h.out.Write(res.Stdout)
	h.out.Write(res.Stderr)
	return res, err
}

func TestCertificatesLeaveTheirKeysBehind(t *testing.T) {
	cert, key := pair(t, 41)
	second, _ := pair(t, 42)
	begin, _, _ := strings.Cut(cert, "-----END")
	_, body, _ := strings.Cut(key, "\n") // what a file has that lost the line that says it is a key
	body, _, _ = strings.Cut(body, "-----END")
	for name, text := range map[string]string{
		"one.crt": cert, "chain.pem": cert + second, "behind.pem": key + cert, "before.pem": cert + key, "u.conf": kubeconfig(cert, key),
		"lost.pem": begin + key, "lost.conf": kubeconfig(begin+key, key), "end.pem": begin + key + cert[len(begin):],
		"key.crt": key, "key.conf": kubeconfig(key, key), "empty.crt": "", "noise.crt": strings.Repeat("\x00\x1b[2J", 1000),
		"huge.crt": "-----BEGIN CERTIFICATE-----\n" + strings.Repeat(strings.Repeat("A", 64)+"\n", 30000) + "-----END CERTIFICATE-----\n",
		"many.crt": strings.Repeat(cert, 2000), "base.conf": "    client-certificate-data: !!!!\n", "bare.pem": body, "wrong.crt": "-----BEGIN CERTIFICATE-----\nQUFBQQ==\n-----END CERTIFICATE-----\n",
	} {
		t.Run(name, func(t *testing.T) {
			scripttest.Each(t, func(t *testing.T, local *scripttest.Host) {
				dir := t.TempDir()
				file, link := filepath.Join(dir, name), filepath.Join(dir, "current"+filepath.Ext(name))
				must(t, os.WriteFile(file, []byte(text), 0o600))
				must(t, os.Symlink(name, link))
				h := heard{local, &bytes.Buffer{}}
				none := filepath.Join(dir, "none.crt")
				n, err := Node(t.Context(), h, Ask{Node: "n", FilesOnly: true, Files: []AskFile{{Path: file, Certificate: true}, {Path: link, Certificate: true}, {Path: none, Certificate: true}}})
				must(t, err)
				if len(n.Unread) > 0 || n.Files[none].Type != "absent" {
					t.Errorf("%v, %+v", n.Unread, n.Files[none])
				}
				if _, there := n.Certificates[none]; there || len(n.Certificates) != 2 {
					t.Errorf("%d certificates", len(n.Certificates))
				}
				readable := strings.Contains("one.crt chain.pem behind.pem before.pem u.conf many.crt", name)
				for _, path := range []string{file, link} {
					got := n.Certificates[path]
					if (got != nil) != readable || got != nil && (got.SerialNumber.Int64() != 41 || got.NotAfter.Year() != 2030) {
						t.Errorf("%s: %v", path, got)
					}
				}
				said := h.out.String()
				for _, secret := range strings.Fields(body) {
					for _, s := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret))} {
						if strings.Contains(said, s) {
							t.Errorf("a line of the key left the machine: %s", s)
						}
					}
				}
				if strings.Contains(said, "KEY") || strings.Contains(said, "client-") {
					t.Errorf("more than certificates left the machine: %.2000q", said)
				}
				if len(said) > 300<<10 {
					t.Errorf("%d bytes", len(said))
				}
			})
		})
	}
}

func TestCertificatesThatCannotBeReadAreUnread(t *testing.T) {
	scripttest.Each(t, func(t *testing.T, h *scripttest.Host) {
		const file = "/proc/1/mem" // can be opened, and not read
		n, err := Node(t.Context(), h, Ask{Node: "n", FilesOnly: true, Files: []AskFile{{Path: file, Certificate: true}}})
		must(t, err)
		if _, there := n.Certificates[file]; there || n.Unread[file] == "" {
			t.Errorf("%v, %q", n.Certificates, n.Unread)
		}
	})
}

func TestLiesAboutCertificates(t *testing.T) {
	cert, _ := pair(t, 41)
	ask := Ask{Node: "n", FilesOnly: true, Files: []AskFile{{Path: "/etc/a.crt", Certificate: true}, {Path: "/etc/b"}}}
	answer := func(frames ...string) (*state.Node, error) {
		now := time.Now()
		return parse(ask, testNonce, []byte(strings.Join(frames, "")+say(script.End, "")), now, now)
	}
	for what, frame := range map[string]string{
		"of a stranger":    say("certificate", "/etc/shadow\n"+cert),
		"nobody asked for": say("certificate", "/etc/b\n"+cert),
		"twice":            say("certificate", "/etc/a.crt\n"+cert) + say("certificate", "/etc/a.crt\n"+cert),
	} {
		if _, err := answer(frame); err == nil {
			t.Errorf("%s: believed", what)
		}
	}
	n, err := answer(say("stat", "81a4/0/0/0/0/root/root/etc/a.crt"), say("sha256", emptySum+"  /etc/a.crt"))
	must(t, err)
	if n.Unread["/etc/a.crt"] == "" {
		t.Error("silence about a file that is there was taken for an answer")
	}
}
