package estimate

import (
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// TestFlopCounter: small models of 25 types were run forward in PyTorch 2.15
// with the classes of transformers 5.24 (eager attention, which computes the
// masked half too) under FlopCounterMode, which counts the matrix products that
// really ran. The table gives the same number, to the operation. Of llama4 the
// reference class runs all experts over all tokens: what was performed there is
// what all of them cost. Llava's tower has one position more than patches, which
// is left out here.
func TestFlopCounter(t *testing.T) {
	list := rows(t, "counted.csv")
	for _, row := range list {
		a := load(t, "counted/"+row["config"]+".json")
		if row["config"] == "llama4_text" {
			for i, p := range a.products {
				if strings.HasPrefix(p.Name, "experts.") {
					a.products[i].Count = p.Held
				}
			}
		}
		text, _ := ops(t, row["text"]).Uint64()
		source, _ := ops(t, row["source"]).Uint64()
		w := Work{Tokens: meter.NewOps(text), Sequence: text, Keys: FullKeys, Passes: Forward}
		if source != 0 {
			w.Source = &Stretch{Sequence: source, Tokens: meter.NewOps(source)}
		}
		if image := ops(t, row["image"]); !image.IsZero() {
			n, _ := image.Uint64()
			w.Images = &Stretch{Sequence: n, Tokens: image}
		}
		c, err := a.Count(w)
		if row["config"] == "llava" { // 3 layers: 2 x (4 x 48 x 48 + 2 x 48 x 80), and attention over 5 x 5 pairs instead of 4 x 4
			c.Operations, err = c.Operations.Add(meter.Exact(meter.NewOps(3 * (2*(4*48*48+2*48*80) + 4*48*(25-16)))))
		}
		if err != nil || c.Operations != meter.Exact(ops(t, row["forward"])) {
			t.Errorf("%s: %+v, PyTorch counted %s: %v", row["config"], c.Operations, row["forward"], err)
		}
	}
	if len(list) != 25 {
		t.Errorf("%d models", len(list))
	}
}
