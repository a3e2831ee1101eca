package main

import (
	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter/estimate"
)

// streamFlags say what the formula needs of models that are more than a decoder.
// They are kept in a run's journal as they were given.
type streamFlags struct {
	Source     string `json:"source_tokens,omitempty"`
	Images     string `json:"image_tokens,omitempty"`
	FixedTower bool   `json:"frozen_tower,omitempty"`
	Prediction bool   `json:"with_prediction,omitempty"`
}

func (f *streamFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.Source, "source-tokens", "", "for a model with an encoder: tokens that it read, as LENGTH:TOKENS (512:1e9)")
	flags.StringVar(&f.Images, "image-tokens", "", "for a model with a vision tower: image tokens among --tokens, as TOKENS or TOKENS-OF-ONE-IMAGE:TOKENS (256:1e9)")
	flags.BoolVar(&f.FixedTower, "frozen-tower", false, "the vision tower was not trained: it ran forward only")
	flags.BoolVar(&f.Prediction, "with-prediction", false, "the multi-token-prediction modules were trained too")
}

// work is the work that the flags describe, without its text tokens.
func (f streamFlags) work() (w estimate.Work, err error) {
	if w.Source, err = stretch("--source-tokens", f.Source); err != nil {
		return w, err
	}
	if w.Images, err = stretch("--image-tokens", f.Images); err != nil {
		return w, err
	}
	w.FixedTower, w.Prediction = f.FixedTower, f.Prediction
	return w, nil
}

func stretch(flag, text string) (*estimate.Stretch, error) {
	if text == "" {
		return nil, nil
	}
	s, err := estimate.ParseStretch(text)
	if err != nil {
		return nil, usage("%s: %w", flag, err)
	}
	return &s, nil
}
