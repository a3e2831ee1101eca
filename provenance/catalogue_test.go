package provenance

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
)

func embedded(t testing.TB) *Catalogue {
	t.Helper()
	c, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestClasses (SPEC C7, C8) compares every product with testdata/classes.tsv, which a program
// in another language computed from the same data with thresholds of its own.
// A sparse rate entered in a dense column cannot pass here.
func TestClasses(t *testing.T) {
	data, err := os.ReadFile("testdata/classes.tsv")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSpace(string(data)), "\n")
	all := embedded(t).All()
	if len(all) != 109 || len(want) != len(all) {
		t.Fatalf("%d products, %d expected classes: expected 109 of each", len(all), len(want))
	}
	counts := map[string]int{}
	for i, a := range all {
		c := a.Classify()
		if got := classLine(a, c); got != want[i] {
			t.Errorf("found    %s\nexpected %s", got, want[i])
		}
		counts[string(c.ECCN)+" "+c.Clause]++
		if c.ECCN == Undetermined {
			t.Logf("undetermined: %s: %s", a.Name(), why(c))
		}
	}
	for class, n := range counts {
		t.Logf("%3d %s", n, class)
	}
}

func classLine(a Accelerator, c Classification) string {
	dash := func(known bool, text string) string {
		if !known || text == "" {
			return "-"
		}
		return text
	}
	var others []string
	for _, o := range c.Alternatives {
		others = append(others, fmt.Sprintf("%s=%s:%s", o.Option, o.TPP, o.ECCN))
	}
	density := dash(false, "")
	if pd := c.PerformanceDensity.Rat(); pd != nil {
		density = pd.String()
	}
	return strings.Join([]string{a.Name(), dash(c.TPP.Known(), c.TPP.String()), density, string(c.ECCN), dash(true, c.Clause), dash(true, strings.Join(others, " "))}, "\t")
}

func why(c Classification) string {
	if !c.TPP.Known() {
		return "no dense rate is published"
	}
	return fmt.Sprintf("TPP %s, die area unpublished, turns at %v", c.TPP, c.BreakPoints[0].AreaText())
}

// TestLint (SPEC C5) lists everything in the catalogue that looks odd and is known to be
// right. Whatever else Lint finds is to be looked into before it is added here.
func TestLint(t *testing.T) {
	known := map[string]bool{
		"sparse-rate NVIDIA Rubin (VR200, per GPU)": true, // FP4 35 PFLOPS is the vendor's dense training figure
		"sparse-rate Groq GroqChip LPU v1":          true, // INT8 750 beside FP16 188 in the product brief
		"sparse-rate Intel Gaudi3 (HL-325L)":        true, // TF32 runs at a quarter of the BF16 rate
		"shared-id 10de:25b6":                       true, // A2 and A16: the subsystem decides
		"shared-id 1002:740c":                       true, // MI250 and MI250X
		"shared-id 1002:744c":                       true, // every Navi 31 card
		"shared-id 1ae0:0027":                       true, // TPU v2 and v3
		"shared-id 19e5:d802":                       true, // Ascend 910B2 to B4
	}
	for _, s := range embedded(t).Lint() {
		key := s.Code + " " + s.Subject
		if !known[key] {
			t.Errorf("%s: %s", key, s.Message)
		}
		delete(known, key)
	}
	for key := range known {
		t.Errorf("%s is no longer found: take it off the list, or mend the lint", key)
	}
}

// TestLintNoticesSparseRates (SPEC C5) doubles the low-precision rates of each product in
// turn, as one would by copying a datasheet's headline.
func TestLintNoticesSparseRates(t *testing.T) {
	noticed, possible := 0, 0
	for _, columns := range [][]string{{"fp8", "int8"}, {"fp4", "int4", "fp6"}, {"fp16", "bf16", "fp8", "int8", "fp4", "int4", "fp6"}} {
		for i, a := range embedded(t).All() {
			changed := doubled(t, i, columns)
			if changed == nil {
				continue
			}
			c, err := ParseCatalogue(changed, nil)
			if err != nil {
				t.Fatal(err)
			}
			possible++
			if c.All()[i].sparse() != "" {
				noticed++
			} else if line := classLine(a, c.All()[i].Classify()); line == classLine(a, a.Classify()) {
				t.Errorf("%s: doubling %v changes neither TPP nor class and is not noticed", a.Name(), columns)
			}
		}
	}
	t.Logf("lint notices %d of %d doublings; testdata/classes.tsv shows the others", noticed, possible)
	if noticed*2 < possible {
		t.Errorf("lint notices only %d of %d doublings", noticed, possible)
	}
}

