package kubeadm
import ("testing";"os";"path/filepath";"net/netip";"github.com/bulwark-k8s/bulwark/provision/cluster")
func TestDump(t *testing.T){
 d:=os.Getenv("DUMP"); if d=="" {t.Skip()}
 c:=&cluster.Cluster{Name:"prod",Kubernetes:cluster.Version{Major:1,Minor:37,Patch:2},Endpoint:cluster.Endpoint{Host:"api.prod.example.com",Port:6443},Network:cluster.Network{Pods:[]netip.Prefix{netip.MustParsePrefix("10.244.0.0/16")},Services:[]netip.Prefix{netip.MustParsePrefix("10.96.0.0/12")},DNSDomain:"cluster.local"},Audit:cluster.Audit{MaxAge:366,MaxBackup:10,MaxSize:100},
 Nodes:[]cluster.Node{{Name:os.Getenv("HN"),Role:cluster.ControlPlane,Address:netip.MustParseAddr("10.0.0.11")},{Name:"w-1",Role:cluster.Worker,Address:netip.MustParseAddr("10.0.0.21")}}}
 w:=func(p string,b []byte){p=filepath.Join(d,p);os.MkdirAll(filepath.Dir(p),0o755);os.WriteFile(p,b,0o600)}
 b,_:=Init(c,c.Nodes[0]); w(ConfigFile,b)
 p,_:=Patches(c,c.Nodes[0]); for _,f:=range p{w(f.Path,f.Content)}
 a,_:=Arguments(c,c.Nodes[0]); for k,v:=range a{s:="";for _,x:=range v{s+=x+"\n"};w("args/"+k,[]byte(s))}
}
