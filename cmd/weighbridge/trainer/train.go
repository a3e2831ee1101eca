package trainer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// Train trains o.Model on o.Text and logs to o.Log as nanoGPT does, with report
// lines of the counter. It stops with ctx's error between two iterations when
// ctx ends. Loss that is no number, a counter past 64 bits and a log that cannot be
// written are errors; what o.Model then holds is worth nothing.
func Train(ctx context.Context, o Options) (Result, error) {
	t, err := newTraining(o)
	if err != nil {
		return Result{}, fmt.Errorf("preparing to train: %w", err)
	}
	if err := t.run(ctx); err != nil {
		return Result{}, fmt.Errorf("training: %w", err)
	}
	return t.result, nil
}

// training is a run under way.
type training struct {
	o           Options
	train, held []uint16 // the text's two parts
	prompt      []uint16
	weights     weights
	flipped     *flipped
	tensors     []tensor
	workers     []*workspace
	lanes       []lane
	gradient    []float32
	squares     []float64 // of the gradient, by tensor
	adam        *adam
	log         *log
	result      Result
}

// lane is one sequence of a batch with the gradient and the loss of it alone.
// Lanes are added up in their order, whichever goroutine computed them: sums of
// floats depend on the order, and the weights must not depend on the machine.
type lane struct {
	tokens, targets []uint16
	flat            []float32
	gradient        weights
	loss            float64
}

func newTraining(o Options) (*training, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	t := &training{o: o, tensors: o.Model.Config.tensors(), log: newLog(o.Log)}
	if err := t.encode(); err != nil {
		return nil, err
	}
	c, n := o.Model.Config, len(o.Model.flat)
	t.weights, t.flipped = bind(c, o.Model.flat), newFlipped(c)
	t.gradient, t.adam, t.squares = make([]float32, n), newAdam(n), make([]float64, len(t.tensors))
	workers := o.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	turn := newRotation(c)
	for range min(workers, o.Batch) {
		t.workers = append(t.workers, newWorkspace(c, t.weights, t.flipped, turn))
	}
	for range o.Batch {
		flat := make([]float32, n)
		t.lanes = append(t.lanes, lane{flat: flat, gradient: bind(c, flat)})
	}
	return t, nil
}

// encode numbers the text and the prompt and splits the text nine to one.
func (t *training) encode() error {
	all, err := t.o.Model.Vocabulary.Encode(t.o.Text)
	if err != nil {
		return err
	}
	split, context := len(all)/10*9, t.o.Model.Config.Context
	t.train, t.held = all[:split], all[split:]
	if len(t.held) <= context {
		return fmt.Errorf("the text has %d characters, expected at least %d: a tenth is held out and must exceed the context of %d",
			len(all), 10*(context+1), context)
	}
	prompt := t.o.Prompt
	if prompt == "" {
		prompt = "\n"
	}
	t.prompt, err = t.o.Model.Vocabulary.Encode(prompt)
	return err
}

func (t *training) run(ctx context.Context) error {
	t.log.tokensPerIteration(t.o.Batch * t.o.Model.Config.Context)
	t.flipped.update(t.weights)
	t.result.Before = t.evaluate(0)
	for i := range t.o.Steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := errors.Join(t.iterate(i), t.log.err); err != nil {
			return err
		}
		if t.evaluationDue(i + 1) {
			t.evaluate(i + 1)
			t.log.report(t.result)
		}
	}
	t.result.After = t.evaluate(t.o.Steps)
	t.sample()
	t.log.report(t.result)
	return errors.Join(t.overflow(), t.log.err)
}

// evaluationDue: a few times before the end, evenly, and not right before it.
func (t *training) evaluationDue(done int) bool {
	every := max(leastBetween, t.o.Steps/evalsPerRun)
	return done%every == 0 && done+every/2 < t.o.Steps
}

// iterate is one step: a batch forward and back, and the optimizer.
func (t *training) iterate(i int) error {
	begin := t.o.Now()
	t.draw(t.train, fork(t.o.Seed, purposeBatches, uint64(i)))
	share := float32(1 / float64(t.tokensPerIteration()))
	before := t.performed()
	t.each(len(t.lanes), func(w *workspace, n int) {
		l := &t.lanes[n]
		w.forward(l.tokens)
		l.loss = w.loss(l.targets)
		w.backward(l.tokens, l.targets, share, l.gradient)
	})
	t.result.Operations.Training += t.performed() - before
	loss := t.meanLoss()
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return fmt.Errorf("the loss at iteration %d is %v: the weights have left the range of float32; train with a lower rate", i, loss)
	}
	t.optimize(i)
	t.result.Steps, t.result.Tokens = i+1, t.result.Tokens+uint64(t.tokensPerIteration())
	if i%logInterval == 0 || i == t.o.Steps-1 {
		t.log.iteration(i, loss, t.o.Now().Sub(begin))
	}
	return nil
}

