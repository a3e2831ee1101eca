package accounting

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Tally adds pieces up by account, product and month.
type Tally struct {
	sums  map[tallyKey]*signed
	month month
}

type tallyKey struct {
	account, product string
	known            bool
	month            int // since the year 0; noMonth for undated pieces
}

const noMonth = -1

// signed is what was held and what a bill took back.
type signed struct{ plus, minus ChipTime }

// NewTally returns an empty one.
func NewTally() *Tally { return &Tally{sums: map[tallyKey]*signed{}} }

// month is a month with its bounds.
type month struct {
	index      int
	start, end int64
}

func monthOf(ns int64) month {
	t := time.Unix(0, ns).UTC()
	first := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	return month{t.Year()*12 + int(t.Month()) - 1, first.UnixNano(), first.AddDate(0, 1, 0).UnixNano()}
}

// monthName is as in 2026-08.
func monthName(index int) string { return fmt.Sprintf("%04d-%02d", index/12, index%12+1) }

// Add takes a piece; one that crosses months is divided among them.
func (t *Tally) Add(p Piece) error {
	key := tallyKey{p.Account, p.Product, p.Known, noMonth}
	if !p.Undated.IsZero() {
		t.add(key, p)
		return nil
	}
	for p.Start < p.End {
		if p.Start < t.month.start || p.Start >= t.month.end {
			t.month = monthOf(p.Start)
		}
		part := p
		part.End = min(p.End, t.month.end)
		key.month = t.month.index
		t.add(key, part)
		p.Start = part.End
	}
	return nil
}

func (t *Tally) add(key tallyKey, p Piece) {
	sum := t.sums[key]
	if sum == nil {
		sum = &signed{}
		t.sums[key] = sum
	}
	amount, negative := p.Held()
	if negative {
		sum.minus = sum.minus.Add(amount)
	} else {
		sum.plus = sum.plus.Add(amount)
	}
}

// Line is the chip-time that an account held of a product in one month.
type Line struct {
	Account string
	Product string
	Known   bool
	Month   string // as in 2026-08; "" where the source states no time
	Held    ChipTime
}

// Lines returns the sums by account, product and month, and a finding for each
// month in which more was taken back than held.
func (t *Tally) Lines() ([]Line, []Finding) {
	keys := slices.SortedFunc(maps.Keys(t.sums), func(a, b tallyKey) int {
		known := func(k tallyKey) int {
			if k.known {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(known(a), known(b)), cmp.Compare(a.product, b.product), cmp.Compare(a.month, b.month))
	})
	var lines []Line
	n := &notes{}
	for _, key := range keys {
		sum := t.sums[key]
		line := Line{Account: key.account, Product: key.product, Known: key.known}
		if key.month != noMonth {
			line.Month = monthName(key.month)
		}
		held, enough := sum.plus.Sub(sum.minus)
		if !enough {
			more, _ := sum.minus.Sub(sum.plus)
			n.add("negative", "account %.80q, %s, %s: corrections take back %s chip-hours more than were held: taken as none", key.account, key.product, line.Month, more.Hours())
		}
		line.Held = held
		lines = append(lines, line)
	}
	return lines, n.findings()
}
