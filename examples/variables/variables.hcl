# What differs from one site to the next. A value comes from --var NAME=VALUE,
# else from the environment as BULWARK_VAR_NAME, else from the default.

variable "site" {
  type        = string
  default     = "oslo"
  description = "The site; the API is reached at api.SITE.example.com."
}

variable "offices" {
  type        = map(string)
  default     = { north = "203.0.113.0/25", south = "203.0.113.128/25" }
  description = "Networks people work from, by name. Written as HCL: --var 'offices={ north = \"198.51.100.0/24\" }'."
}

variable "max_pods" {
  type    = number
  default = 60
}

variable "registry" {
  type        = string
  default     = "registry.k8s.io"
  description = "Where the images of Kubernetes come from."
}
