// Package vpc stands in for the SDK of a cloud, which not every module proxy has: with
// it `go mod tidy` finds what flannel's main imports. The lab's flannel is built without
// the backend that would call it.
package vpc
