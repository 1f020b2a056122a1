control "PCI-8.1" {
  title    = "Logs of containers and of the API are kept in one place away from them"
  section  = "8"
  refs     = ["NSA-AL-5", "NSA-AL-6"]
  question = "Do these, or pods of yours, take the logs of containers and the audit log to a central store that keeps them for as long as you have to?"
  evidence = [for u in ["rsyslog.service", "syslog-ng.service", "systemd-journal-upload.service", "fluent-bit.service", "vector.service", "filebeat.service"] : u if unit(u) != null && unit(u).active]
}

control "PCI-8.2" {
  title    = "A program that was not in the image, and a changed one, are seen"
  section  = "8"
  refs     = ["NSA-PS-2"]
  question = "Does an agent see what is started and written in containers? In these pods there are containers that can write to their own file system:"
  evidence = [for p in pods() : "${p.namespace}/${p.name}" if !p.system && any([for c in p.containers : !c.read_only_root])]
}
