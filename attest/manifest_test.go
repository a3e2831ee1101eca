package attest

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
)

func digestOf(s string) string {
	d := sha256.Sum256([]byte(s))
	return "sha256:" + hex.EncodeToString(d[:])
}

func file(name, content string) File {
	return File{Name: name, Size: int64(len(content)), Digest: digestOf(content)}
}

func manifest(t testing.TB, files ...File) Manifest {
	t.Helper()
	m, err := NewManifest(files)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// rootOf concatenates raw digests in the order given, by hand.
func rootOf(files ...File) string {
	var raw []byte
	for _, f := range files {
		b, _ := hex.DecodeString(f.Digest[len("sha256:"):])
		raw = append(raw, b...)
	}
	return digestOf(string(raw))
}

// TestRootOrders (M3, M4): the one directory for which the specification's order and
// Python's differ, computed by hand in both orders.
func TestRootOrders(t *testing.T) {
	ab, a, model, w := file("a-b/x", "1"), file("a/x", "2"), file("model.safetensors", "3"), file("model/w", "4")
	m := manifest(t, w, model, a, ab)
	if got, want := m.Root(), rootOf(ab, a, model, w); got != want {
		t.Errorf("root %s, expected byte order %s", got, want)
	}
	if got, want := m.ComponentRoot(), rootOf(a, ab, w, model); got != want {
		t.Errorf("component root %s, expected component order %s", got, want)
	}
	if m.Root() == m.ComponentRoot() {
		t.Error("the two orders give one root")
	}
	flat := manifest(t, file("b", "1"), file("a", "2"))
	if flat.Root() != flat.ComponentRoot() {
		t.Error("without directories the two orders must agree")
	}
}

// TestNamesDigestBindsWhatTheRootDoesNot (M5): a rename that keeps the order keeps
// the root and changes the names digest; so do a size and a digest.
func TestNamesDigestBindsWhatTheRootDoesNot(t *testing.T) {
	m := manifest(t, file("a", "1"), file("b", "2"))
	renamed := manifest(t, file("a", "1"), file("c", "2"))
	if m.Root() != renamed.Root() || m.NamesDigest() == renamed.NamesDigest() {
		t.Error("a rename must keep the root and change the names digest")
	}
	for i, other := range []File{{"b", 2, digestOf("2")}, file("b", "3"), file("b ", "2")} {
		if m.NamesDigest() == manifest(t, file("a", "1"), other).NamesDigest() {
			t.Errorf("case %d: the names digest did not change", i)
		}
	}
	const documented = "weighbridge.dev/names/v1\n" +
		"6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b 1 1 a\n" +
		"d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35 1 1 b\n"
	if m.NamesDigest() != digestOf(documented) {
		t.Error("the names digest is not what SPEC.md says")
	}
}

// TestManifestRefuses (M1, M2): what breaks a rule has no digest.
func TestManifestRefuses(t *testing.T) {
	ok := digestOf("x")
	cases := map[string][]File{
		"no files":       nil,
		"absolute":       {{"/a", 1, ok}},
		"parent":         {{"../a", 1, ok}},
		"parent inside":  {{"a/../b", 1, ok}},
		"dot":            {{".", 1, ok}},
		"empty name":     {{"", 1, ok}},
		"trailing slash": {{"a/", 1, ok}},
		"not UTF-8":      {{"a\xff", 1, ok}},
		"line feed":      {{"a\nb", 1, ok}},
		"escape":         {{"a\x1b[2J", 1, ok}},
		"twice":          {{"a", 1, ok}, {"a", 1, ok}},
		"upper case hex": {{"a", 1, "sha256:" + strings.ToUpper(ok[7:])}},
		"other hash":     {{"a", 1, "sha512:" + ok[7:]}},
		"short digest":   {{"a", 1, ok[:70]}},
		"negative size":  {{"a", -1, ok}},
	}
	for name, files := range cases {
		m, err := NewManifest(files)
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
		if m.Root() != "" || m.ComponentRoot() != "" || m.NamesDigest() != "" {
			t.Errorf("%s: a refused manifest has a digest", name)
		}
	}
	unsorted := Manifest{Files: []File{{"b", 1, ok}, {"a", 1, ok}}}
	if unsorted.Root() != "" || unsorted.NamesDigest() != "" {
		t.Error("an unsorted manifest has a digest")
	}
}

func TestCompare(t *testing.T) {
	want := manifest(t, file("a", "1"), file("b", "2"), file("c", "3"), file("d", "4"))
	found := manifest(t, file("a", "1"), file("b", "changed"), file("e", "3"), file("f", "5"))
	var got []string
	for _, d := range want.Compare(found) {
		got = append(got, d.Kind+" "+d.Name)
	}
	if s := strings.Join(got, ", "); s != "changed b, missing d, renamed e, extra f" {
		t.Errorf("found %s", s)
	}
	if d := want.Compare(want); d != nil {
		t.Errorf("equal manifests differ: %v", d)
	}
	if s := want.Compare(found)[2].String(); s != "c was renamed to e" {
		t.Errorf("found %q", s)
	}
}

// TestCompareProperty: for random manifests there is no difference exactly when
// the names digests agree, and each file stands in at most one difference.
func TestCompareProperty(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	draw := func() Manifest {
		files := map[string]File{}
		for range 1 + random.IntN(4) {
			name := string(rune('a' + random.IntN(4)))
			files[name] = file(name, string(rune('0'+random.IntN(3))))
		}
		var list []File
		for _, f := range files {
			list = append(list, f)
		}
		return manifest(t, list...)
	}
	for range 3000 {
		m, n := draw(), draw()
		differences := m.Compare(n)
		if (len(differences) == 0) != (m.NamesDigest() == n.NamesDigest()) {
			t.Fatalf("%v and %v: %d differences, names digests %s and %s", m, n, len(differences), m.NamesDigest(), n.NamesDigest())
		}
		balance := len(m.Files)
		for _, d := range differences {
			switch d.Kind {
			case Missing:
				balance--
			case Extra:
				balance++
			}
		}
		if balance != len(n.Files) {
			t.Fatalf("%v and %v: %v does not lead from one to the other", m, n, differences)
		}
	}
}

// TestShownName (R8): no two names are shown alike, and what is shown is one line that
// shows itself.
func TestShownName(t *testing.T) {
	for name, want := range map[string]string{
		"model.safetensors": "model.safetensors", "name with space": "name with space", "ünï": "ünï",
		"a\nb": `"a\nb"`, `a\nb`: `"a\\nb"`, "a\tb": `"a\tb"`, `"a\nb"`: `"\"a\\nb\""`, "\u202egnp.exe": `"\u202egnp.exe"`, "a\x7f": `"a\x7f"`, "\xff": `"\xff"`, "\u00a0": "\u00a0",
	} {
		if got := ShownName(name); got != want {
			t.Errorf("%q: %s, expected %s", name, got, want)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	letters := []string{"a", "n", `\`, `"`, "\n", "\t", "\u202e", "ü", "/"}
	names := map[string]string{} // by what is shown
	for range 20_000 {
		name := ""
		for range r.IntN(5) {
			name += letters[r.IntN(len(letters))]
		}
		shown := ShownName(name)
		if other, taken := names[shown]; taken && other != name {
			t.Fatalf("%q and %q are both shown as %s", name, other, shown)
		}
		if names[shown] = name; strings.ContainsAny(shown, "\n\t\u202e") {
			t.Fatalf("%q is shown as %q", name, shown)
		}
	}
}

// TestValidPath (M1, R8): what a model signature lets into names, and a statement of ours
// does not.
func TestValidPath(t *testing.T) {
	for _, name := range []string{"a\nb", "a/\tb", "\x1b[2J", "a\u0085"} {
		if !ValidPath(name) || ValidName(name) {
			t.Errorf("%q: path %v, name %v", name, ValidPath(name), ValidName(name))
		}
	}
	for _, name := range []string{"", ".", "..", "../a", "a/../b", "/a", "a//b", "a/", "\xff", "a\x00b"} {
		if ValidPath(name) || ValidName(name) {
			t.Errorf("%q: path %v, name %v", name, ValidPath(name), ValidName(name))
		}
	}
}
