package delivery

import (
	"maps"
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
			taken, known := desk.Options[o.Name]
			if !known {
				continue
			}
			for _, value := range o.Values {
				if value == taken {
					continue
				}
				then := q
				then.Regimes, then.Options = []string{desk.Regime}, maps.Clone(q.Options)
				if then.Options == nil {
					then.Options = map[string]string{}
				}
				maps.DeleteFunc(then.Options, func(name, _ string) bool { _, named := desk.Options[name]; return !named })
				then.Options[o.Name] = value
				other, err := fdp.EvaluateDesk(r, c, f, then)
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

func byStanding(desks []fdp.Desk) ByStanding {
	return ByStanding{outcome(desks, "codified"), outcome(desks, "due"), outcome(desks, "enforced")}
}
