package verify

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/attest/sign/signtest"
)

const (
	who    = "release@acme.example"
	issuer = "https://login.acme.example"
)

// sigstore starts one, and returns the trust in it.
func sigstore(t testing.TB) (*signtest.Sigstore, *TrustedRoot) {
	t.Helper()
	s, err := signtest.New(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	text, err := s.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	root, err := ParseTrustedRoot(text)
	if err != nil {
		t.Fatal(err)
	}
	return s, root
}

func services(s *signtest.Sigstore) sign.Services {
	return sign.Services{CertificateAuthority: s.URL, Logs: []sign.Log{{URL: s.URL, Version: 2}}, TimestampAuthorities: []string{s.TimestampURL()}}
}

func keyless(t testing.TB, s *signtest.Sigstore, by sign.Services) *sign.Keyless {
	t.Helper()
	k, err := sign.NewKeyless(s.Token(who, issuer), by, nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

type statementSigner interface {
	Sign(ctx context.Context, payload []byte) ([]byte, error)
}

// signedBy is a happy shipment by k instead of a key.
func signedBy(t testing.TB, k statementSigner, p Policy) shipment {
	t.Helper()
	m := weights(t)
	s := shipment{in: Input{Found: m, ManifestDigest: manifestDigest}, policy: p}
	for _, predicate := range []any{compute(t, m), hardware()} {
		bundle, err := k.Sign(context.Background(), payload(t, manifestDigest, m, predicate))
		if err != nil {
			t.Fatal(err)
		}
		s.in.Bundles = append(s.in.Bundles, bundle)
	}
	return s
}

// edited changes one bundle as JSON.
func edited(t testing.TB, bundle []byte, change func(material map[string]any)) []byte {
	t.Helper()
	var b map[string]any
	if err := json.Unmarshal(bundle, &b); err != nil {
		t.Fatal(err)
	}
	change(b["verificationMaterial"].(map[string]any))
	out, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(out, bundle) {
		t.Fatal("nothing was changed")
	}
	return out
}

func flip(t testing.TB, holder map[string]any, field string) {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(holder[field].(string))
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	holder[field] = base64.StdEncoding.EncodeToString(data)
}

func logEntry(material map[string]any) map[string]any {
	return material["tlogEntries"].([]any)[0].(map[string]any)
}

// TestIdentity (I2, I3, I4): a shipment signed by an identity verifies offline under the trusted
// root, and nothing less than all of it does.
func TestIdentity(t *testing.T) {
	s, root := sigstore(t)
	me := Identity{who, issuer}
	good := signedBy(t, keyless(t, s, services(s)), Policy{Identities: []Identity{me}, Root: root})
	s.Close() // offline from here on
	r := good.verify(t)
	if !r.OK || r.Signer != me.ID() || len(r.Statements) != 2 || len(r.Statements[0].Timestamps) != 1 || r.Statements[0].Timestamps[0].Authority != s.TimestampURL() {
		t.Fatalf("%s %+v", messages(r), r.Statements)
	}
	if slices.ContainsFunc(r.NotChecked, func(l string) bool { return strings.HasPrefix(l, "time:") || strings.HasPrefix(l, "logs:") }) {
		t.Error(r.NotChecked)
	}
	_, stranger := sigstore(t)
	for _, v := range []struct {
		name   string
		policy func(p *Policy)
		change func(material map[string]any)
		want   string
	}{
		{"other identity", func(p *Policy) { p.Identities = []Identity{{"other@acme.example", issuer}} }, nil, "missing-statement unknown-signer"},
		{"identity of which this one is a part", func(p *Policy) { p.Identities = []Identity{{who + "x", issuer}} }, nil, "missing-statement unknown-signer"},
		{"other issuer", func(p *Policy) { p.Identities = []Identity{{who, "https://login.other.example"}} }, nil, "missing-statement unknown-signer"},
		{"other root", func(p *Policy) { p.Root = stranger }, nil, "identity missing-statement"},
		{"keys only", func(p *Policy) { *p = Policy{Keys: []*PublicKey{public(t, newKey(t, sign.ECDSAP256))}} }, nil, "missing-statement not-key-signed"},
		{"no log entry", nil, func(m map[string]any) { delete(m, "tlogEntries") }, "identity missing-statement"},
		{"proof tampered with", nil, func(m map[string]any) {
			hashes := logEntry(m)["inclusionProof"].(map[string]any)["hashes"].([]any)
			holder := map[string]any{"": hashes[0]}
			flip(t, holder, "")
			hashes[0] = holder[""]
		}, "identity missing-statement"},
		{"proof of another place", nil, func(m map[string]any) {
			logEntry(m)["inclusionProof"].(map[string]any)["logIndex"] = "0"
			logEntry(m)["logIndex"] = "0"
		}, "identity missing-statement"},
		{"head tampered with", nil, func(m map[string]any) {
			head := logEntry(m)["inclusionProof"].(map[string]any)["checkpoint"].(map[string]any)
			head["envelope"] = strings.Replace(head["envelope"].(string), "\n2\n", "\n3\n", 1)
		}, "identity missing-statement"},
		{"entry of the other statement", nil, func(m map[string]any) {
			var b map[string]any
			json.Unmarshal(good.in.Bundles[0], &b)
			m["tlogEntries"] = b["verificationMaterial"].(map[string]any)["tlogEntries"]
		}, "identity missing-statement"},
		// What the log's signed head and the bundle's own bytes give again is not read:
		// the result is the same to the byte.
		{"copy of the root", nil, func(m map[string]any) { flip(t, logEntry(m)["inclusionProof"].(map[string]any), "rootHash") }, ""},
		{"no timestamp", nil, func(m map[string]any) { delete(m, "timestampVerificationData") }, "identity missing-statement"},
		{"timestamp tampered with", nil, func(m map[string]any) {
			flip(t, m["timestampVerificationData"].(map[string]any)["rfc3161Timestamps"].([]any)[0].(map[string]any), "signedTimestamp")
		}, "identity missing-statement"},
		{"certificate tampered with", nil, func(m map[string]any) {
			c := m["certificate"].(map[string]any)
			der, _ := base64.StdEncoding.DecodeString(c["rawBytes"].(string))
			der[len(der)-5] ^= 1 // the issuer's signature
			c["rawBytes"] = base64.StdEncoding.EncodeToString(der)
		}, "identity missing-statement"},
	} {
		t.Run(v.name, func(t *testing.T) {
			s := shipment{in: good.in, policy: good.policy}
			if v.policy != nil {
				v.policy(&s.policy)
			}
			if v.change != nil {
				s.in.Bundles = [][]byte{good.in.Bundles[0], edited(t, good.in.Bundles[1], v.change)}
			}
			if r := s.verify(t); strings.Join(codes(r), " ") != v.want {
				t.Errorf("%v\n%s", codes(r), messages(r))
			}
		})
	}
	if got := Claimed(good.in.Bundles, good.policy); !slices.Equal(got, []string{string(model)}) {
		t.Error(got)
	}
	for name, p := range map[string]Policy{"no root": {Identities: []Identity{me}}, "no issuer": {Identities: []Identity{{who, ""}}, Root: root}} {
		if _, err := Verify(good.in, p); err == nil {
			t.Error(name)
		}
	}
}

// TestCertificateOfAnIdentity (I3): one that has ended before it was used, that is not
// for code, or that no certificate log knows, is refused.
func TestCertificateOfAnIdentity(t *testing.T) {
	for name, change := range map[string]func(s *signtest.Sigstore){
		"ended": func(s *signtest.Sigstore) {
			s.Change = func(c *x509.Certificate) { c.NotAfter = c.NotBefore.Add(time.Second) }
		},
		"not begun": func(s *signtest.Sigstore) {
			s.Change = func(c *x509.Certificate) {
				c.NotBefore = c.NotBefore.Add(time.Hour)
				c.NotAfter = c.NotAfter.Add(time.Hour)
			}
		},
		"for TLS": func(s *signtest.Sigstore) {
			s.Change = func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }
		},
		"unlogged": func(s *signtest.Sigstore) { s.Unlogged = true },
	} {
		t.Run(name, func(t *testing.T) {
			s, root := sigstore(t)
			change(s)
			bad := signedBy(t, keyless(t, s, services(s)), Policy{Identities: []Identity{{who, issuer}}, Root: root})
			if r := bad.verify(t); r.OK || strings.Join(codes(r), " ") != "identity missing-statement" {
				t.Errorf("%v\n%s", codes(r), messages(r))
			}
		})
	}
}

// TestTimestamp (I1): a key's signature with an RFC 3161 timestamp shows when and by whom;
// one that does not hold, or none where one is asked for, is refused.
func TestTimestamp(t *testing.T) {
	s, root := sigstore(t)
	_, stranger := sigstore(t)
	certificates, err := ParseCertificates(s.TimestampCertificates())
	if err != nil {
		t.Fatal(err)
	}
	only, err := TimestampRoot(certificates)
	if err != nil {
		t.Fatal(err)
	}
	byRoot, err := TimestampRoot(certificates[1:])
	if err != nil {
		t.Fatal(err)
	}
	key := newKey(t, sign.ECDSAP384)
	stamped, err := key.Timestamped([]string{s.TimestampURL()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := Policy{Keys: []*PublicKey{public(t, key)}}
	good, bare := signedBy(t, stamped, keys), signedBy(t, key, keys)
	if asked := s.Asked(); !slices.Equal(asked, []string{"/api/v1/timestamp", "/api/v1/timestamp"}) {
		t.Fatal(asked)
	}
	stamp := func(m map[string]any) map[string]any {
		return m["timestampVerificationData"].(map[string]any)["rfc3161Timestamps"].([]any)[0].(map[string]any)
	}
	other := good.in.Bundles[1]
	for _, v := range []struct {
		name    string
		bundles [][]byte
		root    *TrustedRoot
		must    bool
		times   int
		want    string
	}{
		{"trusted root", good.in.Bundles, root, true, 1, ""},
		{"certificates", good.in.Bundles, only, true, 1, ""},
		{"root alone, and no certificate in the timestamp", good.in.Bundles, byRoot, true, 0, "missing-statement timestamp"},
		{"joined", good.in.Bundles, JoinRoots(nil, stranger, only), true, 1, ""},
		{"nobody is asked", good.in.Bundles, nil, false, 0, ""},
		{"none, and none needed", bare.in.Bundles, root, false, 0, ""},
		{"none", bare.in.Bundles, root, true, 0, "missing-statement timestamp"},
		{"other authority", good.in.Bundles, stranger, false, 0, "missing-statement timestamp"},
		{"tampered with", [][]byte{edited(t, good.in.Bundles[0], func(m map[string]any) { flip(t, stamp(m), "signedTimestamp") }), other}, root, false, 0, "missing-statement timestamp"},
		{"of another signature", [][]byte{edited(t, good.in.Bundles[0], func(m map[string]any) {
			var b map[string]any
			json.Unmarshal(other, &b)
			m["timestampVerificationData"] = b["verificationMaterial"].(map[string]any)["timestampVerificationData"]
		}), other}, root, false, 0, "missing-statement timestamp"},
	} {
		t.Run(v.name, func(t *testing.T) {
			s := shipment{in: good.in, policy: Policy{Keys: keys.Keys, Root: v.root, Timestamped: v.must}}
			s.in.Bundles = v.bundles
			r := s.verify(t)
			if strings.Join(codes(r), " ") != v.want {
				t.Fatalf("%v\n%s", codes(r), messages(r))
			}
			if r.OK && len(r.Statements[0].Timestamps) != v.times {
				t.Errorf("%+v", r.Statements[0])
			}
		})
	}
	for name, chain := range map[string][]*x509.Certificate{"none": nil, "no root": certificates[:1], "two that stamp": {certificates[0], certificates[0], certificates[1]}} {
		if _, err := TimestampRoot(chain); err == nil {
			t.Error(name)
		}
	}
	if _, err := Verify(good.in, Policy{Keys: keys.Keys, Timestamped: true}); err == nil {
		t.Error("timestamps are asked for and nobody is trusted to make them")
	}
}

// TestEndedCertificate (I5): a chain whose certificate has ended needs a timestamp from
// within its time.
func TestEndedCertificate(t *testing.T) {
	s, root := sigstore(t)
	ca, chain, key := privateAuthority(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	stamped, err := key.Timestamped([]string{s.TimestampURL()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	bare, timed := signModel(t, key, chain), signModel(t, stamped, chain)
	later, roots := time.Now().Add(24*time.Hour), []*x509.Certificate{ca}
	_, early, young := privateAuthority(t, time.Now().Add(time.Hour), time.Now().Add(2*time.Hour))
	if young, err = young.Timestamped([]string{s.TimestampURL()}, nil); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		p    ModelPolicy
		want string
	}{
		"still valid":                {bare, ModelPolicy{Roots: roots, Now: time.Now()}, ""},
		"ended":                      {bare, ModelPolicy{Roots: roots, Now: later}, "no timestamp shows that the signature is older"},
		"ended, timestamp":           {timed, ModelPolicy{Roots: roots, Now: later, Root: root}, ""},
		"ended, timestamp unlooked":  {timed, ModelPolicy{Roots: roots, Now: later}, "no timestamp shows"},
		"timestamp asked for":        {bare, ModelPolicy{Roots: roots, Now: time.Now(), Root: root, Timestamped: true}, "none of which was verified"},
		"timestamp before its begin": {signModel(t, young, early), ModelPolicy{Roots: append(roots, early), Now: later, Root: root}, "does not lead to a root"},
	} {
		signed, err := OpenModelSignature(c.data, c.p)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (c.p.Root != nil) != (len(signed.At) == 1) {
			t.Errorf("%s: %v", name, signed.At)
		}
	}
}

// privateAuthority makes a certificate authority, a certificate of it for signing, and
// its key.
func privateAuthority(t *testing.T, from, to time.Time) (ca, leaf *x509.Certificate, key *sign.Key) {
	t.Helper()
	text, err := sign.GenerateKey(sign.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	private := parsed.(*ecdsa.PrivateKey)
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root"}, NotBefore: from.Add(-time.Hour), NotAfter: to, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	end := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "Signer"}, NotBefore: from, NotAfter: to, KeyUsage: x509.KeyUsageDigitalSignature}
	made := func(template, parent *x509.Certificate) *x509.Certificate {
		der, err := x509.CreateCertificate(rand.Reader, template, parent, private.Public(), private)
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	ca = made(root, root)
	leaf = made(end, ca)
	if key, err = sign.ParseKey(text); err != nil {
		t.Fatal(err)
	}
	return ca, leaf, key
}

// TestModelSignatureOfAnIdentity: the Sigstore method of OMS, and a certificate that
// has ended since, which only a timestamp saves.
func TestModelSignatureOfAnIdentity(t *testing.T) {
	s, root := sigstore(t)
	m, err := attest.NewModelSignature("atlas", attest.Serialization{Method: attest.MethodFiles, HashType: attest.HashSHA256}, signedFiles)
	if err != nil {
		t.Fatal(err)
	}
	data, err := keyless(t, s, services(s)).SignModel(context.Background(), m, nil)
	if err != nil {
		t.Fatal(err)
	}
	me := Identity{who, issuer}
	signed, err := OpenModelSignature(data, ModelPolicy{Identities: []Identity{me}, Root: root})
	if err != nil || signed.Signer != me.ID() || len(signed.At) != 1 {
		t.Fatal(err)
	}
	if r := signed.Compare(signedFiles, nil); !r.OK || len(r.Statements[0].Timestamps) != 1 {
		t.Error(r)
	}
	_, stranger := sigstore(t)
	for name, p := range map[string]ModelPolicy{
		"other identity": {Identities: []Identity{{"other@acme.example", issuer}}, Root: root}, "other root": {Identities: []Identity{me}, Root: stranger},
		"keys only": {Keys: []*PublicKey{publicOf(t, madeKey(t, sign.ECDSAP256))}}, "no root": {Identities: []Identity{me}},
	} {
		if _, err := OpenModelSignature(data, p); err == nil {
			t.Error(name)
		}
	}
	without := services(s)
	without.Logs = nil
	if _, err := keyless(t, s, without).SignModel(context.Background(), m, nil); err == nil || !strings.Contains(err.Error(), "--rekor-url") {
		t.Error(err)
	}
}

// TestPublicSigstore: a bundle of the public Sigstore, with its trusted root, both as
// sigstore-go's own tests hold them, verifies to the signature; its statement is of a
// foreign kind.
func TestPublicSigstore(t *testing.T) {
	held := filepath.Join(moduleDirectory(t, "github.com/sigstore/sigstore-go"), "pkg", "testing", "data")
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(held, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	root, err := ParseTrustedRoot(read("trusted-roots/public-good.json"))
	if err != nil {
		t.Fatal(err)
	}
	e, problem := openBundle(read("bundles/sigstore.js@2.0.0-provenance.sigstore.json"))
	if problem != nil {
		t.Fatal(problem)
	}
	id := claimedBy(e.certificate)
	got, at, known, problem := Policy{Identities: []Identity{id}, Root: root}.identity(&e)
	if problem != nil || !known || got != id || len(at) != 1 || at[0].Kind != "log" || id.Validate() != nil {
		t.Error(got, at, problem)
	}
}

// moduleDirectory is where the go command keeps a module.
func moduleDirectory(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
