package apply

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/bulwark-k8s/bulwark/provision/etcd"
	"github.com/bulwark-k8s/bulwark/provision/observe"
	"github.com/bulwark-k8s/bulwark/provision/plan"
	"github.com/bulwark-k8s/bulwark/provision/state"
)

// drainTimeout is how long the pods of a node may take to go.
const drainTimeout = 5 * time.Minute

// etcdPKI are the credentials that kubeadm makes for who asks etcd for its health.
const etcdPKI = "/etc/kubernetes/pki/etcd/"

// Etcd opens the cluster's etcd, by the control planes that have one.
func (a Access) Etcd(ctx context.Context) (*etcd.Client, error) {
	const ca, cert, key = etcdPKI + "ca.crt", etcdPKI + "healthcheck-client.crt", etcdPKI + "healthcheck-client.key"
	const data = "/var/lib/etcd/member"
	var servers []etcd.Server
	var credentials etcd.Credentials
	var errs []error
	for _, n := range a.planes() {
		h := a.Hosts[n.Name]
		ask := observe.Ask{Node: n.Name, Files: []observe.AskFile{{Path: ca, Text: true}, {Path: cert, Text: true}, {Path: key, Text: true}, {Path: data}}}
		have, err := observe.Node(ctx, h, ask)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if !have.Files[data].Exists() || !have.Files[key].Exists() {
			continue
		}
		servers = append(servers, etcd.Server{Host: h, Address: net.JoinHostPort(n.Address.String(), "2379")})
		if credentials.Key == nil {
			credentials = etcd.Credentials{CA: have.Files[ca].Text, Cert: have.Files[cert].Text, Key: state.Secret(have.Files[key].Text)}
		}
	}
	if len(servers) == 0 {
		return nil, errors.Join(append(errs, errors.New("no control plane has etcd's data and the credentials to ask it"))...)
	}
	return etcd.Connect(ctx, credentials, servers...)
}

// leaving takes a node out of the cluster. What an earlier run did of it is done.
func (ru *run) leaving(ctx context.Context, s plan.Step) error {
	client, err := ru.api.open(ctx)
	if err != nil {
		return err
	}
	if s.Leave.Drain {
		if err := client.Drain(ctx, s.Leave.Node, drainTimeout, func(what string) { ru.note(s, "%s", what) }); err != nil {
			return err
		}
	}
	if s.Leave.Member != "" {
		if err := ru.dismiss(ctx, s); err != nil {
			return err
		}
	}
	return client.Apply(ctx, state.Object{Ref: state.ObjectRef{APIVersion: "v1", Kind: "Node", Name: s.Leave.Node}})
}

// dismiss removes a member of etcd.
func (ru *run) dismiss(ctx context.Context, s plan.Step) error {
	members, err := ru.Etcd(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = members.Close() }()
	left, err := members.Remove(ctx, s.Leave.Member)
	if err != nil {
		return err
	}
	var names []string
	for _, m := range left {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	ru.note(s, "%s", fmt.Sprintf("etcd goes on with %d members: %v", len(left), names))
	return nil
}
