package accounting

import (
	"cmp"
	"slices"
)

// spans are the stretches in which a run's jobs held chips. Past maxSpans nothing
// is known of how many at once.
type spans struct {
	list []Piece
	lost bool
}

// maxSpans bounds the stretches that are kept of a run.
const maxSpans = 4096

// hold notes that a piece of a run's job held chips. A bill's corrections say
// nothing of how many at once.
func (s *kindSums) hold(run int, p Piece) {
	held := s.spans[run]
	if held == nil {
		held = &spans{}
		s.spans[run] = held
	}
	if !p.Undated.IsZero() || p.Rate < 0 || len(held.list) == maxSpans {
		held.list, held.lost = nil, true
	}
	if !held.lost {
		held.list = append(held.list, Piece{Start: p.Start, End: p.End, Rate: p.Rate})
	}
}

// most is the most chips that were held at once, in thousandths.
func (s *spans) most() (uint64, bool) {
	if s.lost {
		return 0, false
	}
	var steps []step
	for _, p := range s.list {
		steps = append(steps, step{time: p.Start, delta: p.Rate}, step{time: p.End, delta: -p.Rate})
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.delta, b.delta)) })
	var now, most int64
	for _, s := range steps {
		now += s.delta
		most = max(most, now)
	}
	return uint64(most), true
}

// together notes that two runs divide a job's time.
func (s *kindSums) together(a, b int) {
	for _, pair := range [][2]int{{a, b}, {b, a}} {
		if !slices.Contains(s.shared[pair[0]], pair[1]) {
			s.shared[pair[0]] = append(s.shared[pair[0]], pair[1])
		}
	}
}
