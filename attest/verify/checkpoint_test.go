package verify

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/attest/witness"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// TestMeterOf (K5): a checkpoint is by the named key that signed it; a line with the id
// of a named key that does not hold is refused, whatever holds beside it.
func TestMeterOf(t *testing.T) {
	head := proof.Head{Origin: origin(model), Size: 3}
	one, two, other := newKey(t, sign.Ed25519), newKey(t, sign.Ed25519), newKey(t, sign.Ed25519)
	line := func(s signer, h proof.Head) string {
		l, err := s.SignNote(h.Origin, h.String())
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	larger := proof.Head{Origin: head.Origin, Size: 4}
	good, altered := line(one, head), line(one, larger)
	start := strings.LastIndex(good, " ") + 1
	short := good[:start] + base64.StdEncoding.EncodeToString([]byte(decoded(t, good[start:])[:20])) + "\n"
	a, b := public(t, one), public(t, two)
	for _, c := range []struct {
		name  string
		lines []string
		keys  []*PublicKey
		by    *PublicKey
		says  string
	}{
		{"one", []string{good}, []*PublicKey{a}, a, ""},
		{"second-key", []string{good}, []*PublicKey{b, a}, a, ""},
		{"beside-a-stranger", []string{line(other, head), good}, []*PublicKey{a, b}, a, ""},
		{"both", []string{line(two, head), good}, []*PublicKey{a, b}, b, ""},
		{"altered", []string{altered}, []*PublicKey{a}, nil, "does not hold: what it signed was altered"},
		{"altered-beside-another-that-holds", []string{line(two, head), altered}, []*PublicKey{a, b}, nil, "does not hold: what it signed was altered"},
		{"altered-after-one-that-holds", []string{good, altered}, []*PublicKey{a}, nil, "does not hold: what it signed was altered"},
		{"cut-off-beside-one-that-holds", []string{good, short}, []*PublicKey{a}, nil, "expected one of a note by the name " + head.Origin},
		{"by-a-stranger", []string{line(other, head)}, []*PublicKey{a}, nil, "signed with another key than " + a.ID()},
		{"by-none-of-two", []string{line(other, head)}, []*PublicKey{a, b}, nil, "signed with another key than the 2 that may have signed it, " + a.ID() + " (ed25519), " + b.ID()},
		{"no-key", []string{good}, nil, nil, "no key of a meter was named"},
		{"no-line-by-the-log", []string{strings.Replace(good, "atlas", "other", 1)}, []*PublicKey{a}, nil, "no signature by the name of the log"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := MeterOf(witness.Checkpoint{Head: head, Signatures: c.lines}, c.keys)
			if got != c.by || (err == nil) != (c.says == "") {
				t.Fatalf("%v %v", got, err)
			}
			if err != nil && (!strings.Contains(err.Error(), c.says) || strings.Count(err.Error(), "signed with another key") > 1 || !strings.Contains(err.Error(), "at 3 entries")) {
				t.Errorf("%v: expected %q", err, c.says)
			}
		})
	}
}

func decoded(t *testing.T, text string) string {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
