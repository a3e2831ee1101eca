package fdp

import (
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

func TestModelAt(t *testing.T) {
	f := Facts{Parents: []Parent{{Model: "a/mid@1", Parents: []Parent{{Model: "a/base@1"}, {Model: "a/side@1"}}}, {Model: "a/other@1"}},
		Ancestors: []Parent{{Model: "a/far@1", Parents: []Parent{{Model: "a/farther@1"}}}}, SyntheticData: []Generator{{Generator: "a/teacher@1"}}}
	for path, expected := range map[string]meter.ModelRef{
		"parents[0].operations": "a/mid@1", "parents[0].parents[1].operations": "a/side@1", "parents[1].publication": "a/other@1",
		"ancestors[0].parents[0].operations": "a/farther@1", "ancestors[0].operations": "a/far@1", "synthetic_data[0].share": "a/teacher@1",
		"operations[1]": "", "weights.publication": "", "parents[9].operations": "", "parents[-1].operations": "", "parents[x].operations": "", "": "",
	} {
		if found := f.ModelAt(path); found != expected {
			t.Errorf("%s: %q, expected %q", path, found, expected)
		}
	}
}
