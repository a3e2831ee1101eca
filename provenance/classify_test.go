package provenance

import (
	"math/big"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// TestGivenFigures (SPEC C8) walks both sides of every threshold of 3A090.a and .b, with
// and without a die area and the datacentre note. "-" is not given.
func TestGivenFigures(t *testing.T) {
	for _, c := range []struct {
		tpp, area  string
		datacenter Answer
		eccn       ECCN
		clause     string
	}{
		// a.1: TPP 4800 or more, whatever the area and the market
		{"4800", "1000000", Yes, ECCN3A090A, "3A090.a.1"},
		{"4800", "-", Yes, ECCN3A090A, "3A090.a.1"},
		{"4800", "-", No, ECCN3A090A, "3A090.a.1"},
		{"4800", "-", Unknown, ECCN3A090A, "3A090.a.1"},
		{"4800", "0", Yes, ECCN3A090A, "3A090.a.1"},
		{"4799.999999999", "1000000", Yes, None, ""},
		{"4799.999999999", "0", Yes, None, ""},
		{"4799.999999999", "-", Yes, Undetermined, ""},
		// a.2: TPP 1600 and density 5.92 or more; 1600/5.92 is no finite decimal, 592/100 is
		{"1776", "300", Yes, ECCN3A090A, "3A090.a.2"}, // 5.92 exactly
		{"1776", "300.000000001", Yes, ECCN3A090B, "3A090.b.2"},
		{"1600", "270", Yes, ECCN3A090A, "3A090.a.2"},
		{"1600", "270.270270271", Yes, ECCN3A090B, "3A090.b.2"},
		{"1599.999999999", "1", Yes, None, ""},
		{"1599.999999999", "-", Yes, None, ""},
		{"1599.999999999", "-", Unknown, None, ""},
		// b.1: 2400 to less than 4800, density 1.6 to less than 5.92
		{"2400", "1500", Yes, ECCN3A090B, "3A090.b.1"}, // 1.6 exactly
		{"2400", "1500.000000001", Yes, None, ""},
		{"2399.999999999", "1400", Yes, None, ""}, // density 1.71, TPP below b.1, density below b.2
		{"2399.999999999", "700", Yes, ECCN3A090B, "3A090.b.2"},
		{"4799", "3000", Yes, None, ""},
		{"4799", "2999", Yes, ECCN3A090B, "3A090.b.1"},
		// b.2: 1600 or more, density 3.2 to less than 5.92
		{"1600", "500", Yes, ECCN3A090B, "3A090.b.2"}, // 3.2 exactly
		{"1600", "500.000000001", Yes, None, ""},
		// the datacentre note: below 4800 nothing applies
		{"4799.999999999", "1", No, None, datacenterNote},
		{"1600", "500", No, None, datacenterNote},
		{"3000", "-", No, None, datacenterNote},
		{"1600", "500.1", No, None, ""}, // no paragraph to be taken out of
		{"1599", "1", No, None, ""},
		// the market not known
		{"1600", "500", Unknown, Undetermined, ""},
		{"1600", "501", Unknown, None, ""},
		{"3000", "-", Unknown, Undetermined, ""},
		// the reference chips of the facts
		{"15832", "814", Yes, ECCN3A090A, "3A090.a.1"}, // H100 SXM
		{"2368", "814", Yes, None, ""},                 // H20, density 2.91
		{"4992", "826", Yes, ECCN3A090A, "3A090.a.1"},  // A100
		{"5284.8", "608.5", No, ECCN3A090A, "3A090.a.1"},
		{"2896", "724", Yes, ECCN3A090B, "3A090.b.1"}, // MI210
		{"-", "814", Yes, Undetermined, ""},
		{"-", "-", No, Undetermined, ""},
	} {
		f := Figures{Datacenter: c.datacenter}
		if c.tpp != "-" {
			f.TPP = number(t, c.tpp)
		}
		if c.area != "-" {
			f.DieArea = number(t, c.area)
		}
		if got := Classify(f); got.ECCN != c.eccn || got.Clause != c.clause {
			t.Errorf("TPP %s, %s mm2, data centre %q: found %s %q, expected %s %q", c.tpp, c.area, c.datacenter, got.ECCN, got.Clause, c.eccn, c.clause)
		}
	}
}

// TestTechnicalNoteIllustration: "4800 is met by 600 TOPS at 8 bit or 300
// TFLOPS at 16 bit" (3A090, Technical Notes).
func TestTechnicalNoteIllustration(t *testing.T) {
	for _, r := range []Rate{{INT8, integer(600)}, {FP8, integer(600)}, {FP16, integer(300)}, {BF16, integer(300)}, {FP64, integer(75)}, {FP4, integer(1200)}, {FP6, integer(800)}} {
		c := Classify(Figures{Rates: []Rate{r}})
		if c.TPP.Cmp(integer(4800)) != 0 || c.Clause != "3A090.a.1" {
			t.Errorf("%s at %s: TPP %s, %s", r.Peak, r.Format, c.TPP, c.Clause)
		}
	}
}

// TestHighestFormatDecides: where 6-bit arithmetic runs at the 4-bit rate, 6
// bits win; a rate in no format is no zero.
func TestHighestFormatDecides(t *testing.T) {
	c := Classify(Figures{Rates: []Rate{{FP16, integer(100)}, {FP6, integer(400)}, {FP4, integer(400)}, {FP8, Number{}}}})
	if c.TPP.Cmp(integer(2400)) != 0 || c.Formats[0].Format != FP6 || len(c.Formats) != 3 {
		t.Errorf("found TPP %s by %v", c.TPP, c.Formats)
	}
}

func TestBreakPointsOfAnUnknownArea(t *testing.T) {
	c := Classify(Figures{TPP: integer(3610), Datacenter: Yes})
	if len(c.BreakPoints) != 2 || c.BreakPoints[0].AreaText() != "609.79" || c.BreakPoints[1].AreaText() != "2256.25" {
		t.Fatalf("found %v", c.BreakPoints)
	}
	first, second := c.BreakPoints[0], c.BreakPoints[1]
	if first.AtOrBelow != ECCN3A090A || first.Above != ECCN3A090B || second.AtOrBelow != ECCN3A090B || second.Above != None {
		t.Errorf("found %v", c.BreakPoints)
	}
	if got := Classify(Figures{TPP: integer(1600), Datacenter: Yes}).BreakPoints; len(got) != 2 || got[1].AreaText() != "500.00" {
		t.Errorf("TPP 1600 turns at %v, expected 270.27 and 500 mm2", got)
	}
	for _, f := range []Figures{{TPP: integer(4800), Datacenter: Yes}, {TPP: integer(1599), Datacenter: Yes}, {TPP: integer(3610), Datacenter: No}, {TPP: integer(3610), DieArea: integer(700), Datacenter: Yes}, {}} {
		if got := Classify(f).BreakPoints; len(got) != 0 {
			t.Errorf("%v has break points %v, although the area decides nothing", f, got)
		}
	}
}

// TestDensityTextStaysOnItsSide (SPEC C9): a printed 5.92 for a density just under it
// would contradict the class beside it.
func TestDensityTextStaysOnItsSide(t *testing.T) {
	for _, c := range []struct{ tpp, area, want string }{
		{"2368", "814", "2.91"}, {"1776", "300", "5.92"}, {"1776", "300.01", "5.9198"}, {"1776", "300.000000001", "5.919999"}, {"2000", "625", "3.20"}, {"2000", "625.1", "3.199"},
	} {
		got := Classify(Figures{TPP: number(t, c.tpp), DieArea: number(t, c.area), Datacenter: Yes})
		if got.DensityText() != c.want {
			t.Errorf("%s / %s prints as %s, expected %s", c.tpp, c.area, got.DensityText(), c.want)
		}
	}
}

var rank = map[ECCN]int{None: 0, ECCN3A090B: 1, ECCN3A090A: 2}

// random draws TPP and area near the thresholds as often as far from them.
func random(r *rand.Rand) (tpp, area Number) {
	tpps := []int64{1600, 2400, 4800}
	tpp = Number{big.NewRat(1+r.Int64N(9000_000), 1000)}
	if r.IntN(2) == 0 {
		tpp = Number{big.NewRat(tpps[r.IntN(3)]*1000+r.Int64N(3)-1, 1000)}
	}
	area = Number{big.NewRat(1+r.Int64N(3000_000), 1000)}
	if densities := []Number{fraction(592, 100), fraction(16, 10), fraction(32, 10)}; r.IntN(2) == 0 {
		area = tpp.over(densities[r.IntN(3)]).times(Number{big.NewRat(1_000_000+r.Int64N(3)-1, 1_000_000)})
	}
	return tpp, area
}

// TestClassIsMonotone: more TPP on the same area never lowers the class, more
// area at the same TPP never raises it, and the datacentre note never raises it.
func TestClassIsMonotone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		tpp, area := random(r)
		more, _ := random(r)
		c := Classify(Figures{TPP: tpp, DieArea: area, Datacenter: Yes})
		faster := Classify(Figures{TPP: tpp.plus(more), DieArea: area, Datacenter: Yes})
		larger := Classify(Figures{TPP: tpp, DieArea: area.plus(more), Datacenter: Yes})
		elsewhere := Classify(Figures{TPP: tpp, DieArea: area, Datacenter: No})
		if rank[faster.ECCN] < rank[c.ECCN] || rank[larger.ECCN] > rank[c.ECCN] || rank[elsewhere.ECCN] > rank[c.ECCN] {
			t.Fatalf("TPP %s on %s mm2 is %s; with %s more TPP %s, with as much more area %s, elsewhere %s", tpp, area, c.ECCN, more, faster.ECCN, larger.ECCN, elsewhere.ECCN)
		}
	}
}

