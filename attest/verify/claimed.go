package verify

import (
	"slices"

	"github.com/weighbridge/weighbridge/attest"
)

// Claimed returns the models that the statements in bundles say they are about,
// sorted, each once: in those signed by one of p, or in all where p names nobody.
// Weights and subjects were not looked at: it serves to find what is asked of such a
// model, which is then asked of the bundles.
func Claimed(bundles [][]byte, p Policy) []string {
	var models []string
	for _, data := range bundles[:min(len(bundles), maxBundles)] {
		e, problem := openBundle(data)
		if problem != nil || p.trusts() && !p.signed(&e) {
			continue
		}
		if s, err := attest.ParseStatement(e.payload); err == nil && s.Ours() {
			models = append(models, string(s.Model()))
		}
	}
	slices.Sort(models)
	return slices.Compact(models)
}