// doubled returns the embedded data with some rates of one product doubled, nil
// when that changes nothing that could be seen: no such rates, or rates that
// even doubled stay under the product's TPP.
func doubled(t *testing.T, product int, columns []string) []byte {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(accelerators)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	seen := false
	before := embedded(t).All()[product].Classify().TPP
	for i, column := range records[0] {
		cell := &records[product+1][i]
		if !contains(columns, column) || *cell == "" {
			continue
		}
		n := number(t, *cell).times(integer(2))
		seen = seen || before.below(n.times(integer(Format(column).Bits())))
		*cell = n.String()
	}
	if !seen {
		return nil
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.WriteAll(records); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func contains(all []string, s string) bool {
	for _, x := range all {
		if x == s {
			return true
		}
	}
	return false
}

// TestFiguresAreExact (SPEC C2, C3): a figure of the catalogue is exact, and what it does not have
// is unknown.
func TestFiguresAreExact(t *testing.T) {
	a, err := embedded(t).Find("NVIDIA A2")
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Peak(FP64).Rat(); got.Cmp(big.NewRat(7, 100)) != 0 {
		t.Errorf("FP64 is %s, expected 7/100", got)
	}
	if a.Peak(FP8).Known() {
		t.Errorf("FP8 is %s, expected unknown", a.Peak(FP8))
	}
}

// TestRefusedCatalogues (SPEC C1 to C4, C6) changes a good table in one place each (testdata/refused.tsv:
// name, old text, new text, what the error must say) and expects an error.
func TestRefusedCatalogues(t *testing.T) {
	good, disputed := vectorData(t)
	if _, err := ParseCatalogue(good, disputed); err != nil {
		t.Fatal(err)
	}
	vectors, err := os.ReadFile("testdata/refused.tsv")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for line := range strings.Lines(string(vectors)) {
		v := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(v) != 4 {
			t.Fatalf("%q: expected four columns", line)
		}
		count++
		unquote := strings.NewReplacer(`\n`, "\n", `\r`, "\r", `\0`, "\x00", `\e`, "")
		old, changed := unquote.Replace(v[1]), unquote.Replace(v[2])
		if strings.Count(string(good)+string(disputed), old) != 1 {
			t.Errorf("%s: %q stands in the data %d times, expected once", v[0], old, strings.Count(string(good)+string(disputed), old))
			continue
		}
		_, err := ParseCatalogue([]byte(strings.Replace(string(good), old, changed, 1)), []byte(strings.Replace(string(disputed), old, changed, 1)))
		if err == nil || !strings.Contains(err.Error(), v[3]) {
			t.Errorf("%s: found %v, expected an error with %q", v[0], err, v[3])
		}
	}
	if count < 30 {
		t.Errorf("%d vectors, expected at least 30", count)
	}
}

func vectorData(t testing.TB) (good, disputed []byte) {
	t.Helper()
	good, err := os.ReadFile("testdata/good.csv")
	if err != nil {
		t.Fatal(err)
	}
	disputed, err = os.ReadFile("testdata/good-disputes.csv")
	if err != nil {
		t.Fatal(err)
	}
	return good, disputed
}

func TestOversizeCatalogueIsRefused(t *testing.T) {
	if _, err := ParseCatalogue(make([]byte, maxCatalogue+1), nil); err == nil || !strings.Contains(err.Error(), "expected at most") {
		t.Errorf("found %v", err)
	}
}

// TestSpecExample reads the example of SPEC.md.
func TestSpecExample(t *testing.T) {
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(spec), "```csv\n")
	if len(blocks) != 3 {
		t.Fatalf("%d CSV examples, expected 2", len(blocks)-1)
	}
	example := func(block string) []byte { text, _, _ := strings.Cut(block, "```"); return []byte(text) }
	c, err := ParseCatalogue(example(blocks[1]), example(blocks[2]))
	if err != nil {
		t.Fatal(err)
	}
	got := c.All()[0].Classify()
	if got.Clause != "3A090.b.1" || len(got.Alternatives) != 2 {
		t.Errorf("the example is %s with %v", got.Clause, got.Alternatives)
	}
}

func FuzzParseCatalogue(f *testing.F) {
	good, disputed := vectorData(f)
	f.Add(good, disputed)
	f.Add(bytes.Replace(good, []byte("989.5"), []byte("1e9"), 1), disputed)
	f.Add(good[:len(good)/2], []byte(nil))
	f.Add([]byte("vendor,product\n"), []byte("\"\n"))
	f.Fuzz(func(t *testing.T, accelerators, disputes []byte) {
		c, err := ParseCatalogue(accelerators, disputes)
		if err != nil {
			return
		}
		c.Lint()
		for _, a := range c.All() {
			if a.Vendor == "" || a.Product == "" {
				t.Fatalf("a product without a name: %+v", a)
			}
			found, err := c.Find(a.Name())
			if err == nil && normalise(found.Name()) != normalise(a.Name()) {
				t.Errorf("%q finds %q", a.Name(), found.Name())
			}
			if class := a.Classify(); class.ECCN == "" || len(class.Reasons) == 0 {
				t.Errorf("%q: class %q with %d reasons", a.Name(), class.ECCN, len(class.Reasons))
			}
		}
	})
}
