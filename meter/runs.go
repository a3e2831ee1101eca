package meter

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Part says which of the processes that share a run a record is of: the ranks of
// one job, or executions that resume each other. A run that one process did
// alone has none.
type Part struct {
	Rank     uint64 `json:"rank"`
	Ranks    uint64 `json:"ranks"`    // processes at its time; 1: it was alone then
	Counting uint64 `json:"counting"` // the rank whose figures count while it has any
}

func (p *Part) validate() error {
	if p != nil && (p.Rank >= p.Ranks || p.Counting >= p.Ranks) {
		return fmt.Errorf("found rank %d and counting rank %d of %d: expected ranks below their number", p.Rank, p.Counting, p.Ranks)
	}
	return nil
}

// NetRuns returns the records of one model with every run counted once that
// several processes share (those whose records have a [Part]), in the same
// order. Low and estimate are of the union of the steps that its processes
// showed; of a step that several did, the later process counts, and steps
// between two processes count with the later one, whose state holds them. High
// is of every step executed, those done again included. Of the ranks of one
// execution the counting one counts, and where it is not recorded, or shows
// nothing, the lowest that does. The result does not depend on the order of the
// records. What was changed is said in their findings; a record that a person
// stated stands as it is. What was attested elsewhere of the same work counts once
// with it.
func NetRuns(records []Record) []Record {
	shared := map[string]bool{}
	for _, r := range records {
		shared[r.Run] = shared[r.Run] || r.Part != nil
	}
	type key struct {
		run      string
		activity Activity
	}
	parts := map[key][]*part{}
	var order []key
	out := records
	for i, r := range records {
		p, counts := partOf(r)
		if !shared[r.Run] || !counts {
			continue
		}
		if len(order) == 0 {
			out = slices.Clone(records)
		}
		k := key{r.Run, r.Activity}
		if parts[k] == nil {
			order = append(order, k)
		}
		p.record = &out[i]
		parts[k] = append(parts[k], p)
	}
	for _, k := range order {
		netRun(parts[k])
	}
	return NetAttested(heldAlone(out))
}

// part is one record of a shared run, and what it says of the run's steps.
type part struct {
	Part
	record *Record
	figure Witness // what the record would count, the counting rank or not
	shows  bool    // it shows work
	spans  []Span  // of the steps that the figure is for; none: not shown
	filled []Span  // the same, with the steps between it and an earlier process
	logged bool    // by a log: the steps between a checkpoint and its first line are not shown
	tail   uint64  // distance of its lines
	net    Interval
	taken  uint64 // steps of its own that count
}

// partOf returns what a record says, and whether it is one to be netted: what a
// person stated, telemetry and a process that never started its job are not.
func partOf(r Record) (*part, bool) {
	if r.Outcome == NeverStarted || r.Method == Declared || r.Method == HardwareTime {
		return nil, false
	}
	p := &part{Part: Part{Ranks: 1}}
	if r.Part != nil {
		p.Part = *r.Part
	}
	p.figure = Witness{Method: r.Method, Grade: r.Grade, Operations: r.Operations, Convention: r.Convention}
	if p.Rank != p.Counting {
		p.figure = bestWitness(r.Witnesses)
	} else if r.Operations == Exact(Ops{}) {
		return nil, false
	}
	p.shows = p.figure.Method != NoMethod && p.figure.Operations != Exact(Ops{})
	if p.shows {
		p.spans, p.logged, p.tail = spansOf(r)
	}
	p.filled = slices.Clone(p.spans)
	return p, true
}

// bestWitness is the figure that the record of a rank that does not count would
// have: the order of methods is that of every record (the job's counter, the
// formula, the framework's own total).
func bestWitness(list []Witness) Witness {
	best := Witness{Method: NoMethod, Grade: GradeMeasured, Operations: Unbounded(Ops{})}
	rank := func(w Witness) int {
		return slices.Index([]string{string(Performed) + string(Counted), string(Required) + string(Architecture), string(Required) + string(Counted)}, string(w.Quantity)+string(w.Method))
	}
	for _, w := range list {
		if at := rank(w); at >= 0 && (best.Method == NoMethod || at < rank(best)) {
			best = w
		}
	}
	return best
}

// spansOf returns the steps that a record's figure is for: those of the job's
// own counter where it counted, else those of the log.
func spansOf(r Record) (spans []Span, logged bool, tail uint64) {
	if r.Observed == nil {
		return nil, false, 0
	}
	for _, report := range r.Observed.Reported {
		own := report.Activity == "" || report.Activity == r.Activity
		if own && report.From != nil && report.Step != nil && *report.From < *report.Step {
			return []Span{{From: *report.From, To: *report.Step}}, false, 0
		}
	}
	if r.Observed.LogInterval != nil {
		tail = *r.Observed.LogInterval
	}
	return r.Observed.Spans, true, tail
}

// netRun nets the parts of one run and activity.
func netRun(parts []*part) {
	attempts := attemptsOf(parts)
	var ordered []*part
	for _, a := range attempts {
		ordered = append(ordered, a...)
	}
	fillGaps(ordered)
	var claimed steps
	for _, attempt := range attempts {
		lead := attempt[0]
		for _, p := range attempt {
			if p.shows && !lead.shows {
				lead = p
			}
		}
		for _, p := range attempt {
			p.claim(&claimed, p == lead)
		}
		bound(attempt, lead)
		for _, p := range attempt {
			p.write(p == lead, len(attempts))
		}
	}
}

