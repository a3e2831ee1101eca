package estimate

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// convention is what a count of w includes. It speaks of the text tokens.
func (a Architecture) convention(w Work) meter.Convention {
	c := meter.Convention{
		MultiplyAccumulate: "2", Attention: "causal", Keys: string(w.Keys), Window: "none", Embedding: "excluded", Head: "included",
		Recomputation: "excluded", Experts: "none", Evaluation: "excluded",
	}
	for _, core := range a.cores {
		switch {
		case core.Stream != Text:
		case core.Full && core.Over == Text:
			c.Attention, c.Keys = "full", string(FullKeys)
		case core.bound(max(a.context, w.Sequence)) < max(a.context, w.Sequence):
			c.Window = "applied"
		}
	}
	if w.Keys == FullKeys {
		c.Attention = "full"
	}
	if len(a.cores) == 0 {
		c.Attention = "none"
	}
	if w.Sequence == 0 || len(a.cores) == 0 {
		c.Keys = "" // low has none, high has the configuration's length: nothing is stated
	}
	if w.Passes == Forward {
		c.Evaluation = ""
	}
	for _, p := range a.products {
		if p.Name == "router" {
			c.Experts = "active"
		}
	}
	return c
}

// source returns the formula with its figures, as in "6 x 7504658432 weights
// applied per token + 12 x 32 layers x 4096 x 4096 keys".
func (a Architecture) source(w Work) string {
	parts := []string{a.streamSource(w, Text)}
	for _, stream := range []Stream{Source, Image} {
		if !a.has(stream) {
			continue
		}
		stretch := w.stretch(stream)
		if stretch == nil {
			parts = append(parts, fmt.Sprintf("how many %s tokens were read is not stated: low has none, and there is no upper bound", stream))
			continue
		}
		parts = append(parts, fmt.Sprintf("for %s %s tokens: %s", stretch.Tokens, stream, a.streamSource(w, stream)))
	}
	if a.predicts() {
		left := "left out"
		if w.Prediction {
			left = "included"
		}
		parts = append(parts, "multi-token-prediction modules "+left)
	}
	return strings.Join(parts, "; ")
}

// predicts reports whether there are multi-token-prediction modules.
func (a Architecture) predicts() bool {
	for _, p := range a.products {
		if p.Prediction {
			return true
		}
	}
	return false
}

func (a Architecture) streamSource(w Work, stream Stream) string {
	var b strings.Builder
	b.WriteString(a.weightsText(w, stream))
	for _, r := range a.states {
		if r.Stream == stream {
			fmt.Fprintf(&b, " + %d x %d layers x %d of the state", w.passes(r.Passes, r.Stream == Image, r.Prediction), r.Layers, r.PerToken)
		}
	}
	a.coresText(&b, w, stream)
	return b.String()
}

// coresText writes the cores of the stream: first those whose length is known.
func (a Architecture) coresText(b *strings.Builder, w Work, stream Stream) {
	joint := " +"
	for _, want := range []bool{true, false} {
		for _, c := range a.cores {
			passes, length := w.passes(c.Passes, c.Stream == Image, c.Prediction), a.length(w, c.Over)
			if c.Stream != stream || passes == 0 || (length != 0) != want {
				continue
			}
			if length == 0 {
				length = a.context
				if joint != "" && !strings.Contains(b.String(), "not stated") {
					fmt.Fprintf(b, "; the %s is not stated: low has no attention, high adds, at the configuration's %d tokens,", lengthName(c.Over), a.context)
					joint = ""
				}
			}
			fmt.Fprintf(b, "%s %d x %d layers x %s x %s keys", joint, 4*passes, c.Layers*c.Times, c.width(), c.keysText(w.Keys, length*c.Times))
			joint = " +"
		}
	}
}

func lengthName(s Stream) string {
	if s == Text {
		return "sequence length"
	}
	return "length of " + s.String() + " sequences"
}

// weightsText is the weights by the operations that they cost, as in "6 x
// 7504658432 weights applied per token" or, where parts are frozen, "4 x
// 7504658432 frozen weights + 6 x 41943040 trained weights applied per token".
func (a Architecture) weightsText(w Work, stream Stream) string {
	var s sum
	weights, kinds := map[Passes]meter.Ops{}, []Passes{Forward, frozenPasses, Forward | WeightGradient, InputGradient, WeightGradient, InputGradient | WeightGradient, TrainingPasses}
	for _, p := range a.products {
		if passes := w.set(p.Passes, p.inTower(), p.Prediction); p.Stream == stream && passes != 0 {
			weights[passes] = s.add(weights[passes], p.weights(&s))
		}
	}
	var words []string
	for _, passes := range kinds {
		if sum, found := weights[passes]; found {
			kind := passKind(passes, len(weights))
			if stream == Image && w.FixedTower && passes == Forward {
				kind = "frozen weights"
			}
			words = append(words, fmt.Sprintf("%d x %s %s", 2*passes.count(), sum, kind))
		}
	}
	return strings.Join(words, " + ") + " applied per token"
}

func passKind(passes Passes, kinds int) string {
	switch {
	case kinds == 1 || passes&Forward == 0:
		return "weights"
	case passes == Forward:
		return "weights below everything trained"
	case passes == frozenPasses:
		return "frozen weights"
	case passes == Forward|WeightGradient:
		return "trained weights below which nothing is trained"
	}
	return "trained weights"
}

// width returns q, or the mean of the two widths where they differ.
func (c Core) width() string { return half(c.ScoreWidth + c.ValueWidth) }

func (c Core) keysText(keys Keys, s uint64) string {
	w := c.Window
	switch {
	case keys == FullKeys || c.Full:
		return fmt.Sprint(c.bound(s))
	case c.Chunk != 0 && c.Chunk < s:
		return fmt.Sprintf("%s (within chunks of %d)", halfKeys(keys, c.Chunk), c.Chunk)
	case w != 0 && w < s && keys == ExactKeys:
		return fmt.Sprintf("(%d - %d x %d / (2 x %d))", w, w, w-1, s)
	case w != 0 && w < s:
		return fmt.Sprintf("(%d - %d x %d / (2 x %d))", w, w, w, s)
	}
	return halfKeys(keys, s)
}

func halfKeys(keys Keys, s uint64) string {
	if keys == ExactKeys {
		return half(s + 1)
	}
	return half(s)
}

// half prints n/2 exactly.
func half(n uint64) string {
	if n%2 == 1 {
		return fmt.Sprintf("%d.5", n/2)
	}
	return fmt.Sprint(n / 2)
}
