package fdp

import (
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// ModelAt returns the model that a path of these facts is about, as in
// "parents[0].parents[1].operations" or "synthetic_data[2].share"; "" where it is about
// the model of the facts itself, or about nothing that they hold.
func (f Facts) ModelAt(path string) (model meter.ModelRef) {
	parents := f.Parents
	for part := range strings.SplitSeq(path, ".") {
		list, at, found := strings.Cut(strings.TrimSuffix(part, "]"), "[")
		i, err := strconv.Atoi(at)
		switch {
		case !found || err != nil || i < 0:
			return model
		case list == "ancestors" && model == "" && i < len(f.Ancestors):
			model, parents = f.Ancestors[i].Model, f.Ancestors[i].Parents
		case list == "parents" && i < len(parents):
			model, parents = parents[i].Model, parents[i].Parents
		case list == "synthetic_data" && model == "" && i < len(f.SyntheticData):
			return f.SyntheticData[i].Generator
		default:
			return model
		}
	}
	return model
}
