package accounting

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/big"
)

// Balance holds what sources say was held against an inventory, moment by moment:
// chips that are idle in one hour do not make up for chips that nobody has in
// another. Its memory does not grow with the number of pieces.
type Balance struct {
	sorter  sorter[step]
	undated map[Holding]*big.Int
	kinds   map[Kind]bool
}

// Holding is a product as one kind of source shows it.
type Holding struct {
	Kind    Kind
	Product string
}

// Balanced are chip-seconds: idle are those that the inventory has and the source
// does not show held, beyond those that the source shows and the inventory has not.
// What a source does not date is beyond. Held + Idle = Inventory + Beyond, exactly.
type Balanced struct {
	Held, Idle, Beyond, Inventory *big.Rat
}

// NewBalance returns an empty one.
func NewBalance(scratch Scratch) *Balance {
	return &Balance{sorter: sorter[step]{scratch: scratch}, undated: map[Holding]*big.Int{}, kinds: map[Kind]bool{}}
}

// Has takes a piece of the inventory. One without a window has no moment: it is
// left out, and the settler has a finding on it.
func (b *Balance) Has(p Piece) error { return b.add("", p) }

// Holds takes a piece of a source of a kind.
func (b *Balance) Holds(kind Kind, p Piece) error {
	b.kinds[kind] = true
	if !p.Undated.IsZero() {
		into(b.undated, Holding{kind, p.Product}, p.Undated.Big())
		return nil
	}
	return b.add(kind, p)
}

func (b *Balance) add(kind Kind, p Piece) error {
	if !p.Undated.IsZero() || p.Start >= p.End {
		return nil
	}
	if err := b.sorter.add(step{p.Product, kind, p.Start, p.Rate}); err != nil {
		return err
	}
	return b.sorter.add(step{p.Product, kind, p.End, -p.Rate})
}

// Balanced returns the sums of each kind of source that held anything and of each
// product that it or the inventory has. It can be called once.
func (b *Balance) Balanced() (map[Holding]Balanced, error) {
	s := balanceSweep{kinds: b.kinds, sums: map[Holding]*balanceSums{}}
	if err := b.sorter.each(s.take); err != nil {
		return nil, err
	}
	for key, amount := range b.undated {
		sum := s.of(key)
		sum.held.Add(&sum.held, amount)
		sum.beyond.Add(&sum.beyond, amount)
	}
	out := map[Holding]Balanced{}
	for key, sum := range s.sums {
		out[key] = Balanced{secondsOf(&sum.held), secondsOf(&sum.idle), secondsOf(&sum.beyond), secondsOf(&sum.inventory)}
	}
	return out, nil
}

type balanceSums struct{ held, idle, beyond, inventory big.Int }

// balanceSweep goes over the steps of one product in the order of time.
type balanceSweep struct {
	kinds   map[Kind]bool
	sums    map[Holding]*balanceSums
	product string
	at      int64
	have    int64
	used    map[Kind]int64
}

func (s *balanceSweep) of(key Holding) *balanceSums {
	if s.sums[key] == nil {
		s.sums[key] = &balanceSums{}
	}
	return s.sums[key]
}

func (s *balanceSweep) take(next step) error {
	if next.product != s.product || s.used == nil {
		s.product, s.at, s.have, s.used = next.product, next.time, 0, map[Kind]int64{}
	}
	for kind := range s.kinds {
		s.of(Holding{kind, s.product}).over(s.have, s.used[kind], next.time-s.at)
	}
	s.at = next.time
	before := s.have
	if next.kind != "" {
		before = s.used[next.kind]
	}
	after := before + next.delta
	if (after > before) != (next.delta > 0) && next.delta != 0 {
		return fmt.Errorf("more than 9.2e15 chips of %.80q at once at %s: expected a number of chips that there can be", next.product, instant(next.time))
	}
	if next.kind == "" {
		s.have = after
	} else {
		s.used[next.kind] = after
	}
	return nil
}

// over adds a stretch of time in which nothing changes.
func (s *balanceSums) over(have, used, nanoseconds int64) {
	if nanoseconds == 0 {
		return
	}
	add := func(sum *big.Int, rate int64) {
		sum.Add(sum, new(big.Int).Mul(big.NewInt(rate), big.NewInt(nanoseconds)))
	}
	add(&s.held, used)
	add(&s.inventory, have)
	add(&s.idle, max(0, have-used))
	add(&s.beyond, max(0, used-have))
}

// step is a moment at which the chips of a product become more or fewer: in the
// inventory where kind is empty, else by a source of that kind.
type step struct {
	product string
	kind    Kind
	time    int64
	delta   int64 // thousandths of a chip
}

func (s step) size() int { return 64 + len(s.product) }

func (s step) compare(o step) int {
	return cmp.Or(cmp.Compare(s.product, o.product), cmp.Compare(s.time, o.time), cmp.Compare(s.kind, o.kind), cmp.Compare(s.delta, o.delta))
}

func (s step) append(b []byte) []byte {
	for _, text := range []string{s.product, string(s.kind)} {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	return binary.AppendVarint(binary.AppendVarint(b, s.time), s.delta)
}

func (s step) parse(b []byte) (step, error) {
	var texts [2]string
	for i := range texts {
		n, w := binary.Uvarint(b)
		if w <= 0 || n > uint64(len(b)-w) {
			return step{}, errScratch
		}
		texts[i], b = string(b[w:w+int(n)]), b[w+int(n):]
	}
	time, w := binary.Varint(b)
	if w <= 0 {
		return step{}, errScratch
	}
	delta, x := binary.Varint(b[w:])
	if x <= 0 || w+x != len(b) {
		return step{}, errScratch
	}
	return step{texts[0], Kind(texts[1]), time, delta}, nil
}
