profile "cis" {
  title      = "CIS Kubernetes Benchmark 2.0.1, both levels, with 2.1.0's wording of 1.2.1"
  kubernetes = "1.34 to 1.35"
  standards  = ["CIS"]
}

profile "cis-level-1" {
  title      = "CIS Kubernetes Benchmark 2.0.1, level 1"
  kubernetes = "1.34 to 1.35"
  standards  = ["CIS"]
  level      = 1
}

profile "stig" {
  title      = "DISA Kubernetes STIG V2R6"
  kubernetes = "1.34 to 1.35"
  standards  = ["STIG"]
}

profile "nsa-cisa" {
  title     = "NSA/CISA Kubernetes Hardening Guidance 1.2"
  standards = ["NSA"]
}

profile "pci" {
  title     = "PCI SSC guidance for containers and container orchestration 1.0"
  standards = ["PCI"]
}

# What bulwark's defaults do: the controls that a spec without profiles meets before there
# is a machine. A test holds the list against the rendered quickstart.
profile "baseline" {
  title = "What bulwark does without a word of a spec"
  controls = [
    "CIS-1.1.1", "CIS-1.1.2", "CIS-1.1.3", "CIS-1.1.4", "CIS-1.1.5", "CIS-1.1.6", "CIS-1.1.7", "CIS-1.1.8",
    "CIS-1.1.11", "CIS-1.1.12", "CIS-1.1.13", "CIS-1.1.14", "CIS-1.1.15", "CIS-1.1.16", "CIS-1.1.17", "CIS-1.1.18",
    "CIS-1.1.19", "CIS-1.1.20", "CIS-1.1.21", "CIS-1.2.1", "CIS-2.1.0-1.2.1", "CIS-1.2.2", "CIS-1.2.3", "CIS-1.2.4",
    "CIS-1.2.5", "CIS-1.2.6", "CIS-1.2.7", "CIS-1.2.8", "CIS-1.2.9", "CIS-1.2.10", "CIS-1.2.12", "CIS-1.2.13",
    "CIS-1.2.14", "CIS-1.2.15", "CIS-1.2.16", "CIS-1.2.17", "CIS-1.2.18", "CIS-1.2.19", "CIS-1.2.20", "CIS-1.2.21",
    "CIS-1.2.22", "CIS-1.2.23", "CIS-1.2.24", "CIS-1.2.25", "CIS-1.2.26", "CIS-1.2.27", "CIS-1.2.28", "CIS-1.2.29",
    "CIS-1.2.30", "CIS-1.3.1", "CIS-1.3.2", "CIS-1.3.3", "CIS-1.3.4", "CIS-1.3.5", "CIS-1.3.6", "CIS-1.3.7",
    "CIS-1.4.1", "CIS-1.4.2", "CIS-2.1", "CIS-2.2", "CIS-2.3", "CIS-2.4", "CIS-2.5", "CIS-2.6", "CIS-2.7",
    "CIS-3.2.1", "CIS-3.2.2", "CIS-4.1.1", "CIS-4.1.2", "CIS-4.1.5", "CIS-4.1.6", "CIS-4.1.7", "CIS-4.1.8",
    "CIS-4.1.9", "CIS-4.1.10", "CIS-4.2.1", "CIS-4.2.2", "CIS-4.2.3", "CIS-4.2.4", "CIS-4.2.5", "CIS-4.2.6",
    "CIS-4.2.7", "CIS-4.2.8", "CIS-4.2.9", "CIS-4.2.10", "CIS-4.2.11", "CIS-4.2.12", "CIS-4.2.13", "CIS-4.2.14",
    "CIS-4.3.1", "CIS-5.1.7", "CIS-5.2.1",
    "NSA-AA-1", "NSA-AA-2", "NSA-AA-3", "NSA-AA-4", "NSA-AA-5", "NSA-APP-C", "NSA-APP-L", "NSA-CP-1", "NSA-CP-3",
    "NSA-CP-4", "NSA-CP-6", "NSA-CP-7", "NSA-WN-1", "NSA-ET-1", "NSA-ET-2", "NSA-ET-3", "NSA-AL-1", "NSA-AL-2",
    "NSA-AL-4", "NSA-NS-6", "NSA-PS-1", "NSA-PS-4e",
    "PCI-1.1", "PCI-1.4", "PCI-4.2", "PCI-4.3", "PCI-6.1", "PCI-7.1", "PCI-10.1", "PCI-16.2",
    "STIG-V-242436", "STIG-V-254800", "STIG-V-254801", "STIG-V-274882", "STIG-V-242378", "STIG-V-242382",
    "STIG-V-242389", "STIG-V-242390", "STIG-V-242398", "STIG-V-242400", "STIG-V-242418", "STIG-V-242419",
    "STIG-V-242422", "STIG-V-242429", "STIG-V-242430", "STIG-V-242431", "STIG-V-242438", "STIG-V-245542",
    "STIG-V-245543", "STIG-V-245544", "STIG-V-242402", "STIG-V-242461", "STIG-V-242462", "STIG-V-242463",
    "STIG-V-242464", "STIG-V-242465", "STIG-V-242376", "STIG-V-242381", "STIG-V-242385", "STIG-V-242409",
    "STIG-V-242421", "STIG-V-242379", "STIG-V-242380", "STIG-V-242423", "STIG-V-242426", "STIG-V-242427",
    "STIG-V-242428", "STIG-V-242432", "STIG-V-242433", "STIG-V-242405", "STIG-V-242406", "STIG-V-242407",
    "STIG-V-242408", "STIG-V-242444", "STIG-V-242446", "STIG-V-242449", "STIG-V-242450", "STIG-V-242451",
    "STIG-V-242452", "STIG-V-242453", "STIG-V-242454", "STIG-V-242455", "STIG-V-242456", "STIG-V-242457",
    "STIG-V-242460", "STIG-V-242466", "STIG-V-242467", "STIG-V-242387", "STIG-V-242391", "STIG-V-242392",
    "STIG-V-242397", "STIG-V-242404", "STIG-V-242420", "STIG-V-242424", "STIG-V-242425", "STIG-V-242434",
    "STIG-V-245541", "STIG-V-242377", "STIG-V-242384",
  ]
}

# For a cluster on the own desk: pods need not say how they are confined, and the audit log
# is short.
profile "dev" {
  title   = "The baseline, softened for a cluster that nobody else reaches"
  extends = ["baseline"]
  without = ["NSA-APP-C", "NSA-PS-1"]
  soften {
    admission { pod_security = "baseline" }
    audit { max_age = 30 }
  }
}