func (t *training) tokensPerIteration() int { return t.o.Batch * t.o.Model.Config.Context }

// draw lays a sequence at a random place of the text into every lane.
func (t *training) draw(text []uint16, from *random) {
	s := t.o.Model.Config.Context
	for n := range t.lanes {
		at := from.below(len(text) - s)
		t.lanes[n].tokens, t.lanes[n].targets = text[at:at+s], text[at+1:at+s+1]
	}
}

// each calls work for 0..n-1 from every worker's goroutine, and waits.
func (t *training) each(n int, work func(w *workspace, n int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for _, w := range t.workers {
		group.Go(func() {
			for at := int(next.Add(1)) - 1; at < n; at = int(next.Add(1)) - 1 {
				work(w, at)
			}
		})
	}
	group.Wait()
}

func (t *training) meanLoss() float64 {
	sum := 0.0
	for _, l := range t.lanes {
		sum += l.loss
	}
	return sum / float64(t.tokensPerIteration())
}

// optimize adds the lanes up in order, clips, and moves the weights.
func (t *training) optimize(i int) {
	t.each(len(t.tensors), func(_ *workspace, n int) {
		part := t.part(t.gradient, n)
		clear(part)
		for _, l := range t.lanes {
			add(part, t.part(l.flat, n))
		}
		t.squares[n] = squareSum(part)
	})
	norm := 0.0
	for _, s := range t.squares {
		norm += s
	}
	s := t.adam.begin(i, t.o.Steps, t.o.Rate, math.Sqrt(norm))
	t.each(len(t.tensors), func(_ *workspace, n int) {
		t.adam.apply(s, t.tensors[n], t.part(t.o.Model.flat, n), t.part(t.gradient, n))
	})
	t.flipped.update(t.weights)
}

// part is the piece of a flat array that belongs to tensor n.
func (t *training) part(flat []float32, n int) []float32 {
	return flat[t.tensors[n].offset:][:t.tensors[n].elements()]
}

// evaluate measures the mean loss over batches of both halves, forward only.
func (t *training) evaluate(done int) Losses {
	losses := Losses{
		Train:      t.evaluateOn(t.train, fork(t.o.Seed, purposeTrainLoss, uint64(done))),
		Validation: t.evaluateOn(t.held, fork(t.o.Seed, purposeValLoss, uint64(done))),
	}
	t.log.step(done, losses)
	return losses
}

func (t *training) evaluateOn(text []uint16, from *random) float64 {
	before, sum := t.performed(), 0.0
	for range evalBatches {
		t.draw(text, from)
		t.each(len(t.lanes), func(w *workspace, n int) {
			w.forward(t.lanes[n].tokens)
			t.lanes[n].loss = w.loss(t.lanes[n].targets)
		})
		sum += t.meanLoss()
	}
	t.result.Operations.Evaluation += t.performed() - before
	return sum / evalBatches
}

// performed is the sum of the workers' counters. It may pass 64 bits, which
// overflow notices at the end; differences of it then still wrap consistently.
func (t *training) performed() uint64 {
	var sum uint64
	for _, w := range t.workers {
		sum += w.kernel.operations
	}
	return sum
}

// overflow is an error when the counters hold more than 64 bits together.
func (t *training) overflow() error {
	total := t.result.Operations
	limit := uint64(math.MaxUint64)
	for _, part := range []uint64{total.Training, total.Evaluation, total.Inference} {
		if part > limit {
			return errors.New("the operations passed 64 bits: the count is worth nothing")
		}
		limit -= part
	}
	for _, w := range t.workers {
		if w.kernel.overflowed {
			return errors.New("the operations passed 64 bits: the count is worth nothing")
		}
	}
	return nil
}

func (t *training) sample() {
	text, performed := t.o.Model.generate(t.flipped, t.prompt, sampleLength, fork(t.o.Seed, purposeSample, 0))
	t.result.Sample, t.result.Operations.Inference = text, performed
	t.log.sample(t.o.Prompt + text)
}
