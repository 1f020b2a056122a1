package etcd

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	// encrypted begins every value that an API server has encrypted
	// (kubernetes.io/docs, "Encrypting confidential data at rest").
	encrypted = "k8s:enc:"
	// storedPage is how many objects are judged at once: etcd reads them into
	// its memory for that.
	storedPage = 100
	// storedNames is how many keys in the clear are named.
	storedNames = 5
)

// Stored is how the objects of one resource lie in etcd.
type Stored struct {
	// Resource is named as in an EncryptionConfiguration.
	Resource string
	// Objects is how many there are, Clear how many of them are not encrypted,
	// and Named the keys of the first of those, five at most.
	Objects, Clear int
	Named          []string
	// Under is how many lie encrypted under each provider and key, by what
	// stands before them: "k8s:enc:secretbox:v1:key1:".
	Under map[string]int
}

// Stored counts how the objects of some resources lie in etcd, named as in an
// EncryptionConfiguration, without wildcards. It answers in their order; a
// resource that nothing is stored of has no objects.
//
// What lies there in the clear never leaves etcd: it compares whole ranges of
// values with a prefix itself, and those that differ are halved until they do
// not. Of encrypted values one for each provider and key is read, to know its
// prefix. Every answer is linearizable.
func (c *Client) Stored(ctx context.Context, resources []string) ([]Stored, error) {
	var out []Stored
	for _, r := range resources {
		s := &sorting{c: c, Stored: Stored{Resource: r, Under: map[string]int{}}}
		if err := s.all(ctx, registryOf(r)); err != nil {
			return nil, fmt.Errorf("%s: counting %s: %w", c.where, r, err)
		}
		out = append(out, s.Stored)
	}
	return out, nil
}

// sorting is the counting of one resource.
type sorting struct {
	Stored
	c *Client
}

// all goes through the keys, which alone are read, a page at a time.
func (s *sorting) all(ctx context.Context, prefix string) error {
	for from := prefix; ; {
		res, err := s.c.get(ctx, from, clientv3.WithRange(clientv3.GetPrefixRangeEnd(prefix)), clientv3.WithKeysOnly(), clientv3.WithLimit(storedPage))
		if err != nil || len(res.Kvs) == 0 {
			return err
		}
		keys := make([]string, len(res.Kvs))
		for i, kv := range res.Kvs {
			keys[i] = string(kv.Key)
		}
		if err := s.sort(ctx, keys); err != nil || !res.More {
			return err
		}
		from = keys[len(keys)-1] + "\x00"
	}
}

// sort counts the objects from the first of keys to the last, both included.
func (s *sorting) sort(ctx context.Context, keys []string) error {
	for _, under := range slices.Sorted(maps.Keys(s.Under)) {
		if under == encrypted {
			continue // all prefixes begin so
		}
		if all, n, err := s.between(ctx, keys, under, after(under)); err != nil || all {
			s.Objects, s.Under[under] = s.Objects+n, s.Under[under]+n
			return err
		}
	}
	all, n, err := s.between(ctx, keys, encrypted, after(encrypted))
	if err != nil || n == 0 {
		return err // of none of them anything is left
	}
	if all {
		return s.learn(ctx, keys)
	}
	// Kubernetes' own objects, "k8s" and a zero byte, sort before; custom
	// resources, "{", behind.
	for _, r := range [][2]string{{"", encrypted}, {after(encrypted), ""}} {
		all, n, err := s.between(ctx, keys, r[0], r[1])
		if err != nil {
			return err
		}
		if all {
			s.clear(keys, n)
			return nil
		}
	}
	if len(keys) == 1 {
		s.clear(keys, n)
		return nil
	}
	return s.halves(ctx, keys)
}

func (s *sorting) halves(ctx context.Context, keys []string) error {
	half := len(keys) / 2
	if err := s.sort(ctx, keys[:half]); err != nil {
		return err
	}
	return s.sort(ctx, keys[half:])
}

func (s *sorting) clear(keys []string, n int) {
	s.Objects, s.Clear = s.Objects+n, s.Clear+n
	for _, k := range keys[:min(len(keys), storedNames-len(s.Named))] {
		s.Named = append(s.Named, printable(k))
	}
}

// learn reads one of values that are all encrypted, and sorts by its prefix.
func (s *sorting) learn(ctx context.Context, keys []string) error {
	res, err := s.c.get(ctx, keys[0], clientv3.WithRange(keys[len(keys)-1]+"\x00"), clientv3.WithLimit(1))
	if err != nil || len(res.Kvs) == 0 {
		return err
	}
	value := string(res.Kvs[0].Value)
	under := providerAndKey(value)
	if len(keys) == 1 {
		if !strings.HasPrefix(value, encrypted) { // written since
			s.clear(keys, 1)
			return nil
		}
		s.Objects, s.Under[under] = s.Objects+1, s.Under[under]+1
		return nil
	}
	all, n, err := s.between(ctx, keys, under, after(under))
	if err != nil {
		return err
	}
	if !all || under == encrypted { // which others begin with too
		return s.halves(ctx, keys)
	}
	s.Objects, s.Under[under] = s.Objects+n, s.Under[under]+n
	return nil
}

// between asks etcd whether all values from the first of keys to the last are
// greater than low and less than high, "" being no limit, and how many there
// are. Where there is none, all is false.
func (s *sorting) between(ctx context.Context, keys []string, low, high string) (all bool, n int, err error) {
	from, to := keys[0], keys[len(keys)-1]+"\x00"
	var is []clientv3.Cmp
	if low != "" {
		is = append(is, clientv3.Compare(clientv3.Value(from).WithRange(to), ">", low))
	}
	if high != "" {
		is = append(is, clientv3.Compare(clientv3.Value(from).WithRange(to), "<", high))
	}
	// The counts make it linearizable: a transaction without a read is answered
	// by any member from what it knows.
	count := clientv3.OpGet(from, clientv3.WithRange(to), clientv3.WithCountOnly())
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	res, err := s.c.client.Txn(ctx).If(is...).Then(count).Else(count).Commit()
	if err != nil {
		return false, 0, err
	}
	return res.Succeeded, int(res.Responses[0].GetResponseRange().Count), nil
}

func (c *Client) get(ctx context.Context, key string, opts ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return c.client.Get(ctx, key, opts...)
}

// after is the first text behind all that begin with a prefix that ends with a colon.
func after(prefix string) string { return strings.TrimSuffix(prefix, ":") + ";" }

// providerAndKey is what stands before an encrypted value: five words that end
// with a colon each, the third the provider, the fifth the key. What has no such
// beginning is under "k8s:enc:".
func providerAndKey(value string) string {
	const words, longest = 5, 300
	value = value[:min(len(value), longest)]
	end := 0
	for range words {
		n := strings.IndexByte(value[end:], ':') + 1
		if n == 0 {
			return encrypted
		}
		end += n
	}
	if prefix := value[:end]; strings.HasPrefix(prefix, encrypted) && prefix == printable(prefix) {
		return prefix
	}
	return encrypted
}

// printable has a question mark for what a terminal should not see.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
