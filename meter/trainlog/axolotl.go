package trainlog

import "github.com/weighbridge/weighbridge/meter"

// newAxolotl reads the console of axolotl (utils/callbacks/tokens_per_second.py
// at 067b021c): the dicts of the Hugging Face Trainer with counters that are kept
// across resumes. Compute follows the total, not what is trained on.
//
//	{'loss': 1.1203, ..., 'tokens/total': 10485760, 'tokens/trainable': 4194304, 'epoch': 0.5}
func newAxolotl() *hf { return &hf{variant: axolotlTrainer} }

// axolotlState reads tokens_state.json:
//
//	{"total": 10485760, "trainable": 4194304}
type axolotlState struct {
	noLines
	sheet  sheet
	tokens *meter.Ops
}

func (a *axolotlState) name() string { return "axolotl-state" }
func (a *axolotlState) clone() parser {
	c := *a
	c.sheet = a.sheet.clone()
	return &c
}

func (a *axolotlState) read(l line, _ *notes) verdict {
	if len(l.object) != 2 || !l.object.has("total", "trainable") {
		return foreign
	}
	total, ok := l.object.count("total", maxTokens)
	if !ok {
		return foreign
	}
	a.tokens = new(meter.NewOps(total))
	a.sheet.count("tokens", total)
	if trainable, ok := l.object.count("trainable", maxTokens); ok {
		a.sheet.count("tokens_trainable", trainable)
	}
	return signature
}

func (a *axolotlState) observe(o *meter.Observation) {
	o.TokensCommitted, o.TokensExecuted = a.tokens, a.tokens
}

func (a *axolotlState) figures() []Figure { return a.sheet.clone() }

// noLines is for formats that are JSON objects.
type noLines struct{}

func (noLines) marks() []string { return nil }
