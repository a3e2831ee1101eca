package proof

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// testLog is a log as RFC 6962, section 2.1, writes it down: every function here is
// the text of that section, and reads all leaves each time.
type testLog struct {
	origin  string
	headers [][]byte
}

func logOf(n int) testLog {
	l := testLog{origin: "weighbridge.dev/log/000102030405060708090a0b0c0d0e0f/acme/atlas@1"}
	for i := range n {
		l.headers = append(l.headers, Header{l.origin, uint64(i), Commit(make([]byte, 32), fmt.Append(nil, "body ", i))}.Encode())
	}
	return l
}

func hash(headers [][]byte) [32]byte {
	switch len(headers) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, headers[0]...))
	}
	k := split(len(headers))
	return node(hash(headers[:k]), hash(headers[k:]))
}

func node(left, right [32]byte) [32]byte {
	return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
}

// split is the largest power of two below n.
func split(n int) int {
	k := 1
	for 2*k < n {
		k *= 2
	}
	return k
}

func path(m int, d [][]byte) [][32]byte {
	if len(d) == 1 {
		return nil
	}
	if k := split(len(d)); m < k {
		return append(path(m, d[:k]), hash(d[k:]))
	} else {
		return append(path(m-k, d[k:]), hash(d[:k]))
	}
}

func subproof(m int, d [][]byte, whole bool) [][32]byte {
	if m == len(d) {
		if whole {
			return nil
		}
		return [][32]byte{hash(d)}
	}
	if k := split(len(d)); m <= k {
		return append(subproof(m, d[:k], whole), hash(d[k:]))
	} else {
		return append(subproof(m-k, d[k:], false), hash(d[:k]))
	}
}

func (l testLog) head(n int) Head { return Head{l.origin, uint64(n), hash(l.headers[:n])} }

func (l testLog) inclusion(i, n int) Inclusion {
	return Inclusion{l.head(n), l.headers[i], path(i, l.headers[:n])}
}

func (l testLog) consistency(m, n int) Consistency {
	return Consistency{l.head(m), l.head(n), subproof(m, l.headers[:n], true)}
}

// Every proof of every tree of up to 40 entries holds, after it was written and
// read, and against no head but its own.
func TestEveryProofHolds(t *testing.T) {
	l := logOf(40)
	for n := 1; n <= len(l.headers); n++ {
		for i := range n {
			p, _, err := Parse(encode(t, l.inclusion(i, n)))
			if err != nil {
				t.Fatal(err)
			}
			if h, err := p.Verify(l.head(n)); err != nil || h.Index != uint64(i) {
				t.Fatalf("entry %d of %d: %+v, %v", i, n, h, err)
			}
			if _, err := p.Verify(l.head(n - 1)); !errors.Is(err, ErrProof) {
				t.Fatalf("entry %d of %d holds in another head: %v", i, n, err)
			}
			_, c, err := Parse(encode(t, l.consistency(i+1, n)))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Verify(l.head(i+1), l.head(n)); err != nil {
				t.Fatalf("from %d to %d: %v", i+1, n, err)
			}
		}
	}
}

func encode(t testing.TB, p any) []byte {
	t.Helper()
	data, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(data, '\n')
}

