package estimate

import (
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// TestFlopCounter: small models of 20 types were run forward in PyTorch 2.15
// with the classes of transformers 5.24 (eager attention, which computes the
// masked half too) under FlopCounterMode, which counts the matrix products that
// really ran. The table gives the same number, to the operation. Of llama4 the
// reference class runs all experts over all tokens: what was performed there is
// what all of them cost.
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
		c, err := a.Count(w)
		if err != nil || c.Operations != meter.Exact(ops(t, row["forward"])) {
			t.Errorf("%s: %+v, PyTorch counted %s: %v", row["config"], c.Operations, row["forward"], err)
		}
	}
	if len(list) != 20 {
		t.Errorf("%d models", len(list))
	}
}