// TestBreakPointsAgreeWithTheClass (SPEC C9): for any area the class that the break points
// promise is the class computed.
func TestBreakPointsAgreeWithTheClass(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	turned := 0
	for range 5000 {
		tpp, area := random(r)
		points := Classify(Figures{TPP: tpp, Datacenter: Yes}).BreakPoints
		if len(points) == 0 {
			continue
		}
		want := points[len(points)-1].Above
		for i := len(points) - 1; i >= 0; i-- {
			if area.Cmp(points[i].DieArea) <= 0 {
				want = points[i].AtOrBelow
			}
		}
		turned++
		if got := Classify(Figures{TPP: tpp, DieArea: area, Datacenter: Yes}); got.ECCN != want {
			t.Fatalf("TPP %s on %s mm2 is %s, its break points %v promise %s", tpp, area, got.ECCN, points, want)
		}
	}
	if turned < 500 {
		t.Errorf("only %d cases had break points", turned)
	}
}

// TestReasonsCite: every sentence about the law names its paragraph, and the
// reasons end with the paragraph that applies.
func TestReasonsCite(t *testing.T) {
	cites := regexp.MustCompile(`15 CFR|91 FR|BIS letters|formats with a known rate|as given|Confidence|catalogue notes|option`)
	for _, a := range embedded(t).All() {
		c := a.Classify()
		for _, reason := range c.Reasons {
			if !cites.MatchString(reason) {
				t.Errorf("%s: %q cites nothing", a.Name(), reason)
			}
		}
		text := strings.Join(c.Reasons, "\n")
		if strings.HasPrefix(c.Clause, "3A090") && !strings.Contains(text, c.Clause+" applies") {
			t.Errorf("%s is %s, which no reason says", a.Name(), c.Clause)
		}
		if c.ECCN == None && regexp.MustCompile(`3A090\.[ab]\.[12] applies`).MatchString(text) {
			t.Errorf("%s is outside, and a reason says that a paragraph applies", a.Name())
		}
		if !strings.Contains(text, "3A090.a and 3A090.b only") {
			t.Errorf("%s: no reason says what is not answered", a.Name())
		}
		if c.ECCN == Undetermined && c.TPP.Known() && len(c.BreakPoints) == 0 {
			t.Errorf("%s is undetermined without a break point", a.Name())
		}
		if a.Confidence == "C" && !strings.Contains(text, "Confidence C") {
			t.Errorf("%s has confidence C, which no reason says", a.Name())
		}
	}
}

// TestNoteWithoutAnArea: the note decides although no density is known; the
// reasons must not claim that the paragraphs failed.
func TestNoteWithoutAnArea(t *testing.T) {
	text := strings.Join(Classify(Figures{TPP: integer(3000), Datacenter: No}).Reasons, "\n")
	for _, want := range []string{"3A090.a.1 does not apply: TPP 3000 is below 4800", "3A090.a.2 cannot be decided: performance density is unknown", "3A090.a and .b do not apply", "(Note 4)"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not among the reasons:\n%s", want, text)
		}
	}
}

// TestZeroValuesDecideNothing: nobody may take a class that was never computed.
func TestZeroValuesDecideNothing(t *testing.T) {
	if c := Classify(Figures{}); c.ECCN != Undetermined || c.TPP.Known() {
		t.Errorf("no figures at all are %s", c.ECCN)
	}
	if e := (Classification{}).ECCN; e == None || e == ECCN3A090A || e == ECCN3A090B {
		t.Errorf("the zero value is %q", e)
	}
}
