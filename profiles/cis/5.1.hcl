control "CIS-5.1.1" {
  title    = "Who may do everything has to"
  section  = "5.1"
  level    = 1
  refs     = ["NSA-AA-6", "PCI-2.1"]
  changed  = { "1.37" = "the API server comes to kubelets by the role system:kubelet-api-admin, and no longer as an administrator" }
  question = "Does everybody in these bindings, and whoever holds a certificate of these groups, need to be an administrator?"
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding}${g.builtin ? ", which Kubernetes makes" : ""}" if g.role == "cluster-admin"])
}

control "CIS-5.1.2" {
  title    = "Beyond what Kubernetes makes, nobody reads the Secrets of all namespaces, and none are everybody's to read"
  section  = "5.1"
  level    = 1
  refs     = ["STIG-V-274884", "NSA-SE-3"]
  check    = !any([for g in grants() : !g.builtin && (g.namespace == "" || has(["system:authenticated", "system:unauthenticated", "system:serviceaccounts", "system:anonymous"], g.subject)) && count(g.names) == 0 && (has(g.resources, "secrets") || has(g.resources, "*") && (has(g.groups, "") || has(g.groups, "*"))) && (has(g.verbs, "get") || has(g.verbs, "list") || has(g.verbs, "watch") || has(g.verbs, "*"))])
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding}" if !g.builtin && (g.namespace == "" || has(["system:authenticated", "system:unauthenticated", "system:serviceaccounts", "system:anonymous"], g.subject)) && count(g.names) == 0 && (has(g.resources, "secrets") || has(g.resources, "*") && (has(g.groups, "") || has(g.groups, "*"))) && (has(g.verbs, "get") || has(g.verbs, "list") || has(g.verbs, "watch") || has(g.verbs, "*"))])
  remedy   = "give rights to Secrets by a Role in the namespaces that need it; waive it with the reason for a controller that needs all of them"
}

control "CIS-5.1.3" {
  title    = "Roles name what they are about, but for those that Kubernetes makes"
  section  = "5.1"
  level    = 1
  refs     = ["NSA-AA-6"]
  check    = !any([for g in grants() : !g.builtin && !(g.role_kind == "ClusterRole" && g.role == "cluster-admin") && (has(g.verbs, "*") || has(g.resources, "*") || has(g.groups, "*"))])
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding}" if !g.builtin && !(g.role_kind == "ClusterRole" && g.role == "cluster-admin") && (has(g.verbs, "*") || has(g.resources, "*") || has(g.groups, "*"))])
  remedy   = "name the verbs, groups and resources in the roles of these bindings instead of *"
}

control "CIS-5.1.4" {
  title    = "Beyond what Kubernetes makes, nobody makes pods in all namespaces, and everybody in none"
  section  = "5.1"
  level    = 1
  refs     = ["NSA-AA-6"]
  check    = !any([for g in grants() : !g.builtin && (g.namespace == "" || has(["system:authenticated", "system:unauthenticated", "system:serviceaccounts", "system:anonymous"], g.subject)) && (has(g.resources, "pods") || has(g.resources, "*") && (has(g.groups, "") || has(g.groups, "*"))) && (has(g.verbs, "create") || has(g.verbs, "*"))])
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding}" if !g.builtin && (g.namespace == "" || has(["system:authenticated", "system:unauthenticated", "system:serviceaccounts", "system:anonymous"], g.subject)) && (has(g.resources, "pods") || has(g.resources, "*") && (has(g.groups, "") || has(g.groups, "*"))) && (has(g.verbs, "create") || has(g.verbs, "*"))])
  remedy   = "give the right to make pods by a Role in the namespaces that need it"
}

