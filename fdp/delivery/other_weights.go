package delivery

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
)

// OfOtherWeights returns the decision where the weights that are handed over (an OMS
// root) are none of those that the records of the model wrote: what is known is known of
// other weights, and is released under no standing and no reading. With wrote empty
// nothing can be held against them, and the decision is as it was.
func (d Decision) OfOtherWeights(weights string, wrote []string) Decision {
	if len(wrote) == 0 {
		return d
	}
	d.ByStanding = d.ByStanding.notReleased()
	d.Decision = d.ByStanding.Under(d.Standing)
	d.Actions = append(slices.Clone(d.Actions), fdp.Action{Action: "output-differs", Always: true, Sentence: fmt.Sprintf(
		"Find out which weights these are: the records of %s wrote %s, those of this delivery are %s. Record the run that wrote them, or hand over those that it wrote.",
		d.Model, strings.Join(wrote, ", "), weights)})
	d.RestsOn = nil // nothing is released
	var others []Alternative
	for _, other := range d.Alternatives {
		if other.ByStanding = other.ByStanding.notReleased(); other.ByStanding != d.ByStanding {
			others = append(others, other)
		}
	}
	d.Alternatives = others
	return d
}

func (b ByStanding) notReleased() ByStanding {
	not := func(o Outcome) Outcome {
		if o == Release {
			return Undetermined
		}
		return o
	}
	return ByStanding{not(b.Codified), not(b.Due), not(b.Enforced)}
}
