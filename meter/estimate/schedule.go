package estimate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// Stretch is a part of a training run in sequences of one length.
type Stretch struct {
	Sequence uint64    // in tokens; 0: not stated
	Tokens   meter.Ops // tokens, not operations
}

// Schedule is the lengths of sequences that a run was trained at, in order. The
// zero value states none.
type Schedule struct {
	always    uint64 // one length for all tokens; 0: stretches, or nothing stated
	stretches []Stretch
}

// ParseSchedule reads a sequence length, "8192", or a schedule of lengths with
// the tokens of each, "2048:1e12,8192:5e10". An empty text states none.
func ParseSchedule(text string) (Schedule, error) {
	if text == "" {
		return Schedule{}, nil
	}
	if !strings.Contains(text, ":") {
		length, err := parseLength(text)
		return Schedule{always: length}, err
	}
	var s Schedule
	for part := range strings.SplitSeq(text, ",") {
		length, tokens, found := strings.Cut(part, ":")
		if !found {
			return Schedule{}, fmt.Errorf("sequence length %q: %q has no tokens: expected LENGTH:TOKENS for each part, as in 2048:1e12,8192:5e10", clip(text), clip(part))
		}
		n, err := parseLength(length)
		if err != nil {
			return Schedule{}, err
		}
		t, err := meter.ParseOps(tokens)
		if err != nil {
			return Schedule{}, fmt.Errorf("sequence length %q: tokens: %w", clip(text), err)
		}
		s.stretches = append(s.stretches, Stretch{n, t})
	}
	return s, nil
}

// ParseStretch reads a number of tokens, "1e9", or with the length of their
// sequences before it, "512:1e9".
func ParseStretch(text string) (Stretch, error) {
	length, tokens, both := strings.Cut(text, ":")
	if !both {
		length, tokens = "", text
	}
	var s Stretch
	var err error
	if both {
		if s.Sequence, err = parseLength(length); err != nil {
			return Stretch{}, err
		}
	}
	if s.Tokens, err = meter.ParseOps(tokens); err != nil {
		return Stretch{}, fmt.Errorf("%q: %w: expected TOKENS or LENGTH:TOKENS, as in 512:1e9", clip(text), err)
	}
	return s, nil
}

func parseLength(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n == 0 || n > MaxSequence {
		return 0, fmt.Errorf("sequence length %q: expected 1 to %d tokens, as in 8192 or 2048:1e12,8192:5e10", clip(text), uint64(MaxSequence))
	}
	return n, nil
}

// Stretches divides tokens by the schedule, in its order: a run that ended early
// has the first parts only. More tokens than the schedule covers are an error.
func (s Schedule) Stretches(tokens meter.Ops) ([]Stretch, error) {
	if len(s.stretches) == 0 {
		return []Stretch{{s.always, tokens}}, nil
	}
	var list []Stretch
	left := tokens
	for _, part := range s.stretches {
		if part.Tokens.Cmp(left) > 0 {
			part.Tokens = left
		}
		left, _ = left.Sub(part.Tokens) // never more than is left
		if !part.Tokens.IsZero() {
			list = append(list, part)
		}
	}
	if !left.IsZero() {
		return nil, fmt.Errorf("sequence length: the schedule ends %s tokens before the run of %s: expected lengths for all tokens", left, tokens)
	}
	return list, nil
}

// Covering returns the schedule with its last part made long enough for tokens,
// for a run that went on past its schedule.
func (s Schedule) Covering(tokens meter.Ops) Schedule {
	left := tokens
	for i, part := range s.stretches {
		if part.Tokens.Cmp(left) >= 0 {
			return s
		}
		if i == len(s.stretches)-1 {
			longer := slices.Clone(s.stretches)
			longer[i].Tokens = left
			return Schedule{stretches: longer}
		}
		left, _ = left.Sub(part.Tokens) // never more than is left
	}
	return s
}

