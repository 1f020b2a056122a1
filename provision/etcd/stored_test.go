package etcd

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhereResourcesLie(t *testing.T) {
	for resource, want := range map[string]string{
		"secrets":                     "/registry/secrets/",
		"leases.coordination.k8s.io":  "/registry/leases/",
		"deployments.apps":            "/registry/deployments/",
		"events.events.k8s.io":        "/registry/events/",
		"services":                    "/registry/services/specs/",
		"endpoints":                   "/registry/services/endpoints/",
		"nodes":                       "/registry/minions/",
		"ingresses.networking.k8s.io": "/registry/ingress/",
		"widgets.example.com":         "/registry/example.com/widgets/",
		"secrets.example.com":         "/registry/example.com/secrets/",
		"volumesnapshots.snapshot.storage.k8s.io":        "/registry/snapshot.storage.k8s.io/volumesnapshots/",
		"customresourcedefinitions.apiextensions.k8s.io": "/registry/apiextensions.k8s.io/customresourcedefinitions/",
	} {
		if got := registryOf(resource); got != want {
			t.Errorf("%s lies in %s, want %s", resource, got, want)
		}
	}
}

func TestStoredCountsWhatLiesInTheClear(t *testing.T) {
	c, _ := startEtcd(t, 1)
	const one, two = "k8s:enc:secretbox:v1:key1:", "k8s:enc:aescbc:v1:key1:"
	kinds := []string{"k8s\x00\n\x0c\n\x02v1", `{"apiVersion":"v1"}`, "", "k8s:en", "k8s:enc", "k9", "\x00", "\xff", one, one, one, two, two, "k8s:enc:odd"}
	put := func(prefix, name, value string) {
		t.Helper()
		if _, err := c.client.Put(t.Context(), prefix+name, value); err != nil {
			t.Fatal(err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for resource, pick := range map[string]func(i int) string{
		"secrets":                        func(i int) string { return kinds[0] },
		"configmaps":                     func(i int) string { return one },
		"widgets.example.com":            func(i int) string { return kinds[random.IntN(len(kinds))] },
		"leases.coordination.k8s.io":     func(i int) string { return map[bool]string{true: one, false: kinds[0]}[i < 130] },
		"secretsandmore":                 func(int) string { return one },
		"controllerrevisions.apps":       func(i int) string { return map[bool]string{true: one, false: two}[i%2 == 0] },
		"serviceaccounts":                func(i int) string { return "k8s:enc:odd" },
		"horizontalpodautoscalers.batch": func(i int) string { return map[bool]string{true: kinds[1], false: one}[i == 249] },
	} {
		want := Stored{Resource: resource, Under: map[string]int{}}
		for i := range 250 {
			name := fmt.Sprintf("ns/o-%04d", i)
			value := pick(i)
			put(registryOf(resource), name, value+strings.Repeat("\xf0", i%3))
			want.Objects++
			switch {
			case strings.HasPrefix(value, one), strings.HasPrefix(value, two):
				want.Under[value]++
			case strings.HasPrefix(value, encrypted):
				want.Under[encrypted]++
			default:
				if want.Clear++; len(want.Named) < storedNames {
					want.Named = append(want.Named, registryOf(resource)+name)
				}
			}
		}
		got, err := c.Stored(t.Context(), []string{resource, "nothings"})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]Stored{want, {Resource: "nothings", Under: map[string]int{}}}, got); diff != "" {
			t.Errorf("%s, -want +got:\n%s", resource, diff)
		}
	}
}
