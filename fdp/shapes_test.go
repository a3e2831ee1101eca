package fdp

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// shape is a document whose evaluation by trying every reading would take too
// long, or that nests as deep as its lineage.
type shape struct {
	name  string
	facts Facts
}

func shapes() []shape {
	return []shape{
		{"20-generators", openGenerators(20)},
		{"50-generators", openGenerators(50)},
		{"1000-generators", openGenerators(1000)},
		{"100-parents-without-relation", parentsOfRelation(100, "")},
		{"1000-parents-without-relation", parentsOfRelation(1000, "")},
		{"1000-merges", parentsOfRelation(1000, meter.Merges)},
		{"100-deep-document", nested(100)},
		{"250-models-in-a-chain", ledgerChain(250)},
		{"10000-models-in-a-chain", ledgerChain(10_000)},
	}
}

func amountOf(text string) *Amount {
	i := meter.Exact(mustOps(text))
	return &Amount{Total: &i}
}

// openGenerators: nothing but their names is known of n generators.
func openGenerators(n int) Facts {
	work := meter.Exact(mustOps("1e25"))
	f := Facts{Model: "acme/root@1", Operations: []Work{{Activity: meter.Pretraining, Interval: &work}}, Parents: []Parent{}}
	for i := range n {
		f.SyntheticData = append(f.SyntheticData, Generator{Generator: meter.ModelRef(fmt.Sprintf("teacher/g%d@1", i)), TrainingOperations: amountOf("1e24"), Parents: []Parent{}})
	}
	return f
}

func parentsOfRelation(n int, r meter.Relation) Facts {
	f := Facts{Model: "acme/root@1", Operations: []Work{}, SyntheticData: []Generator{}}
	for i := range n {
		f.Parents = append(f.Parents, Parent{Model: meter.ModelRef(fmt.Sprintf("acme/p%d@1", i)), Relation: r, Operations: amountOf("1e22")})
	}
	return f
}

// nested is a document of n generations, each inside the one before.
func nested(n int) Facts {
	var inner []Parent
	for i := n; i > 0; i-- {
		inner = []Parent{{Model: meter.ModelRef(fmt.Sprintf("acme/d%d@1", i)), Relation: meter.FineTunes, Operations: amountOf("1e22"), Parents: inner}}
	}
	return Facts{Model: "acme/root@1", Operations: []Work{}, Parents: inner, SyntheticData: []Generator{}}
}

// ledgerChain is what a ledger of n models says, each of which continues the next.
func ledgerChain(n int) Facts {
	name := func(i int) meter.ModelRef { return meter.ModelRef(fmt.Sprintf("acme/m@%d", i)) }
	f, err := FromLineage(name(n), func(m meter.ModelRef) ([]meter.Record, bool) {
		var i int
		if _, err := fmt.Sscanf(strings.TrimPrefix(string(m), "acme/m@"), "%d", &i); err != nil {
			return nil, false
		}
		r := meter.Record{Model: m, Activity: meter.Pretraining, Operations: meter.Exact(mustOps("1e20")), Weights: meter.WeightsKept, Grade: meter.GradeDerived}
		if i > 1 {
			r.Activity, r.Parents = meter.ContinuedPretraining, []meter.Parent{{Model: name(i - 1), Relation: meter.Continues}}
		}
		return []meter.Record{r}, true
	})
	if err != nil {
		panic(err)
	}
	return f
}
