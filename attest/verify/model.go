package verify

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/weighbridge/weighbridge/attest"
)

// ModelPolicy is whom the recipient of a model signature trusts. The zero value
// refuses.
type ModelPolicy struct {
	Keys  []*PublicKey        // for the key method
	Roots []*x509.Certificate // for the certificate method: issuers that are trusted; where Identities are named too, only for those

	Identities  []Identity   // for the Sigstore method
	Root        *TrustedRoot // for identities and timestamps
	Revocations []Revocation // signers that are withdrawn
	Timestamped bool         // a verified RFC 3161 timestamp must be there
	Now         time.Time    // a certificate that has ended by then needs a timestamp; zero: it is not asked
}

// policy is p without what only certificates of long standing need.
func (p ModelPolicy) policy() Policy {
	return Policy{Keys: p.Keys, Identities: p.Identities, Root: p.Root, Timestamped: p.Timestamped, Revocations: p.Revocations, Now: p.Now}
}

// SignedModel is an OpenSSF Model Signing signature that one of the policy made. What
// it says of the files has yet to be compared with them.
type SignedModel struct {
	attest.ModelSignature
	Signer string // id of the key, the subject of the certificate with the id of its key, or the identity
	At     []Timestamp
	notes  []string
}

// OpenModelSignature reads the content of a model.sig (OMS v1.0: a Sigstore bundle
// around a DSSE envelope around a statement) and verifies its signature under p.
// All that is wrong with it is the error.
func OpenModelSignature(data []byte, p ModelPolicy) (SignedModel, error) {
	if len(p.Keys)+len(p.Roots)+len(p.Identities) == 0 {
		return SignedModel{}, errors.New("verify: the policy names neither a key nor a root certificate: without one, no signature means anything; name the signer's public key with --key FILE")
	}
	if err := p.policy().validateIdentities(); err != nil {
		return SignedModel{}, err
	}
	e, chain, problem := openModelBundle(data)
	if problem != nil {
		return SignedModel{}, fmt.Errorf("model signature: %s: %s", problem.Message, problem.Hint)
	}
	s := SignedModel{}
	var err error
	switch {
	case chain != nil:
		err = s.byCertificate(e, chain, p)
	case e.certificate != nil:
		err = s.byIdentity(e, p)
	default:
		err = s.byKey(e, p)
	}
	if err != nil {
		return SignedModel{}, err
	}
	s.ModelSignature, err = attest.ParseModelSignature(e.payload)
	return s, err
}

// openModelBundle is openBundle with certificates let in.
func openModelBundle(data []byte) (envelope, []*x509.Certificate, *Problem) {
	e, problem := openBundle(data)
	if problem == nil && e.certificate == nil || problem != nil && problem.Code != CodeBundle && problem.Code != CodeNotKeySigned {
		return e, nil, problem
	}
	b, err := chained(data)
	if err != nil {
		return e, nil, problem
	}
	var chain []*x509.Certificate
	for _, c := range b.VerificationMaterial.GetX509CertificateChain().GetCertificates() {
		parsed, err := x509.ParseCertificate(c.RawBytes)
		if err != nil || len(chain) == maxChain {
			return e, nil, &Problem{CodeBundle, fmt.Sprintf("certificate %d cannot be read, or is one too many", len(chain)+1), "ask the signer for the signature again"}
		}
		chain = append(chain, parsed)
	}
	envelope := b.GetDsseEnvelope()
	if len(chain) == 0 || envelope.GetPayloadType() != attest.PayloadType || len(envelope.GetSignatures()) != 1 {
		return e, nil, problem
	}
	e.bundle, e.payload, e.certificate = *b, envelope.Payload, chain[0]
	e.stamps = len(b.VerificationMaterial.GetTimestampVerificationData().GetRfc3161Timestamps())
	return e, chain, nil
}

// maxChain bounds the certificates of a signature.
const maxChain = 16

// chained reads a bundle v0.3 that carries a certificate chain, as OMS has it and
// Sigstore's own profile has not.
func chained(data []byte) (*bundle.Bundle, error) {
	if err := attest.ScanJSON(data); err != nil {
		return nil, err
	}
	var b protobundle.Bundle
	if err := protojson.Unmarshal(data, &b); err != nil {
		return nil, err
	}
	return bundle.NewBundle(&b, bundle.AllowCertificateChain())
}

