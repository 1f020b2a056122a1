package state

import "strings"

// TokenDescription begins the description of every bootstrap token that
// bulwark makes; the node's name follows.
const TokenDescription = "bulwark join "

// InitTokenDescription marks the token that a phase of `kubeadm init` cannot
// be kept from making.
const InitTokenDescription = "bulwark init, grants nothing"

// JoinToken says whether a bootstrap token is one that bulwark or its kubeadm
// made, by its description. A person's own tokens are left alone.
func JoinToken(description string) bool {
	return strings.HasPrefix(description, TokenDescription) || description == InitTokenDescription
}
