package estimate

import (
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// TestCauses: for the dense 8B at 8192 tokens the ratios are those of the worked
// example: 57912852480 / 51470401536 for attention in full, 51470401536 /
// 45027950592 without it.
func TestCauses(t *testing.T) {
	data, err := os.ReadFile("../trainlog/testdata/samples/config.json")
	if err != nil {
		t.Fatal(err)
	}
	a, err := ParseConfig(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		larger, smaller int64
		name            string
	}{{57912852480, 51470401536, "counted in full"}, {51470401536, 45027950592, "left out"}, {4, 3, "recomputation"}, {2, 1, "multiply-accumulate"}} {
		ratio := big.NewRat(want.larger, want.smaller)
		cause, found := meter.LikelyCause(meter.NewOps(uint64(want.larger)), meter.NewOps(uint64(want.smaller)), a.Causes(8192))
		if !found || cause.Ratio.Cmp(ratio) != 0 || !strings.Contains(cause.Name, want.name) {
			t.Errorf("%d / %d: %+v, %v", want.larger, want.smaller, cause, found)
		}
	}
	if without := a.Causes(0); len(without) != len(meter.KnownCauses()) {
		t.Errorf("without a length attention has no ratio: %+v", without)
	}
}
