package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/weighbridge/weighbridge/cmd/weighbridge/trainer"
)

// trainOptions are the flags of train-demo.
type trainOptions struct {
	out   string
	init  string
	steps int
	batch int
	seed  uint64
}

// trainPlan is what the demo trains: from nothing on prose, or from an earlier
// model on questions and answers. About 15 and 5 seconds on two cores.
type trainPlan struct {
	text, prompt string
	steps        int
	rate         float64
}

func planFor(o trainOptions) trainPlan {
	if o.init == "" {
		return trainPlan{text: trainer.Pretraining(), prompt: "The ", steps: 400, rate: 5e-3}
	}
	return trainPlan{text: trainer.FineTuning(), prompt: "Q: What did the copper weigh?\nA: ", steps: 160, rate: 1.5e-3}
}

// trainCommand is hidden: it is the training job that demo weighs, not a part of
// weighing. It knows nothing of ledgers; its log is all that it says.
func (a *app) trainCommand() *cobra.Command {
	var o trainOptions
	cmd := &cobra.Command{
		Use:    "train-demo --out DIR [--init DIR]",
		Hidden: true,
		Short:  "Train the demo's small character-level transformer",
		Long: `Train-demo trains a real, small transformer (llama's architecture, float32, plain Go) on a text that is part of this
program, and writes config.json, vocab.json and model.safetensors. With --init it goes on from the model in that
directory, on another text. It logs as nanoGPT does, with report lines of the counter in its matrix-product kernel.`,
		Example: "  weighbridge train-demo --out base\n  weighbridge train-demo --init base --out tuned --seed 2",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("steps") {
				o.steps = planFor(o).steps
			}
			if err := o.check(a); err != nil {
				return err
			}
			return a.train(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.out, "out", "", "the directory to write the model to; it must not hold one")
	flags.StringVar(&o.init, "init", "", "the directory of a model of this command to start from")
	flags.IntVar(&o.steps, "steps", 0, "iterations (default 400, with --init 160)")
	flags.IntVar(&o.batch, "batch", 8, "sequences per iteration")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the weights, the batches and the sample")
	return cmd
}

// check refuses what the command line itself gets wrong.
func (o trainOptions) check(a *app) error {
	switch {
	case o.out == "":
		return usage("train-demo needs --out DIR, the directory to write the model to")
	case a.json:
		return usage("train-demo prints a training log: it has no --json")
	case o.steps < 1 || o.steps > trainer.MaxSteps:
		return usage("--steps is %d, expected 1 to %d", o.steps, trainer.MaxSteps)
	case o.batch < 1 || o.batch > trainer.MaxBatch:
		return usage("--batch is %d, expected 1 to %d", o.batch, trainer.MaxBatch)
	}
	return nil
}

func (a *app) train(ctx context.Context, o trainOptions) error {
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return fmt.Errorf("making the directory for the model: %w", err)
	}
	out, err := os.OpenRoot(o.out)
	if err != nil {
		return fmt.Errorf("opening the directory for the model: %w", err)
	}
	defer out.Close()
	if err := trainer.Vacant(out.FS()); err != nil { // now, not after the work
		return fmt.Errorf("--out %s: %w", o.out, err)
	}
	model, err := startingModel(o)
	if err != nil {
		return err
	}
	plan := planFor(o)
	if _, err := trainer.Train(ctx, trainer.Options{
		Model: model, Text: plan.text, Prompt: plan.prompt, Steps: o.steps, Batch: o.batch, Rate: plan.rate, Seed: o.seed,
		Log: a.env.stdout, Now: a.env.now,
	}); err != nil {
		return err
	}
	if err := model.Write(out); err != nil {
		return err
	}
	a.printf("wrote a model of %d parameters to %s\n", model.Config.Parameters(), o.out)
	return nil
}

func startingModel(o trainOptions) (*trainer.Model, error) {
	if o.init != "" {
		model, err := trainer.Read(os.DirFS(o.init))
		if err != nil {
			return nil, fmt.Errorf("--init %s: %w; it must be a directory that train-demo wrote", o.init, err)
		}
		return model, nil
	}
	characters, err := trainer.Characters()
	if err != nil {
		return nil, err
	}
	return trainer.New(trainer.Demo(characters.Size()), characters, o.seed)
}
