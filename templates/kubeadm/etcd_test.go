package kubeadm

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// upstream are the arguments in kubeadm's source, each with the expression for
// its value, and what that expression comes to for small()'s cp-1. When kubeadm
// changes one, this fails, and the right column has to be thought about anew.
var upstream = map[string][2]string{
	"name":                           {`nodeName`, "cp-1"},
	"listen-client-urls":             {`fmt.Sprintf("%s,%s", etcdutil.GetClientURLByIP(etcdLocalhostAddress), etcdutil.GetClientURL(endpoint))`, "https://127.0.0.1:2379,https://10.0.0.11:2379"},
	"advertise-client-urls":          {`etcdutil.GetClientURL(endpoint)`, "https://10.0.0.11:2379"},
	"listen-peer-urls":               {`etcdutil.GetPeerURL(endpoint)`, "https://10.0.0.11:2380"},
	"initial-advertise-peer-urls":    {`etcdutil.GetPeerURL(endpoint)`, "https://10.0.0.11:2380"},
	"data-dir":                       {`cfg.Etcd.Local.DataDir`, "/var/lib/etcd"},
	"cert-file":                      {`filepath.Join(cfg.CertificatesDir, kubeadmconstants.EtcdServerCertName)`, "/etc/kubernetes/pki/etcd/server.crt"},
	"key-file":                       {`filepath.Join(cfg.CertificatesDir, kubeadmconstants.EtcdServerKeyName)`, "/etc/kubernetes/pki/etcd/server.key"},
	"trusted-ca-file":                {`filepath.Join(cfg.CertificatesDir, kubeadmconstants.EtcdCACertName)`, "/etc/kubernetes/pki/etcd/ca.crt"},
	"client-cert-auth":               {`"true"`, "true"},
	"peer-cert-file":                 {`filepath.Join(cfg.CertificatesDir, kubeadmconstants.EtcdPeerCertName)`, "/etc/kubernetes/pki/etcd/peer.crt"},
	"peer-key-file":                  {`filepath.Join(cfg.CertificatesDir, kubeadmconstants.EtcdPeerKeyName)`, "/etc/kubernetes/pki/etcd/peer.key"},
	"peer-trusted-ca-file":           {`filepath.Join(cfg.CertificatesDir, kubeadmconstants.EtcdCACertName)`, "/etc/kubernetes/pki/etcd/ca.crt"},
	"peer-client-cert-auth":          {`"true"`, "true"},
	"snapshot-count":                 {`"10000"`, "10000"},
	"listen-metrics-urls":            {`fmt.Sprintf("http://%s", net.JoinHostPort(etcdLocalhostAddress, strconv.Itoa(kubeadmconstants.EtcdMetricsPort)))`, "http://127.0.0.1:2381"},
	"feature-gates":                  {`"InitialCorruptCheck=true"`, "InitialCorruptCheck=true"},
	"watch-progress-notify-interval": {`"5s"`, "5s"},
	"initial-cluster":                {`fmt.Sprintf("%s=%s", nodeName, etcdutil.GetPeerURL(endpoint)) | strings.Join(endpoints, ",")`, "cp-1=https://10.0.0.11:2380"},
	"initial-cluster-state":          {`"existing"`, ""}, // of a member that joins
}

func TestEtcdArgumentsAreKubeadms(t *testing.T) {
	want := map[string]string{}
	for name, u := range upstream {
		want[name] = u[0]
	}
	if diff := cmp.Diff(want, etcdSource(t)); diff != "" {
		t.Fatalf("kubeadm's getEtcdCommand is not what etcdArguments was made from, -known +kubeadm:\n%s", diff)
	}

	ours := map[string]string{}
	c := small()
	arguments, err := Arguments(c, c.Nodes[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range arguments["etcd"] {
		name, value, _ := strings.Cut(strings.TrimPrefix(a, "--"), "=")
		ours[name] = value
	}
	for name, u := range upstream {
		if ours[name] != u[1] {
			t.Errorf("%s is %q, kubeadm gives %q", name, ours[name], u[1])
		}
	}
}

// etcdSource reads getEtcdCommand: names of arguments, and the expressions
// their values come from.
func etcdSource(t *testing.T) map[string]string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes").Output()
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, filepath.Join(strings.TrimSpace(string(dir)), "cmd/kubeadm/app/phases/etcd/local.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	add := func(name, value ast.Expr) {
		n, err := strconv.Unquote(name.(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := printer.Fprint(&text, set, value); err != nil {
			t.Fatal(err)
		}
		if have, ok := out[n]; ok {
			out[n] = have + " | " + text.String()
			return
		}
		out[n] = text.String()
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || f.Name.Name != "getEtcdCommand" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit: // {Name: …, Value: …}
				if len(n.Elts) == 2 {
					name, ok := n.Elts[0].(*ast.KeyValueExpr)
					if ok && name.Key.(*ast.Ident).Name == "Name" {
						add(name.Value, n.Elts[1].(*ast.KeyValueExpr).Value)
					}
				}
			case *ast.CallExpr: // kubeadmapi.SetArgValues(args, name, value, 1)
				if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "SetArgValues" {
					add(n.Args[1], n.Args[2])
				}
			}
			return true
		})
	}
	return out
}

func TestLaterMembersEnterByReference(t *testing.T) {
	c := full()
	arguments, err := Arguments(c, c.Nodes[1])
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(arguments["etcd"], "\n")
	for _, want := range []string{"--initial-cluster=<<bulwark:etcd-initial-cluster/cp-2>>", "--initial-cluster-state=existing", "--listen-metrics-urls=http://[::1]:2381"} {
		if !strings.Contains(all, want) {
			t.Errorf("%s is missing from\n%s", want, all)
		}
	}
}
