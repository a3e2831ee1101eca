package delivery

import (
	"slices"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/provenance"
)

// Alternative is what would be decided under another reading of ambiguous text.
type Alternative struct {
	Option     string     `json:"option"`
	Value      string     `json:"value"`
	ByStanding ByStanding `json:"by_standing"`
}

// alternatives decides again under each other value of the readings that d took, and
// returns those that lead elsewhere.
func (d Decision) alternatives(r *fdp.Rules, c *provenance.Catalogue, f fdp.Facts, q fdp.Question, desks []fdp.Desk) ([]Alternative, error) {
	var out []Alternative
	for at, desk := range desks {
		for _, o := range r.Options(desk.Regime) {
			taken, consulted := desk.Options[o.Name]
			for _, value := range o.Values {
				if !consulted || value == taken {
					continue
				}
				other, err := fdp.EvaluateDesk(r, c, f, under(q, desk, o.Name, value))
				if err != nil {
					return nil, err
				}
				all := slices.Clone(desks)
				all[at] = other[0]
				if b := byStanding(all); b != d.ByStanding {
					out = append(out, Alternative{o.Name, value, b})
				}
			}
		}
	}
	return out, nil
}

// under asks one desk's regime again under another reading. Readings of other regimes'
// options are no question to it.
func under(q fdp.Question, desk fdp.Desk, option, value string) fdp.Question {
	q.Regimes = []string{desk.Regime}
	readings := map[string]string{option: value}
	for name, set := range q.Options {
		if _, its := desk.Options[name]; its && name != option {
			readings[name] = set
		}
	}
	q.Options = readings
	return q
}

func byStanding(desks []fdp.Desk) ByStanding {
	return ByStanding{outcome(desks, "codified"), outcome(desks, "due"), outcome(desks, "enforced")}
}
