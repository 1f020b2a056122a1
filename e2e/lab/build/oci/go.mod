module github.com/bulwark-k8s/bulwark/e2e/lab/build/oci

go 1.26.0