control "CIS-5.1.5" {
  title    = "Pods that name no service account get no token, and the account has no rights"
  section  = "5.1"
  level    = 1
  refs     = ["NSA-PS-5", "PCI-1.5"]
  check    = !any([for s in service_accounts() : s.name == "default" && s.automount]) && !any([for g in grants() : !g.builtin && g.subject_kind == "ServiceAccount" && g.subject == "default"])
  evidence = union([for s in service_accounts() : "${s.namespace}/${s.name} has its token mounted" if s.name == "default" && s.automount], [for g in grants() : "${g.subject_namespace}/${g.subject} has rights by ${g.binding}" if !g.builtin && g.subject_kind == "ServiceAccount" && g.subject == "default"])
  remedy   = "set automountServiceAccountToken: false on the service account default of each namespace, and give pods that talk to the API an account of their own"

  harden {
    policy { no_default_tokens = true }
  }
}

control "CIS-5.1.6" {
  title    = "Pods have a token where they talk to the API alone"
  section  = "5.1"
  level    = 1
  refs     = ["NSA-PS-5", "PCI-1.5"]
  question = "Does each of these pods talk to the API?"
  evidence = union([for p in pods() : "${p.namespace}/${p.name} as ${p.service_account}" if p.token && !p.system])
}

control "CIS-5.1.7" {
  title   = "No kubeconfig of system:masters, whose rights no role can limit, lies on a control plane"
  section = "5.1"
  level   = 1
  refs    = ["PCI-2.2"]
  changed = { "1.29" = "kubeadm's admin.conf is of the group kubeadm:cluster-admins, and super-admin.conf alone of system:masters" }
  applies = node.control_plane
  check   = path("/etc/kubernetes/super-admin.conf") == null
  remedy  = "keep super-admin.conf where no network reaches it, and give nobody a certificate of system:masters"
}

control "CIS-5.1.8" {
  title    = "Beyond what Kubernetes makes, nobody gives themselves the rights of others"
  section  = "5.1"
  level    = 1
  refs     = ["NSA-AA-6"]
  changed  = { "1.36" = "impersonation can be constrained to some users and verbs, by verbs of their own that are not asked for here" }
  check    = !any([for g in grants() : !g.builtin && !(g.namespace != "" && g.role_kind == "ClusterRole" && has(["admin", "edit"], g.role)) && (has(g.verbs, "bind") || has(g.verbs, "escalate") || has(g.verbs, "impersonate") || has(g.verbs, "*") && (any([for r in ["roles", "clusterroles", "users", "groups", "serviceaccounts"] : has(g.resources, r)]) || has(g.resources, "*") && any([for a in ["*", "", "rbac.authorization.k8s.io"] : has(g.groups, a)])))])
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding}" if !g.builtin && !(g.namespace != "" && g.role_kind == "ClusterRole" && has(["admin", "edit"], g.role)) && (has(g.verbs, "bind") || has(g.verbs, "escalate") || has(g.verbs, "impersonate") || has(g.verbs, "*") && (any([for r in ["roles", "clusterroles", "users", "groups", "serviceaccounts"] : has(g.resources, r)]) || has(g.resources, "*") && any([for a in ["*", "", "rbac.authorization.k8s.io"] : has(g.groups, a)])))])
  remedy   = "take bind, escalate and impersonate out of the roles of these bindings"
}

control "CIS-5.1.9" {
  title    = "Beyond what Kubernetes makes, nobody makes PersistentVolumes"
  section  = "5.1"
  level    = 1
  check    = !any([for g in grants() : !g.builtin && (has(g.resources, "persistentvolumes") || has(g.resources, "*") && (has(g.groups, "") || has(g.groups, "*"))) && (has(g.verbs, "create") || has(g.verbs, "*"))])
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding}" if !g.builtin && (has(g.resources, "persistentvolumes") || has(g.resources, "*") && (has(g.groups, "") || has(g.groups, "*"))) && (has(g.verbs, "create") || has(g.verbs, "*"))])
  remedy   = "have people ask for storage by a PersistentVolumeClaim; waive it with the reason for a provisioner"
}

