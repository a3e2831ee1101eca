package quota_test

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/fdp/quota"
	"github.com/weighbridge/weighbridge/provenance"
)

// sums are the rows whose subject is not a place in the document, by limit and
// subject, without what names places.
func sums(t *testing.T, rules *fdp.Rules, catalogue *provenance.Catalogue, d quota.Document, day time.Time) map[string]quota.Row {
	t.Helper()
	data, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := quota.Parse(data, "random", catalogue)
	if err != nil && strings.Contains(err.Error(), "the same as") {
		return map[string]quota.Row{}
	}
	if err != nil {
		t.Fatal(err)
	}
	result, err := quota.Evaluate(rules, catalogue, parsed, day)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]quota.Row{}
	for _, r := range result.Limits {
		if strings.Contains(r.Subject, "shipments[") {
			continue
		}
		r.Counted = nil
		out[r.Limit+" "+r.Subject] = r
	}
	return out
}

func rat(n *json.Number) *big.Rat {
	r, _ := new(big.Rat).SetString(n.String())
	return r
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"fleet":[{"entity":"A","location":"US","product":"X","count":1,"tpp":"1","eccn":"none"}]}`))
	f.Add([]byte("shipments: []\nassurances: [IN]\n"))
	rules, catalogue := embedded(f)
	day, _ := fdp.ParseDate("2026-06-01")
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := quota.Parse(data, "fuzz", catalogue)
		if err != nil {
			return
		}
		if _, err := quota.Evaluate(rules, catalogue, d, day); err != nil {
			t.Fatalf("%q: %v", data, err)
		}
	})
}
