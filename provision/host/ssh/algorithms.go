package ssh

import (
	"slices"

	"golang.org/x/crypto/ssh"
)

// Only what is modern is offered: no SHA-1, no CBC, no finite-field key
// exchange, no MAC that is not encrypt-then-MAC. OpenSSH has had all of these
// since 6.7 (2014), rsa-sha2 since 7.2.

func algorithms() ssh.Config {
	return ssh.Config{
		KeyExchanges: []string{
			ssh.KeyExchangeMLKEM768X25519, ssh.KeyExchangeCurve25519,
			ssh.KeyExchangeECDHP256, ssh.KeyExchangeECDHP384, ssh.KeyExchangeECDHP521,
		},
		Ciphers: []string{
			ssh.CipherAES256GCM, ssh.CipherAES128GCM, ssh.CipherChaCha20Poly1305,
			ssh.CipherAES256CTR, ssh.CipherAES192CTR, ssh.CipherAES128CTR,
		},
		MACs: []string{ssh.HMACSHA512ETM, ssh.HMACSHA256ETM},
	}
}

// hostKeyAlgorithms are those accepted of a machine, the best one first.
func hostKeyAlgorithms() []string {
	return []string{
		ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01, ssh.CertAlgoECDSA521v01,
		ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01,
		ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
		ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256,
	}
}

// plainHostKeyAlgorithms are those without certificates, for a machine nothing
// is known about.
func plainHostKeyAlgorithms() []string {
	all := hostKeyAlgorithms()
	return all[slices.Index(all, ssh.KeyAlgoED25519):]
}

// algorithmsOf are the accepted signature algorithms of a key type.
func algorithmsOf(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{keyType}
}

// accepted filters names down to accepted ones, in the order of preference:
// without it the order of lines in known_hosts would choose, and an ssh-rsa
// line would bring SHA-1 back.
func accepted(names []string) []string {
	return slices.DeleteFunc(hostKeyAlgorithms(), func(a string) bool { return !slices.Contains(names, a) })
}
