package verify

import (
	"slices"

	"github.com/weighbridge/weighbridge/attest"
)

// Claimed returns the models that the statements in bundles say they are about,
// sorted, each once. Nothing was verified: it serves to look up what is asked of such
// a model, which is then asked of the signatures.
func Claimed(bundles [][]byte) []string {
	var models []string
	for _, data := range bundles[:min(len(bundles), maxBundles)] {
		e, problem := openBundle(data)
		if problem != nil {
			continue
		}
		if s, err := attest.ParseStatement(e.payload); err == nil && s.Ours() {
			models = append(models, string(s.Model()))
		}
	}
	slices.Sort(models)
	return slices.Compact(models)
}
