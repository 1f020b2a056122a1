package lab

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
)

// keyPair is an SSH key: the private part as OpenSSH's files have it, the public one as a
// line of authorized_keys, with no comment.
type keyPair struct {
	Private, Public string
}

func newEd25519() (keyPair, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return keyPair{}, err
	}
	const kind = "ssh-ed25519"
	blob := wire([]byte(kind), public)
	// OpenSSH reads an Ed25519 key only in its own format: header, cipher and key derivation
	// (none), one public key, and the private section, padded to the block size of 8.
	section := append([]byte{0, 0, 0, 0, 0, 0, 0, 0}, wire([]byte(kind), public, private, nil)...)
	for pad := byte(1); len(section)%8 != 0; pad++ {
		section = append(section, pad)
	}
	file := append([]byte("openssh-key-v1\x00"), wire([]byte("none"), []byte("none"), nil)...)
	file = append(file, 0, 0, 0, 1)
	file = append(file, wire(blob, section)...)
	return keyPair{
		Private: string(pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: file})),
		Public:  kind + " " + base64.StdEncoding.EncodeToString(blob),
	}, nil
}

func newECDSA() (keyPair, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return keyPair{}, err
	}
	der, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return keyPair{}, err
	}
	public, err := private.PublicKey.ECDH()
	if err != nil {
		return keyPair{}, err
	}
	const kind = "ecdsa-sha2-nistp256"
	blob := wire([]byte(kind), []byte("nistp256"), public.Bytes())
	return keyPair{
		Private: string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})),
		Public:  kind + " " + base64.StdEncoding.EncodeToString(blob),
	}, nil
}

// wire joins strings as SSH writes them, each behind its length.
func wire(parts ...[]byte) []byte {
	var out []byte
	for _, part := range parts {
		out = binary.BigEndian.AppendUint32(out, uint32(len(part)))
		out = append(out, part...)
	}
	return out
}