// What was changed in a proof, or in what the verifier holds it against, and the
// words that say so.
var tamperedInclusions = map[string]struct {
	change func(p *Inclusion, kept *Head)
	says   string
}{
	"hash-changed":       {func(p *Inclusion, _ *Head) { p.Hashes[0][5] ^= 1 }, "is not in the head of 11"},
	"hash-left-out":      {func(p *Inclusion, _ *Head) { p.Hashes = p.Hashes[1:] }, "wrong proof size"},
	"hash-added":         {func(p *Inclusion, _ *Head) { p.Hashes = append(p.Hashes, p.Hashes[0]) }, "wrong proof size"},
	"hashes-swapped":     {func(p *Inclusion, _ *Head) { p.Hashes[0], p.Hashes[1] = p.Hashes[1], p.Hashes[0] }, "is not in the head"},
	"no-hashes":          {func(p *Inclusion, _ *Head) { p.Hashes = nil }, "wrong proof size"},
	"another-commitment": {func(p *Inclusion, _ *Head) { p.Header = logOf(12).headers[5] }, "entry 5"},
	"another-place": {func(p *Inclusion, _ *Head) {
		h, _ := ParseHeader(p.Header)
		h.Index++
		p.Header = h.Encode()
	}, "entry 5"},
	"another-log": {func(p *Inclusion, _ *Head) {
		h, _ := ParseHeader(p.Header)
		h.Origin = strings.Replace(h.Origin, "atlas", "other", 1)
		p.Header = h.Encode()
	}, "the entry is one of"},
	"place-past-the-end": {func(p *Inclusion, _ *Head) {
		h, _ := ParseHeader(p.Header)
		h.Index = 11
		p.Header = h.Encode()
	}, "beyond size"},
	"no-header":         {func(p *Inclusion, _ *Head) { p.Header = nil }, "expected four lines"},
	"root-in-the-proof": {func(p *Inclusion, _ *Head) { p.Head.Root[0] ^= 1 }, "two roots at one size"},
	"root-kept":         {func(p *Inclusion, kept *Head) { kept.Root[0] ^= 1 }, "two roots at one size"},
	"root-of-both":      {func(p *Inclusion, kept *Head) { kept.Root[0] ^= 1; p.Head.Root[0] ^= 1 }, "the hashes give the root"},
	"size-kept":         {func(p *Inclusion, kept *Head) { kept.Size++ }, "ask for a proof of that size"},
	"origin-kept":       {func(p *Inclusion, kept *Head) { kept.Origin += "0" }, "the head kept about"},
	"no-head-kept":      {func(p *Inclusion, kept *Head) { *kept = Head{} }, "it is about"},
}

