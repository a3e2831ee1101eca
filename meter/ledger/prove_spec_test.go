package ledger

import (
	"os"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/weighbridge/weighbridge/meter/proof"
)

// The proof in SPEC.md is that of the first entry of its example (L31): it holds
// against the head that stands there, and is in its one encoding.
func TestSpecProof(t *testing.T) {
	e, _ := readExample(t)
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(spec), "## Proofs")
	_, text, _ = strings.Cut(text, "```json\n")
	text, _, found := strings.Cut(text, "```")
	if !found {
		t.Fatal("SPEC.md has no proof")
	}
	_, head, _ := strings.Cut(string(spec), "The head of this log:\n\n```\n")
	head, _, _ = strings.Cut(head, "```")
	kept, err := proof.ParseHeads(head)
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := proof.Parse([]byte(text))
	if err != nil {
		want := proof.Inclusion{Head: kept[0], Header: []byte(e.header[0]), Hashes: [][hashSize]byte{[hashSize]byte(rfc6962.DefaultHasher.HashLeaf([]byte(e.header[1])))}}
		data, _ := want.MarshalJSON()
		t.Fatalf("%v: expected %s", err, data)
	}
	if h, err := p.Verify(kept[0]); err != nil || h.Index != 0 || string(p.Header) != e.header[0] {
		t.Errorf("%+v, %v", h, err)
	}
}
