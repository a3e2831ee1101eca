package trainer

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Options says how to train. Model, Text, Steps, Batch, Rate and Now are required.
type Options struct {
	Model  *Model  // trained in place
	Text   string  // the last tenth is held out as validation text
	Steps  int     // iterations of the optimizer, 1 to 1 000 000
	Batch  int     // sequences per iteration, 1 to 256, each as long as the model's context
	Rate   float64 // peak learning rate, above 0, up to 1
	Seed   uint64  // draws batches and the sample
	Prompt string  // what the sample continues; "" for a line feed

	Log     io.Writer        // nil discards
	Now     func() time.Time // for the log's time field alone
	Workers int              // goroutines; 0 for one per processor. The weights do not depend on it
}

// How often things are printed and measured, in iterations; nanoGPT's names.
const (
	logInterval  = 50
	leastBetween = 10 // iterations between two evaluations
	evalsPerRun  = 4  // evaluations besides the first, the last one after the last step
	evalBatches  = 4  // per evaluation and half of the text
	sampleLength = 320
)

// Limits of a run.
const (
	MaxSteps = 1_000_000 // iterations
	MaxBatch = 256       // sequences in a batch: each holds a gradient of the whole model
)

// Operations counts what matrix products performed: two for each
// multiply-accumulate.
type Operations struct {
	Training   uint64 // forward, input gradients and weight gradients of the iterations
	Evaluation uint64 // forward passes for the losses in the log's step lines
	Inference  uint64 // the sample
}

// Result is what a run came to.
type Result struct {
	Steps      int
	Tokens     uint64 // trained on: Steps * Batch * context
	Operations Operations
	Before     Losses
	After      Losses
	Sample     string // text that the trained model wrote after the prompt
}

// Losses are mean cross-entropies in nats per character.
type Losses struct{ Train, Validation float64 }

func (o Options) check() error {
	switch {
	case o.Model == nil || o.Now == nil:
		return errors.New("a model and a clock are required")
	case o.Steps < 1 || o.Steps > MaxSteps:
		return fmt.Errorf("%d steps, expected 1 to %d", o.Steps, MaxSteps)
	case o.Batch < 1 || o.Batch > MaxBatch:
		return fmt.Errorf("batch of %d sequences, expected 1 to %d", o.Batch, MaxBatch)
	case !(o.Rate > 0 && o.Rate <= 1):
		return fmt.Errorf("learning rate %v, expected above 0, up to 1", o.Rate)
	case o.Workers < 0:
		return fmt.Errorf("%d workers, expected 0 or more", o.Workers)
	}
	return nil
}
