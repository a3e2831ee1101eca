package trainlog

import (
	"bytes"

	"github.com/weighbridge/weighbridge/meter"
)

// job is what most formats keep of a training job.
type job struct {
	steps    steps
	fromZero bool    // the format numbers its steps from 0: after step N there are N + 1 done
	samples  bool    // what a step holds is known in samples, not tokens
	length   uint64  // of a sequence in tokens; 0: not stated
	tokens   counter // of a format that prints a cumulative counter
	stated   *meter.Ops
	sheet    sheet
	last     []byte // the last line used, against repetition
}

// spanning returns a job whose every line stands for the steps since the one
// before it, in a log that one process writes.
func spanning() job { return job{steps: steps{spans: true, again: true}} }

func (j *job) clone() job {
	c := *j
	c.steps, c.sheet, c.last = j.steps.clone(), j.sheet.clone(), bytes.Clone(j.last)
	return c
}

// repeated reports whether the text is that of the last line, and keeps it: no
// two lines of one process are the same, because times differ.
func (j *job) repeated(text []byte) bool {
	if bytes.Equal(j.last, text) {
		return true
	}
	j.last = append(j.last[:0], text...)
	return false
}

// reach notes a line of the step with the format's number; perStep, where it is
// not 0, is what each step since the last line held.
func (j *job) reach(number, perStep uint64, l line, n *notes) bool {
	if j.fromZero {
		number++
	}
	if number == 0 {
		return false
	}
	if perStep != 0 {
		j.steps.perStep = perStep
	}
	return j.steps.reach(number, l, n)
}

// lastStep is the number of the last step as the format counts.
func (j *job) lastStep() uint64 {
	if j.fromZero {
		return j.steps.done - 1
	}
	return j.steps.done
}

func (j *job) observe(o *meter.Observation) {
	j.steps.observe(o, j.lastStep())
	o.OperationsStated = j.stated
	if j.length != 0 {
		o.SequenceLength = new(j.length)
	}
	if j.samples {
		o.SamplesPerStep = o.TokensPerStep
		o.SamplesCommitted, o.SamplesExecuted = o.TokensCommitted, o.TokensExecuted
		o.TokensPerStep, o.TokensCommitted, o.TokensExecuted = nil, nil, nil
	}
	if committed, executed, stated := j.tokens.totals(); stated {
		o.TokensCommitted, o.TokensExecuted = &committed, &executed
	}
}

func (j *job) figures() []Figure {
	list := j.sheet.clone()
	if j.steps.done != 0 {
		list.count("last_step", j.lastStep())
	}
	return list
}

// state sets the framework's own total of operations, as the shortest text that
// reads back as the number it holds.
func (j *job) state(text []byte) bool {
	if len(text) == 0 {
		return false
	}
	ops, err := meter.ParseOps(string(text))
	if err != nil || ops.IsZero() || beyondAnyJob(ops) {
		return false
	}
	j.stated = &ops
	j.sheet.ops("operations_stated", ops)
	return true
}

// beyondAnyJob reports whether a number of operations cannot be true.
func beyondAnyJob(ops meter.Ops) bool {
	return ops.Cmp(meter.MostOperations()) > 0
}
