package signtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"math/big"
	"time"
)

func (s *Sigstore) rootOf(name string, key *ecdsa.PrivateKey) (*x509.Certificate, error) {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name, Organization: []string{"test"}}, NotBefore: s.now().Add(-48 * time.Hour), NotAfter: s.now().Add(48 * time.Hour),
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true}
	return create(template, template, key.Public(), key)
}

// stamper makes the certificate of the timestamp authority; its purpose is critical
// (RFC 3161, 2.3).
func (s *Sigstore) stamper() (*x509.Certificate, error) {
	purpose, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "test timestamp authority", Organization: []string{"test"}}, NotBefore: s.now().Add(-24 * time.Hour), NotAfter: s.now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: purpose}}}
	return create(template, s.tsa.root, s.tsa.key.Public(), s.tsa.rootKey)
}

// certify issues a certificate of ten minutes for an identity.
func (s *Sigstore) certify(email, issuer string, key crypto.PublicKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: serial, EmailAddresses: []string{email}, NotBefore: s.now().Add(-time.Minute), NotAfter: s.now().Add(9 * time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		// Fulcio's extension for the issuer.
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}, Value: []byte(issuer)}}}
	if s.Change != nil {
		s.Change(template)
	}
	bare, err := create(template, s.ca.root, key, s.ca.rootKey)
	if err != nil || s.Unlogged {
		return raw(bare), err
	}
	list, err := s.logged(bare)
	if err != nil {
		return nil, err
	}
	template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: list})
	signed, err := create(template, s.ca.root, key, s.ca.rootKey)
	return raw(signed), err
}

// logged is the certificate log's word for a certificate: the extension's value
// (RFC 6962, 3.2 and 3.3).
func (s *Sigstore) logged(c *x509.Certificate) ([]byte, error) {
	id, err := keyID(s.ct)
	if err != nil {
		return nil, err
	}
	at := binary.BigEndian.AppendUint64(nil, uint64(s.now().UnixMilli()))
	issuer := sha256.Sum256(s.ca.root.RawSubjectPublicKeyInfo)
	signed := append([]byte{0, 0}, at...) // v1, certificate_timestamp
	signed = append(signed, 0, 1)         // precert_entry
	signed = append(signed, issuer[:]...)
	n := len(c.RawTBSCertificate)
	signed = append(signed, byte(n>>16), byte(n>>8), byte(n))
	signed = append(signed, c.RawTBSCertificate...)
	signed = append(signed, 0, 0) // no extensions
	digest := sha256.Sum256(signed)
	signature, err := ecdsa.SignASN1(rand.Reader, s.ct, digest[:])
	if err != nil {
		return nil, err
	}
	word := append([]byte{0}, id...)
	word = append(append(word, at...), 0, 0, 4, 3) // no extensions; SHA-256, ECDSA
	word = append(binary.BigEndian.AppendUint16(word, uint16(len(signature))), signature...)
	list := binary.BigEndian.AppendUint16(nil, uint16(len(word)+2))
	list = append(binary.BigEndian.AppendUint16(list, uint16(len(word))), word...)
	return asn1.Marshal(list)
}

func create(template, parent *x509.Certificate, public crypto.PublicKey, by *ecdsa.PrivateKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, by)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func raw(c *x509.Certificate) []byte {
	if c == nil {
		return nil
	}
	return c.Raw
}
