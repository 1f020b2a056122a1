control "CIS-4.2.1" {
  title   = "The kubelet answers nobody without credentials"
  section = "4.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242391", "NSA-AA-2", "PCI-1.1"]
  check   = config(kubelet, "authentication.anonymous.enabled") == false
  remedy  = "set authentication.anonymous.enabled to false"
  harden {
    kubelet { config = { authentication = { anonymous = { enabled = false } } } }
  }
}

control "CIS-4.2.2" {
  title   = "The kubelet asks the API whether a request is allowed"
  section = "4.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242392"]
  check   = config(kubelet, "authorization.mode") != null && config(kubelet, "authorization.mode") != "" && config(kubelet, "authorization.mode") != "AlwaysAllow"
  remedy  = "set authorization.mode to Webhook"
  harden {
    kubelet { config = { authorization = { mode = "Webhook" } } }
  }
}

control "CIS-4.2.3" {
  title   = "The kubelet knows its clients by certificates of an authority"
  section = "4.2"
  level   = 1
  scored  = true
  refs    = ["STIG-V-242420", "NSA-AA-3"]
  check   = config(kubelet, "authentication.x509.clientCAFile") != null && config(kubelet, "authentication.x509.clientCAFile") != ""
  remedy  = "set authentication.x509.clientCAFile to the cluster's authority"
}

control "CIS-4.2.4" {
  title   = "The kubelet has no port that answers without asking who is there"
  section = "4.2"
  level   = 1
  refs    = ["STIG-V-242387", "PCI-1.1"]
  check   = config(kubelet, "readOnlyPort") == 0 || config(kubelet, "readOnlyPort") == null && arg(kubelet, "config") != null
  remedy  = "set readOnlyPort to 0; a kubelet without a configuration file opens port 10255 of itself"

  harden {
    kubelet { config = { readOnlyPort = 0 } }
  }
}

control "CIS-4.2.5" {
  title   = "A connection to a container that nobody uses ends"
  section = "4.2"
  level   = 1
  refs    = ["STIG-V-245541"]
  changed = { "1.34" = "the kubelet takes streamingConnectionIdleTimeout and does nothing by it: the container runtime holds such connections" }
  check   = config(kubelet, "streamingConnectionIdleTimeout") == null || at_least(duration(config(kubelet, "streamingConnectionIdleTimeout")), 1)
  remedy  = "set streamingConnectionIdleTimeout to 5m"

  harden {
    kubelet { config = { streamingConnectionIdleTimeout = "5m0s" } }
  }
}

control "CIS-4.2.6" {
  title   = "The kubelet keeps the chains of iptables that it needs"
  section = "4.2"
  level   = 1
  scored  = true
  check   = config(kubelet, "makeIPTablesUtilChains") != false
  remedy  = "take makeIPTablesUtilChains: false away"
  harden {
    kubelet { config = { makeIPTablesUtilChains = true } }
  }
}

control "CIS-4.2.7" {
  title   = "A node has its machine's name"
  section = "4.2"
  level   = 1
  refs    = ["STIG-V-242404"]
  check   = arg(kubelet, "hostname-override") == null
  remedy  = "take --hostname-override away and give the machine the node's name"
}

control "CIS-4.2.8" {
  title   = "The kubelet tells what happens, within a limit"
  section = "4.2"
  level   = 2
  changed = { "1.37" = "an eventRecordQPS of 0 means without limit, and no longer the default of 50: it is not met by 0" }
  check   = config(kubelet, "eventRecordQPS") == null || at_least(config(kubelet, "eventRecordQPS"), 1) || config(kubelet, "eventRecordQPS") == 0 && cluster.kubernetes < version("1.37")
  remedy  = "set eventRecordQPS to a number from 5 to 50"

  harden {
    kubelet { config = { eventRecordQPS = 50 } }
  }
}

control "CIS-4.2.9" {
  title   = "The kubelet serves with a certificate that it did not make itself"
  section = "4.2"
  level   = 1
  refs    = ["STIG-V-242424", "STIG-V-242425"]
  check   = config(kubelet, "tlsCertFile") != null && config(kubelet, "tlsCertFile") != "" && config(kubelet, "tlsPrivateKeyFile") != null && config(kubelet, "tlsPrivateKeyFile") != ""
  remedy  = "set tlsCertFile and tlsPrivateKeyFile; both may name the file that serverTLSBootstrap keeps up to date, /var/lib/kubelet/pki/kubelet-server-current.pem"
}

control "CIS-4.2.10" {
  title   = "The kubelet renews the certificate it knows the API by"
  section = "4.2"
  level   = 1
  scored  = true
  check   = config(kubelet, "rotateCertificates") != false
  remedy  = "set rotateCertificates to true"
  harden {
    kubelet { config = { rotateCertificates = true } }
  }
}

control "CIS-4.2.11" {
  title   = "The kubelet may renew the certificate it serves with"
  section = "4.2"
  level   = 1
  refs    = ["CIS-1.3.6"]
  check   = feature(kubelet, "RotateKubeletServerCertificate") != false
  remedy  = "take RotateKubeletServerCertificate: false out of featureGates; serverTLSBootstrap: true has it renewed"

  harden {
    kubelet { config = { serverTLSBootstrap = true } }
  }
}

control "CIS-4.2.12" {
  title   = "The kubelet offers strong cipher suites alone"
  section = "4.2"
  level   = 1
  check = subset(config(kubelet, "tlsCipherSuites"), [
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
  ])
  remedy = "set tlsCipherSuites to suites of ECDHE with AES-GCM"

  harden {
    kubelet {
      config = {
        tlsCipherSuites = [
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        ]
      }
    }
  }
}

control "CIS-4.2.13" {
  title   = "A pod can start so many processes and no more"
  section = "4.2"
  level   = 1
  refs    = ["NSA-NS-6"]
  check   = at_least(config(kubelet, "podPidsLimit"), 1)
  remedy  = "set podPidsLimit, as to 4096"

  harden {
    kubelet { config = { podPidsLimit = 4096 } }
  }
}

control "CIS-4.2.14" {
  title   = "Containers have the runtime's seccomp profile unless they say otherwise"
  section = "4.2"
  level   = 1
  refs    = ["CIS-5.6.2", "NSA-PS-4e"]
  check   = config(kubelet, "seccompDefault") == true
  remedy  = "set seccompDefault to true"

  harden {
    kubelet { config = { seccompDefault = true } }
  }
}
