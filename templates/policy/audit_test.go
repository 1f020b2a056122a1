package policy

import (
	"testing"

	"k8s.io/apiserver/pkg/apis/audit"
	auditpolicy "k8s.io/apiserver/pkg/audit/policy"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"github.com/bulwark-k8s/bulwark/provision/cluster"
)

// Where the spec says so, the policy is the one that V-242403 shows: nothing else.
func TestEverythingIsOneRule(t *testing.T) {
	c := small()
	c.Audit.Policy = cluster.AuditEverything
	text, err := AuditPolicy(c)
	if err != nil {
		t.Fatal(err)
	}
	const want = "apiVersion: audit.k8s.io/v1\nkind: Policy\nmetadata: {}\nrules:\n- level: RequestResponse\n"
	if string(text) != want {
		t.Errorf("%s", text)
	}
	if _, err := auditpolicy.LoadPolicyFromBytes(text); err != nil {
		t.Error(err)
	}
}

// TestAuditLevels asks the API server's own evaluator what it would write.
func TestAuditLevels(t *testing.T) {
	c := small()
	c.Encryption = cluster.Encryption{Provider: "secretbox", KeyName: cluster.DefaultKeyName, Resources: []string{"secrets", "widgets.example.com", "*.apps"}}
	text, err := AuditPolicy(c)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := auditpolicy.LoadPolicyFromBytes(text) // validates it too
	if err != nil {
		t.Fatal(err)
	}
	evaluator := auditpolicy.NewPolicyRuleEvaluator(policy)

	resource := func(verb, group, resource, sub string) authorizer.AttributesRecord {
		return authorizer.AttributesRecord{Verb: verb, APIGroup: group, Resource: resource, Subresource: sub, ResourceRequest: true}
	}
	path := func(p string) authorizer.AttributesRecord { return authorizer.AttributesRecord{Verb: "get", Path: p} }
	for name, tc := range map[string]struct {
		request authorizer.AttributesRecord
		want    audit.Level
	}{
		"reading a secret":                     {resource("get", "", "secrets", ""), audit.LevelMetadata},
		"listing secrets":                      {resource("list", "", "secrets", ""), audit.LevelMetadata},
		"making a secret":                      {resource("create", "", "secrets", ""), audit.LevelMetadata},
		"deleting all secrets":                 {resource("deletecollection", "", "secrets", ""), audit.LevelMetadata},
		"changing a config map":                {resource("patch", "", "configmaps", ""), audit.LevelMetadata},
		"asking for a service account's token": {resource("create", "", "serviceaccounts", "token"), audit.LevelMetadata},
		"having a token reviewed":              {resource("create", "authentication.k8s.io", "tokenreviews", ""), audit.LevelMetadata},
		"what the spec encrypts":               {resource("get", "example.com", "widgets", ""), audit.LevelMetadata},
		"its status, which answers all of it":  {resource("patch", "example.com", "widgets", "status"), audit.LevelMetadata},
		"the same name in another group":       {resource("get", "other.example.com", "widgets", ""), audit.LevelRequestResponse},
		"what a wildcard encrypts":             {resource("create", "apps", "deployments", ""), audit.LevelRequestResponse},
		"a lease":                              {resource("update", "coordination.k8s.io", "leases", ""), audit.LevelMetadata},
		"an event":                             {resource("create", "events.k8s.io", "events", ""), audit.LevelMetadata},
		"making a service account":             {resource("create", "", "serviceaccounts", ""), audit.LevelRequestResponse},
		"making a pod":                         {resource("create", "", "pods", ""), audit.LevelRequestResponse},
		"a command in a pod":                   {resource("create", "", "pods", "exec"), audit.LevelRequestResponse},
		"through a node's proxy":               {resource("get", "", "nodes", "proxy"), audit.LevelRequestResponse},
		"a certificate request":                {resource("create", "certificates.k8s.io", "certificatesigningrequests", ""), audit.LevelRequestResponse},
		"a binding":                            {resource("create", "rbac.authorization.k8s.io", "clusterrolebindings", ""), audit.LevelRequestResponse},
		"a resource nobody thought of":         {resource("get", "new.example.com", "things", ""), audit.LevelRequestResponse},
		"a probe":                              {path("/readyz"), audit.LevelNone},
		"one of its checks by name":            {path("/readyz/etcd"), audit.LevelRequestResponse},
		"the version":                          {path("/version"), audit.LevelRequestResponse},
		"metrics":                              {path("/metrics"), audit.LevelRequestResponse},
	} {
		got := evaluator.EvaluatePolicyRule(tc.request)
		if got.Level != tc.want {
			t.Errorf("%s is written at %s, not %s", name, got.Level, tc.want)
		}
	}
}