func TestTamperedInclusion(t *testing.T) {
	l := logOf(11)
	for name, c := range tamperedInclusions {
		p, kept := l.inclusion(4, 11), l.head(11)
		c.change(&p, &kept)
		if h, err := p.Verify(kept); !errors.Is(err, ErrProof) || !strings.Contains(err.Error(), c.says) || h != (Header{}) {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
}

var tamperedConsistencies = map[string]struct {
	change func(p *Consistency, before, after *Head)
	says   string
}{
	"hash-changed":  {func(p *Consistency, _, _ *Head) { p.Hashes[1][5] ^= 1 }, "does not begin with"},
	"hash-left-out": {func(p *Consistency, _, _ *Head) { p.Hashes = p.Hashes[1:] }, "wrong proof size"},
	"hash-added":    {func(p *Consistency, _, _ *Head) { p.Hashes = append(p.Hashes, p.Hashes[0]) }, "wrong proof size"},
	"no-hashes":     {func(p *Consistency, _, _ *Head) { p.Hashes = nil }, "empty proof"},
	"root-kept":     {func(_ *Consistency, before, _ *Head) { before.Root[0] ^= 1 }, "two roots at one size"},
	"later-kept":    {func(_ *Consistency, _, after *Head) { after.Root[0] ^= 1 }, "two roots at one size"},
	"old-root-both": {func(p *Consistency, before, _ *Head) { before.Root[0] ^= 1; p.Old = *before }, "the hashes give the root"},
	"new-root-both": {func(p *Consistency, _, after *Head) { after.Root[0] ^= 1; p.New = *after }, "the hashes give the root"},
	"heads-of-two":  {func(p *Consistency, before, _ *Head) { before.Origin += "0"; p.Old = *before }, "two logs"},
	"turned-round": {func(p *Consistency, before, after *Head) {
		*before, *after = *after, *before
		p.Old, p.New = *before, *after
	}, "a log only grows"},
	"from-nothing": {func(p *Consistency, before, _ *Head) { *before = logOf(0).head(0); p.Old, p.Hashes = *before, nil }, "every log begins with nothing"},
	"same-size-fork": {func(p *Consistency, before, after *Head) {
		*before = *after
		before.Root[3] ^= 1
		p.Old, p.Hashes = *before, nil
	}, "the hashes give the root"},
}

func TestTamperedConsistency(t *testing.T) {
	l := logOf(11)
	for name, c := range tamperedConsistencies {
		p, before, after := l.consistency(6, 11), l.head(6), l.head(11)
		c.change(&p, &before, &after)
		if err := p.Verify(before, after); !errors.Is(err, ErrProof) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is not the one encoding is not read.
func TestParseIsStrict(t *testing.T) {
	good := string(encode(t, logOf(11).inclusion(4, 11)))
	consistency := string(encode(t, logOf(11).consistency(6, 11)))
	replace := func(s, old, by string) string {
		if !strings.Contains(s, old) {
			t.Fatalf("%q is not in the example", old)
		}
		return strings.Replace(s, old, by, 1)
	}
	for name, text := range map[string]string{
		"empty": "", "null": "null", "list": "[]", "truncated": good[:len(good)-4],
		"unknown-field":    replace(good, `"hashes"`, `"extra": 1, "hashes"`),
		"duplicate-key":    replace(good, `"hashes"`, `"hashes": [], "hashes"`),
		"another-case":     replace(good, `"hashes"`, `"Hashes"`),
		"another-schema":   replace(good, "inclusion-proof/v1", "inclusion-proof/v2"),
		"other-kind":       replace(good, "inclusion-proof/v1", "consistency-proof/v1"),
		"no-schema":        replace(good, `"schema"`, `"Schema"`),
		"trailing-garbage": good + "{}",
		"size-as-text":     replace(good, `"size": 11`, `"size": "11"`),
		"size-negative":    replace(good, `"size": 11`, `"size": -1`),
		"size-with-point":  replace(good, `"size": 11`, `"size": 11.0`),
		"hash-not-base64":  replace(good, `"hashes": [`, `"hashes": ["!",`),
		"hash-too-short":   replace(good, `"hashes": [`, `"hashes": ["AAAA",`),
		"null-hashes":      good[:strings.Index(good, `"hashes"`)] + `"hashes": null}`,
		"header-changed":   replace(good, `\n4\n`, `\n04\n`),
		"header-escaped":   replace(good, `entry/v1`, `entry\/v1`),
		"oversize":         good + strings.Repeat(" ", MaxBytes),
		"heads-swapped":    replace(replace(consistency, `"old"`, `"x"`), `"new"`, `"old"`),
	} {
		if a, b, err := Parse([]byte(text)); err == nil {
			t.Errorf("%s: read as %+v, %+v", name, a, b)
		}
	}
}

func TestParseHeads(t *testing.T) {
	l, other := logOf(11), logOf(3)
	other.origin = "weighbridge.dev/log/ff0102030405060708090a0b0c0d0e0f/acme/atlas@1"
	a, b := l.head(11), other.head(3)
	for _, text := range []string{a.String() + "\n" + b.String(), strings.TrimSuffix(a.String()+"\n"+b.String(), "\n")} {
		if heads, err := ParseHeads(text); err != nil || len(heads) != 2 || heads[0] != a || heads[1] != b {
			t.Errorf("%q: %v, %v", text, heads, err)
		}
	}
	good := a.String()
	for _, bad := range []string{"", "\n", good + "more\n", good + "\n", strings.Replace(good, "\n11\n", "\n011\n", 1), strings.Replace(good, "\n11\n", "\n-1\n", 1),
		strings.Replace(good, "=", "", 1), strings.ReplaceAll(good, "\n", "\r\n"), "\n" + good, good + "\n\n" + good} {
		if heads, err := ParseHeads(bad); err == nil {
			t.Errorf("accepted %q as %v", bad, heads)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(encode(f, logOf(11).inclusion(4, 11)))
	f.Add(encode(f, logOf(11).consistency(6, 11)))
	f.Add([]byte(`{"schema":"weighbridge.dev/inclusion-proof/v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, b, err := Parse(data)
		if err != nil {
			return
		}
		var found bytes.Buffer
		if err := json.Compact(&found, data); err != nil {
			t.Fatal(err)
		}
		var again []byte
		if a != nil {
			again, err = a.MarshalJSON()
		} else {
			again, err = b.MarshalJSON()
		}
		if err != nil || !bytes.Equal(again, found.Bytes()) {
			t.Fatalf("%s and %s are one proof (%v)", data, again, err)
		}
	})
}
