package spec

import (
	"fmt"
	"strings"
	"testing"
)

// fleet is a spec of many nodes, each with labels.
func fleet(nodes, labels int) string {
	var b strings.Builder
	b.WriteString("locals {\n  common = { zone = \"a\" }\n}\ncluster \"fleet\" {\n  firewall { admins = [\"203.0.113.0/24\"] }\n  network { pods = [\"10.128.0.0/9\"] }\n")
	b.WriteString("node \"cp\" {\nrole=\"control-plane\"\naddress=\"172.16.0.1\"\n}\n")
	for i := range nodes {
		fmt.Fprintf(&b, "node \"w-%d\" {\nrole=\"worker\"\naddress=\"172.17.%d.%d\"\nlabels=merge(local.common,{", i, i/250, i%250+1)
		for j := range labels {
			fmt.Fprintf(&b, "l%d=\"x\",", j)
		}
		b.WriteString("})\n}\n")
	}
	b.WriteString("}\n")
	return b.String()
}

func TestTenThousandNodesLoad(t *testing.T) {
	text := fleet(10_000, 0)
	if len(text) > maxFileBytes {
		t.Fatalf("%d bytes are more than one file may have", len(text))
	}
	c, files, diags := Load(written(t, text), Options{})
	if c == nil || len(c.Nodes) != 10_001 {
		t.Fatal(cut(printed(files, diags)))
	}
}

func TestAThousandLabelsOnANodeLoad(t *testing.T) {
	c, files, diags := Load(written(t, fleet(50, 1000)), Options{})
	if c == nil || len(c.Nodes[1].Labels) != 1001 {
		t.Fatal(cut(printed(files, diags)))
	}
}

func TestManyProblemsStayReadable(t *testing.T) {
	_, _, diags := Load(written(t, strings.ReplaceAll(fleet(10_000, 0), "worker", "wrker")), Options{})
	if len(diags) != maxReports+1 {
		t.Errorf("%d problems are reported", len(diags))
	}
	_, _, diags = Load(written(t, "locals {\n  a = [for x in range(1000) : x.y]\n}\n"), Options{})
	if len(diags) > maxComplaints {
		t.Errorf("one expression makes %d problems", len(diags))
	}
}

func BenchmarkLoad(b *testing.B) {
	for _, nodes := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(nodes), func(b *testing.B) {
			path := written(b, fleet(nodes, 0))
			b.ReportAllocs()
			for b.Loop() {
				Load(path, Options{})
			}
		})
	}
}
