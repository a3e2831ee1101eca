package estimate

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// Passes is the set of passes that a product takes part in, or that a piece of
// work runs. The zero value is none.
type Passes uint8

// The passes. Each costs two operations per weight and token.
const (
	Forward        Passes = 1 << iota // the product itself
	InputGradient                     // the gradient of what goes in, handed on to earlier layers
	WeightGradient                    // the gradient of the weights; absent where they are frozen

	// TrainingPasses is all three: 6 operations per weight and token.
	TrainingPasses = Forward | InputGradient | WeightGradient
)

func (p Passes) count() uint64 { return uint64(bits.OnesCount8(uint8(p))) }

// Stream is a kind of position that a model works on. Each has a number of its
// own, so products on different streams are counted apart.
type Stream uint8

// The streams.
const (
	Text   Stream = iota // the tokens of the model itself: a decoder's, or those of a model that is an encoder alone
	Source               // the tokens that an encoder reads and a decoder attends to
	Image                // the tokens that a vision tower makes of images, which the decoder sees among its own
)

// String returns the stream's name: "text", "source", "image".
func (s Stream) String() string {
	return [...]string{"text", "source", "image"}[min(s, Image)]
}

// Product is one row of the table of matrix products: Count products of a
// vector of In numbers with a matrix of In x Out weights, per token.
type Product struct {
	Name       string // part and role, as in "attention.query", "experts.up", "head"
	In         uint64
	Out        uint64
	Count      uint64 // how many a token takes part in: the number of layers, that times the experts chosen, or 1
	Held       uint64 // how many such matrices the model has: all experts; 0 for one that another row holds
	Stream     Stream // which tokens
	Passes     Passes // the passes of training that it takes part in
	Prediction bool   // of a multi-token-prediction module: counted where asked for, and in no total
}

// weights returns In x Out x Count, held In x Out x Held.
func (p Product) weights(s *sum) meter.Ops { return s.mul(p.In, p.Out, p.Count) }
func (p Product) held(s *sum) meter.Ops    { return s.mul(p.In, p.Out, p.Held) }

// inTower reports whether the product is of a vision tower, not of what joins it
// to the text.
func (p Product) inTower() bool {
	return p.Stream == Image && !strings.HasPrefix(p.Name, "projector.")
}

// Core is the attention core of Layers equal layers: the products of queries
// with keys and of the scores with values, which hold no weights. It costs
// 2 x (ScoreWidth + ValueWidth) operations per key attended, token and pass.
type Core struct {
	Layers     uint64
	ScoreWidth uint64 // heads x width of a query, q
	ValueWidth uint64 // heads x width of a value, q where they are equal
	Window     uint64 // the most keys that a token attends to; 0: no such bound
	Chunk      uint64 // attention stays within chunks of so many tokens; 0: no chunks
	Full       bool   // every position attends to all of the sequence, later ones too
	Stream     Stream // whose tokens attend
	Over       Stream // to whose tokens; another stream in cross attention
	Times      uint64 // positions per token of the stream, as of image patches merged into one token; at least 1
	Passes     Passes
	Prediction bool // of a multi-token-prediction module
}

// Architecture is a model's shape. The zero value is no model: its counts are
// errors. Values are immutable; [ParseConfig] makes them.
type Architecture struct {
	family    string
	layers    uint64
	context   uint64
	learned   bool      // learned positions: no sequence longer than context exists
	lengths   [3]uint64 // by stream: length of a sequence where the configuration fixes it; 0: it does not
	products  []Product
	cores     []Core
	states    []Recurrence
	embedding meter.Ops // input embedding that is not also the head
	positions meter.Ops
	norms     meter.Ops
	biases    meter.Ops
	other     meter.Ops
	idle      meter.Ops   // of norms, biases and other: what a text token does not pass
	heads     uint64      // of the queries in a layer
	fixed     []ModelPart // parts that are frozen as a whole: no adapter stands in them
	predicted meter.Ops   // norms, biases and other of multi-token-prediction modules; in none of the above
}

