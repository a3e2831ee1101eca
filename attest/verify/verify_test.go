package verify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/sign"
)

// TestVerify (V1 to V8): what was signed about these weights by a key of the
// policy passes, as a shipment and as a plain directory, with either kind of key.
func TestVerify(t *testing.T) {
	for _, kind := range []string{sign.ECDSAP256, sign.Ed25519} {
		s := happy(t)
		if kind == sign.Ed25519 {
			s.key = newKey(t, kind)
			s.policy.Keys = []*PublicKey{public(t, s.key)}
			s.in.Bundles = [][]byte{
				signed(t, s.key, payload(t, manifestDigest, s.in.Found, compute(t, s.in.Found))),
				signed(t, s.key, payload(t, manifestDigest, s.in.Found, hardware())),
			}
		}
		r := s.verify(t)
		if !r.OK || r.Signer != s.key.ID() || len(r.Statements) != 2 || len(r.Verified) != 2 {
			t.Errorf("%s: %+v", kind, r)
		}
		if r.Statements[0].PredicateType != attest.TypeTrainingCompute || !r.Statements[0].Recomputed || r.Statements[1].Recomputed {
			t.Errorf("%s: statements %+v", kind, r.Statements)
		}
		s.in.ManifestDigest = ""
		if r := s.verify(t); !r.OK || !strings.Contains(strings.Join(r.NotChecked, "\n"), "a plain directory has no OCI manifest") {
			t.Errorf("%s, plain directory: %+v", kind, r)
		}
	}
}

// TestResultJSON: the document has the fields of the contract, lists are never
// null, and nothing but it is needed.
func TestResultJSON(t *testing.T) {
	s := happy(t)
	s.in.Bundles = nil
	for _, r := range []Result{happy(t).verify(t), s.verify(t)} {
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"schema", "ok", "signer", "subjects", "statements", "not_checked", "problems", "signers", "assurance"} {
			if len(fields[name]) == 0 || string(fields[name]) == "null" {
				t.Errorf("%s is %s in %s", name, fields[name], text)
			}
		}
		if len(fields) != 9 {
			t.Errorf("%d fields in %s", len(fields), text)
		}
	}
}

// with returns the result of verifying s and a determination.
func (s shipment) with(t *testing.T, d attest.Determination) Result {
	t.Helper()
	s.in.Bundles = append(s.in.Bundles[:2:2], signed(t, s.key, payload(t, manifestDigest, s.in.Found, d)))
	return s.verify(t)
}

// TestDetermination (D3, D4): one that follows from its facts, which follow from
// the statements beside it, passes as recomputed; what was added to the facts is
// named.
func TestDetermination(t *testing.T) {
	s := happy(t)
	r := s.with(t, determination(t))
	if !r.OK || len(r.Statements) != 3 || !r.Statements[2].Recomputed || !r.Statements[2].OK || r.Statements[2].Rules != RulesEmbedded {
		t.Errorf("%s %+v", messages(r), r.Statements)
	}
	if !strings.Contains(strings.Join(r.NotChecked, "\n"), "the signer's word, in no statement beside it: weights") {
		t.Errorf("%q", r.NotChecked)
	}
	s.policy.Require = []string{attest.TypeDetermination}
	s.in.Bundles = [][]byte{s.in.Bundles[0], s.in.Bundles[0]}
	if r := s.with(t, determination(t)); !r.OK || !strings.Contains(strings.Join(r.NotChecked, "\n"), "no hardware statement was accepted beside it") {
		t.Errorf("%s %q", messages(r), r.NotChecked)
	}
	s.in.Bundles = [][]byte{signed(t, s.key, payload(t, manifestDigest, s.in.Found, determination(t)))}
	if r := s.verify(t); !r.OK || !strings.Contains(strings.Join(r.NotChecked, "\n"), "all of its facts are the signer's word") {
		t.Errorf("%s %q", messages(r), r.NotChecked)
	}
}

