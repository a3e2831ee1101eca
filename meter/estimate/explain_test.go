package estimate

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// percentOf returns how far the convention is from the canonical count, in per
// cent, exact.
func percentOf(t testing.TB, a Architecture, convention string, sequence uint64) *big.Rat {
	t.Helper()
	part := []Stretch{{sequence, meter.NewOps(1)}}
	find := func(name string) *big.Rat {
		for _, r := range recipes() {
			if r.name == name {
				total, _ := r.total(a, part)
				return total
			}
		}
		t.Fatalf("no convention %q", name)
		return nil
	}
	got := find(convention)
	if got == nil {
		return nil
	}
	got = new(big.Rat).Quo(got, find("canonical"))
	got.Sub(got, big.NewRat(1, 1))
	return got.Mul(got, big.NewRat(100, 1))
}

// TestPercentTable: how far apart the implementations are, as the facts print
// it, for every architecture that is read. N is there what stands in matrices:
// norms, biases and position tables are left out of it. Two of the printed
// figures for gpt-oss at 128k, 200 and 685, were rounded twice (199.49, 684.48).
func TestPercentTable(t *testing.T) {
	models := map[string]Architecture{}
	for _, row := range published(t) {
		models[row["model"]] = parse(t, configOf(t, row))
	}
	for _, row := range rows(t, "percent.csv") {
		a, found := models[row["model"]]
		if !found {
			t.Errorf("no architecture for %s", row["model"])
			continue
		}
		a.norms, a.biases, a.positions, a.other, a.idle = meter.Ops{}, meter.Ops{}, meter.Ops{}, meter.Ops{}, meter.Ops{}
		length, _ := ops(t, row["sequence"]).Uint64()
		for convention, printed := range row {
			if convention == "model" || convention == "sequence" || printed == "" {
				continue
			}
			got := percentOf(t, a, convention, length)
			if got == nil {
				t.Errorf("%s at %d, %s: no number, the facts print %s", row["model"], length, convention, printed)
				continue
			}
			want, _ := new(big.Rat).SetString(printed)
			_, decimals, _ := strings.Cut(printed, ".")
			half := big.NewRat(1, 2)
			for range decimals {
				half.Quo(half, big.NewRat(10, 1))
			}
			if apart := new(big.Rat).Sub(got, want); apart.Abs(apart).Cmp(half) > 0 {
				t.Errorf("%s at %d, %s: %s %%, the facts print %s", row["model"], length, convention, got.FloatString(3), printed)
			}
		}
	}
}

// TestExplainPublished: which published totals are reproduced, by what. The
// developer's figure is taken, else the one that Epoch AI estimates.
func TestExplainPublished(t *testing.T) {
	want := map[string]string{}
	for _, row := range rows(t, "reproduced.csv") {
		want[row["model"]] = row["closest"]
	}
	var table strings.Builder
	seen, reproduced := 0, 0
	fmt.Fprintf(&table, "\n%-26s %-10s %10s  %s", "model", "by", "total", "within 2 %, closest first")
	for _, row := range published(t) {
		by, total := "developer", row["train_flop_developer"]
		if total == "" {
			by, total = "Epoch AI", row["train_flop_epoch"]
		}
		if total == "" || row["training_tokens"] == "" {
			continue
		}
		lengths, err := ParseSchedule(row["train_seq_len"])
		if err != nil {
			t.Fatal(err)
		}
		e, err := parse(t, configOf(t, row)).Explain(ops(t, strings.Replace(total, "+", "", 1)), ops(t, row["training_tokens"]), lengths)
		if err != nil {
			t.Errorf("%s: %v", row["model"], err)
			continue
		}
		seen++
		closest := ""
		if len(e.Candidates) > 0 {
			reproduced++
			closest = e.Candidates[0].Convention
		}
		fmt.Fprintf(&table, "\n%-26s %-10s %10s  %s", row["model"], by, total, describe(e))
		if expected, found := want[row["model"]]; !found || expected != closest {
			t.Errorf("%s: %s, want %q", row["model"], describe(e), expected)
		}
		delete(want, row["model"])
	}
	t.Logf("%s\n%d of %d published totals are reproduced", table.String(), reproduced, seen)
	if seen < 25 || len(want) != 0 {
		t.Errorf("%d totals were tried; not tried: %v", seen, want)
	}
}

