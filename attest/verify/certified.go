package verify

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
)

// CertificateRoot trusts what the certificates of an authority of one's own say
// about identities: its roots, with those between them and the signers. A root is
// one that no other of them issued. The issuer of an [Identity] is then the name of
// the root ([RootName]).
func CertificateRoot(certificates []*x509.Certificate) (*TrustedRoot, error) {
	if len(certificates) == 0 {
		return nil, errors.New("certificate roots: none: expected the root of your authority, with those between it and the signers")
	}
	for _, c := range certificates {
		if !c.IsCA {
			return nil, fmt.Errorf("certificate roots: %s is no certificate authority: expected the root of your authority, and not a signer's own certificate", c.Subject)
		}
	}
	return &TrustedRoot{material: root.TrustedMaterialCollection{}, certificates: certificates}, nil
}

// ParseCertificates reads PEM certificates in their order.
func ParseCertificates(data []byte) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for rest := bytes.TrimSpace(data); len(rest) > 0; rest = bytes.TrimSpace(rest) {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil || block.Type != "CERTIFICATE" {
			return nil, errors.New("certificates: expected PEM blocks of the type CERTIFICATE and nothing else")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificates: number %d: %w", len(all)+1, err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("certificates: none in the file")
	}
	return all, nil
}

// RootName is how identities name a root as their issuer: its subject (RFC 4514).
func RootName(c *x509.Certificate) string { return c.Subject.String() }

// anchors are the certificates at which a chain may end; the others may stand in
// between.
func (r *TrustedRoot) anchors() (anchors, between []*x509.Certificate) {
	if r == nil {
		return nil, nil
	}
	return topmost(r.certificates)
}

func topmost(all []*x509.Certificate) (top, between []*x509.Certificate) {
	for _, c := range all {
		if slices.ContainsFunc(all, func(by *x509.Certificate) bool {
			return by != c && bytes.Equal(by.RawSubject, c.RawIssuer) && !bytes.Equal(c.RawSubject, c.RawIssuer)
		}) {
			between = append(between, c)
		} else {
			top = append(top, c)
		}
	}
	return top, between
}

// RootNames are the issuers that identities may name, of an authority of one's own.
func (r *TrustedRoot) RootNames() []string {
	anchors, _ := r.anchors()
	var names []string
	for _, c := range anchors {
		names = append(names, RootName(c))
	}
	return names
}

// Vouches reports whether r may believe an issuer about identities: a root of
// its own authorities, or any identity provider, where it has a Sigstore.
func (r *TrustedRoot) Vouches(issuer string) bool {
	if slices.Contains(r.RootNames(), issuer) {
		return true
	}
	_, err := r.options()
	return err == nil
}

// private reports whether a certificate is not Fulcio's: those name the issuer of
// the identity in an extension.
func private(c *x509.Certificate) bool {
	summary, err := certificate.SummarizeCertificate(c)
	return err != nil || summary.Issuer == ""
}

// namesOf are the names that a certificate gives its holder: e-mail addresses,
// URIs and DNS names, then the subject (RFC 4514).
func namesOf(c *x509.Certificate) []string {
	names := slices.Clone(c.EmailAddresses)
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	return append(append(names, c.DNSNames...), c.Subject.String())
}

// keyOf is the id of the key that a certificate is about, as [PublicKey.ID].
func keyOf(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// certified is [Policy.identity] for a certificate of an authority of one's own.
func (p Policy) certified(e *envelope) (id Identity, at times, known bool, problem *Problem) {
	leaf := e.certificate
	id = claimedBy(leaf)
	var named []Identity
	for _, i := range p.Identities {
		if slices.Contains(p.Root.RootNames(), i.Issuer) && slices.Contains(namesOf(leaf), i.Subject) {
			named = append(named, i)
		}
	}
	if len(named) == 0 {
		return id, nil, false, nil
	}
	at, problem = p.timed(e)
	if problem != nil {
		return id, nil, true, problem
	}
	const next = "do not use the shipment on the strength of this signature; see that --certificate-root is the authority of the signer, with those between, and ask the signer which certificate it used"
	when, ok := at.earliest()
	if !ok {
		when = p.Now
	}
	if !ok && when.After(leaf.NotAfter) {
		return id, nil, true, &Problem{CodeTimestamp, fmt.Sprintf("the certificate of %.200q ended on %s, and no timestamp shows that the signature is older", id.Subject, timeText(leaf.NotAfter.UTC())),
			"ask the signer for one with a timestamp (`weighbridge attest --timestamp-authority`), and name its authority with --timestamp-certificate"}
	}
	ends, err := p.Root.leads(leaf, when)
	if err == nil {
		err = signs(e, leaf)
	}
	if err != nil {
		return id, nil, true, &Problem{CodeIdentity, fmt.Sprintf("its certificate names %.200q, but that does not hold under the roots trusted here: %s", id.Subject, plain(err)), next}
	}
	for _, i := range named {
		if slices.Contains(ends, i.Issuer) {
			return i, at, true, nil
		}
	}
	return id, nil, false, nil // of another root than the one that was named for it
}

// leads returns the names of the roots to which a certificate leads, valid as of a
// time (RFC 5280).
func (r *TrustedRoot) leads(leaf *x509.Certificate, at time.Time) ([]string, error) {
	anchors, between := r.anchors()
	options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}}
	for _, c := range anchors {
		options.Roots.AddCert(c)
	}
	for _, c := range between {
		options.Intermediates.AddCert(c)
	}
	if leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return nil, errors.New("it is not for signatures (key usage digitalSignature)")
	}
	chains, err := leaf.Verify(options)
	if err != nil {
		return nil, err
	}
	var ends []string
	for _, chain := range chains {
		ends = append(ends, RootName(chain[len(chain)-1]))
	}
	return ends, nil
}

// signs returns an error unless the key of a certificate signed e.
func signs(e *envelope, leaf *x509.Certificate) error {
	if err := validKind(leaf.PublicKey); err != nil {
		return err
	}
	hash, _ := hashFor(leaf.PublicKey)
	if err := verifyEnvelope(*e, leaf.PublicKey, hash); err != nil {
		return fmt.Errorf("its key did not sign these bytes: %w", err)
	}
	return nil
}
