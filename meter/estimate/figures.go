package estimate

import (
	"math/big"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// figures are the sizes that the formulas of [recipes] use, at one sequence
// length. The attention cores are per token over all layers, in training, with
// the states of recurrent layers.
type figures struct {
	sequence, layers, hidden, heads, nominal *big.Rat // nominal: q, or h where queries are made through a low rank

	weights, head, router *big.Rat // in products: all, the head, the routers
	narrow                *big.Rat // weights if a head were h/a wide
	active, all           *big.Rat // N with the input embedding; the second with every expert
	lookup, positions     *big.Rat // embeddings that are only looked up, or also the head; position table

	full, fullWindowed, causal, windowed, exact *big.Rat

	dense, plain bool
}

func figuresOf(a Architecture, sequence uint64) figures {
	var s sum
	p := a.Parameters()
	head := a.head()
	f := figures{
		sequence: whole(sequence), layers: whole(a.layers), hidden: whole(head.In), heads: whole(a.attentionHeads()),
		weights: exactly(p.Weights), head: exactly(head.weights(&s)), active: exactly(s.add(p.Active, p.Embedding, p.Positions)), all: exactly(p.Total),
		positions: exactly(p.Positions), router: new(big.Rat), dense: true, plain: true,
	}
	f.lookup = plus(exactly(p.Embedding), f.positions)
	if p.Embedding.IsZero() { // tied: the embedding is the head
		f.lookup = plus(f.head, f.positions)
	}
	f.cores(a, sequence, &s)
	f.attention(a, &s)
	return f
}

// head is the product that makes the logits.
func (a Architecture) head() Product {
	for _, p := range a.products {
		if p.Name == headName {
			return p
		}
	}
	return Product{}
}

func (f *figures) cores(a Architecture, sequence uint64, s *sum) {
	unwindowed := a
	unwindowed.cores = a.Cores()
	for i := range unwindowed.cores {
		unwindowed.cores[i].Window, unwindowed.cores[i].Chunk = 0, 0
	}
	at := func(a Architecture, keys Keys) *big.Rat {
		w := Work{Keys: keys, Passes: TrainingPasses}
		return exactly(s.add(a.coreOps(w, sequence, s), a.stateOps(w, Text, s)))
	}
	f.full, f.causal = at(unwindowed, FullKeys), at(unwindowed, HalfKeys)
	f.fullWindowed, f.windowed, f.exact = at(a, FullKeys), at(a, HalfKeys), at(a, ExactKeys)
}

// attention finds what formulas that know only plain attention and dense layers
// would take for the weights.
func (f *figures) attention(a Architecture, s *sum) {
	f.narrow, f.nominal = new(big.Rat), f.hidden
	queries := whole(0)
	for _, p := range a.products {
		if p.Name == "attention.query" {
			queries = whole(p.Out)
		}
	}
	f.plain = queries.Sign() > 0 && !a.made("attention.key.down")
	if f.plain {
		f.nominal = queries
	}
	for _, p := range a.products {
		if p.Prediction || p.Stream != Text {
			continue
		}
		w := exactly(p.weights(s))
		if p.Name == "router" {
			f.router, f.dense = plus(f.router, w), false
		}
		switch {
		case !strings.HasPrefix(p.Name, "attention."):
		case f.plain:
			w = w.Mul(w, new(big.Rat).Quo(f.hidden, queries))
		case p.Name == "attention.output": // through low ranks: taken for four matrices of h x h
			w = f.times(4, whole(p.Count), f.hidden, f.hidden)
		default:
			w = new(big.Rat)
		}
		f.narrow = plus(f.narrow, w)
	}
}

// attentionHeads is the heads of a layer, 0 where no layer has attention.
func (a Architecture) attentionHeads() uint64 {
	if len(a.cores) == 0 {
		return 0
	}
	return a.heads
}

// made reports whether the model has a product of that name.
func (a Architecture) made(name string) bool {
	return slices.ContainsFunc(a.products, func(p Product) bool { return p.Name == name })
}

func (f figures) hasExperts() bool        { return !f.dense }
func (f figures) isDenseAttention() bool  { return f.dense && f.hasAttention() }
func (f figures) hasPlainAttention() bool { return f.plain && f.heads.Sign() > 0 }
func (f figures) hasAttention() bool      { return f.heads.Sign() > 0 }

// times returns factor x the product of terms.
func (figures) times(factor int64, terms ...*big.Rat) *big.Rat {
	product := big.NewRat(factor, 1)
	for _, t := range terms {
		product.Mul(product, t)
	}
	return product
}

func plus(terms ...*big.Rat) *big.Rat {
	total := new(big.Rat)
	for _, t := range terms {
		total.Add(total, t)
	}
	return total
}

func minus(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }

func over(a *big.Rat, d int64) *big.Rat { return new(big.Rat).Quo(a, big.NewRat(d, 1)) }

func whole(n uint64) *big.Rat { return exactly(meter.NewOps(n)) }

func exactly(o meter.Ops) *big.Rat { return new(big.Rat).SetInt(o.Big()) }