func describe(e Explanation) string {
	var words []string
	for _, c := range e.Candidates {
		words = append(words, fmt.Sprintf("%s %s", c.Convention, c.Ratio.FloatString(4)))
	}
	if len(words) == 0 {
		return fmt.Sprintf("none; nearest %s %s", e.Nearest.Convention, e.Nearest.Ratio.FloatString(4))
	}
	return strings.Join(words, "; ")
}

// TestTotalsThatNoConventionGives: of the 8 totals of the published table that no
// convention reproduces, 7 were made in another way, which the arithmetic below
// repeats from the table's own figures to the digits printed: from the number in
// the model's name, rounded to two digits, over a lineage, or as the geometric
// mean of 6ND and chip-hours at an assumed or published share of the peak. They
// are no conventions for a count, so explain rightly gives none. StarCoder's
// stays open.
func TestTotalsThatNoConventionGives(t *testing.T) {
	const h100, a100 = 989.5e12, 312e12
	mean := func(counted, hours, peak, share float64) float64 {
		return math.Sqrt(counted * hours * 3600 * peak * share)
	}
	made := map[string]float64{
		"Gemma 2 9B":     6 * 9e9 * 8e12,                        // N of the name
		"StarCoder2 15B": 6 * 15e9 * 4.3e12,                     // N of the name
		"Llama 2 13B":    6 * 13.02e9 * 2e12,                    // to two digits
		"Code Llama 70B": 6*70e9*2e12 + 6*70e9*1e12,             // Llama 2 70B and what followed
		"Llama 3 70B":    mean(6*70e9*15e12, 6.4e6, h100, 0.43), // notes: an assumed 43 %
		"Llama 3.1 70B":  mean(6*70e9*15e12, 7e6, h100, 0.40),   // notes: an assumed 40 %
		"GLM-130B":       mean(6*130e9*4e11, 1105920, a100, 0.325),
	}
	open := []string{}
	for _, row := range rows(t, "reproduced.csv") {
		if row["closest"] != "" {
			continue
		}
		total := ""
		for _, shaped := range published(t) {
			if shaped["model"] == row["model"] {
				total = cmp.Or(shaped["train_flop_developer"], shaped["train_flop_epoch"])
			}
		}
		value, found := made[row["model"]]
		if !found {
			open = append(open, row["model"])
			continue
		}
		mantissa, _, _ := strings.Cut(total, "e")
		_, decimals, _ := strings.Cut(mantissa, ".")
		printed, _, _ := strings.Cut(strconv.FormatFloat(value, 'e', len(decimals), 64), "e")
		want, err := strconv.ParseFloat(mantissa, 64)
		got, err2 := strconv.ParseFloat(printed, 64)
		if err != nil || err2 != nil || math.Abs(got-want) > 0.0021 { // the means repeat it to two in the last of four digits
			t.Errorf("%s: %s as made, the table prints %s", row["model"], strconv.FormatFloat(value, 'e', 4, 64), total)
		}
		delete(made, row["model"])
	}
	if !slices.Equal(open, []string{"StarCoder 15.5B"}) || len(made) != 0 {
		t.Errorf("not made in any way known: %v; not in the table: %v", open, made)
	}
}

