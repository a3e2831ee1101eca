package witness

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	formats "github.com/transparency-dev/formats/note"
	merkle "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/meter/proof"
)

const log = "weighbridge.dev/log/000102030405060708090a0b0c0d0e0f/acme/atlas@1"

var seen = time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)

func newKey(t testing.TB) *sign.Key {
	t.Helper()
	text, err := sign.GenerateKey(sign.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	key, err := sign.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func head(size uint64, root string) proof.Head {
	return proof.Head{Origin: log, Size: size, Root: sha256.Sum256([]byte(root))}
}

// signed is a head that the key signs as a meter does.
func signed(t testing.TB, meter *sign.Key, h proof.Head) Checkpoint {
	t.Helper()
	line, err := meter.SignNote(h.Origin, h.String())
	if err != nil {
		t.Fatal(err)
	}
	return Checkpoint{h, []string{line}}
}

func cosign(t testing.TB, c Checkpoint, key *sign.Key, name string, at time.Time) Checkpoint {
	t.Helper()
	line, err := key.CosignNote(name, c.Head.String(), at)
	if err != nil {
		t.Fatal(err)
	}
	c, err = c.Merge(Checkpoint{c.Head, []string{line}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func vkey(t testing.TB, key *sign.Key, name string) string {
	t.Helper()
	line, err := key.WitnessKey(name)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func policy(t testing.TB, format string, args ...any) *Policy {
	t.Helper()
	p, err := ParsePolicy(fmt.Appendf(nil, format, args...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestCheckpoint (W1): what is written is read back; named changes of it are not.
func TestCheckpoint(t *testing.T) {
	c := cosign(t, signed(t, newKey(t), head(3, "a")), newKey(t), "w", seen)
	two := c.String() + "\n" + c.String()
	all, err := ParseAll(two)
	if err != nil || len(all) != 2 || all[1].String() != c.String() || len(all[0].ByName("w")) != 1 {
		t.Fatal(all, err)
	}
	cases := map[string]func(string) string{
		"empty":          func(string) string { return "" },
		"no-signature":   func(s string) string { return c.Head.String() },
		"extension-line": func(s string) string { return strings.Replace(s, "\n\n", "\nmore\n\n", 1) },
		"no-last-line":   func(s string) string { return strings.TrimSuffix(s, "\n") },
		"trailing":       func(s string) string { return s + "\n" },
		"size-zero-fill": func(s string) string { return strings.Replace(s, "\n3\n", "\n03\n", 1) },
		"size-sign":      func(s string) string { return strings.Replace(s, "\n3\n", "\n+3\n", 1) },
		"no-dash":        func(s string) string { return strings.Replace(s, "— w", "- w", 1) },
		"two-spaces":     func(s string) string { return strings.Replace(s, "— w ", "— w  ", 1) },
		"carriage":       func(s string) string { return strings.Replace(s, "— w", "— w\r", 1) },
		"long-line":      func(s string) string { return strings.Replace(s, "— w ", "— w "+strings.Repeat("A", maxLine), 1) },
		"many-lines":     func(s string) string { return s + strings.Repeat("— x AAAA\n", maxLines) },
		"two":            func(s string) string { return two },
	}
	for name, change := range cases {
		if _, err := Parse(change(c.String())); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if _, err := c.Merge(signed(t, newKey(t), head(4, "a"))); err == nil {
		t.Error("two heads were merged")
	}
}

// TestCosignature (W2): the library reads our cosignature, and another program's is
// read here; over another head, by another key or with another time it does not hold.
func TestCosignature(t *testing.T) {
	meter, key := newKey(t), newKey(t)
	c := cosign(t, signed(t, meter, head(3, "a")), key, "w.example.org", seen)
	p := policy(t, "witness w %s\nquorum w\n", vkey(t, key, "w.example.org"))
	list, met, err := p.Cosigned(c)
	if err != nil || !met.Equal(seen) || len(list) != 1 || list[0].Witness != "w.example.org" || !list[0].Time.Equal(seen) {
		t.Fatal(list, met, err)
	}
	other := Checkpoint{head(3, "b"), c.Signatures}
	if _, met, err := p.Cosigned(other); err == nil || !met.IsZero() {
		t.Error("a cosignature of another head holds")
	}
	raw, _ := base64.StdEncoding.DecodeString(strings.Fields(c.Signatures[1])[2])
	raw[11]++ // the time
	moved := Checkpoint{c.Head, []string{c.Signatures[0], "— w.example.org " + base64.StdEncoding.EncodeToString(raw) + "\n"}}
	if _, met, err := p.Cosigned(moved); err == nil || !met.IsZero() {
		t.Error("a cosignature with another time holds")
	}
	strangers := policy(t, "witness w %s\nquorum w\n", vkey(t, newKey(t), "w.example.org"))
	if list, met, err := strangers.Cosigned(c); err != nil || !met.IsZero() || len(list) != 0 {
		t.Error(list, met, err)
	}
	ec, err := sign.GenerateKey(sign.ECDSAP256)
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := sign.ParseKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct {
		key  *sign.Key
		name string
		at   time.Time
	}{{wrong, "w", seen}, {key, "", seen}, {key, "a b", seen}, {key, "a+b", seen}, {key, "w", time.Time{}}} {
		if line, err := bad.key.CosignNote(bad.name, c.Head.String(), bad.at); err == nil {
			t.Errorf("cosigned: %s", line)
		}
	}
}

// TestOtherPrograms (W2, W5): cosignatures of the library's own signers, ML-DSA-44
// among them, count under their keys.
func TestOtherPrograms(t *testing.T) {
	edSecret, edPublic, err := note.GenerateKey(nil, "ed.example.org")
	if err != nil {
		t.Fatal(err)
	}
	pqSecret, pqPublic, err := formats.GenerateMLDSAKey("pq.example.org")
	if err != nil {
		t.Fatal(err)
	}
	c := signed(t, newKey(t), head(3, "a"))
	for _, secret := range []string{edSecret, pqSecret} {
		signer, err := formats.NewSignerForCosignatureV1(secret)
		if err != nil {
			t.Fatal(err)
		}
		made, err := note.Sign(&note.Note{Text: c.Head.String()}, signer)
		if err != nil {
			t.Fatal(err)
		}
		more, err := Parse(string(made))
		if err != nil {
			t.Fatal(err)
		}
		if c, err = c.Merge(more); err != nil {
			t.Fatal(err)
		}
	}
	p := policy(t, "witness ed %s\nwitness pq %s https://pq.example.org/\ngroup g all ed pq\nquorum g\n", edPublic, pqPublic)
	if list, met, err := p.Cosigned(c); err != nil || met.IsZero() || len(list) != 2 {
		t.Error(list, met, err)
	}
}

// TestQuorum (W6): 1 of 2 under a quorum of both is not met, and no error; the
// earliest comes first, and the one that makes the quorum says when it was met.
func TestQuorum(t *testing.T) {
	a, b := newKey(t), newKey(t)
	text := fmt.Sprintf("# whom we rely on\nwitness a %s # one\nwitness b %s\n\n", vkey(t, a, "a"), vkey(t, b, "b"))
	c := cosign(t, signed(t, newKey(t), head(3, "x")), a, "a", seen.Add(time.Hour))
	both, any := policy(t, "%sgroup g 2 a b\nquorum g\n", text), policy(t, "%sgroup g any a b\nquorum g\n", text)
	if list, met, err := both.Cosigned(c); err != nil || !met.IsZero() || len(list) != 1 {
		t.Error(list, met, err)
	}
	if _, met, err := any.Cosigned(c); err != nil || !met.Equal(seen.Add(time.Hour)) {
		t.Error(met, err)
	}
	cosigned := cosign(t, c, b, "b", seen)
	list, met, err := both.Cosigned(cosigned)
	if err != nil || !met.Equal(seen.Add(time.Hour)) || len(list) != 2 || list[0].Witness != "b" {
		t.Error(list, met, err)
	}
	if _, met, err := any.Cosigned(cosigned); err != nil || !met.Equal(seen) {
		t.Errorf("one had cosigned by %v: %v", met, err)
	}
	public, _ := base64.StdEncoding.DecodeString(strings.SplitN(vkey(t, a, "a"), "+", 3)[2])
	if !both.Holds(ed25519.PublicKey(public[1:])) || both.Holds(make([]byte, 32)) {
		t.Error("the keys of a policy are not its keys")
	}
}

// TestPolicyRefused (W5): what a policy may not say.
func TestPolicyRefused(t *testing.T) {
	key := vkey(t, newKey(t), "a")
	name, rest, _ := strings.Cut(key, "+")
	other := vkey(t, newKey(t), "b")
	cases := map[string]string{
		"empty":         "",
		"no-quorum":     "witness a " + key + "\n",
		"quorum-none":   "witness a " + key + "\nquorum none\n",
		"group-of-none": "witness a " + key + "\ngroup g 0 a\nquorum g\n",
		"one-twice":     "witness a " + key + "\ngroup g 2 a a\nquorum g\n",
		"two-names":     "witness a " + key + "\nwitness b " + key + "\ngroup g 2 a b\nquorum g\n",
		"two-groups":    "witness a " + key + "\nwitness b " + other + "\ngroup g any a\ngroup h any a b\ngroup i all g h\nquorum i\n",
		"other-hash":    "witness a " + name + "+00000000" + rest[8:] + "\nquorum a\n",
		"short-key":     "witness a a+00000000+AA==\nquorum a\n",
		"log-line":      "log " + key + "\nwitness a " + key + "\nquorum a\n",
		"two-quorums":   "witness a " + key + "\nwitness b " + other + "\nquorum a\nquorum b\n",
		"unknown":       "trust a\n",
		"too-long":      "#" + strings.Repeat("x", MaxPolicyBytes),
		"too-many-of":   "witness a " + key + "\ngroup g 2 a\nquorum g\n",
	}
	for name, text := range cases {
		if p, err := ParsePolicy([]byte(text)); err == nil {
			t.Errorf("%s was read: %+v", name, p)
		}
	}
}

// grown is a log of two states with the proof between them.
func grown(t *testing.T, before, after uint64) (kept, now proof.Head, p proof.Consistency) {
	t.Helper()
	var tree proof.Tree
	for i := range after {
		if i == before {
			kept = proof.Head{Origin: log, Size: i, Root: tree.RootAt(tree.Size())}
		}
		tree.Add(fmt.Appendf(nil, "%d", i))
	}
	now = proof.Head{Origin: log, Size: after, Root: tree.RootAt(tree.Size())}
	if before != 3 || after != 4 {
		t.Fatal("the path below is that from 3 to 4")
	}
	h := rfc6962.DefaultHasher
	leaf := func(i int) []byte { return h.HashLeaf(fmt.Appendf(nil, "%d", i)) }
	nodes := [][]byte{leaf(2), leaf(3), h.HashChildren(leaf(0), leaf(1))}
	for _, n := range nodes {
		p.Hashes = append(p.Hashes, [32]byte(n))
	}
	p.Old, p.New = kept, now
	if err := merkle.VerifyConsistency(h, before, after, nodes, kept.Root[:], now.Root[:]); err != nil {
		t.Fatal(err)
	}
	return kept, now, p
}

// TestDecide (W3, W4): a head that follows from the one before, and every way in which
// it does not.
func TestDecide(t *testing.T) {
	kept, now, p := grown(t, 3, 4)
	broken, fork, other := p, now, kept
	broken.Hashes = append([][32]byte{{1}}, p.Hashes[1:]...)
	fork.Root[0] ^= 1
	other.Origin = "weighbridge.dev/log/00/acme/atlas@2"
	elsewhere := p
	elsewhere.Old = proof.Head{Origin: log, Size: 2, Root: kept.Root}
	forked := p
	forked.New = fork
	cases := []struct {
		name   string
		kept   *proof.Head
		head   proof.Head
		proofs []*proof.Consistency
		first  bool
		says   string
	}{
		{"grown", &kept, now, []*proof.Consistency{&p}, false, ""},
		{"the-same-again", &kept, kept, nil, false, ""},
		{"new-log", nil, now, nil, true, ""},
		{"grown-with-other-proofs", &kept, now, []*proof.Consistency{&elsewhere, &p}, false, ""},
		{"unknown-log", nil, now, nil, false, "--first"},
		{"old-file-copied-back", &now, kept, nil, false, "had 4 when it was cosigned last"},
		{"old-file-and-first", &now, kept, nil, true, "had 4"},
		{"forked", &now, fork, nil, false, "the log was forked"},
		{"forked-and-grown", &kept, fork, []*proof.Consistency{&forked}, false, "does not begin with"},
		{"no-proof", &kept, now, nil, false, "--from 3 --size 4"},
		{"proof-from-elsewhere", &kept, now, []*proof.Consistency{&elsewhere}, false, "about a head of 2 entries"},
		{"broken-proof", &kept, now, []*proof.Consistency{&broken}, false, "does not begin with"},
		{"no-entries", nil, proof.Head{Origin: log}, nil, true, "no entries"},
		{"another-log", &other, now, nil, false, "the one kept of"},
	}
	for _, c := range cases {
		err := Decide(c.kept, c.head, c.proofs, c.first)
		if (err == nil) != (c.says == "") || err != nil && (!errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, expected %q", c.name, err, c.says)
		}
	}
}

// TestSpec: every rule of SPEC.md is cited by a test.
func TestSpec(t *testing.T) {
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile("witness_test.go")
	if err != nil {
		t.Fatal(err)
	}
	rules := regexp.MustCompile(`(?m)^- \*\*(W\d+)\*\*`).FindAllStringSubmatch(string(spec), -1)
	if len(rules) < 6 {
		t.Fatalf("%d rules", len(rules))
	}
	for _, r := range rules {
		if !regexp.MustCompile(`// Test\w+ \([^)]*\b` + r[1] + `\b`).Match(tests) {
			t.Errorf("no test cites %s", r[1])
		}
	}
}

// FuzzParseAll: what is read is written back to the byte.
func FuzzParseAll(f *testing.F) {
	c := cosign(f, signed(f, newKey(f), head(3, "a")), newKey(f), "w", seen)
	f.Add(c.String())
	f.Add(c.String() + "\n" + c.String())
	f.Fuzz(func(t *testing.T, text string) {
		all, err := ParseAll(text)
		if err != nil {
			return
		}
		var notes []string
		for _, c := range all {
			notes = append(notes, c.String())
		}
		if got := strings.Join(notes, "\n"); got != text {
			t.Fatalf("read %q, wrote %q", text, got)
		}
	})
}

// FuzzParsePolicy: a policy that is read is met by no checkpoint without cosignatures.
func FuzzParsePolicy(f *testing.F) {
	a, b := vkey(f, newKey(f), "a"), vkey(f, newKey(f), "b")
	f.Add("witness a " + a + "\nwitness b " + b + "\ngroup g 1 a b\nquorum g\n")
	f.Add("witness a " + a + "\nquorum none\n")
	c := signed(f, newKey(f), head(3, "a"))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePolicy([]byte(text))
		if err != nil {
			return
		}
		if _, met, err := p.Cosigned(c); !met.IsZero() || err != nil {
			t.Fatalf("%q is met by nobody: %v", text, err)
		}
	})
}
