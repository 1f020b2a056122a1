control "CIS-4.3.1" {
  title   = "kube-proxy tells its figures on loopback alone"
  section = "4.3"
  level   = 1
  scored  = true
  check   = config(kube_proxy, "metricsBindAddress") == null || config(kube_proxy, "metricsBindAddress") == "" || has(["127.0.0.1:10249", "127.0.0.1"], config(kube_proxy, "metricsBindAddress"))
  remedy  = "set metricsBindAddress to 127.0.0.1:10249"
}
