package trainer

import (
	"math"
	"testing"
)

// smallShapes are shapes in which nothing equals anything else by accident:
// query width differs from hidden width, groups of one, two and all heads.
var smallShapes = map[string]Config{
	"grouped":          {Vocabulary: 11, Hidden: 10, Intermediate: 14, Layers: 2, Heads: 4, KVHeads: 2, HeadDim: 6, Context: 9, RopeTheta: 100, NormEpsilon: 1e-5},
	"tied":             {Vocabulary: 7, Hidden: 6, Intermediate: 9, Layers: 2, Heads: 3, KVHeads: 1, HeadDim: 4, Context: 6, RopeTheta: 10000, NormEpsilon: 1e-3, Tied: true},
	"one-head-each":    {Vocabulary: 5, Hidden: 8, Intermediate: 5, Layers: 1, Heads: 2, KVHeads: 2, HeadDim: 2, Context: 5, RopeTheta: 10, NormEpsilon: 1e-5},
	"three-layers":     {Vocabulary: 13, Hidden: 12, Intermediate: 20, Layers: 3, Heads: 1, KVHeads: 1, HeadDim: 16, Context: 7, RopeTheta: 500, NormEpsilon: 1e-6},
	"shortest-context": {Vocabulary: 4, Hidden: 4, Intermediate: 4, Layers: 1, Heads: 1, KVHeads: 1, HeadDim: 2, Context: 2, RopeTheta: 10, NormEpsilon: 1e-5},
}

const letters = "abcdefghijklmnopqrstuvwxyz"

func smallModel(t testing.TB, c Config) *Model {
	t.Helper()
	v, err := NewVocabulary(letters[:c.Vocabulary])
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(c, v, 5)
	if err != nil {
		t.Fatal(err)
	}
	draw := fork(5, 99, 0) // norms that are all one would hide a missing factor
	for _, tensor := range c.tensors() {
		if len(tensor.shape) == 1 {
			for i := range tensor.elements() {
				m.flat[tensor.offset+i] = 0.5 + draw.unit()
			}
		}
	}
	return m
}

// sequence is tokens and targets, with repetitions.
func sequence(c Config, seed uint64) (tokens, targets []uint16) {
	draw := fork(seed, 98, 0)
	all := make([]uint16, c.Context+1)
	for i := range all {
		all[i] = uint16(draw.below(c.Vocabulary))
	}
	return all[:c.Context], all[1:]
}

func modelWorkspace(m *Model) *workspace {
	w, f := bind(m.Config, m.flat), newFlipped(m.Config)
	f.update(w)
	return newWorkspace(m.Config, w, f, newRotation(m.Config))
}

// TestForwardAgreesWithReference compares every logit.
func TestForwardAgreesWithReference(t *testing.T) {
	for name, c := range smallShapes {
		m := smallModel(t, c)
		tokens, _ := sequence(c, 1)
		ws := modelWorkspace(m)
		ws.forward(tokens)
		for i, row := range newReference(m).logits(tokens) {
			for j, want := range row {
				if got := float64(ws.logits.row(i)[j]); math.Abs(got-want) > 2e-5 {
					t.Fatalf("%s: logit %d of position %d is %v, expected %v", name, j, i, got, want)
				}
			}
		}
	}
}

// TestGradient holds the gradient of every single weight against central
// differences of the float64 reference.
func TestGradient(t *testing.T) {
	for name, c := range smallShapes {
		t.Run(name, func(t *testing.T) {
			m := smallModel(t, c)
			tokens, targets := sequence(c, 4)
			ws, flat := modelWorkspace(m), make([]float32, len(m.flat))
			for i := range flat {
				flat[i] = float32(math.NaN()) // backward must write every one
			}
			ws.forward(tokens)
			loss := ws.loss(targets) / float64(len(tokens))
			ws.backward(tokens, targets, 1/float32(len(tokens)), bind(c, flat))
			ref := newReference(m)
			if want := ref.loss(tokens, targets); math.Abs(loss-want) > 1e-5 {
				t.Errorf("loss %v, expected %v", loss, want)
			}
			for _, tensor := range c.tensors() {
				checkTensor(t, ref, tensor, flat[tensor.offset:][:tensor.elements()], tokens, targets)
			}
		})
	}
}

func checkTensor(t *testing.T, ref reference, tensor tensor, got []float32, tokens, targets []uint16) {
	t.Helper()
	const h = 1e-5
	values := ref.w[tensor.name]
	wants, largest := make([]float64, len(values)), 0.0
	for i, keep := range values {
		values[i] = keep + h
		up := ref.loss(tokens, targets)
		values[i] = keep - h
		down := ref.loss(tokens, targets)
		values[i] = keep
		wants[i] = (up - down) / (2 * h)
		largest = max(largest, math.Abs(wants[i]))
	}
	if largest < 1e-6 {
		t.Errorf("%s: every gradient is zero, so nothing was tested", tensor.name)
	}
	for i, want := range wants {
		if difference := math.Abs(float64(got[i]) - want); !(difference <= 2e-5*largest+1e-7) { // NaN too
			t.Errorf("%s: gradient %d is %v, expected %v (the largest is %.3g)", tensor.name, i, got[i], want, largest)
			return
		}
	}
}

// TestDecoderAgreesWithForward: generating one token at a time computes the same
// bits as the whole sequence at once.
func TestDecoderAgreesWithForward(t *testing.T) {
	for name, c := range smallShapes {
		m := smallModel(t, c)
		tokens, _ := sequence(c, 3)
		ws := modelWorkspace(m)
		ws.forward(tokens)
		d := newDecoder(m, ws.flipped)
		for i, token := range tokens {
			d.next(token)
			for j, got := range d.logits.row(0) {
				if want := ws.logits.row(i)[j]; got != want {
					t.Fatalf("%s: position %d logit %d is %v, expected %v", name, i, j, got, want)
				}
			}
		}
	}
}