// TestSignersRules (D5): under rules that came with it a determination is shown
// beside what this build's rules say, and believed only where the recipient
// accepts them by digest.
func TestSignersRules(t *testing.T) {
	s, d := happy(t), determined(t, ownRules(t), statedFacts(t))
	r := s.with(t, d)
	line := r.Statements[2]
	if !r.OK || line.OK || line.Rules != RulesSigner || line.Predicate != nil || len(r.Verified) != 2 {
		t.Errorf("%s %+v", messages(r), line)
	}
	if len(line.Verdicts) != 2 || line.Verdicts[0].Controlled != "applies" || line.Verdicts[1].Controlled != "does-not-apply" || line.Verdicts[0].RulesDigest != d.Rules.Digest {
		t.Errorf("%+v", line.Verdicts)
	}
	if !strings.Contains(strings.Join(r.NotChecked, "\n"), "they are the signer's own") {
		t.Errorf("%q", r.NotChecked)
	}
	s.policy.Require = []string{attest.TypeTrainingCompute, attest.TypeDetermination}
	if r := s.with(t, d); strings.Join(codes(r), " ") != CodeMissingStatement || !strings.Contains(messages(r), "--accept-rules") {
		t.Errorf("required: %s", messages(r))
	}
	s.policy.AcceptRules = []string{digestOf("others")}
	if r := s.with(t, d); r.OK {
		t.Error("other rules were accepted")
	}
	s.policy.AcceptRules = append(s.policy.AcceptRules, d.Rules.Digest)
	r = s.with(t, d)
	if line := r.Statements[2]; !r.OK || !line.OK || line.Rules != RulesAccepted || len(line.Verdicts) != 2 || len(r.Verified) != 3 {
		t.Errorf("accepted: %s %+v", messages(r), line)
	}
	false1 := determined(t, ownRules(t), statedFacts(t, `"weights":"kept"`, `"weights":"discarded"`))
	s.policy = happy(t).policy
	s.policy.Keys = []*PublicKey{public(t, s.key)}
	if r := s.with(t, false1); strings.Join(codes(r), " ") != CodeFacts || r.Statements[2].Verdicts != nil {
		t.Errorf("false facts under the signer's rules: %s %+v", messages(r), r.Statements)
	}
}

// TestPolicyOfTheRecipient (R1, R2): what a recipient asks for beyond a signature
// passes where it holds; the report gives time and size.
func TestPolicyOfTheRecipient(t *testing.T) {
	s := happy(t)
	s.policy.Models, s.policy.Wanted = func(m string) bool { return m == string(model) }, string(model)
	s.policy.NotBefore, s.policy.MinLedgerSize = created, 3
	r := s.verify(t)
	if line := r.Statements[0]; !r.OK || line.CreatedAt != "2026-11-24T12:00:00Z" || line.LedgerSize != 3 {
		t.Errorf("%s %+v", messages(r), line)
	}
	if !strings.Contains(strings.Join(r.NotChecked, "\n"), "replay: ") {
		t.Errorf("%q", r.NotChecked)
	}
}

