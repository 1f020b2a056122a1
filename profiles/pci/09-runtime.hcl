control "PCI-9.1" {
  title    = "What is of high risk runs in a sandbox"
  section  = "9"
  refs     = ["NSA-PS-6"]
  question = "Is there one among these pods whose escape would reach what it must not, and that the machine's own kernel is too little of a wall for?"
  evidence = [for p in pods() : "${p.namespace}/${p.name}: ${p.runtime_class == "" ? "the machine's kernel" : p.runtime_class}" if !p.system]
}

control "PCI-9.2" {
  title    = "Containers of Windows are kept apart by Hyper-V"
  section  = "9"
  applies  = any([for n in nodes() : any([for k, v in n.labels : k == "kubernetes.io/os" && v == "windows"])])
  question = "Do these machines run each container in a machine of its own by Hyper-V?"
  evidence = [for n in nodes() : n.name if any([for k, v in n.labels : k == "kubernetes.io/os" && v == "windows"])]
}
