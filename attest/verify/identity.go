package verify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// Identity is who an issuer says has signed: an OpenID Connect issuer, or the
// certificate authority of one's own ([CertificateRoot]). Both are compared exactly,
// never as patterns.
type Identity struct {
	Subject string // e-mail address, URI or what else the certificate names
	Issuer  string // URL of the issuer, or the name of the root
}

// ID names the identity where a key has its id.
func (i Identity) ID() string { return i.Subject + " (" + i.Issuer + ")" }

// Validate returns an error unless both are there.
func (i Identity) Validate() error {
	if i.Subject == "" || i.Issuer == "" {
		return errors.New("an identity is a subject and its issuer: the same subject of another issuer is somebody else")
	}
	return nil
}

// claimedBy is the identity that a certificate claims. Nothing of it was verified.
func claimedBy(c *x509.Certificate) Identity {
	if private(c) {
		return Identity{namesOf(c)[0], c.Issuer.String()}
	}
	summary, err := certificate.SummarizeCertificate(c)
	if err != nil {
		return Identity{}
	}
	return Identity{summary.SubjectAlternativeName, summary.Issuer}
}

// identity returns the identity of the policy that signed e, with the times at which
// it did. known is false when the certificate names nobody of the policy.
func (p Policy) identity(e *envelope) (id Identity, at times, known bool, problem *Problem) {
	if len(p.Identities) == 0 {
		return id, nil, true, &Problem{CodeNotKeySigned, fmt.Sprintf("signed with a certificate of %.200q: this policy names keys only", claimedBy(e.certificate).ID()),
			"name who may sign with --identity and --issuer, and whom you believe about it with --trusted-root (or --certificate-root, for an authority of your own); or ask for a signature by a key that you hold"}
	}
	if private(e.certificate) {
		return p.certified(e)
	}
	id = claimedBy(e.certificate)
	if !slices.Contains(p.Identities, id) {
		return id, nil, false, nil
	}
	at, err := p.Root.identifies(e)
	if err != nil {
		return id, nil, true, &Problem{CodeIdentity, fmt.Sprintf("its certificate names %.200q, but that does not hold under the trusted root: %s", id.ID(), plain(err)),
			"do not use the shipment on the strength of this signature; see that --trusted-root is the file of the Sigstore that the signer used, and fetch the shipment again"}
	}
	if p.Timestamped && !slices.ContainsFunc(at, func(t Timestamp) bool { return t.Kind == "rfc3161" }) {
		return id, nil, true, &Problem{CodeTimestamp, "no timestamp of an authority was verified: expected at least one", "ask the signer for one with a timestamp by an authority that you trust"}
	}
	return id, at, true, nil
}

// options asks of a signature all that the root can show: a certificate that was
// logged where there are certificate logs, an entry in a log where there are logs,
// and always a time within the certificate's few minutes.
func (r *TrustedRoot) options() ([]verify.VerifierOption, error) {
	if r == nil || len(r.material.FulcioCertificateAuthorities()) == 0 {
		return nil, errors.New("the trusted root names no certificate authority")
	}
	options := []verify.VerifierOption{verify.WithoutStatementPredicate()}
	if len(r.material.CTLogs()) > 0 {
		options = append(options, verify.WithSignedCertificateTimestamps(1))
	}
	logs := len(r.material.RekorLogs()) > 0
	if logs {
		options = append(options, verify.WithTransparencyLog(1))
	}
	if !logs && len(r.material.TimestampingAuthorities()) == 0 {
		return nil, errors.New("the trusted root names neither a log nor a timestamp authority, so nobody can say when the signature was made")
	}
	return append(options, verify.WithObserverTimestamps(1)), nil
}

// identifies verifies certificate, log entry, times and signature of e under r.
func (r *TrustedRoot) identifies(e *envelope) (times, error) {
	options, err := r.options()
	if err != nil {
		return nil, err
	}
	verifier, err := verify.NewVerifier(r.material, options...)
	if err != nil {
		return nil, err
	}
	// Who it is was compared before, exactly; the subjects are in subjects.go.
	result, err := verifier.Verify(&e.bundle, verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithoutIdentitiesUnsafe()))
	if err != nil {
		return nil, err
	}
	var at times
	for _, t := range result.VerifiedTimestamps {
		kind := "rfc3161"
		if strings.EqualFold(t.Type, "Tlog") {
			kind = "log"
		}
		at = append(at, Timestamp{timeText(t.Timestamp.UTC()), t.URI, kind})
	}
	return at, nil
}
