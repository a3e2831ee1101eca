package accounting

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Piece is a stretch of time in which chips were held at one rate, settled: no
// other piece of the same kind of source is about the same chips at the same
// time for the same account.
type Piece struct {
	Account  string
	Product  string // the catalogue's full name, or where it is not Known the source's word
	Known    bool
	Cluster  string // of the job; "": the source does not say
	Job      string
	JobAlias string
	Instance string
	Nodes    []string // on which the chips are, in equal parts; of one alone it is the Instance
	Start    int64    // nanoseconds since 1970
	End      int64
	Rate     int64    // thousandths of a chip; negative subtracts what a bill corrects
	Undated  ChipTime // of a piece without a window; the other figures of time are then zero
}

// Held is the chip-time of the piece, and whether it subtracts.
func (p Piece) Held() (amount ChipTime, negative bool) {
	switch {
	case !p.Undated.IsZero():
		return p.Undated, false
	case p.Rate < 0:
		return over(uint64(-p.Rate), p.End-p.Start), true
	}
	return over(uint64(p.Rate), p.End-p.Start), false
}

// Settler takes uses of one kind of source, in any order and from any number of
// files, and gives them back as pieces.
type Settler struct {
	chips  *Chips
	sorter sorter[entry]
	notes  notes
	uses   uint64
}

// NewSettler returns a settler that finds products by the table.
func NewSettler(chips *Chips, scratch Scratch) *Settler {
	return &Settler{chips: chips, sorter: sorter[entry]{scratch: scratch}}
}

// Add takes a use. One of units that hold no accelerator is no matter.
func (s *Settler) Add(u Use) error {
	product, perUnit, known := s.chips.Resolve(u)
	if known && perUnit == 0 {
		return nil
	}
	list, err := entries(u, product, known, perUnit)
	if err != nil {
		s.notes.add("row-unread", "%s: %v: left out", where(u.File, u.Line), err)
		return nil
	}
	s.uses++
	for _, e := range list {
		if err := s.sorter.add(e); err != nil {
			return err
		}
	}
	return nil
}

// Uses is how many rows were taken.
func (s *Settler) Uses() uint64 { return s.uses }

// Each gives the pieces, ordered by resource and time, and the findings. It can
// be called once.
func (s *Settler) Each(f func(Piece) error) ([]Finding, error) {
	sweep := sweep{notes: &s.notes, emit: f}
	if err := s.sorter.each(sweep.take); err != nil {
		return nil, err
	}
	err := sweep.group("")
	return s.notes.findings(), err
}

// sweep goes over the entries of one resource in the order of time.
type sweep struct {
	notes  *notes
	emit   func(Piece) error
	of     string // the group
	active []entry
	cursor int64
	last   entry // the entry before, of the same group
	billed ChipTime
}

func (s *sweep) take(e entry) error {
	if e.group != s.of {
		if err := s.group(e.group); err != nil {
			return err
		}
	}
	before := s.last
	s.last = e
	switch {
	case same(before, e) && (e.is(flagAdditive) || e.start == undated):
		s.repeated(before, e)
		return nil
	case e.start == undated:
		s.notes.add("undated", "%s: %s chip-hours of %s without a start: in no month", where(e.file, e.line), e.amount.Hours(), resourceOf(e))
		return s.emit(e.piece(0, 0))
	case e.is(flagAdditive):
		s.add(before, e)
		return s.emit(e.piece(e.start, e.end))
	}
	if err := s.advance(e.start); err != nil {
		return err
	}
	for _, a := range s.active {
		if same(a, e) {
			s.repeated(a, e)
			return nil
		}
	}
	s.overlap(e)
	s.active = append(s.active, e)
	return nil
}

// same says that two entries are one row, printed twice.
func same(a, b entry) bool {
	return a.group == b.group && a.account == b.account && a.job == b.job && a.start == b.start && a.end == b.end && a.rate == b.rate &&
		a.amount == b.amount && a.print == b.print && a.is(flagPart) == b.is(flagPart) && a.group != ""
}

func (s *sweep) repeated(a, b entry) {
	if b.is(flagPart) {
		return
	}
	held, _ := b.piece(b.start, b.end).Held()
	s.notes.add("repeated", "%s repeats %s: %s chip-hours of %s count once", where(b.file, b.line), where(a.file, a.line), held.Hours(), resourceOf(b))
}

// overlap says what the rows of one resource that overlap mean.
func (s *sweep) overlap(e entry) {
	if e.is(flagPart) {
		return
	}
	for _, a := range s.active {
		if a.account == e.account {
			s.notes.add("overlap", "%s overlaps %s on %s from %s: its chips are held once at a time", where(e.file, e.line), where(a.file, a.line), resourceOf(e), instant(e.start))
		} else {
			s.notes.add("shared", "%s and %s hold %s for two accounts from %s: counted to each, and so twice in their sum", where(e.file, e.line), where(a.file, a.line), resourceOf(e), instant(e.start))
		}
	}
}

// add watches over what a bill asks for one resource in one period: more than
// the period lasts is two resources under one name, or rows billed again.
func (s *sweep) add(before, e entry) {
	amount, negative := e.piece(e.start, e.end).Held()
	if before.group != e.group || before.start != e.start || before.end != e.end {
		s.billed = ChipTime{}
	}
	if !negative {
		s.billed = s.billed.Add(amount)
	}
	if !negative && before.group == e.group && before.start < e.end && e.start < before.end && (before.start != e.start || before.end != e.end) && !e.is(flagPart) && !before.is(flagPart) && before.rate > 0 {
		s.notes.add("periods-overlap", "%s and %s bill %s in periods that overlap: their times add up; look whether one replaces the other", where(before.file, before.line), where(e.file, e.line), resourceOf(e))
	}
}

// advance settles the time up to t.
func (s *sweep) advance(t int64) error {
	for len(s.active) > 0 {
		until := t
		for _, a := range s.active {
			until = min(until, a.end)
		}
		if until > s.cursor {
			if err := s.settle(s.cursor, until); err != nil {
				return err
			}
			s.cursor = until
		}
		s.active = slices.DeleteFunc(s.active, func(a entry) bool { return a.end <= until })
		if until == t {
			break
		}
	}
	s.cursor = t
	return nil
}

// settle gives each account the most that one of its rows holds.
func (s *sweep) settle(from, until int64) error {
	for i, a := range s.active {
		most := true
		for j, b := range s.active {
			if b.account == a.account && (b.rate > a.rate || b.rate == a.rate && j < i) {
				most = false
			}
		}
		if most {
			if err := s.emit(a.piece(from, until)); err != nil {
				return err
			}
		}
	}
	return nil
}

const endOfTime = 1<<63 - 1

// group ends a resource and begins the next.
func (s *sweep) group(next string) error {
	err := s.advance(endOfTime)
	s.of, s.active, s.last, s.billed = next, nil, entry{}, ChipTime{}
	return err
}

func (e entry) piece(start, end int64) Piece {
	p := Piece{Account: e.account, Product: e.product, Known: !e.is(flagUnknown), Cluster: e.cluster, Job: e.job, JobAlias: e.alias, Instance: e.instance}
	if e.nodes != "" {
		p.Nodes = strings.Split(e.nodes, ",")
	}
	if e.start == undated {
		p.Undated = e.amount
		return p
	}
	p.Start, p.End, p.Rate = start, end, e.rate
	return p
}

func resourceOf(e entry) string {
	resource, product, _ := strings.Cut(e.group, "\x00")
	return fmt.Sprintf("%s (%s)", resource, product)
}

func instant(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339) }