func (s *SignedModel) byKey(e envelope, p ModelPolicy) error {
	key := e.signedBy(p.Keys)
	if key == nil && e.hinted(p.Keys) {
		return errors.New("model signature: it names the key given, but that key did not sign these bytes: the file was altered; get it again from the signer")
	}
	if key == nil {
		return errors.New("model signature: no key given signed it: check that --key is the signer's key, and get it from the signer directly")
	}
	at, problem := p.policy().timed(&e)
	if problem != nil {
		return fmt.Errorf("model signature: %s: %s", problem.Message, problem.Hint)
	}
	s.Signer, s.At = key.ID(), at
	return s.revoked(key.ID(), p)
}

func (s *SignedModel) byIdentity(e envelope, p ModelPolicy) error {
	id, at, known, problem := p.policy().identity(&e)
	switch {
	case problem != nil:
		return fmt.Errorf("model signature: %s: %s", problem.Message, problem.Hint)
	case !known:
		return fmt.Errorf("model signature: its certificate names %.200q: expected %s", id.ID(), identities(p.Identities))
	}
	s.Signer, s.At = id.ID(), at
	return s.revoked(id.ID(), p)
}

func (s *SignedModel) revoked(who string, p ModelPolicy) error {
	if problem := p.policy().revoked(who, s.At); problem != nil {
		return fmt.Errorf("model signature: %s: %s", problem.Message, problem.Hint)
	}
	return nil
}

func identities(all []Identity) string {
	var ids []string
	for _, i := range all {
		ids = append(ids, i.ID())
	}
	return strings.Join(ids, " or ")
}

