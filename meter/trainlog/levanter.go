package trainlog

import (
	"bytes"
	"math/big"

	"github.com/weighbridge/weighbridge/meter"
)

// levanter reads what levanter's json_logger tracker writes to its log
// (tracker/json_logger.py at 622b2f7c, callbacks/_metrics.py at 01753080), one
// object to a line, behind the prefix of the logger or without it:
//
//	2026-08-21T12:00:40 - 0 - levanter.json_logger - json_logger.py:67 - INFO :: {"tracker": "json_logger", "event": "log", "step": 10,
//	   "metrics": {"throughput/total_tokens": 5767168, "throughput/total_gflops": 296858.2, ...}} (one line)
//
// Steps count from 0. Both totals are cumulative over the run and kept across
// resumes; that of operations is a formula times the sequences.
type levanter struct {
	job
	process string // the first that was met; others repeat it
	known   bool
}

func newLevanter() *levanter {
	return &levanter{job: job{fromZero: true, steps: steps{spans: true}}}
}

const levanterMark = `"tracker": "json_logger"`

func (v *levanter) name() string    { return "levanter" }
func (v *levanter) marks() []string { return []string{levanterMark} }
func (v *levanter) clone() parser {
	c := *v
	c.job = v.job.clone()
	return &c
}

func (v *levanter) read(l line, n *notes) verdict {
	at := bytes.Index(l.text, []byte("{"+levanterMark))
	if at < 0 {
		return foreign
	}
	o := l.object
	if o == nil {
		var s objectScanner
		s.begin()
		if s.feed(l.text[at:]); !s.done || s.failed {
			return foreign
		}
		o = s.got
	}
	switch string(o.value("event")) {
	case "log":
		return v.log(l, o, n)
	case "summary":
		v.sheet.word("device", bytes.Clone(o.value("metrics/throughput/device_kind")))
		return understood
	case "hparams", "artifact", "finish":
		return understood
	}
	return foreign
}

// log reads one event. A step has several; the one with the counters tells.
func (v *levanter) log(l line, o object, n *notes) verdict {
	step, ok := o.count("step", maxStep)
	tokens, stated := o.count("metrics/throughput/total_tokens", maxTokens)
	if !ok || !stated || tokens == 0 {
		return understood
	}
	process := processOf(l.text)
	if !v.known {
		v.process, v.known = process, true
	}
	if process != v.process || !v.reach(step, 0, l, n) {
		return understood
	}
	v.tokens.reach(meter.NewOps(tokens), true, l, n)
	v.sheet.ops("tokens", v.tokens.peak)
	if total := inUnits(o.value("metrics/throughput/total_gflops"), 1e9); total != nil {
		v.stated = total
		v.sheet.ops("operations_stated", *total)
	}
	v.sheet.number("tokens_per_second", o.value("metrics/throughput/tokens_per_second"))
	v.sheet.number("mfu", o.value("metrics/throughput/mfu"))
	return signature
}

// processOf is the number of the process that wrote a line, as levanter's own
// logging puts it behind the time; "" without.
func processOf(text []byte) string {
	_, rest, found := bytes.Cut(text, []byte(" - "))
	process, _, more := bytes.Cut(rest, []byte(" - "))
	if _, ok := count(process, maxStep); !found || !more || !ok {
		return ""
	}
	return string(process)
}

// inUnits is a total printed in units of so many operations, to the operation of
// what is printed; nil when there is none.
func inUnits(text []byte, unit int64) *meter.Ops {
	r, ok := exactly(text)
	if !ok || r.Sign() <= 0 {
		return nil
	}
	r.Mul(r, big.NewRat(unit, 1))
	ops, err := meter.ParseOps(new(big.Int).Quo(r.Num(), r.Denom()).String())
	if err != nil || ops.IsZero() || beyondAnyJob(ops) {
		return nil
	}
	return &ops
}
