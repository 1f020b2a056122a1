package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/bulwark-k8s/bulwark/provision/adopt"
	"github.com/bulwark-k8s/bulwark/provision/apply"
	"github.com/bulwark-k8s/bulwark/provision/cluster"
	"github.com/bulwark-k8s/bulwark/provision/kube"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// ask asks the API, by way of the control planes that were named. One that does not
// answer is noted: what machines say is judged all the same.
func (v *visitor) ask(ctx context.Context, looks map[string]*state.Node) (api state.API, agents []state.Agent, err error) {
	api, agents, err = v.api(ctx, looks)
	if ctx.Err() != nil {
		return api, nil, context.Cause(ctx)
	}
	switch {
	case err != nil:
		why := observe.Printable(err.Error())
		api = state.API{Status: state.Unreachable, Unread: map[string]string{kube.PartAPI: why}}
		v.note("the API was not asked, and which other nodes there are is not known: %s", why)
	case api.Status != state.Answering || api.Unread[kube.PartNodes] != "":
		v.note("which other nodes there are is not known: %s", cmp.Or(api.Unread[kube.PartNodes], api.Unread[kube.PartAPI]))
	}
	return api, agents, nil
}

func (v *visitor) answer(ctx context.Context, looks map[string]*state.Node) (state.API, []state.Agent, error) {
	c := &cluster.Cluster{}
	var errs []error
	for _, h := range v.in.Hosts {
		look := looks[h.String()]
		if look == nil || !adopt.RunsAPI(look) {
			continue
		}
		address, port, err := adopt.APIServer(look)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", h, err))
			continue
		}
		c.Endpoint.Port = port
		c.Nodes = append(c.Nodes, cluster.Node{Name: h.String(), Role: cluster.ControlPlane, Address: address})
	}
	if len(c.Nodes) == 0 {
		return state.API{}, nil, errors.Join(errs...)
	}
	client, err := apply.Access{Cluster: c, Hosts: v.hosts, First: c.Nodes[0].Name}.Connect(ctx)
	if err != nil {
		return state.API{}, nil, err
	}
	defer func() { _ = client.Close() }()
	api, err := client.Look(ctx, kube.Ask{Objects: adopt.Objects()})
	if err != nil || api.Status != state.Answering {
		return api, nil, err
	}
	if api, err = v.inventory(ctx, client, api); err != nil {
		return api, nil, err
	}
	agents, err := client.Agents(ctx)
	if err != nil {
		v.note("the pod network is not known: %v", err)
	}
	return api, agents, nil
}

// named are the Nodes of the machines that were named, by how those are reached. Of one
// that was not looked at it is known by its name or its address, or not at all; known says
// whether it is known what Nodes there are.
func (v *visitor) named(looks map[string]*state.Node, nodes map[string]state.NodeObject, known bool) (map[string]string, error) {
	out, taken := map[string]string{}, map[string]string{}
	var errs []error
	for _, h := range v.in.Hosts {
		at := h.String()
		var name string
		var err error
		switch look := looks[at]; {
		case !known && look != nil:
			name = cmp.Or(h.Name, look.Facts.Hostname, at)
		case !known:
			name = cmp.Or(h.Name, at)
		case look != nil:
			name, err = nodeOf(h, look.Facts, nodes)
		default:
			for _, n := range nodes {
				if n.Name == cmp.Or(h.Name, h.Address) || h.Name == "" && slices.Contains(n.Addresses, h.Address) {
					name = n.Name
				}
			}
		}
		switch {
		case err != nil:
			errs = append(errs, err)
		case name == "":
		case taken[name] != "":
			errs = append(errs, fmt.Errorf("%s and %s are one machine, node %s: name it once", taken[name], at, name))
		default:
			out[at], taken[name] = name, at
		}
	}
	return out, errors.Join(errs...)
}

// others are the Nodes that nobody named, each reached at its own address, as the first
// machine that was named.
func (v *visitor) others(nodes map[string]state.NodeObject, names map[string]string) []ImportHost {
	taken := slices.Collect(maps.Values(names))
	var out []ImportHost
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		if n := nodes[name]; !slices.Contains(taken, name) && len(n.Internal) > 0 {
			out = append(out, ImportHost{Name: name, Address: n.Internal[0], User: v.in.Hosts[0].User, Port: v.in.Hosts[0].Port})
		}
	}
	return out
}
