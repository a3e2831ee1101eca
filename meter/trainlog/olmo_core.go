package trainlog

import (
	"bytes"
	"math/big"

	"github.com/weighbridge/weighbridge/meter"
)

// olmoCore reads the console of OLMo-core (callbacks/console_logger.py at
// fa6c5014): a header, then lines indented by four spaces:
//
//	2026-06-22 09:00:00.000	host01:0	olmo_core.train.callbacks.console_logger:68	INFO	[step=100/1000,epoch=1,eta=2:01:03]
//	    throughput/total petaflops=38,412
//	    throughput/total tokens=838,860,800
//
// Both totals are cumulative over the run. From 10^9 on they are abbreviated
// ("1.05B") and are no count; the metrics file has them exactly.
type olmoCore struct {
	job
	inside bool
}

func newOLMoCore() *olmoCore { return &olmoCore{job: spanning()} }

func (c *olmoCore) name() string    { return "olmo-core" }
func (c *olmoCore) marks() []string { return []string{",epoch=", "^    "} }
func (c *olmoCore) clone() parser {
	d := *c
	d.job = c.job.clone()
	return &d
}

func (c *olmoCore) read(l line, n *notes) verdict {
	if at := bytes.Index(l.text, []byte("[step=")); at >= 0 {
		return c.header(l, l.text[at:], n)
	}
	if !c.inside || !bytes.HasPrefix(l.text, []byte("    ")) {
		c.inside = false
		return foreign
	}
	name, value, found := bytes.Cut(l.text, []byte("="))
	if !found || !l.whole {
		return foreign
	}
	return c.metric(string(bytes.TrimSpace(name)), bytes.TrimSpace(value), l, n)
}

func (c *olmoCore) header(l line, text []byte, n *notes) verdict {
	step, _, length := fraction(text[len("[step="):], maxStep)
	rest := text[min(len(text), len("[step=")+length):]
	if length == 0 || !bytes.HasPrefix(rest, []byte(",epoch=")) || !bytes.Contains(rest, []byte("]")) {
		return foreign
	}
	c.inside = true
	if c.repeated(l.text) {
		return understood
	}
	c.reach(step, 0, l, n)
	return signature
}

func (c *olmoCore) metric(name string, value []byte, l line, n *notes) verdict {
	switch name {
	case "throughput/total tokens":
		tokens, exact, ok := abbreviated(value)
		if !ok {
			return understood
		}
		c.sheet.ops("tokens_printed", tokens)
		if !exact {
			n.add(Rounded, l.at, 0, 0)
			return signature
		}
		c.tokens.reach(tokens, true, l, n)
		return signature
	case "throughput/total petaflops":
		petaflops, exact, ok := abbreviated(value)
		switch {
		case ok && exact:
			c.sheet.number("petaflops_stated", value)
		case ok:
			c.sheet.set("petaflops_stated", Number, petaflops.String())
		}
		return signature
	case "throughput/device/MFU (actual avg)":
		c.sheet.number("mfu", value)
	case "throughput/device/TPS (actual avg)":
		c.sheet.number("tokens_per_second_per_device", value)
	case "train/CE loss":
		if _, finite := number(value); !finite {
			n.add(NotFinite, l.at, c.steps.done, 0)
		}
	}
	return understood
}

// abbreviated reads a number as OLMo-core prints it: with thousands separators,
// exact, or from 10^9 on with a suffix, rounded.
func abbreviated(text []byte) (value meter.Ops, exact, ok bool) {
	if n, whole := count(text, maxTokens); whole {
		return meter.NewOps(n), true, true
	}
	scale := map[byte]int64{'B': 1e9, 'T': 1e12, 'P': 1e15, 'E': 1e18}
	if len(text) < 2 || len(text) > 20 || scale[text[len(text)-1]] == 0 {
		return meter.Ops{}, false, false
	}
	r, ok := exactly(text[:len(text)-1])
	if !ok || r.Sign() <= 0 {
		return meter.Ops{}, false, false
	}
	r.Mul(r, new(big.Rat).SetInt64(scale[text[len(text)-1]]))
	value, err := meter.ParseOps(new(big.Int).Quo(r.Num(), r.Denom()).String())
	return value, false, err == nil
}

// olmoMetrics reads the file that OLMo-core's metric_saver.py writes at a step:
//
//	{"throughput/total tokens": 8388608000, "throughput/total petaflops": 384123.4567, "train/CE loss": 2.91}
type olmoMetrics struct {
	noLines
	sheet  sheet
	tokens *meter.Ops
	stated *meter.Ops
}

func (c *olmoMetrics) name() string { return "olmo-core-metrics" }
func (c *olmoMetrics) clone() parser {
	d := *c
	d.sheet = c.sheet.clone()
	return &d
}

func (c *olmoMetrics) read(l line, _ *notes) verdict {
	if !l.object.has("throughput/total tokens") || l.object.has("_step") {
		return foreign
	}
	if tokens, ok := l.object.count("throughput/total tokens", maxTokens); ok {
		c.tokens = new(meter.NewOps(tokens))
		c.sheet.count("tokens", tokens)
	}
	petaflops := l.object.value("throughput/total petaflops")
	c.sheet.number("petaflops_stated", petaflops)
	c.stated = inUnits(petaflops, 1e15)
	return signature
}

func (c *olmoMetrics) observe(o *meter.Observation) {
	o.TokensCommitted, o.TokensExecuted, o.OperationsStated = c.tokens, c.tokens, c.stated
}

func (c *olmoMetrics) figures() []Figure { return c.sheet.clone() }
