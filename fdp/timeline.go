package fdp

import (
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/provenance"
)

// Period is a stretch of days on which a regime answers the same.
type Period struct {
	From          time.Time     `json:"from"`
	To            time.Time     `json:"to"` // the last day of it
	Determination Determination `json:"determination"`
	Changes       []Change      `json:"changes"` // from the period before
}

// Timeline answers q for every day from q.AsOf to another, as periods of one
// regime: the days on which the law as the rules hold it turns (standing, country
// groups, the day after the text was last seen) are evaluated, and days between
// answer like the turn before them.
func Timeline(r *Rules, c *provenance.Catalogue, f Facts, q Question, regime string, to time.Time) ([]Period, error) {
	var out []Period
	q.Regimes = []string{regime}
	for _, day := range slices.Concat([]time.Time{q.AsOf}, r.turns(regime, q.AsOf, to)) {
		q.AsOf = day
		answered, err := Evaluate(r, c, f, q)
		if err != nil {
			return nil, err
		}
		d := answered[0]
		if len(out) == 0 {
			out = append(out, Period{From: day, Determination: d, Changes: []Change{}})
			continue
		}
		last := &out[len(out)-1]
		if changes := Diff(last.Determination, d); len(changes) > 0 {
			last.To = day.AddDate(0, 0, -1)
			out = append(out, Period{From: day, Determination: d, Changes: changes})
		}
	}
	out[len(out)-1].To = to
	return out, nil
}

// turns are the days after from, up to to, on which a dated part of the regime
// begins or has ended.
func (r *Rules) turns(regime string, from, to time.Time) []time.Time {
	var days []time.Time
	add := func(date blank, after int) {
		day, err := ParseDate(string(date))
		if day = day.AddDate(0, 0, after); err == nil && day.After(from) && !day.After(to) {
			days = append(days, day)
		}
	}
	p := r.packs[regime]
	for _, s := range p.Standing {
		add(s.From, 0)
		add(s.To, 1)
	}
	for _, g := range p.Groups {
		for _, s := range g.Spans {
			add(s.From, 0)
			add(s.To, 1)
		}
	}
	add(blank(p.TextLastSeen), 1)
	slices.SortFunc(days, time.Time.Compare)
	return slices.CompactFunc(days, time.Time.Equal)
}