// Family returns the model_type, as in "llama".
func (a Architecture) Family() string { return a.family }

// Layers returns the number of transformer layers.
func (a Architecture) Layers() uint64 { return a.layers }

// Products returns a copy of the table of matrix products.
func (a Architecture) Products() []Product { return slices.Clone(a.products) }

// Cores returns a copy of the attention cores, one per kind of layer.
func (a Architecture) Cores() []Core { return slices.Clone(a.cores) }

// Recurrences returns a copy of the parts of recurrent layers that hold no
// weights.
func (a Architecture) Recurrences() []Recurrence { return slices.Clone(a.states) }

// ContextLength returns the configuration's length in tokens: what the model can
// take (max_position_embeddings), which is not what it was trained at. It is
// [MaxSequence] for a model without attention, which takes any.
func (a Architecture) ContextLength() uint64 { return a.context }

// Parameters is the number of parameters by what they are, each exact.
type Parameters struct {
	Total      meter.Ops `json:"total"`     // every parameter once, prediction modules left out; a tied head shares the input embedding
	Active     meter.Ops `json:"active"`    // that a text token passes: the head and the chosen experts are in it, look-up tables are not
	Weights    meter.Ops `json:"weights"`   // W: in matrix products, as often as a text token meets them
	Held       meter.Ops `json:"held"`      // those of Total that are in matrix products: all experts, every tower
	Embedding  meter.Ops `json:"embedding"` // input embedding that is not also the head; 0 when tied
	Positions  meter.Ops `json:"positions"` // learned position tables
	Norms      meter.Ops `json:"norms"`
	Biases     meter.Ops `json:"biases"`
	Other      meter.Ops `json:"other"`      // trained parameters of activations, recurrences, routers' choice and the like
	Prediction meter.Ops `json:"prediction"` // multi-token-prediction modules, which are not in Total
}

// Parameters returns the exact parameter count. The sizes that [ParseConfig]
// accepts cannot overflow it.
func (a Architecture) Parameters() Parameters {
	var s sum
	var distinct meter.Ops
	p := Parameters{Embedding: a.embedding, Positions: a.positions, Norms: a.norms, Biases: a.biases, Other: a.other, Prediction: a.predicted}
	for _, product := range a.products {
		switch {
		case product.Prediction:
			p.Prediction = s.add(p.Prediction, product.held(&s))
			continue
		case product.Stream == Text:
			p.Weights = s.add(p.Weights, product.weights(&s))
			own := product
			own.Count = min(product.Count, product.Held) // a matrix that several layers share is one
			distinct = s.add(distinct, own.weights(&s))
		}
		p.Held = s.add(p.Held, product.held(&s))
	}
	small := s.add(p.Norms, p.Biases, p.Other)
	p.Active = s.add(distinct, s.keep(small.Sub(a.idle)))
	p.Total = s.add(p.Held, small, p.Embedding, p.Positions)
	return p
}

// String returns the shape for people, as in "llama, 32 layers, 8030261248
// parameters, context 8192".
func (a Architecture) String() string {
	if len(a.products) == 0 {
		return "no architecture"
	}
	return fmt.Sprintf("%s, %d layers, %s parameters, context %d", a.family, a.layers, a.Parameters().Total, a.context)
}

// sum adds and multiplies exactly and keeps the first overflow.
type sum struct{ err error }

func (s *sum) add(terms ...meter.Ops) meter.Ops {
	var total meter.Ops
	for _, t := range terms {
		total = s.keep(total.Add(t))
	}
	return total
}

func (s *sum) mul(factors ...uint64) meter.Ops {
	product := meter.NewOps(1)
	for _, f := range factors {
		product = s.times(product, meter.NewOps(f))
	}
	return product
}

func (s *sum) times(a, b meter.Ops) meter.Ops { return s.keep(a.Mul(b)) }

func (s *sum) keep(o meter.Ops, err error) meter.Ops {
	if s.err == nil {
		s.err = err
	}
	return o
}
