package estimate

import (
	"math/big"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// TestConvert: what a convention gives comes back as the canonical count, to the
// operation, for every convention and several shapes.
func TestConvert(t *testing.T) {
	for _, row := range published(t) {
		if row["model"] != "Gemma 2 9B" && row["model"] != "GPT-NeoX-20B" && row["model"] != "DeepSeek-V3" {
			continue
		}
		a := parse(t, configOf(t, row))
		canonical, err := a.Training(ops(t, "1e12"), 2048)
		if err != nil {
			t.Fatal(err)
		}
		converted := 0
		for _, r := range recipes() {
			total, _ := r.total(a, []Stretch{{2048, ops(t, "1e12")}})
			if total == nil || otherWork(r.name) {
				if _, err := a.Convert(meter.NewOps(1), r.name, 2048); err == nil {
					t.Errorf("%s has no number for %s and was converted", r.name, row["model"])
				}
				continue
			}
			stated, err := meter.OpsFromBig(total.Num())
			if err != nil || !total.IsInt() {
				t.Fatal(total, err)
			}
			c, err := a.Convert(stated, r.name, 2048)
			if err != nil || c.Operations != canonical.Operations.Low || c.Convention != canonical.Convention {
				t.Errorf("%s: %+v, want %s: %v", r.name, c, canonical.Operations.Low, err)
			}
			unit, shapeless, err := ConvertUnit(stated, r.name)
			if err != nil || shapeless && unit.Operations != canonical.Operations.Low {
				t.Errorf("%s: %+v, want %s: %v", r.name, unit, canonical.Operations.Low, err)
			}
			converted++
		}
		if converted < 22 {
			t.Errorf("%s: only %d conventions were converted", row["model"], converted)
		}
	}
}

// TestConvertRefusals: a name that is not one, a length that is not stated, a
// number out of range.
func TestConvertRefusals(t *testing.T) {
	a := parse(t, []byte(small))
	for _, c := range []struct {
		a          Architecture
		total      string
		convention string
		sequence   uint64
		want       string
	}{
		{a, "5", "GPT-4", 8, "found 0 that begin so, expected one of: canonical; "},
		{a, "5", "", 8, "found 0"},
		{a, "5", "LoRA", 8, "found 3"},
		{a, "5", "6ND, all", 8, "no experts"},
		{a, "5", "torchtitan", 0, "the length of the sequences"},
		{a, "3e38", "3ND", 8, "out of range"},
		{a, "5", "fvcore", 8, "other work than training"},
		{a, "5", "LoRA: frozen", 8, "other work than training"},
		{Architecture{}, "5", "6ND", 8, "no architecture"},
	} {
		if _, err := c.a.Convert(ops(t, c.total), c.convention, c.sequence); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.convention, err, c.want)
		}
	}
	c, found, err := ConvertUnit(meter.NewOps(7), "canonical x 4/3")
	if err != nil || !found || c.Operations != meter.NewOps(5) || c.Ratio.Cmp(big.NewRat(3, 4)) != 0 {
		t.Errorf("%+v %v %v", c, found, err)
	}
	if _, found, err := ConvertUnit(meter.NewOps(7), "6nd"); found || err != nil {
		t.Errorf("6ND needs an architecture: %v %v", found, err)
	}
	if _, _, err := ConvertUnit(ops(t, "3e38"), "canonical in multiply"); err == nil {
		t.Error("twice 3e38 was accepted")
	}
}
