package trainlog

import "github.com/weighbridge/weighbridge/meter"

// hfState reads trainer_state.json of the Hugging Face Trainer
// (trainer_callback.py at 01081ce2), which every checkpoint holds.
//
// total_flos is 6 x input elements, padding included, x parameters without
// embeddings, summed over ranks and kept across resumes; 0 means that it could
// not be told (ZeRO-3). num_input_tokens_seen stays 0 unless it is enabled. The
// file is mutable testimony.
type hfState struct {
	noLines
	job
}

func (h *hfState) name() string  { return "hf-state" }
func (h *hfState) clone() parser { return &hfState{job: h.job.clone()} }

func (h *hfState) read(l line, n *notes) verdict {
	if !l.object.has("global_step", "log_history", "max_steps") {
		return foreign
	}
	if step, ok := l.object.count("global_step", maxStep); ok && step > 0 {
		h.steps.spans = true
		h.reach(step, 0, l, n)
	}
	h.state(l.object.value("total_flos"))
	if tokens, ok := l.object.count("num_input_tokens_seen", maxTokens); ok && tokens > 0 {
		h.tokens.reach(meter.NewOps(tokens), false, l, n)
		h.sheet.count("tokens_seen", tokens)
	}
	h.sheet.number("seconds", l.object.value("log_history/train_runtime"))
	return signature
}

func (h *hfState) figures() []Figure { return h.job.figures() }

// hfResults reads all_results.json and train_results.json, which the Trainer's
// examples write at the end: the same total, and the samples of one epoch.
type hfResults struct {
	noLines
	job
}

func (h *hfResults) name() string  { return "hf-results" }
func (h *hfResults) clone() parser { return &hfResults{job: h.job.clone()} }

func (h *hfResults) read(l line, _ *notes) verdict {
	if !l.object.has("train_runtime", "train_samples_per_second") || l.object.has("log_history") || l.object.has("_step") {
		return foreign
	}
	h.state(l.object.value("total_flos"))
	if samples, ok := l.object.count("train_samples", maxTokens); ok && samples > 0 {
		h.sheet.count("samples", samples)
	}
	h.sheet.number("seconds", l.object.value("train_runtime"))
	return signature
}

func (h *hfResults) figures() []Figure { return h.job.figures() }
