package verify

import (
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest/sign/signtest"
)

// own is an authority with a root, one between, and the time of its certificates.
func own(t testing.TB) *signtest.Authority {
	t.Helper()
	a, err := signtest.NewAuthority(created)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// issued is a certificate of a for the key, after a change of it.
func issued(t testing.TB, a *signtest.Authority, key signer, change func(*x509.Certificate)) *x509.Certificate {
	t.Helper()
	c, err := a.Issue(key.private.Public(), "release@acme.example", change)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// certifiedInput is what arrives of a key with a certificate.
func certifiedInput(t testing.TB, key signer, certificate *x509.Certificate) Input {
	t.Helper()
	certified, err := key.Certified(certificate)
	if err != nil {
		t.Fatal(err)
	}
	return signedBy(t, certified, Policy{}).in
}

// exchanged has the certificate of each bundle replaced.
func exchanged(t testing.TB, in Input, by *x509.Certificate) Input {
	t.Helper()
	in.Bundles = slices.Clone(in.Bundles)
	for i, b := range in.Bundles {
		in.Bundles[i] = edited(t, b, func(material map[string]any) {
			material["certificate"] = map[string]any{"rawBytes": base64.StdEncoding.EncodeToString(by.Raw)}
		})
	}
	return in
}

// TestCertified (I7): an authority of one's own says who signed, by a chain to a root
// that the policy names.
func TestCertified(t *testing.T) {
	a, other := own(t), own(t)
	key := newKey(t, "ecdsa-p256")
	in := certifiedInput(t, key, issued(t, a, key, nil))
	forServers := func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }
	trust := func(a *signtest.Authority, subject string) Policy {
		root, err := CertificateRoot(a.Chain())
		if err != nil {
			t.Fatal(err)
		}
		return Policy{Identities: []Identity{{subject, RootName(a.Root)}}, Root: root, Now: created}
	}
	good := trust(a, "release@acme.example")
	for name, c := range map[string]struct {
		in     Input
		change func(*Policy)
		want   string // code of a problem; "" for none
	}{
		"as it should be":       {in, func(*Policy) {}, ""},
		"by the subject":        {in, func(p *Policy) { p.Identities[0].Subject = "CN=signer,O=test" }, ""},
		"another name":          {in, func(p *Policy) { p.Identities[0].Subject = "other@acme.example" }, CodeUnknownSigner},
		"a part of the name":    {in, func(p *Policy) { p.Identities[0].Subject = "acme.example" }, CodeUnknownSigner},
		"another root":          {in, func(p *Policy) { *p = trust(other, "release@acme.example") }, CodeIdentity},
		"ended":                 {in, func(p *Policy) { p.Now = created.AddDate(2, 0, 0) }, CodeTimestamp},
		"not begun":             {in, func(p *Policy) { p.Now = created.AddDate(-2, 0, 0) }, CodeIdentity},
		"without those between": {in, func(p *Policy) { p.Root.certificates = p.Root.certificates[:1] }, CodeIdentity},
		"revoked name":          {in, func(p *Policy) { p.Revocations = []Revocation{{p.Identities[0].ID(), created, "left"}} }, CodeRevoked},
		"revoked key":           {in, func(p *Policy) { p.Revocations = []Revocation{{key.ID(), created, "stolen"}} }, CodeRevoked},
		"keys alone":            {in, func(p *Policy) { *p = Policy{Keys: []*PublicKey{public(t, key)}} }, CodeNotKeySigned},
		"for servers":           {certifiedInput(t, key, issued(t, a, key, forServers)), func(*Policy) {}, CodeIdentity},
		"of another key":        {exchanged(t, in, issued(t, a, newKey(t, "ecdsa-p256"), nil)), func(*Policy) {}, CodeIdentity},
	} {
		p := good
		p.Identities = slices.Clone(good.Identities)
		root := *good.Root
		p.Root = &root
		c.change(&p)
		r, err := Verify(c.in, p)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c.want == "" && (!r.OK || r.Signer != p.Identities[0].ID()) {
			t.Errorf("%s: %v by %q", name, r.Problems, r.Signer)
		}
		if c.want != "" && !slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Code == c.want }) {
			t.Errorf("%s: %v, expected %s", name, r.Problems, c.want)
		}
	}
}

// TestCertificateRootRefused: what is no authority is none, and certificates need a time.
func TestCertificateRootRefused(t *testing.T) {
	a := own(t)
	key := newKey(t, "ecdsa-p256")
	if _, err := CertificateRoot([]*x509.Certificate{issued(t, a, key, nil)}); err == nil || !strings.Contains(err.Error(), "is no certificate authority") {
		t.Error(err)
	}
	if _, err := CertificateRoot(nil); err == nil {
		t.Error("no certificate is a root")
	}
	root, err := CertificateRoot(a.Chain())
	if err != nil {
		t.Fatal(err)
	}
	p := Policy{Identities: []Identity{{"release@acme.example", RootName(a.Root)}}, Root: root}
	if _, err := Verify(Input{Found: weights(t)}, p); err == nil || !strings.Contains(err.Error(), "says no time") {
		t.Error(err)
	}
	p.Now, p.Identities[0].Issuer = time.Now(), "CN=nobody"
	if _, err := Verify(Input{Found: weights(t)}, p); err == nil || !strings.Contains(err.Error(), "names no certificate authority") {
		t.Error(err)
	}
}
