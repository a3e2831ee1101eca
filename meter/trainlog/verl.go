package trainlog

import (
	"bytes"
	"math/big"

	"github.com/weighbridge/weighbridge/meter"
)

// verl reads the console of verl (utils/logger/aggregate_logger.py at b178a3cd):
//
//	step:1 - actor/pg_loss:-0.00012 - perf/mfu/actor:0.312 - perf/total_num_tokens:1572864 - perf/time_per_step:143.21 - perf/throughput:1372.8 - ...
//
// It states no operations. A step is an update (6N for each epoch over the
// data), old and reference log-probabilities (2N each) and a generation (2N for
// each generated token, rejected ones too), a critic and a reward model on top:
// tokens alone give only the update. The number of devices follows from tokens,
// time and throughput, which is that of one device.
type verl struct{ job }

func newVerl() *verl { return &verl{spanning()} }

func (v *verl) name() string    { return "verl" }
func (v *verl) marks() []string { return []string{" - actor/", "perf/total_num_tokens:"} }
func (v *verl) clone() parser   { return &verl{v.job.clone()} }

func (v *verl) read(l line, n *notes) verdict {
	at := bytes.Index(l.text, []byte("step:"))
	if at < 0 || at > 0 && l.text[at-1] != ' ' || !l.whole {
		return foreign
	}
	text := l.text[at:]
	head, rest, found := bytes.Cut(text, []byte(" - "))
	step, ok := count(head[len("step:"):], maxStep)
	if !found || !ok {
		return foreign
	}
	metrics := rest
	tokens, stated := countField(metrics, "perf/total_num_tokens:", maxStep)
	if !stated {
		if bytes.Contains(metrics, []byte("actor/")) || bytes.Contains(metrics, []byte("val")) {
			return understood // a validation, or a step whose figures stand elsewhere
		}
		return foreign
	}
	if v.repeated(text) {
		return understood
	}
	v.steps.perStep = tokens
	v.reach(step, tokens, l, n)
	v.sheet.number("tokens_per_second_per_device", numberField(metrics, "perf/throughput:"))
	v.sheet.number("mfu", numberField(metrics, "perf/mfu/actor:"))
	v.devices(tokens, numberField(metrics, "perf/time_per_step:"), numberField(metrics, "perf/throughput:"))
	return signature
}

// devices is tokens / seconds / throughput, where that is within a hundredth of
// a whole number.
func (v *verl) devices(tokens uint64, seconds, rate []byte) {
	x, xok := exactly(seconds)
	y, yok := exactly(rate)
	if !xok || !yok || x.Sign() <= 0 || y.Sign() <= 0 {
		return
	}
	number := new(big.Rat).SetFrac(new(big.Int).SetUint64(tokens), big.NewInt(1))
	number.Quo(number.Quo(number, x), y)
	if n, ok := nearestWhole(number, big.NewRat(1, 100)); ok {
		v.sheet.count("devices", n)
	}
}

// nearestWhole returns the whole number, at least 1, that r is within that share
// of itself from, and less than a third of one.
func nearestWhole(r, share *big.Rat) (uint64, bool) {
	doubled := new(big.Rat).Add(r, big.NewRat(1, 2))
	n := new(big.Int).Quo(doubled.Num(), doubled.Denom())
	distance := new(big.Rat).Sub(r, new(big.Rat).SetInt(n))
	limit := new(big.Rat).Mul(r, share)
	if n.Sign() <= 0 || !n.IsUint64() || distance.Abs(distance).Cmp(limit) > 0 || distance.Cmp(big.NewRat(1, 3)) > 0 {
		return 0, false
	}
	return n.Uint64(), true
}

func (v *verl) figures() []Figure {
	list := sheet(v.job.figures())
	var o meter.Observation
	v.observe(&o)
	if o.TokensCommitted != nil {
		list.ops("tokens", *o.TokensCommitted)
	}
	return list
}