// certifiedAt is the time as of which a certificate is judged: that of the first
// timestamp that holds; without one the time from which it is valid, as
// model_signing has it, if it has not ended since.
func (s *SignedModel) certifiedAt(e envelope, leaf *x509.Certificate, p ModelPolicy) (time.Time, error) {
	at, problem := p.policy().timed(&e)
	if problem != nil {
		return time.Time{}, fmt.Errorf("model signature: %s: %s", problem.Message, problem.Hint)
	}
	s.At = at
	if first, ok := times(at).earliest(); ok {
		return first, nil
	}
	if !p.Now.IsZero() && p.Now.After(leaf.NotAfter) {
		return time.Time{}, fmt.Errorf("model signature: the certificate of %q ended on %s, and no timestamp shows that the signature is older: ask the signer for one with a timestamp, and name its authority with --timestamp-certificate or --trusted-root",
			leaf.Subject, leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	s.notes = append(s.notes, fmt.Sprintf("certificate: its chain was verified as of %s, from when it is valid; whether it was valid when the model was signed cannot be seen", leaf.NotBefore.UTC().Format("2006-01-02")))
	return leaf.NotBefore, nil
}

// byCertificate verifies the chain as of certifiedAt.
func (s *SignedModel) byCertificate(e envelope, chain []*x509.Certificate, p ModelPolicy) error {
	if len(p.Roots) == 0 {
		return errors.New("model signature: it was made with a certificate: name the root that you trust with --certificate-root FILE")
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	top, given := topmost(p.Roots)
	for _, c := range top {
		roots.AddCert(c)
	}
	for _, c := range append(given, chain[1:]...) {
		between.AddCert(c)
	}
	leaf := chain[0]
	at, err := s.certifiedAt(e, leaf, p)
	if err != nil {
		return err
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	switch {
	case err != nil:
		return fmt.Errorf("model signature: the certificate of %q does not lead to a root that is trusted here: %w", leaf.Subject, err)
	case leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 && !forCode(leaf):
		return fmt.Errorf("model signature: the certificate of %q is not for signatures (neither key usage digitalSignature nor codeSigning)", leaf.Subject)
	case validKind(leaf.PublicKey) != nil:
		return fmt.Errorf("model signature: the certificate of %q: %w", leaf.Subject, validKind(leaf.PublicKey))
	}
	key, err := newPublicKey(leaf.PublicKey)
	if err != nil {
		return err
	}
	hash, _ := hashFor(leaf.PublicKey)
	if err := verifyEnvelope(e, leaf.PublicKey, hash); err != nil {
		return fmt.Errorf("model signature: the key of %q did not sign these bytes: %w", leaf.Subject, err)
	}
	if len(p.Identities) > 0 && !certifies(leaf, chains, p.Identities) {
		return fmt.Errorf("model signature: its certificate names %.200q: expected %s", claimedBy(leaf).ID(), identities(p.Identities))
	}
	s.Signer = fmt.Sprintf("%s (%s)", leaf.Subject, key.ID())
	return s.revoked(key.ID(), p)
}

// certifies reports whether a certificate, by one of its chains, is of one of these.
func certifies(leaf *x509.Certificate, chains [][]*x509.Certificate, wanted []Identity) bool {
	return slices.ContainsFunc(wanted, func(i Identity) bool {
		return slices.Contains(namesOf(leaf), i.Subject) &&
			slices.ContainsFunc(chains, func(chain []*x509.Certificate) bool { return RootName(chain[len(chain)-1]) == i.Issuer })
	})
}

func forCode(c *x509.Certificate) bool {
	for _, usage := range c.ExtKeyUsage {
		if usage == x509.ExtKeyUsageCodeSigning {
			return true
		}
	}
	return false
}

// verifyEnvelope checks the signature over the DSSE pre-authentication encoding.
func verifyEnvelope(e envelope, key crypto.PublicKey, hash crypto.Hash) error {
	single, err := signature.LoadVerifier(key, hash)
	if err != nil {
		return err
	}
	signed := e.bundle.GetDsseEnvelope()
	pae := fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(signed.PayloadType), signed.PayloadType, len(signed.Payload), signed.Payload)
	return single.VerifySignature(bytes.NewReader(signed.Signatures[0].Sig), bytes.NewReader(pae))
}

// Compare holds the resources found against those that were signed, and says all
// differences. empty are the files without bytes that were found, where the signature is
// by shards: it lists no such file, so each is one that was not signed.
func (s SignedModel) Compare(found []attest.Resource, empty []string) Result {
	r := Result{Schema: ResultSchema, Signer: s.Signer, Problems: []Problem{}, Subjects: []Subject{{"oms-root", s.Root}}, Signers: []SignedBy{}}
	for _, d := range s.ModelSignature.Compare(found) {
		r.Problems = append(r.Problems, Problem{"file-" + d.Kind, differenceOf(d), "do not use the model; get it again, or ask the signer for a signature over these files"})
	}
	for _, name := range empty {
		r.Problems = append(r.Problems, Problem{"file-" + attest.Extra, attest.ShownName(name) + " is extra: it has no bytes, and a signature by shards lists no such file, so anybody can have added it",
			"take it away where the model does without it (an empty marker file can change what a loader does), or ask the signer for a signature by files"})
	}
	r.OK = len(r.Problems) == 0
	r.Statements = []Statement{{PredicateType: attest.TypeOMS, OK: r.OK, Recomputed: r.OK, Understood: true, Signer: s.Signer, Timestamps: s.At}}
	r.NotChecked = append(s.timeNote(),
		"compute: a model signature says who signed which files, and nothing of how they were made",
		"revocation: whether the key or certificate has been withdrawn or stolen cannot be seen offline",
		"order: "+orders(s.Order()))
	r.NotChecked = append(r.NotChecked, s.notes...)
	if len(s.Serialization.IgnorePaths) > 0 {
		var names []string
		for _, p := range s.Serialization.IgnorePaths {
			names = append(names, attest.ShownName(p))
		}
		r.NotChecked = append(r.NotChecked, "ignored: the signer left out "+strings.Join(names, ", "))
	}
	if s.Serialization.Method == attest.MethodShards {
		r.NotChecked = append(r.NotChecked, "empty files: a signature by shards lists none, so one that was taken away is not noticed")
	}
	return r
}

func (s SignedModel) timeNote() []string {
	if len(s.At) > 0 {
		return nil
	}
	return []string{"time: no timestamp was verified; when it was signed is the signer's word"}
}

func differenceOf(d attest.Difference) string {
	if d.Kind == attest.Changed {
		return fmt.Sprintf("%s changed: signed with digest %s, found %s", attest.ShownName(d.Name), d.Expected.Digest, d.Found.Digest)
	}
	return d.String()
}

// orders says what the order of the resources means for who looks the root up.
func orders(order string) string {
	switch order {
	case "both":
		return "the resources stand in the one order of all tools, so the root names these files for all of them"
	case "bytes":
		return "the resources stand in the order of the specification (bytes); Python's model_signing gives these files another root"
	case "components":
		return "the resources stand in the order of Python's model_signing (path components); the specification gives these files another root"
	}
	return "the resources stand in an order of neither tool; their root is found by no look-up"
}
