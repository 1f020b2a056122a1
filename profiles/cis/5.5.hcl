control "CIS-5.5.1" {
  title    = "Images are known to come from whom they should"
  section  = "5.5"
  level    = 2
  refs     = ["NSA-PS-3", "PCI-3.2", "PCI-13.4"]
  question = "Does one of these policies, or a webhook, refuse images that your pipeline did not sign or that come from elsewhere?"
  evidence = [for p in admission_policies() : "ValidatingAdmissionPolicy ${p.name}, which ${has(p.actions, "Deny") ? "refuses" : "refuses nothing"}"]
}