control "CIS-5.1.10" {
  title    = "Beyond what Kubernetes makes, nobody reaches kubelets through the API"
  section  = "5.1"
  level    = 1
  changed  = { "1.36" = "kubelets know finer rights than nodes/proxy, as nodes/metrics, so that nothing needs it any more" }
  check    = !any([for g in grants() : !g.builtin && (has(g.resources, "nodes/proxy") || has(g.resources, "*/proxy") || has(g.resources, "*") && (has(g.groups, "") || has(g.groups, "*")))])
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding}" if !g.builtin && (has(g.resources, "nodes/proxy") || has(g.resources, "*/proxy") || has(g.resources, "*") && (has(g.groups, "") || has(g.groups, "*")))])
  remedy   = "give nodes/metrics, nodes/stats, nodes/log, nodes/pods or nodes/healthz instead of nodes/proxy"
}

control "CIS-5.1.11" {
  title    = "Beyond what Kubernetes makes, nobody approves requests for certificates"
  section  = "5.1"
  level    = 1
  check    = !any([for g in grants() : !g.builtin && (has(g.resources, "certificatesigningrequests/approval") || has(g.resources, "*/approval") || has(g.resources, "*") && (has(g.groups, "certificates.k8s.io") || has(g.groups, "*"))) && (has(g.verbs, "update") || has(g.verbs, "patch") || has(g.verbs, "*"))])
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding}" if !g.builtin && (has(g.resources, "certificatesigningrequests/approval") || has(g.resources, "*/approval") || has(g.resources, "*") && (has(g.groups, "certificates.k8s.io") || has(g.groups, "*"))) && (has(g.verbs, "update") || has(g.verbs, "patch") || has(g.verbs, "*"))])
  remedy   = "take certificatesigningrequests/approval out of the roles of these bindings; waive it with the reason for an approver, and let its role name the signer"
}

control "CIS-5.1.12" {
  title    = "Beyond what Kubernetes makes, nobody changes what admission asks outside"
  section  = "5.1"
  level    = 1
  check    = !any([for g in grants() : !g.builtin && (has(g.resources, "validatingwebhookconfigurations") || has(g.resources, "mutatingwebhookconfigurations") || has(g.resources, "*") && (has(g.groups, "admissionregistration.k8s.io") || has(g.groups, "*"))) && any([for v in ["create", "update", "patch", "delete", "deletecollection", "*"] : has(g.verbs, v)])])
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding}" if !g.builtin && (has(g.resources, "validatingwebhookconfigurations") || has(g.resources, "mutatingwebhookconfigurations") || has(g.resources, "*") && (has(g.groups, "admissionregistration.k8s.io") || has(g.groups, "*"))) && any([for v in ["create", "update", "patch", "delete", "deletecollection", "*"] : has(g.verbs, v)])])
  remedy   = "take the writing of webhook configurations out of the roles of these bindings; waive it with the reason for an operator that keeps its own"
}

control "CIS-5.1.13" {
  title    = "Beyond what Kubernetes makes, nobody makes tokens of service accounts"
  section  = "5.1"
  level    = 1
  check    = !any([for g in grants() : !g.builtin && !(g.namespace != "" && g.role_kind == "ClusterRole" && has(["admin", "edit"], g.role)) && (has(g.resources, "serviceaccounts/token") || has(g.resources, "*/token") || has(g.resources, "*") && (has(g.groups, "") || has(g.groups, "*"))) && (has(g.verbs, "create") || has(g.verbs, "*"))])
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding}" if !g.builtin && !(g.namespace != "" && g.role_kind == "ClusterRole" && has(["admin", "edit"], g.role)) && (has(g.resources, "serviceaccounts/token") || has(g.resources, "*/token") || has(g.resources, "*") && (has(g.groups, "") || has(g.groups, "*"))) && (has(g.verbs, "create") || has(g.verbs, "*"))])
  remedy   = "take serviceaccounts/token out of the roles of these bindings"
}
