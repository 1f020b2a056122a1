control "PCI-2.1" {
  title    = "Nobody does day-to-day work with the rights of an administrator"
  section  = "2"
  refs     = ["CIS-5.1.1", "NSA-AA-6"]
  question = "Does each of these need every right, or would a narrower role do?"
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding} ${g.namespace == "" ? "everywhere" : "in ${g.namespace}"}"
  if g.role == "cluster-admin" || !g.builtin && has(g.verbs, "*") && has(g.resources, "*")])
}

# Who is in the group has every right whatever roles say, and nothing takes it back.
control "PCI-2.2" {
  title   = "The group system:masters has no further bindings, and no certificate of it lies on a machine"
  section = "2"
  refs    = ["CIS-5.1.7"]
  applies = node.control_plane
  check   = path("/etc/kubernetes/super-admin.conf") == null && all([for g in grants() : g.builtin || g.subject != "system:masters"])
  remedy  = "take /etc/kubernetes/super-admin.conf off the machines, and bind groups of your own in place of system:masters"
}

control "PCI-2.3" {
  title    = "Rights are gone through again and again"
  section  = "2"
  refs     = ["NSA-AA-6"]
  question = "When did somebody last go through these, and when is the next time?"
  evidence = union([for g in grants() : "${g.subject_kind} ${g.subject} by ${g.binding} has ${g.role} ${g.namespace == "" ? "everywhere" : "in ${g.namespace}"}" if !g.builtin])
}
