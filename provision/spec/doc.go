// Package spec reads HCL text into a resolved [cluster.Cluster]: the one place
// that knows the language, its limits and its diagnostics. It touches no
// machine, and reads nothing but the spec's own folder.
//
// Text passes through five steps, each in its own file:
//
//	source.go   which files, bounded and regular, never outside the folder
//	encoding.go what bytes may be text
//	guard.go    how deep and how long it may be, before a recursive parser sees it
//	eval.go     variables, locals and expressions, within a budget
//	text.go     the words of the language, decoded with their ranges, which the
//	            remaining files resolve into package cluster, one block a file
//
// Everything wrong is reported at once, as [hcl.Diagnostics]: each has a
// stable [Code], a place, and in its detail what to write instead.
package spec
