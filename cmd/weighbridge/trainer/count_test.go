package trainer

import (
	"context"
	"math"
	"testing"
	"time"
)

// expected is the formula of the package comment, written down again from the
// shape alone: 6 operations per weight and token, and 12 per query element and
// key attended, (s+1)/2 of them in the mean.
func expected(c Config, tokens uint64) uint64 {
	h, f, l, s := uint64(c.Hidden), uint64(c.Intermediate), uint64(c.Layers), uint64(c.Context)
	q, kv := uint64(c.Heads*c.HeadDim), uint64(c.KVHeads*c.HeadDim)
	weights := l*(h*(q+2*kv)+q*h+3*h*f) + h*uint64(c.Vocabulary)
	return tokens * (6*weights + l*6*q*(s+1))
}

// expectedInference is one forward pass of the token at a position (from zero)
// that attends to all before it and itself.
func expectedInference(c Config, position int) uint64 {
	h, f, q, kv := c.Hidden, c.Intermediate, c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	weights := c.Layers*(h*(q+2*kv)+q*h+3*h*f) + h*c.Vocabulary
	return uint64(2*weights + c.Layers*4*q*(position+1))
}

func fixedClock() time.Time { return time.Time{} }

func trainSmall(t *testing.T, m *Model, o Options) Result {
	t.Helper()
	o.Model, o.Now = m, fixedClock
	if o.Text == "" {
		o.Text = smallText(m.Config)
	}
	r, err := Train(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// smallText goes through the characters in a pattern that can be learned.
func smallText(c Config) string {
	text := make([]byte, 600)
	for i := range text {
		text[i] = letters[i*i%13*7%c.Vocabulary]
	}
	return string(text)
}

// TestCounterEqualsFormula: the kernel's counter and the formula meet to the
// last operation, for every shape, batch, number of steps and of goroutines.
func TestCounterEqualsFormula(t *testing.T) {
	runs := []struct{ steps, batch, workers int }{{1, 1, 1}, {3, 2, 1}, {12, 5, 3}, {25, 3, 8}}
	for name, c := range smallShapes {
		for _, run := range runs {
			m := smallModel(t, c)
			r := trainSmall(t, m, Options{Prompt: "a", Steps: run.steps, Batch: run.batch, Workers: run.workers, Rate: 1e-3})
			if tokens := uint64(run.steps * run.batch * c.Context); r.Tokens != tokens {
				t.Errorf("%s %+v: %d tokens, expected %d", name, run, r.Tokens, tokens)
			}
			if want := expected(c, r.Tokens); r.Operations.Training != want {
				t.Errorf("%s %+v: counted %d, expected %d", name, run, r.Operations.Training, want)
			}
			perEvaluation := expected(c, uint64(2*evalBatches*run.batch*c.Context)) / 3
			if got := r.Operations.Evaluation; got%perEvaluation != 0 || got/perEvaluation < 2 || got/perEvaluation > evalsPerRun+1 {
				t.Errorf("%s %+v: counted %d for evaluation, expected a few times %d", name, run, got, perEvaluation)
			}
			if want := expectedSample(c, 1); r.Operations.Inference != want {
				t.Errorf("%s %+v: counted %d for the sample, expected %d", name, run, r.Operations.Inference, want)
			}
		}
	}
}

// expectedSample walks the positions that a sample after a prompt of n tokens
// takes, the context read again from its half whenever it is full.
func expectedSample(c Config, n int) uint64 {
	total, at, pending := uint64(0), 0, n
	for range sampleLength {
		if at+pending > c.Context {
			at, pending = 0, c.Context/2
		}
		for range pending {
			total += expectedInference(c, at)
			at++
		}
		pending = 1
	}
	return total
}

// TestDistanceToTheCustomaryFormula: with s/2 keys per token in the place of
// (s+1)/2 a formula is low by 6*q operations per token and layer, and by
// nothing else. This is the distance that the demo shows.
func TestDistanceToTheCustomaryFormula(t *testing.T) {
	c := Demo(49)
	const tokens = 400 * 8 * 64
	w := 3*(64*(64+2*32)+64*64+3*64*176) + 64*49
	customary := uint64(tokens) * uint64(6*w+3*12*64*64/2)
	if got := expected(c, tokens) - customary; got != tokens*6*64*3 {
		t.Errorf("the two differ by %d, expected %d", got, tokens*6*64*3)
	}
	if perToken := expected(c, 1); perToken != 923_136 {
		t.Errorf("%d operations per token, expected the 923136 that the package comment names", perToken)
	}
}

// TestOverflowIsAnError: a run whose count does not fit is not reported as one
// that does.
func TestOverflowIsAnError(t *testing.T) {
	m := smallModel(t, smallShapes["grouped"])
	for name, spoil := range map[string]func(*training){
		"a worker's counter":    func(r *training) { r.workers[0].kernel.overflowed = true },
		"the sum of activities": func(r *training) { r.result.Operations.Training = math.MaxUint64 },
	} {
		r, err := newTraining(Options{Model: m, Text: smallText(m.Config), Prompt: "a", Steps: 1, Batch: 1, Rate: 1e-3, Now: fixedClock})
		if err != nil {
			t.Fatal(err)
		}
		spoil(r)
		r.result.Operations.Evaluation++
		if r.overflow() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