// Scheduled is [Architecture.Training] over a schedule: the sum of its parts,
// each at its own length. PerToken is the span of the parts' figures, without an
// estimate where they differ.
func (a Architecture) Scheduled(tokens meter.Ops, s Schedule) (Count, error) {
	return a.scheduled(Work{Tokens: tokens}, s)
}

// Along is [Architecture.Count] over a schedule; w.Sequence is not read. What an
// encoder or a tower read is counted once, not with every part.
func (a Architecture) Along(w Work, s Schedule) (Count, error) { return a.scheduled(w, s) }

// scheduled is [Architecture.Count] over a schedule; w.Sequence is not read.
func (a Architecture) scheduled(w Work, s Schedule) (Count, error) {
	if err := a.checkStreams(w); err != nil {
		return Count{}, err
	}
	tokens := w.Tokens
	parts, err := s.Stretches(tokens)
	if err != nil {
		return Count{}, err
	}
	if len(parts) == 0 { // no tokens at all
		w.Sequence = s.always
		return a.Count(w)
	}
	var total Count
	for i, part := range parts {
		w.Tokens, w.Sequence = part.Tokens, part.Sequence
		if i == 1 {
			w.Source, w.Images = w.Source.spent(), w.Images.spent()
		}
		c, err := a.Count(w)
		if err != nil {
			return Count{}, err
		}
		if len(parts) > 1 {
			c.Source = fmt.Sprintf("for %s tokens: %s", part.Tokens, c.Source)
		}
		if i == 0 {
			total = c
			continue
		}
		if total, err = total.plus(c); err != nil {
			return Count{}, fmt.Errorf("operations of %s over %s tokens: %w", a.family, tokens, err)
		}
	}
	return total, nil
}

// spent is the stretch with its tokens counted already.
func (s *Stretch) spent() *Stretch {
	if s == nil {
		return nil
	}
	return &Stretch{Sequence: s.Sequence}
}

// checkStreams refuses what the model does not have.
func (a Architecture) checkStreams(w Work) error {
	switch {
	case w.Source != nil && !a.has(Source):
		return fmt.Errorf("source tokens: a %s model has no encoder beside its decoder", a.family)
	case (w.Images != nil || w.FixedTower) && !a.has(Image):
		return fmt.Errorf("image tokens, or a frozen tower: a %s model has no vision tower", a.family)
	case w.Images != nil && w.Images.Tokens.Cmp(w.Tokens) > 0:
		return fmt.Errorf("image tokens: %s, expected at most the %s tokens that they are among", w.Images.Tokens, w.Tokens)
	case w.Prediction && !a.predicts():
		return fmt.Errorf("multi-token-prediction modules: the configuration of this %s model has none", a.family)
	}
	return nil
}

// plus returns the count of two parts together.
func (c Count) plus(d Count) (Count, error) {
	sum, err := c.Operations.Add(d.Operations)
	if err != nil {
		return Count{}, err
	}
	c.Operations = sum
	c.PerToken = around(c.PerToken, d.PerToken)
	c.Convention = c.Convention.Merge(d.Convention)
	c.Source += "; " + d.Source
	return c, nil
}

// around returns the smallest interval around both.
func around(i, j meter.Interval) meter.Interval {
	if i == j {
		return i
	}
	i.Estimate = meter.Bound{}
	if j.Low.Cmp(i.Low) < 0 {
		i.Low = j.Low
	}
	if !j.High.Known || i.High.Known && j.High.Ops.Cmp(i.High.Ops) > 0 {
		i.High = j.High
	}
	return i
}

// IsZero reports whether no length is stated.
func (s Schedule) IsZero() bool { return s.always == 0 && len(s.stretches) == 0 }

// Length returns the one length of all sequences, or false for a schedule of
// several or when none is stated.
func (s Schedule) Length() (uint64, bool) {
	if len(s.stretches) == 1 {
		return s.stretches[0].Sequence, true
	}
	return s.always, s.always != 0
}
