package trainlog

import "github.com/weighbridge/weighbridge/meter"

// awsMeter reads what the AWS Fine-Tuning FLOPs Meter writes
// (sagemaker_code/utils/flops_meter.py):
//
//	{"N_total": 1585294704, "N_trainable": 680094720, "tokens_processed": 2150, "Flops_architecture": " 1.66e+13", ...}
//
// Its own formula, (4 x N_total + 2 x N_trainable) x tokens, is taken from the
// whole numbers it states, because the result is printed with two decimals. It
// counts no attention, and padding as tokens.
type awsMeter struct {
	noLines
	job
	done *meter.Ops
}

func (a *awsMeter) name() string { return "aws-flops-meter" }
func (a *awsMeter) clone() parser {
	return &awsMeter{job: a.job.clone(), done: a.done}
}

func (a *awsMeter) read(l line, _ *notes) verdict {
	if !l.object.has("N_total", "N_trainable", "tokens_processed", "Flops_architecture") {
		return foreign
	}
	total, ok := l.object.count("N_total", maxTokens)
	trainable, stated := l.object.count("N_trainable", maxTokens)
	tokens, counted := l.object.count("tokens_processed", maxTokens)
	if counted && tokens > 0 {
		a.sheet.count("tokens", tokens)
		a.done = new(meter.NewOps(tokens))
	}
	if ok && stated && counted {
		perToken := meter.NewOps(4*total + 2*trainable) // below 2^64: both are below 10^18
		if ops, err := perToken.Mul(meter.NewOps(tokens)); err == nil && !ops.IsZero() && !beyondAnyJob(ops) {
			a.stated = &ops
			a.sheet.ops("operations_stated", ops)
		}
	}
	a.sheet.word("device", l.object.value("gpu_name"))
	a.sheet.number("seconds", l.object.value("training_duration_seconds"))
	return signature
}

func (a *awsMeter) observe(o *meter.Observation) {
	a.job.observe(o)
	o.TokensCommitted, o.TokensExecuted = a.done, a.done
}

func (a *awsMeter) figures() []Figure { return a.job.figures() }
