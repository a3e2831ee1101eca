package trainlog

import (
	"bytes"
	"math/big"

	"github.com/weighbridge/weighbridge/meter"
)

// megatronProgress reads progress.txt of Megatron-LM (--log-progress), which
// lies in the checkpoint directory and survives restarts:
//
//	2026-08-22 10:03:11\tJob ID: 4242\t# GPUs: 64\tSaved checkpoint\tIteration: 50\tJob throughput: 399.1 TFLOP/s/GPU\t
//	   Cumulative throughput: 398.0 TFLOP/s/GPU\tFloating-point operations: 2.70e+18\tTokens (in billions): 0.05 (one line)
//
// Both totals are cumulative over the run and printed rounded, so they are
// figures and, with half a unit of their last digit on either side, a range.
type megatronProgress struct {
	sheet   sheet
	step    uint64
	stepped bool
	total   *meter.Ops
	half    meter.Ops // half a unit of the total's last digit
}

func (m *megatronProgress) name() string    { return "megatron-progress" }
func (m *megatronProgress) marks() []string { return []string{"\tJob ID: "} }
func (m *megatronProgress) clone() parser {
	c := *m
	c.sheet = m.sheet.clone()
	return &c
}

func (m *megatronProgress) read(l line, _ *notes) verdict {
	if !bytes.Contains(l.text, []byte("\tJob ID: ")) || !bytes.Contains(l.text, []byte("\t# GPUs: ")) {
		return foreign
	}
	if devices, ok := countField(l.text, "# GPUs:", maxStep); ok {
		m.sheet.count("devices", devices)
	}
	text := behind(l.text, "heckpoint\t")
	if text == nil || !l.whole && !bytes.Contains(text, []byte("Tokens (in billions): ")) {
		return signature
	}
	if step, ok := countField(text, "Iteration:", maxStep); ok {
		m.step, m.stepped = step, true
		m.sheet.count("last_step", step)
	}
	if total, half, ok := rounded(field(text, "Floating-point operations:")); ok {
		m.total, m.half = &total, half
		m.sheet.ops("operations_rounded", total)
	}
	if billions, ok := exactly(field(text, "Tokens (in billions):")); ok {
		if tokens := billions.Mul(billions, big.NewRat(1_000_000_000, 1)); tokens.IsInt() && tokens.Sign() > 0 {
			m.sheet.set("tokens_printed", Count, tokens.Num().String())
		}
	}
	m.sheet.number("tflops_per_device", numberField(text, "Job throughput:"))
	return signature
}

// rounded reads a number in scientific notation and half a unit of its last
// digit.
func rounded(word []byte) (total, half meter.Ops, ok bool) {
	mantissa, exponent, found := bytes.Cut(bytes.ToLower(word), []byte("e"))
	total, err := meter.ParseOps(string(word))
	if err != nil || !found || total.IsZero() || beyondAnyJob(total) {
		return meter.Ops{}, meter.Ops{}, false
	}
	_, decimals, _ := bytes.Cut(mantissa, []byte("."))
	unit := append([]byte("0."), bytes.Repeat([]byte("0"), len(decimals))...)
	unit = append(append(append(unit, '5'), 'e'), exponent...)
	half, err = meter.ParseOps(string(unit))
	return total, half, err == nil
}

func (m *megatronProgress) observe(o *meter.Observation) {
	if m.stepped {
		o.LastStep = new(m.step)
	}
	if m.total != nil {
		o.OperationsStated, o.OperationsRounding = m.total, &m.half
	}
}

func (m *megatronProgress) figures() []Figure { return m.sheet.clone() }
