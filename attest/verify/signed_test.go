package verify

import (
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest/sign"
)

// TestSigned (V3, I2, I6): of one bundle alone the same signers, times and
// revocations are judged as of a shipment.
func TestSigned(t *testing.T) {
	s, root := sigstore(t)
	key := newKey(t, sign.ECDSAP256)
	keys, identities := []*PublicKey{public(t, key)}, []Identity{{who, issuer}}
	byKey := signedBy(t, key, Policy{Keys: keys}).in.Bundles[0]
	byIdentity := signedBy(t, keyless(t, s, services(s)), Policy{Identities: identities, Root: root}).in.Bundles[0]
	for name, c := range map[string]struct {
		bundle    []byte
		p         Policy
		who, want string
	}{
		"a key":               {byKey, Policy{Keys: keys}, key.ID(), ""},
		"an identity":         {byIdentity, Policy{Identities: identities, Root: root}, Identity{who, issuer}.ID(), ""},
		"another key":         {byKey, Policy{Keys: []*PublicKey{public(t, newKey(t, sign.Ed25519))}}, "", "no key that was named signed it"},
		"another identity":    {byIdentity, Policy{Identities: []Identity{{"other", issuer}}, Root: root}, "", "who is nobody of the policy"},
		"an identity for key": {byIdentity, Policy{Keys: keys}, "", "this policy names keys only"},
		"without a time":      {byKey, Policy{Keys: keys, Root: root, Timestamped: true}, "", "expected at least one by an authority"},
		"revoked":             {byKey, Policy{Keys: keys, Revocations: []Revocation{{key.ID(), time.Now(), "lost"}}}, "", "revoked"},
		"nobody":              {byKey, Policy{}, "", "names no key"},
		"no bundle":           {[]byte("{}"), Policy{Keys: keys}, "", "bundle: "},
	} {
		got, err := c.p.Open(c.bundle)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) || got.Signer != c.who {
			t.Errorf("%s: %q, %v; expected %q, %q", name, got.Signer, err, c.who, c.want)
		}
		if valid := ValidBundle(c.bundle) == nil; valid != (name != "no bundle") {
			t.Errorf("%s: valid is %v", name, valid)
		}
	}
}
