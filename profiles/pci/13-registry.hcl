control "PCI-13.1" {
  title    = "Who may read of a registry and write to it is said by name"
  section  = "13"
  question = "Who may push to the registry, and can anybody do so without credentials?"
}

control "PCI-13.2" {
  title    = "Images for production are in a registry of their own"
  section  = "13"
  question = "Are these images all from the registry for production, and does nothing else push to it than the way to production?"
  evidence = union([for p in pods() : [for c in p.containers : c.image] if !p.system]...)
}

control "PCI-13.3" {
  title    = "The registry scans what is in it"
  section  = "13"
  refs     = ["PCI-10.3"]
  question = "Does the registry scan its images again and again, and who is told?"
}

control "PCI-13.4" {
  title    = "Only what the pipeline built and signed runs"
  section  = "13"
  refs     = ["CIS-5.5.1", "PCI-3.2"]
  question = "Does the pipeline sign images, and what refuses those without its signature? These policies judge what is admitted, each named with what it does:"
  evidence = [for a in admission_policies() : [a.name, a.actions]]
}
