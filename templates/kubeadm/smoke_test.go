package kubeadm
import ("testing";"fmt";"net/netip";"github.com/bulwark-k8s/bulwark/provision/cluster")
func TestSmoke(t *testing.T){
 c:=&cluster.Cluster{Name:"prod",Kubernetes:cluster.Version{Major:1,Minor:37,Patch:2},Endpoint:cluster.Endpoint{Host:"api.prod.example.com",Port:6443},Network:cluster.Network{Pods:[]netip.Prefix{netip.MustParsePrefix("10.244.0.0/16")},Services:[]netip.Prefix{netip.MustParsePrefix("10.96.0.0/12")},DNSDomain:"cluster.local"},Audit:cluster.Audit{MaxAge:366,MaxBackup:10,MaxSize:100},
 Nodes:[]cluster.Node{{Name:"cp-1",Role:cluster.ControlPlane,Address:netip.MustParseAddr("10.0.0.11")},{Name:"w-1",Role:cluster.Worker,Address:netip.MustParseAddr("10.0.0.21")}}}
 b,err:=Init(c,c.Nodes[0]); fmt.Println(string(b),err)
 b,err=Join(c,c.Nodes[1],DiscoveryFile); fmt.Println(string(b),err)
 for _,n:=range c.Nodes{ p,err:=Patches(c,n); for _,f:=range p{fmt.Println(f.Path);fmt.Println(string(f.Content))}; fmt.Println(err); a,err:=Arguments(c,n);fmt.Println(err);for k,v:=range a{fmt.Println(k);for _,x:=range v{fmt.Println("  ",x)}}}
}
