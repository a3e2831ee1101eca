package trainlog

import (
	"bytes"
	"math"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// state is what has been read. It is cloned for a snapshot, so that the
// unfinished last line can be read without being consumed.
type state struct {
	off        bool     // no format is read
	forced     string   // the format asked for, or ""
	candidates []parser // the formats still possible; once one is met, it stands first
	met        bool     // the first candidate is the log's format

	lines, unread, lost uint64
	gap                 bool // bytes were lost since the last line used
	chain               chain
	reports             reports
	notes               notes
	elsewhere           notes    // what formats find that are not the log's: nobody's business
	marks               *matcher // of every format that is still possible
	marksOf             []string // what it looks for
	checks              int      // how often they were compared since a format was met
	clean               []byte   // scratch for a line without escape sequences

	document      objectScanner // a JSON object that has not ended yet
	documentLines uint64        // its lines before this one that are not blank
}

func (s *state) clone() state {
	c := *s
	c.candidates = make([]parser, len(s.candidates))
	for i, p := range s.candidates {
		c.candidates[i] = p.clone()
	}
	c.chain = s.chain.clone()
	c.reports = s.reports.clone()
	c.notes = s.notes.clone()
	c.document = s.document.clone()
	c.clean, c.elsewhere = nil, notes{}
	return c
}

// line reads one line that begins at offset at; whole says that its end was
// seen.
func (s *state) line(raw []byte, at int64, whole bool, t traits) {
	s.lines++
	l := line{at: at, whole: whole, gap: s.gap, traits: t}
	if !bytes.HasPrefix(raw, []byte(reportMark)) && s.inDocument(raw, &l) { // a report may come in between
		return
	}
	v := foreign
	l.text = s.strip(raw, t)
	l.label, l.text = labelOf(l.text)
	if l.object != nil || s.mayMean(l.text, t) {
		v = s.judge(l)
	}
	switch v {
	case foreign:
		if len(bytes.TrimSpace(raw)) > 0 {
			s.unread++
		}
	case signature:
		s.gap = false
		s.chain.add(raw, at)
	}
}

// mayMean reports whether a format may understand the line.
func (s *state) mayMean(raw []byte, t traits) bool { return t.brace || s.marks.in(raw) }

// maxChecks: a format's marks change with its header, which is among the first
// lines that it understands.
const maxChecks = 64

// remark collects the marks of the formats that are still possible.
func (s *state) remark() {
	if s.checks++; s.checks > maxChecks {
		return
	}
	marks := []string{reportMark}
	for i, p := range s.candidates {
		if i == 0 || !s.met || yields(s.candidates[0]) {
			marks = append(marks, p.marks()...)
		}
	}
	if !slices.Equal(marks, s.marksOf) {
		s.marks, s.marksOf = newMatcher(marks), marks
	}
}

// judge gives the line to our own reports, to the log's format, and to the
// others: before a format is met they may be it, afterwards they only tell that
// two formats stand in one log.
func (s *state) judge(l line) verdict {
	if v := s.reports.read(l, &s.notes); v != foreign {
		return v
	}
	for i, p := range s.candidates {
		open := !s.met || i > 0 && yields(s.candidates[0]) && !yields(p)
		n := &s.notes
		if i > 0 && !open {
			n = &s.elsewhere
		}
		switch v := p.read(l, n); {
		case v == signature && i > 0 && !open:
			s.notes.add(TwoFormats, l.at, 0, 0)
			return foreign
		case v == signature:
			if i > 0 && s.met {
				s.chain = chain{} // what it holds is of the format that gives way
			}
			if i > 0 || !s.met {
				s.checks = 0
			}
			s.candidates[0], s.candidates[i] = s.candidates[i], s.candidates[0]
			s.met = true
			s.remark()
			return v
		case v == understood && (i == 0 || open):
			s.remark()
			return v
		}
	}
	return foreign
}

// dropped counts a line that was too long, or torn by a loss.
func (s *state) dropped(at int64, torn bool) {
	s.lines++
	s.unread++
	if !torn {
		s.notes.add(LongLine, at, 0, 0)
	}
}

// loss counts n bytes that never came.
func (s *state) loss(n uint64, at int64) {
	s.gap = true
	s.lost = saturated(s.lost, n)
	s.notes.add(LostBytes, at, s.lost, 0)
}

// strip returns the text without terminal escape sequences.
func (s *state) strip(raw []byte, t traits) []byte {
	if !t.escape {
		return raw
	}
	s.clean = appendPlain(s.clean[:0], raw)
	return s.clean
}

// record reads one record of an event file.
func (s *state) record(record []byte, at int64) {
	s.lines++
	if s.judge(line{record: record, at: at, whole: true}) == foreign {
		s.unread++
	}
}

func (s *state) observation() meter.Observation {
	o := meter.Observation{Lines: s.lines, Unread: s.unread, Lost: s.lost, Reported: s.reports.reported()}
	if s.met {
		o.Format = s.candidates[0].name()
		s.candidates[0].observe(&o)
		o.Parameters, o.ParametersRounding = sheet(s.candidates[0].figures()).parameters()
	} else if s.forced != "" {
		s.notes.add(FormatNotMet, 0, 0, 0)
	}
	o.LinesDigest, o.FirstOffset, o.EndOffset = s.chain.sum()
	o.Findings = s.notes.findings(s.forced)
	return o
}

func (s *state) figures() []Figure {
	if !s.met {
		return nil
	}
	list := s.candidates[0].figures()
	slices.SortFunc(list, func(a, b Figure) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// saturated returns a + b, or the largest number there is.
func saturated(a, b uint64) uint64 {
	if a > math.MaxUint64-b {
		return math.MaxUint64
	}
	return a + b
}

// addOffset advances an offset without wrapping round.
func addOffset(at int64, n uint64) int64 {
	if n > uint64(math.MaxInt64-at) {
		return math.MaxInt64
	}
	return at + int64(n)
}