// TestZeroPolicyRefuses (V1): no key, no verification; nor with weights of which
// nothing was found.
func TestZeroPolicyRefuses(t *testing.T) {
	s := happy(t)
	for name, c := range map[string]struct {
		in   Input
		p    Policy
		want string
	}{
		"zero policy":    {s.in, Policy{}, "names no key"},
		"nil key":        {s.in, Policy{Keys: []*PublicKey{nil}}, "names no key"},
		"empty type":     {s.in, Policy{Keys: s.policy.Keys, Require: []string{""}}, "empty predicate type"},
		"zero input":     {Input{}, s.policy, "no files"},
		"bad digest":     {Input{Found: s.in.Found, ManifestDigest: "latest"}, s.policy, "OCI manifest digest"},
		"hostile weight": {Input{Found: attest.Manifest{Files: []attest.File{{Name: "../x", Digest: digestOf("x")}}}}, s.policy, "file name"},
	} {
		r, err := Verify(c.in, c.p)
		if err == nil || r.OK || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// TestPolicyRequire (V7): a policy may ask for other types; what is required and
// not there fails, and the types that were found are named.
func TestPolicyRequire(t *testing.T) {
	s := happy(t)
	s.policy.Require = []string{attest.TypeDetermination}
	r := s.verify(t)
	if r.OK || len(r.Problems) != 1 || !strings.Contains(r.Problems[0].Message, "found "+attest.TypeTrainingCompute+" (verified), "+attest.TypeHardware+" (verified)") {
		t.Errorf("%+v", r.Problems)
	}
	s.policy.Require = []string{attest.TypeHardware}
	s.in.Bundles = s.in.Bundles[1:]
	if r := s.verify(t); !r.OK || !strings.Contains(strings.Join(r.NotChecked, "\n"), "names of the files are not bound") {
		t.Errorf("%+v", r)
	}
}

// TestAnotherKeyBesideTheSigner (V3): a bundle that no key of the policy signed
// is a problem, unless all that is required is there without it; it is never
// believed.
func TestAnotherKeyBesideTheSigner(t *testing.T) {
	s, other := happy(t), newKey(t, sign.Ed25519)
	lie := hardware()
	lie.NotSeen = []string{"a lie"}
	s.in.Bundles = append(s.in.Bundles, signed(t, other, payload(t, manifestDigest, s.in.Found, lie)))
	r := s.verify(t)
	if !r.OK || len(r.Statements) != 2 || !strings.Contains(strings.Join(r.NotChecked, "\n"), "bundle 3: no key that was named signed it") {
		t.Errorf("%+v", r)
	}
	s.in.Bundles = s.in.Bundles[:2]
	s.in.Bundles[1] = signed(t, other, payload(t, manifestDigest, s.in.Found, lie))
	if r := s.verify(t); strings.Join(codes(r), " ") != "missing-statement unknown-signer" {
		t.Errorf("found %s", messages(r))
	}
	s.policy.Keys = append(s.policy.Keys, public(t, other))
	if r := s.verify(t); !r.OK || r.Signer != s.key.ID()+", "+other.ID() {
		t.Errorf("both keys named: %+v", r)
	}
}

// TestHintDecidesNothing (V3): a hint is not signed; other spellings and lies
// change neither the verdict nor the signer.
func TestHintDecidesNothing(t *testing.T) {
	s := happy(t)
	hint := hintOf(t, s.in.Bundles[0])
	for _, other := range []string{"", "someone else", strings.Repeat("0", 64)} {
		changed := s
		changed.in.Bundles = [][]byte{bytes.Replace(s.in.Bundles[0], []byte(hint), []byte(other), 1), s.in.Bundles[1]}
		if r := changed.verify(t); !r.OK || r.Signer != s.key.ID() {
			t.Errorf("hint %q: %s", other, messages(r))
		}
	}
}

func hintOf(t testing.TB, data []byte) string {
	t.Helper()
	var b struct {
		VerificationMaterial struct{ PublicKey struct{ Hint string } }
	}
	if err := json.Unmarshal(data, &b); err != nil || b.VerificationMaterial.PublicKey.Hint == "" {
		t.Fatalf("no hint in %s: %v", data, err)
	}
	return b.VerificationMaterial.PublicKey.Hint
}

// TestForeignStatements (V8): another's statement about these weights is listed,
// and said not to be understood; about other weights it is refused.
func TestForeignStatements(t *testing.T) {
	s := happy(t)
	foreign := func(digest string) []byte {
		return fmt.Appendf(nil, `{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"name":"x","digest":{"sha256":%q}}],"predicateType":"https://model_signing/signature/v1.0","predicate":{"resources":[]}}`,
			strings.TrimPrefix(digest, "sha256:"))
	}
	for name, digest := range map[string]string{"root": s.in.Found.Root(), "manifest": manifestDigest} {
		with := s
		with.in.Bundles = append(with.in.Bundles[:2:2], signed(t, s.key, foreign(digest)))
		r := with.verify(t)
		if !r.OK || len(r.Statements) != 3 || r.Statements[2].Understood || r.Statements[2].Recomputed ||
			!strings.Contains(strings.Join(r.NotChecked, "\n"), `"https://model_signing/signature/v1.0" is not understood`) {
			t.Errorf("%s: %+v", name, r)
		}
	}
	with := s
	with.in.Bundles = append(with.in.Bundles[:2:2], signed(t, s.key, foreign(digestOf("other"))))
	if r := with.verify(t); strings.Join(codes(r), " ") != CodeOtherWeights {
		t.Errorf("other weights: %s", messages(r))
	}
}

// TestComponentRoot: a statement in Python's order of the same files is about
// these weights.
func TestComponentRoot(t *testing.T) {
	s := happy(t)
	s.in.Found = files(t, "a-b/x", "1", "a/x", "2", "model.safetensors", "3", "model/w", "4")
	python := fmt.Appendf(nil, `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"x","digest":{"sha256":%q}}],"predicateType":"https://model_signing/signature/v1.0","predicate":{}}`,
		strings.TrimPrefix(s.in.Found.ComponentRoot(), "sha256:"))
	s.in.Bundles = [][]byte{signed(t, s.key, python), signed(t, s.key, payload(t, manifestDigest, s.in.Found, compute(t, s.in.Found)))}
	s.policy.Require = []string{"https://model_signing/signature/v1.0", attest.TypeTrainingCompute}
	if r := s.verify(t); !r.OK || len(r.Subjects) != 4 {
		t.Errorf("%+v", r)
	}
}

// TestRepeatedBundle: the same statement twice is one statement.
func TestRepeatedBundle(t *testing.T) {
	s := happy(t)
	s.in.Bundles = append(s.in.Bundles, s.in.Bundles[0])
	if r := s.verify(t); !r.OK || len(r.Statements) != 2 {
		t.Errorf("%+v", r)
	}
}

// TestOlderSpellings: bundles 0.1 to 0.3 under the older media type are read.
func TestOlderSpellings(t *testing.T) {
	for _, spelling := range []string{"+json;version=0.1", "+json;version=0.2", "+json;version=0.3", ".v0.3+json"} {
		s := happy(t)
		for i, b := range s.in.Bundles {
			s.in.Bundles[i] = bytes.Replace(b, []byte(".v0.3+json"), []byte(spelling), 1)
		}
		if r := s.verify(t); !r.OK {
			t.Errorf("%s: %s", spelling, messages(r))
		}
	}
}

func TestParsePublicKeyRefuses(t *testing.T) {
	private, err := sign.GenerateKey(sign.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	key, err := newKey(t, sign.Ed25519).PublicPEM()
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ text, want string }{
		"private key": {string(private), "this is a private key"},
		"certificate": {"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n", "this is a certificate"},
		"garbage":     {"hello", "expected one PEM block"},
		"empty":       {"", "expected one PEM block"},
		"two keys":    {string(key) + string(key), "more than one PEM block"},
		"text before": {"x\n" + string(key), "nothing else"},
		"damaged":     {"-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n", "does not hold one"},
		"huge":        {strings.Repeat("x", maxKeyBytes+1), "expected at most"},
		"other block": {"-----BEGIN PGP MESSAGE-----\nAA==\n-----END PGP MESSAGE-----\n", "PGP MESSAGE"},
		"P-224":       {p224, "P-224"},
		"RSA":         {rsa2048, "rsa.PublicKey"},
	}
	for name, c := range cases {
		if k, err := ParsePublicKey([]byte(c.text)); err == nil || k != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Public keys of kinds that are not accepted, made by openssl.
const (
	p224 = `-----BEGIN PUBLIC KEY-----
ME4wEAYHKoZIzj0CAQYFK4EEACEDOgAElpRVmc9YLMYBUF0/a6y9K5CaMlM4Ykcw
2Nx40cz8md/LJyZRi5K//etNmEdMJyONXXY8tLFiapI=
-----END PUBLIC KEY-----
`
	rsa2048 = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1fIZ9Y2uOa81wtZK4VIy
/KzWVJ2kSjX4e0wO2v4+3NkXK/vae+MED2tVhLNAfkWg1XFnCH9316p09JKkN9tg
GrWq0Mgtx0rCDVbvQSdKdqQB+WYsZ+mqc/ny8A5aoIlujLsSFOvCZ1ZH5Pz5U+/6
Tb7943eQ/tqntqulGPGcTurvtwYZVfcP0ZolXmOOsc/IcCOnuY9AFnJPVby3t6dA
kGjSpHNFt3ZUexobfylKVnkRZv97bYDrP7WptVQHfwCpIW90WtPfNkym6GuCLHqV
kQW/bWNoOPM25SkKqajE/F/VgMbkKEHOvqw7D7ixbfivyKLgRqpMz4zp6FgqseBO
CwIDAQAB
-----END PUBLIC KEY-----
`
)