// attemptsOf divides the parts into executions of the job, the latest first, and
// in each the counting rank first, then the lower before the higher. Ranks that
// ran at one time are of one execution; a rank is in it once.
func attemptsOf(parts []*part) [][]*part {
	slices.SortFunc(parts, func(a, b *part) int {
		return cmp.Or(a.start().Compare(b.start()), cmp.Compare(a.last(), b.last()), cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.record.Sequence, b.record.Sequence))
	})
	var attempts [][]*part
	for _, p := range parts {
		if n := len(attempts); n > 0 && p.Ranks > 1 && p.joins(attempts[n-1]) {
			attempts[n-1] = append(attempts[n-1], p)
			continue
		}
		attempts = append(attempts, []*part{p})
	}
	slices.Reverse(attempts)
	for _, a := range attempts {
		slices.SortFunc(a, func(p, q *part) int {
			return cmp.Or(cmp.Compare(q.counting(), p.counting()), cmp.Compare(p.Rank, q.Rank), cmp.Compare(p.record.Sequence, q.record.Sequence))
		})
	}
	return attempts
}

func (p *part) start() time.Time {
	if p.record.Period == nil {
		return time.Time{}
	}
	return p.record.Period.Start
}

// last is the number of the last step that the process shows.
func (p *part) last() uint64 {
	if len(p.spans) == 0 {
		return 0
	}
	return p.spans[len(p.spans)-1].To
}

func (p *part) counting() int {
	if p.Rank == p.Counting {
		return 1
	}
	return 0
}

func (p *part) joins(attempt []*part) bool {
	if p.record.Period == nil {
		return false
	}
	overlaps, near, shows := false, false, false
	brief := p.brief()
	for _, q := range attempt {
		if q.Ranks != p.Ranks || q.Rank == p.Rank || q.record.Period == nil {
			return false
		}
		overlaps = overlaps || together(*q.record.Period, *p.record.Period)
		near = near || p.record.Period.Start.Sub(q.record.Period.End) < slack
		shows, brief = shows || q.shows, brief || q.brief()
	}
	return overlaps || near && brief && !(p.shows && shows)
}

// slack is how far apart two ranks of one execution may be by clocks that differ,
// of which one shows nothing and was gone within that time.
const slack = time.Minute

func (p *part) brief() bool {
	return !p.shows && p.record.Period.End.Sub(p.record.Period.Start) < slack
}

// together reports whether two periods share half of the shorter one: so do
// ranks of one execution; one that follows another overlaps it by clocks that differ.
func together(a, b Period) bool {
	start, end := a.Start, a.End
	if b.Start.After(start) {
		start = b.Start
	}
	if b.End.Before(end) {
		end = b.End
	}
	return end.After(start) && 2*end.Sub(start) >= min(a.End.Sub(a.Start), b.End.Sub(b.Start))
}

// fillGaps gives the steps between two processes to the later one: its state
// holds them. What lies before the first is not known of this run.
func fillGaps(parts []*part) {
	var all steps
	for _, p := range parts {
		for _, s := range p.spans {
			all.add(s)
		}
	}
	for i := 1; i < len(all); i++ {
		from, to := all[i-1].To, all[i].From
		for _, p := range parts {
			at := slices.IndexFunc(p.filled, func(s Span) bool { return s.From == to })
			if at >= 0 {
				p.filled[at].From = from
				break
			}
		}
	}
}

// claim takes the steps that nobody has taken, and scales the figure to them.
// Where steps are not shown all of the figure counts, unless another rank of the
// execution shows the work.
func (p *part) claim(claimed *steps, lead bool) {
	switch {
	case !p.shows && lead:
		p.net = p.figure.Operations
		return
	case !p.shows || len(p.spans) == 0 && !lead:
		p.net = Exact(Ops{})
		return
	case len(p.spans) == 0:
		p.net = p.figure.Operations
		return
	}
	var free []Span
	for _, s := range p.filled {
		free = append(free, claimed.without(s)...)
	}
	for _, s := range free {
		claimed.add(s)
		p.taken += s.To - s.From
	}
	p.net = p.figure.Operations.share(weight(free, p.spans), weight(p.spans, p.spans))
}

// bound sets the high of an execution: what the rank with the most of it
// executed, and what it hides before the first line of its log.
func bound(attempt []*part, lead *part) {
	var high Bound
	rest := Ops{}
	for _, p := range attempt {
		if h := p.executed(); p.shows && h.Known && (!high.Known || h.Ops.Cmp(high.Ops) > 0) {
			high = h
		}
		if p != lead && p.net.High.Known {
			rest, _ = rest.Add(p.net.High.Ops) // beyond 2^128 high is too low by far more than can be true
		}
	}
	if !lead.shows || !high.Known {
		lead.net.High = Bound{}
		return
	}
	left, err := high.Ops.Sub(rest)
	if err != nil {
		left = Ops{}
	}
	for _, least := range []Bound{lead.net.High, lead.net.Estimate, Known(lead.net.Low)} {
		if least.Known && least.Ops.Cmp(left) > 0 {
			left = least.Ops
		}
	}
	lead.net.High = Known(left)
}
