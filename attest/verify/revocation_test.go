package verify

import (
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest/sign"
)

// TestRevocation (I6): what a key signed before it was revoked holds where a
// timestamp shows it; all else by it is refused, whatever its statements say.
func TestRevocation(t *testing.T) {
	s, root := sigstore(t)
	key := newKey(t, sign.ECDSAP256)
	stamped, err := key.Timestamped([]string{s.TimestampURL()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := []*PublicKey{public(t, key)}
	bare, timed := signedBy(t, key, Policy{Keys: keys}), signedBy(t, stamped, Policy{Keys: keys})
	byIdentity := signedBy(t, keyless(t, s, services(s)), Policy{Identities: []Identity{{who, issuer}}, Root: root})
	past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	for name, c := range map[string]struct {
		s    shipment
		who  string
		root *TrustedRoot
		at   time.Time
		want string
	}{
		"another key":                       {bare, "sha256:00", nil, past, ""},
		"no timestamp":                      {bare, key.ID(), root, future, "missing-statement revoked"},
		"timestamp before":                  {timed, key.ID(), root, future, ""},
		"timestamp after":                   {timed, key.ID(), root, past, "missing-statement revoked"},
		"timestamp that nobody vouches for": {timed, key.ID(), nil, future, "missing-statement revoked"},
		"identity, before":                  {byIdentity, Identity{who, issuer}.ID(), root, future, ""},
		"identity, after":                   {byIdentity, Identity{who, issuer}.ID(), root, past, "missing-statement revoked"},
		"identity of the name at another's": {byIdentity, Identity{who, "https://other.example"}.ID(), root, past, ""},
	} {
		c.s.policy.Root = c.root
		c.s.policy.Revocations = []Revocation{{c.who, c.at, "stolen"}}
		r := c.s.verify(t)
		if strings.Join(codes(r), " ") != c.want {
			t.Errorf("%s: %v\n%s", name, codes(r), messages(r))
		}
		if noted := strings.Contains(strings.Join(r.NotChecked, "\n"), "revoked: "); r.OK && noted != strings.Contains(name, "before") {
			t.Errorf("%s: %q", name, r.NotChecked)
		}
	}
	m := signModel(t, key.Key)
	if _, err := OpenModelSignature(m, ModelPolicy{Keys: keys, Revocations: []Revocation{{key.ID(), future, "stolen"}}}); err == nil || !strings.Contains(err.Error(), "revoked") {
		t.Error(err)
	}
}

// TestRevocations (I6): the list has one encoding, and no revocation is taken back.
func TestRevocations(t *testing.T) {
	at := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	list, err := Revoke(nil, Revocation{"sha256:b", at, "stolen"})
	if err != nil {
		t.Fatal(err)
	}
	if list, err = Revoke(list, Revocation{"sha256:a", at, "lost <here>"}); err != nil || list[0].Signer != "sha256:a" {
		t.Fatal(list, err)
	}
	text, err := EncodeRevocations(list)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseRevocations(text)
	if err != nil || len(again) != 2 || again[1] != list[1] {
		t.Fatal(again, err)
	}
	if earlier, err := Revoke(list, Revocation{"sha256:a", at.Add(-time.Hour), "earlier"}); err != nil || len(earlier) != 2 || earlier[0].Reason != "earlier" {
		t.Error(earlier, err)
	}
	for _, r := range []Revocation{{"sha256:a", at, "again"}, {"sha256:a", at.Add(time.Hour), "later"}, {"", at, "x"}, {"sha256:c", time.Time{}, "x"}, {"sha256:c", at, ""}, {"sha256:c", at, strings.Repeat("x", 301)}} {
		if list, err := Revoke(list, r); err == nil {
			t.Error(list)
		}
	}
	for _, c := range [][2]string{{"revoked_at", "Revoked_at"}, {`"reason"`, `"x": 1, "reason"`}, {"sha256:b", "sha256:a"}, {"sha256:b", "sha256:0"}, {"08:00:00Z", "09:00:00+01:00"}, {"\n}\n", "\n}\n{}"}, {"/v1", "/v2"}, {"stolen", ""}, {"  ", " "}} {
		if list, err := ParseRevocations([]byte(strings.Replace(string(text), c[0], c[1], 1))); err == nil {
			t.Errorf("%q: %v", c, list)
		}
	}
}

// FuzzParseRevocations: what is read is written again as it was.
func FuzzParseRevocations(f *testing.F) {
	f.Add([]byte("{}"))
	text, err := EncodeRevocations([]Revocation{{"sha256:b", time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC), "stolen"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, data []byte) {
		if list, err := ParseRevocations(data); err == nil {
			if again, err := EncodeRevocations(list); err != nil || string(again) != string(data) {
				t.Error(err, string(again))
			}
		}
	})
}
