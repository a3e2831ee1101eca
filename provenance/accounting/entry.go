package accounting

import (
	"cmp"
	"encoding/binary"
	"math"
	"strings"
)

// entry is a use with its product, at one integer rate: what is sorted and
// settled. A use that does not fill its window evenly to the thousandth of a chip
// is two entries, of which the second is a part.
type entry struct {
	group    string // resource and product: what the entry's chips are
	account  string
	product  string
	cluster  string
	job      string
	alias    string
	instance string
	nodes    string // separated by commas
	file     string
	line     int64
	start    int64 // undated where math.MinInt64
	end      int64
	rate     int64 // thousandths of a chip; negative subtracts
	amount   ChipTime
	print    uint64 // of the row
	flags    uint8
}

// The flags of an entry.
const (
	flagAdditive = 1 << iota
	flagUnknown  // the product is a source's word, which nobody explained
	flagPart     // the second of a use: not another row
	flagRunning
)

const undated = math.MinInt64

func (e entry) is(flag uint8) bool { return e.flags&flag != 0 }

func (e entry) size() int {
	return 400 + len(e.group) + len(e.account) + len(e.cluster) + len(e.job) + len(e.alias) + len(e.instance) + len(e.nodes)
}

func (e entry) compare(o entry) int {
	return cmp.Or(cmp.Compare(e.group, o.group), cmp.Compare(e.start, o.start), cmp.Compare(e.end, o.end), cmp.Compare(e.account, o.account),
		cmp.Compare(e.rate, o.rate), cmp.Compare(e.print, o.print), cmp.Compare(e.job, o.job), cmp.Compare(e.flags, o.flags),
		cmp.Compare(e.file, o.file), cmp.Compare(e.line, o.line))
}

func (e entry) append(b []byte) []byte {
	for _, s := range []string{e.group, e.account, e.product, e.cluster, e.job, e.alias, e.instance, e.nodes, e.file} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for _, n := range []int64{e.line, e.start, e.end, e.rate} {
		b = binary.AppendVarint(b, n)
	}
	for _, n := range []uint64{e.amount.hi, e.amount.lo, e.print} {
		b = binary.AppendUvarint(b, n)
	}
	return append(b, e.flags)
}

func (e entry) parse(b []byte) (entry, error) {
	text := string(b) // one allocation for all of them
	at := 0
	unsigned := func() uint64 {
		n, w := binary.Uvarint(b[min(at, len(b)):])
		at += max(w, 0)
		return n
	}
	signed := func() int64 {
		n, w := binary.Varint(b[min(at, len(b)):])
		at += max(w, 0)
		return n
	}
	e = entry{}
	for _, s := range []*string{&e.group, &e.account, &e.product, &e.cluster, &e.job, &e.alias, &e.instance, &e.nodes, &e.file} {
		n := unsigned()
		if n > uint64(len(b)-min(at, len(b))) {
			return e, errScratch
		}
		*s = text[at : at+int(n)]
		at += int(n)
	}
	e.line, e.start, e.end, e.rate = signed(), signed(), signed(), signed()
	e.amount = ChipTime{unsigned(), unsigned()}
	e.print = unsigned()
	if at != len(b)-1 {
		return e, errScratch
	}
	e.flags = b[at]
	return e, nil
}

// entries turns a use of a known or unknown product into what is settled.
func entries(u Use, product string, known bool, perUnit uint64) ([]entry, error) {
	amount, err := u.Held.times(perUnit)
	if err != nil || amount.IsZero() {
		return nil, err
	}
	e := entry{group: u.Resource + "\x00" + product, account: u.Account, product: product, cluster: u.Cluster, job: u.Job, alias: u.JobAlias, instance: u.Instance,
		nodes: strings.Join(u.Nodes, ","), file: u.File, line: u.Line, start: u.Start, end: u.End, print: u.print}
	for flag, set := range map[uint8]bool{flagAdditive: u.Additive, flagUnknown: !known, flagRunning: u.Running} {
		if set {
			e.flags |= flag
		}
	}
	if u.Undated {
		e.start, e.end, e.amount = undated, undated, amount
		return []entry{e}, nil
	}
	rate, rest, err := amount.spread(u.End - u.Start)
	if err != nil {
		return nil, err
	}
	sign := int64(1)
	if u.Negative {
		sign = -1
	}
	second := e
	e.rate, second.rate = sign*int64(rate+1), sign*int64(rate)
	e.end, second.start = u.Start+rest, u.Start+rest
	second.flags |= flagPart
	var list []entry
	if rest > 0 {
		list = append(list, e)
	} else {
		second.flags &^= flagPart
	}
	if second.start < second.end && rate > 0 {
		list = append(list, second)
	}
	return list, nil
}
