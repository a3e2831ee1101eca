package trainlog

import (
	"bytes"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// wandbHistory reads a history of a Weights & Biases run, one JSON object for
// each step that was logged:
//
//	{"_step": 10, "_runtime": 26.1, "_timestamp": 1788990026.1, "train/loss": 9.99, "throughput/total_tokens": 5242880}
//
// What the run logs is its own business: a counter of tokens is known by its
// usual names.
type wandbHistory struct {
	noLines
	job
}

func newWandbHistory() *wandbHistory {
	return &wandbHistory{job: job{steps: steps{spans: true}}}
}

func (w *wandbHistory) name() string  { return "wandb-history" }
func (w *wandbHistory) clone() parser { return &wandbHistory{job: w.job.clone()} }

// tokenKeys are the names under which frameworks log a cumulative counter of
// tokens (torchtitan, OLMo-core, levanter, TRL, nanochat).
func tokenKeys() []string {
	return []string{"throughput/total_tokens", "throughput/total tokens", "total_tokens", "train/num_tokens", "num_tokens", "train/num_input_tokens_seen",
		"tokens_seen", "train/tokens_seen", "n_tokens_seen", "tokens/total", "train/tokens/total"}
}

// operationKeys are those of a total of operations.
func operationKeys() []string {
	return []string{"total_training_flops", "train/total_flos", "total_flos"}
}

func tokensIn(o object) (uint64, bool) {
	for _, key := range tokenKeys() {
		if tokens, ok := o.count(key, maxTokens); ok && tokens > 0 {
			return tokens, true
		}
	}
	return 0, false
}

func (w *wandbHistory) read(l line, n *notes) verdict {
	if !l.object.has("_step") || l.object.has("_wandb") {
		return foreign
	}
	step, ok := l.object.count("_step", maxStep)
	if !ok {
		return foreign
	}
	if l.text != nil && w.repeated(l.text) {
		return understood
	}
	w.reach(step, 0, l, n)
	if tokens, ok := tokensIn(l.object); ok {
		w.tokens.reach(meter.NewOps(tokens), true, l, n)
		w.sheet.ops("tokens", w.tokens.peak)
	}
	for _, key := range operationKeys() {
		w.state(l.object.value(key))
	}
	return signature
}

func (w *wandbHistory) figures() []Figure { return w.job.figures() }

// wandbSummary reads wandb-summary.json: the last value of each quantity.
type wandbSummary struct {
	noLines
	job
	tokens *meter.Ops
}

func (w *wandbSummary) name() string { return "wandb-summary" }
func (w *wandbSummary) clone() parser {
	return &wandbSummary{job: w.job.clone(), tokens: w.tokens}
}

func (w *wandbSummary) read(l line, n *notes) verdict {
	if !l.object.has("_wandb") || !l.object.has("_step") && !l.object.has("_runtime") {
		return foreign
	}
	if step, ok := l.object.count("_step", maxStep); ok {
		w.sheet.count("last_step", step)
	}
	if tokens, ok := tokensIn(l.object); ok {
		w.tokens = new(meter.NewOps(tokens))
		w.sheet.count("tokens", tokens)
	}
	for _, key := range operationKeys() {
		w.state(l.object.value(key))
	}
	w.sheet.number("seconds", l.object.value("_runtime"))
	n.add(LastValue, l.at, 0, 0)
	return signature
}

func (w *wandbSummary) observe(o *meter.Observation) {
	w.job.observe(o)
	o.TokensCommitted, o.TokensExecuted = w.tokens, w.tokens
}

func (w *wandbSummary) figures() []Figure { return w.job.figures() }

// wandbMetadata reads wandb-metadata.json: what one node of the run had. It adds
// to a run's hardware and to no count.
type wandbMetadata struct {
	noLines
	sheet sheet
}

func (w *wandbMetadata) name() string  { return "wandb-metadata" }
func (w *wandbMetadata) clone() parser { return &wandbMetadata{sheet: w.sheet.clone()} }

func (w *wandbMetadata) read(l line, _ *notes) verdict {
	if !l.object.has("startedAt") || !l.object.has("python") && !l.object.has("program") {
		return foreign
	}
	name := l.object.value("gpu")
	if name == nil {
		name = l.object.value("gpu_nvidia/name")
	}
	w.sheet.word("device", bytes.Clone(name))
	if devices, ok := l.object.count("gpu_count", maxStep); ok && devices > 0 {
		w.sheet.count("devices", devices)
	}
	return signature
}

func (w *wandbMetadata) observe(*meter.Observation) {}

func (w *wandbMetadata) figures() []Figure { return slices.Clone(w.sheet) }