// TestExplainFindsEachConvention: what a convention gives is explained by it, to
// the operation, and what no convention gives by none.
func TestExplainFindsEachConvention(t *testing.T) {
	length, err := ParseSchedule("4096:1e9,8192:1e9")
	if err != nil {
		t.Fatal(err)
	}
	tokens := ops(t, "2e9")
	for _, row := range published(t) {
		if row["model"] != "Gemma 2 9B" && row["model"] != "GPT-NeoX-20B" && row["model"] != "DeepSeek-V3" {
			continue
		}
		a := parse(t, configOf(t, row))
		parts, err := length.Stretches(tokens)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range recipes() {
			total, why := r.total(a, parts)
			if total == nil {
				if why == "" {
					t.Errorf("%s has no number and does not say why", r.name)
				}
				continue
			}
			if !total.IsInt() {
				t.Errorf("%s: %s over 2e9 tokens", r.name, total)
			}
			stated, err := meter.OpsFromBig(total.Num())
			if err != nil {
				t.Fatal(err)
			}
			e, err := a.Explain(stated, tokens, length)
			if err != nil || len(e.Candidates) == 0 || e.Assumed != 0 {
				t.Errorf("%s: %+v %v", r.name, e, err)
				continue
			}
			first := e.Candidates[0]
			if first.Ratio.Cmp(big.NewRat(1, 1)) != 0 || first.Operations != stated || first.Convention != r.name && !slices.Contains(first.Also, r.name) {
				t.Errorf("%s: %s", r.name, describe(e))
			}
			if e.Tried+len(e.Untried) != len(Conventions()) || e.Ambiguous() != (len(e.Candidates) > 1) {
				t.Errorf("%s: tried %d, not %d of %d", r.name, e.Tried, len(e.Untried), len(Conventions()))
			}
		}
		none, err := a.Explain(ops(t, "1e25"), tokens, length)
		if err != nil || len(none.Candidates) != 0 || none.Ambiguous() || none.Nearest.Convention == "" {
			t.Errorf("%+v %v", none, err)
		}
	}
}

// TestExplainTwoPerCent: exactly 2 % is within, one operation more is not; the
// distance is measured against the stated total.
func TestExplainTwoPerCent(t *testing.T) {
	a := parse(t, []byte(small))
	for _, c := range []struct {
		total  string
		within bool
	}{
		// 4 tokens of 6 x (1408 + 40 + 256) = 40896 by 6ND: 40896/1.02 = 40094.1.
		{"40095", true}, {"40094", false}, {"41730", true}, {"41731", false}, // 40896/0.98 = 41730.6
	} {
		e, err := a.Explain(ops(t, c.total), meter.NewOps(4), Schedule{always: 1})
		if err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(e.Candidates, func(k Candidate) bool { return k.Convention == "6ND" })
		if found != c.within {
			t.Errorf("%s: within %v, want %v", c.total, found, c.within)
		}
	}
}

// TestExplainWithoutAttention: no formula that takes a length is tried on a model
// that has none, and no length is assumed.
func TestExplainWithoutAttention(t *testing.T) {
	for _, row := range rows(t, "exact.csv") {
		a := load(t, "exact/"+row["config"]+".json")
		if len(a.cores) != 0 || a.has(Source) || a.has(Image) {
			continue
		}
		c, err := a.Training(ops(t, "1e12"), 0)
		if err != nil {
			t.Fatal(err)
		}
		e, err := a.Explain(c.Operations.Low, ops(t, "1e12"), Schedule{})
		if err != nil || e.Assumed != 0 || len(e.Candidates) == 0 || e.Candidates[0].Convention != "canonical" {
			t.Errorf("%s: %s: %v", row["config"], describe(e), err)
		}
		if len(e.Untried) < 7 {
			t.Errorf("%s: only %d conventions were not tried: %v", row["config"], len(e.Untried), e.Untried)
		}
		return
	}
	t.Error("no configuration without attention")
}

// TestExplainRefusals: a zero is nobody's total.
func TestExplainRefusals(t *testing.T) {
	a := parse(t, []byte(small))
	for _, c := range []struct {
		a             Architecture
		total, tokens string
		lengths       string
		want          string
	}{
		{a, "0", "5", "", "expected both above 0"},
		{a, "5", "0", "", "expected both above 0"},
		{Architecture{}, "5", "5", "", "no architecture"},
		{a, "5", "5", "8:1", "the schedule ends"},
		{a, "5", "1e38", "8", "out of range"},
	} {
		lengths, err := ParseSchedule(c.lengths)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.a.Explain(ops(t, c.total), ops(t, c.tokens), lengths); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s over %s: %v, want %q", c.total, c.tokens, err, c.want)
		}
	}
	e, err := a.Explain(meter.NewOps(100000), meter.NewOps(10), Schedule{})
	if err != nil || e.Assumed != 64 {
		t.Errorf("without a length: assumed %d, want the configuration's 64: %v", e.Assumed, err)
	}
}
