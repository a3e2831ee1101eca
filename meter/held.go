package meter

import (
	"math/big"
	"slices"
	"strings"
	"time"
)

// Held is what a set of records held of one product, each device once.
type Held struct {
	Product string
	// Devices are distinct UUIDs, and of devices without one the most that a
	// record names.
	Devices uint64
	// ChipMilliseconds is the time that whole chips were held, rounded up. A
	// device that several records name, as the ranks of a job on one machine
	// do, is held once at a time.
	ChipMilliseconds uint64
	// Anonymous is the part of ChipMilliseconds of devices without a UUID, of
	// which it cannot be told whether two records name the same.
	Anonymous uint64
}

// DevicesHeld returns what the records held, by product in the order of the
// names. A record without a period adds devices and no time.
func DevicesHeld(records []Record) []Held {
	products := map[string]*holding{}
	for _, r := range records {
		unnamed := map[string]uint64{}
		for _, d := range r.Hardware {
			h := products[d.Product]
			if h == nil {
				h = &holding{spans: map[string][]Period{}, share: map[string]*big.Rat{}, anonymous: new(big.Rat)}
				products[d.Product] = h
			}
			if d.UUID == "" {
				unnamed[d.Product] += d.Count
			}
			h.add(d, r.Period)
		}
		for product, count := range unnamed {
			products[product].unnamed = max(products[product].unnamed, count)
		}
	}
	var out []Held
	for product, h := range products {
		out = append(out, h.total(product))
	}
	slices.SortFunc(out, func(a, b Held) int { return strings.Compare(a.Product, b.Product) })
	return out
}

// holding collects the devices of one product.
type holding struct {
	spans     map[string][]Period // by UUID
	share     map[string]*big.Rat // of the chip
	unnamed   uint64
	anonymous *big.Rat // milliseconds
}

func (h *holding) add(d Device, p *Period) {
	share := d.share()
	if d.UUID == "" {
		if p != nil {
			h.anonymous.Add(h.anonymous, share.Mul(share, milliseconds(p.End.Sub(p.Start))))
		}
		return
	}
	h.share[d.UUID] = share
	spans := h.spans[d.UUID]
	if p != nil {
		spans = append(spans, *p)
	}
	h.spans[d.UUID] = spans
}

// share is how many whole chips the entry stands for.
func (d Device) share() *big.Rat {
	share := new(big.Rat).SetUint64(d.Count)
	if s := d.Slice; s != nil {
		share.Mul(share, new(big.Rat).SetFrac(new(big.Int).SetUint64(s.Compute), new(big.Int).SetUint64(s.ComputeOf)))
	}
	return share
}

func milliseconds(d time.Duration) *big.Rat {
	return big.NewRat(max(0, int64(d)), int64(time.Millisecond))
}

func (h *holding) total(product string) Held {
	sum := new(big.Rat).Set(h.anonymous)
	for uuid, spans := range h.spans {
		held := milliseconds(union(spans))
		sum.Add(sum, held.Mul(held, h.share[uuid]))
	}
	return Held{Product: product, Devices: uint64(len(h.spans)) + h.unnamed, ChipMilliseconds: roundUp(sum), Anonymous: roundUp(h.anonymous)}
}

// union is the time that at least one of the periods covers.
func union(periods []Period) (total time.Duration) {
	slices.SortFunc(periods, func(a, b Period) int { return a.Start.Compare(b.Start) })
	var until time.Time
	for i, p := range periods {
		if i == 0 || p.Start.After(until) {
			until = p.Start
		}
		if p.End.After(until) {
			total += p.End.Sub(until)
			until = p.End
		}
	}
	return total
}

func roundUp(r *big.Rat) uint64 {
	quotient, rest := new(big.Int).QuoRem(r.Num(), r.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		quotient.Add(quotient, big.NewInt(1))
	}
	if !quotient.IsUint64() {
		return 1<<64 - 1
	}
	return quotient.Uint64()
}
