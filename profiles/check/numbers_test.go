package check

import "testing"

func TestNumbersImagesAndArgumentsOfTheKubelet(t *testing.T) {
	for text, want := range map[string]Verdict{
		`at_least([2048, arg(apiserver, "audit-log-maxage")], 30)`:                                      True, // each of a list
		`at_least([2048, arg(apiserver, "audit-log-maxage")], 31)`:                                      False,
		`at_least([2048, arg(apiserver, "audit-log-maxsize")], 1)`:                                      False,
		`at_least([2048, arg(etcd, "snapshot-count")], 1)`:                                              Unknown,
		`node.control_plane && at_least([], 1)`:                                                         True,
		`node.control_plane && repository("r.example.com:5000/a:1@sha256:0") == "r.example.com:5000/a"`: True,
		`node.control_plane && repository("r.example.com:5000/a") == "r.example.com:5000/a"`:            True,
		`arg(kubelet, "feature-gates") == null && config(kubelet, "staticPodPath") == null`:             True,
	} {
		q, diags := parse(t, text)
		if diags.HasErrors() {
			t.Errorf("%s: %v", text, diags)
			continue
		}
		if a := q.Ask(t.Context(), subject()); a.Verdict != want {
			t.Errorf("%s is %s, want %s; it saw %+v", text, a.Verdict, want, a.Seen)
		}
	}
	s := subject()
	kubelet := s.Have.Nodes["cp-1"].Processes["kubelet"]
	kubelet.Args = append(kubelet.Args, "--pod-manifest-path=/etc/pods")
	s.Have.Nodes["cp-1"].Processes["kubelet"] = kubelet
	q, _ := parse(t, `config(kubelet, "staticPodPath") == "/etc/pods"`)
	if a := q.Ask(t.Context(), s); a.Verdict != True {
		t.Errorf("pods from a folder that an argument names: %+v", a)
	}
}
