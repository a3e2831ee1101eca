package signtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"time"
)

// Authority is a certificate authority of an organisation's own: a root, and one
// between it and the signers. Its certificates hold for a year around its time.
type Authority struct {
	Root, Between *x509.Certificate

	key *ecdsa.PrivateKey
	at  time.Time
}

// NewAuthority makes one.
func NewAuthority(at time.Time) (*Authority, error) {
	a := &Authority{at: at}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if a.key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader); err != nil {
		return nil, err
	}
	root := a.template("own root")
	root.IsCA, root.KeyUsage = true, x509.KeyUsageCertSign
	if a.Root, err = create(root, root, rootKey.Public(), rootKey); err != nil {
		return nil, err
	}
	between := a.template("own issuer")
	between.IsCA, between.KeyUsage = true, x509.KeyUsageCertSign
	a.Between, err = create(between, a.Root, a.key.Public(), rootKey)
	return a, err
}

func (a *Authority) template(name string) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // rand.Reader never fails
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name, Organization: []string{"test"}}, BasicConstraintsValid: true,
		NotBefore: a.at.AddDate(0, -6, 0), NotAfter: a.at.AddDate(0, 6, 0)}
}

// Chain is what recipients are given: the root, then the one between.
func (a *Authority) Chain() []*x509.Certificate { return []*x509.Certificate{a.Root, a.Between} }

// Issue certifies a key of CN=signer,O=test for an e-mail address, after a change of the
// certificate (nil: none).
func (a *Authority) Issue(key crypto.PublicKey, email string, change func(*x509.Certificate)) (*x509.Certificate, error) {
	c := a.template("signer")
	c.EmailAddresses, c.KeyUsage, c.ExtKeyUsage = []string{email}, x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	if change != nil {
		change(c)
	}
	return create(c, a.Between, key, a.key)
}
