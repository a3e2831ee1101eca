package estimate

import "github.com/weighbridge/weighbridge/meter"

// Recurrence is the part of a recurrent layer that holds no weights: the update
// and the reading of its state. It costs the same for every token, however long
// the sequence.
type Recurrence struct {
	Name     string
	Layers   uint64
	PerToken uint64 // operations per token, layer and pass
	Stream   Stream
	Passes   Passes

	Prediction bool // of a multi-token-prediction module
}

// mamba is the Mamba-2 mixer (arXiv:2405.21060). Methods hold for nil.
type mamba struct {
	layers              uint64
	heads, width        uint64 // of a head; together the inner width
	groups, state       uint64 // G and N
	taps                uint64 // of the convolution, which each channel has its own of
	bias, convBias      bool   // bias: on the products in and out
	noOutBias, gateNorm bool
}

func (m *mamba) inner() uint64    { return m.heads * m.width }
func (m *mamba) channels() uint64 { return m.inner() + 2*m.groups*m.state }
func (m *mamba) into() uint64     { return m.inner() + m.channels() + m.heads }

func (m *mamba) products(d stack) []Product {
	if m == nil || m.layers == 0 {
		return nil
	}
	return []Product{
		product("mamba.in", d.hidden, m.into(), m.layers),
		product("mamba.convolution", m.taps, m.channels(), m.layers),
		product("mamba.out", m.inner(), d.hidden, m.layers),
	}
}

// recurrences: 7 x inner width x state per token and pass, as Megatron-LM counts
// the scan (num_floating_point_operations, mamba_layer_flops).
func (m *mamba) recurrences(d stack) []Recurrence {
	if m == nil || m.layers == 0 {
		return nil
	}
	return []Recurrence{{Name: "mamba.scan", Layers: m.layers, PerToken: 7 * m.inner() * m.state, Stream: d.stream, Passes: TrainingPasses}}
}

func (m *mamba) norms(s *sum) meter.Ops {
	if m == nil || !m.gateNorm {
		return meter.Ops{}
	}
	return s.mul(m.inner(), m.layers)
}

func (m *mamba) biases(d stack, s *sum) meter.Ops {
	if m == nil {
		return meter.Ops{}
	}
	var n uint64
	if m.bias {
		n += m.into()
	}
	if m.bias && !m.noOutBias {
		n += d.hidden
	}
	if m.convBias {
		n += m.channels()
	}
	return s.mul(n, m.layers)
}

// other: step bias, decay and skip, one of each per head.
func (m *mamba) other(s *sum) meter.Ops {
	if m == nil {
		return meter.Ops{}
	}
	return s.mul(3*m.heads, m.layers)
}

// delta is the gated delta rule mixer (arXiv:2412.06464) as in qwen3_next: key
// heads and value heads of widths of their own. Methods hold for nil.
type delta struct {
	layers               uint64
	keyHeads, valueHeads uint64
	keyWidth, valueWidth uint64
	taps                 uint64
}

func (m *delta) keys() uint64     { return m.keyHeads * m.keyWidth }
func (m *delta) values() uint64   { return m.valueHeads * m.valueWidth }
func (m *delta) channels() uint64 { return 2*m.keys() + m.values() }

func (m *delta) products(d stack) []Product {
	if m == nil || m.layers == 0 {
		return nil
	}
	return []Product{
		product("delta.in", d.hidden, m.channels()+m.values(), m.layers), // queries, keys, values and the gate on the output
		product("delta.gates", d.hidden, 2*m.valueHeads, m.layers),       // decay and step of each head
		product("delta.convolution", m.taps, m.channels(), m.layers),
		product("delta.out", m.values(), d.hidden, m.layers),
	}
}

// recurrences: the state, key width x value width per head, is read by the key,
// decayed and corrected, written, and read by the query: four times 2
// operations per number and pass.
func (m *delta) recurrences(d stack) []Recurrence {
	if m == nil || m.layers == 0 {
		return nil
	}
	return []Recurrence{{Name: "delta.rule", Layers: m.layers, PerToken: 8 * m.valueHeads * m.keyWidth * m.valueWidth, Stream: d.stream, Passes: TrainingPasses}}
}

func (m *delta) norms(s *sum) meter.Ops {
	if m == nil {
		return meter.Ops{}
	}
	return s.mul(m.valueWidth, m.layers)
}

// other: step bias and decay of each value head.
func (m *delta) other(s *sum) meter.Ops {
	if m == nil {
		return meter.Ops{}
	}
	return s.mul(2*m.valueHeads, m.layers)
}
