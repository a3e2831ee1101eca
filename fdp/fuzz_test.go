package fdp

import (
	"bytes"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/weighbridge/weighbridge/meter"
)

// seeds are the example of SPEC.md, every case of the law's table in its
// canonical form, and every document that is refused.
func seeds(t testing.TB) [][]byte {
	t.Helper()
	var out [][]byte
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	out = append(out, []byte(block(t, string(spec), "```yaml facts\n")))
	for _, c := range lawCases(t) {
		encoded, err := c.facts.Encode()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, encoded)
	}
	archive, err := txtar.ParseFile("testdata/refused.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range archive.Files {
		out = append(out, []byte(strings.SplitN(string(file.Data), "\n", 3)[2]))
	}
	return out
}

func block(t testing.TB, text, fence string) string {
	t.Helper()
	_, after, found := strings.Cut(text, fence)
	inside, _, closed := strings.Cut(after, "\n```")
	if !found || !closed {
		t.Fatalf("SPEC.md has no block %q", fence)
	}
	return inside
}

// FuzzParseFacts (F10): what is read is encoded in one way, which reads back to the
// same facts and the same bytes; nothing panics.
func FuzzParseFacts(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		facts, err := ParseFacts(data, "facts")
		if err != nil {
			return
		}
		encoded, err := facts.Encode()
		if err != nil {
			t.Fatalf("read, but not encoded: %v", err)
		}
		back, err := ParseFacts(encoded, "canonical")
		if err != nil {
			t.Fatalf("%s does not read back: %v", encoded, err)
		}
		if !reflect.DeepEqual(back, facts) {
			t.Fatalf("%s reads back as other facts", encoded)
		}
		if again, err := back.Encode(); err != nil || !bytes.Equal(again, encoded) {
			t.Fatalf("%s encodes again as %s (%v)", encoded, again, err)
		}
	})
}

// FuzzEvaluate: no facts make the evaluation panic or fail but by their size, and
// the same facts give the same bytes.
func FuzzEvaluate(f *testing.F) {
	for i, seed := range seeds(f) {
		if i%3 == 0 { // the cases run in TestCasesFromTheText too
			f.Add(seed)
		}
	}
	r, catalogue := embeddedForTest(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		facts, err := ParseFacts(data, "facts")
		if err != nil {
			return
		}
		q := Question{AsOf: lawCase{}.question(t).AsOf} // every regime
		first, err := Evaluate(r, catalogue, facts, q)
		if err != nil {
			if !strings.Contains(err.Error(), "out of range") {
				t.Fatal(err)
			}
			return
		}
		second, _ := Evaluate(r, catalogue, facts, q)
		for i := range first {
			a, errA := first[i].Encode()
			b, errB := second[i].Encode()
			if errA != nil || errB != nil || !bytes.Equal(a, b) {
				t.Fatalf("%s: two evaluations differ: %v %v", first[i].Regime, errA, errB)
			}
			if _, err := ParseDetermination(a); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// FuzzRules: rules come with a determination from whoever signs it. Whatever a pack
// says, it is refused with a place, or it answers for every case without a panic.
func FuzzRules(f *testing.F) {
	r, catalogue := embeddedForTest(f)
	for name, data := range r.Files() {
		f.Add(name, string(data))
	}
	cases := lawCases(f)
	f.Fuzz(func(t *testing.T, name, data string) {
		regime, _, _ := strings.Cut(name, "/")
		files := filesOf(r, regime)
		files[name] = []byte(data)
		changed, err := RulesFromFiles(files)
		if err != nil {
			return
		}
		for i := 0; i < len(cases); i += 40 {
			q := Question{AsOf: cases[i].question(t).AsOf}
			if _, err := Evaluate(changed, catalogue, cases[i].facts, q); err != nil && !errors.Is(err, meter.ErrOpsRange) {
				t.Fatalf("rules that pass the linter cannot answer %s: %v", cases[i].Name, err)
			}
		}
		for _, regime := range changed.Regimes() {
			changed.Text(regime, cases[0].question(t).AsOf)
		}
	})
}

func FuzzParseShare(f *testing.F) {
	for _, s := range []string{"0", "1", "0.1", "1e-3", "10e-1", "1.01", "-0", ".5", "0.10000000000000000000000000000000000000001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		share, err := ParseShare(s)
		if err != nil {
			return
		}
		if back, err := ParseShare(string(share)); err != nil || back != share {
			t.Fatalf("%q is written as %q, which reads as %q (%v)", s, share, back, err)
		}
	})
}
