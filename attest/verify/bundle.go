package verify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/weighbridge/weighbridge/attest"
)

// maxBundles bounds the bundles of one shipment.
const maxBundles = 256

// maxSignatures bounds the signatures that are even counted; exactly one is
// accepted (Sigstore bundle specification, DSSE).
const maxSignatures = 32

// envelope is a bundle that could be read. Nothing in it is believed.
type envelope struct {
	bundle  bundle.Bundle
	payload []byte // what the signature is over, once verified
	hint    string

	certificate *x509.Certificate // of who signed; nil where a key did
	entries     int               // in logs
	stamps      int               // RFC 3161 timestamps
}

// openBundle reads one Sigstore bundle, v0.3 or in an older spelling, and refuses
// what could not hold one signed statement.
func openBundle(data []byte) (envelope, *Problem) {
	const again = "fetch the shipment again from its sender; a damaged bundle proves nothing"
	if err := attest.ScanJSON(data); err != nil {
		return envelope{}, &Problem{CodeBundle, "not a Sigstore bundle: " + plain(err), again}
	}
	var e envelope
	if err := e.bundle.UnmarshalJSON(data); err != nil {
		if errors.Is(err, bundle.ErrUnsupportedMediaType) {
			return envelope{}, &Problem{CodeBundle, "a media type that this build does not read: " + plain(err),
				"expected application/vnd.dev.sigstore.bundle.v0.3+json, or +json;version=0.1 to 0.3; verify with a newer weighbridge, or ask for such a bundle"}
		}
		return envelope{}, &Problem{CodeBundle, fmt.Sprintf("not a Sigstore bundle: %s", plain(err)), again}
	}
	dsse := e.bundle.GetDsseEnvelope()
	switch n := len(dsse.GetSignatures()); {
	case dsse == nil:
		return envelope{}, &Problem{CodePayloadType, "a bundle around a bare signature: expected a DSSE envelope with an in-toto statement",
			"a signature over a file is no attestation: ask the signer for one made by `weighbridge attest`"}
	case n > maxSignatures:
		return envelope{}, &Problem{CodeSignatureCount, fmt.Sprintf("%d signatures: expected one, and never more than %d", n, maxSignatures), again}
	case n != 1:
		return envelope{}, &Problem{CodeSignatureCount, fmt.Sprintf("%d signatures: expected exactly one", n),
			"each signer makes a bundle of its own: ask for them separately"}
	case dsse.PayloadType != attest.PayloadType:
		return envelope{}, &Problem{CodePayloadType, fmt.Sprintf("payload type %.80q: expected %s", dsse.PayloadType, attest.PayloadType),
			"this envelope holds no in-toto statement: ask the signer for an attestation"}
	}
	material := e.bundle.VerificationMaterial
	e.payload, e.hint = dsse.Payload, material.GetPublicKey().GetHint()
	e.entries, e.stamps = len(material.GetTlogEntries()), len(material.GetTimestampVerificationData().GetRfc3161Timestamps())
	if material.GetPublicKey() == nil {
		content, err := e.bundle.VerificationContent()
		if err != nil || content.Certificate() == nil {
			return envelope{}, &Problem{CodeNotKeySigned, "neither a key nor a certificate that can be read says who signed", again}
		}
		e.certificate = content.Certificate()
	}
	return e, nil
}

// plain returns a short text of err, quoted: it repeats bytes of a bundle that
// nobody has signed. protojson varies its white space from build to build, so that
// nobody compares its errors.
func plain(err error) string {
	return fmt.Sprintf("%.200q", strings.ReplaceAll(err.Error(), "\u00a0", " "))
}

// signedBy returns the key of the policy that signed e's payload, or nil. A key
// inside a certificate is none: the certificate stands for an identity.
func (e *envelope) signedBy(keys []*PublicKey) *PublicKey {
	if e.certificate != nil {
		return nil
	}
	for _, key := range keys {
		if e.verifies(key) {
			return key
		}
	}
	return nil
}

// verifies reports whether key signed e's payload under its payload type
// (DSSE pre-authentication encoding).
func (e *envelope) verifies(key *PublicKey) bool {
	// The subjects are compared in subjects.go, because two of them must match.
	policy := verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithKey())
	if _, err := key.verifier.Verify(&e.bundle, policy); err == nil {
		return true
	}
	// sigstore-go also fails when it cannot read the statement. Whether the
	// signature holds is a question of its own: our parser says what is wrong
	// with a statement that was signed.
	signed, err := e.bundle.SignatureContent()
	if err != nil {
		return false
	}
	material, err := e.bundle.VerificationContent()
	return err == nil && verify.VerifySignature(signed, material, key.trusted) == nil
}

// hinted reports whether e's hint names one of the keys.
func (e *envelope) hinted(keys []*PublicKey) bool {
	for _, key := range keys {
		if key.hinted(e.hint) {
			return true
		}
	}
	return false
}
