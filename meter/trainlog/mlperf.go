package trainlog

import (
	"bytes"
	"math/big"

	"github.com/weighbridge/weighbridge/meter"
)

// mlperf reads the result log of MLPerf training (mllog.py at 7bbf7926):
//
//	:::MLLOG {"namespace": "", "time_ms": 1789000900500, "event_type": "POINT_IN_TIME", "key": "train_samples", "value": 12288, "metadata": {...}}
//
// Samples times the longest sequence are the tokens: benchmarks of language
// models fill every sequence.
type mlperf struct {
	samples, length uint64
	start, stop     uint64 // milliseconds
	met             bool
}

func (m *mlperf) name() string    { return "mlperf" }
func (m *mlperf) marks() []string { return []string{":::MLLOG"} }
func (m *mlperf) clone() parser   { c := *m; return &c }

func (m *mlperf) read(l line, _ *notes) verdict {
	at := bytes.Index(l.text, []byte(":::MLLOG"))
	if at < 0 {
		return foreign
	}
	brace := bytes.IndexByte(l.text[at:], '{')
	if brace < 0 {
		return foreign
	}
	var s objectScanner
	s.begin()
	if s.feed(l.text[at+brace:]); !s.done || s.failed {
		return foreign
	}
	o := s.got
	value, ok := o.count("value", maxTokens)
	key := string(o.value("key"))
	switch {
	case (key == "train_samples" || key == "samples_count") && ok:
		m.samples = max(m.samples, value)
	case key == "max_sequence_length" && ok:
		m.length = value
	case key == "run_start":
		m.start, _ = o.count("time_ms", maxTokens)
	case key == "run_stop":
		m.stop, _ = o.count("time_ms", maxTokens)
		if samples, ok := o.count("metadata/samples_count", maxTokens); ok {
			m.samples = max(m.samples, samples)
		}
	}
	return signature
}

func (m *mlperf) tokens() *meter.Ops {
	tokens, err := meter.NewOps(m.samples).Mul(meter.NewOps(m.length))
	if err != nil || tokens.IsZero() {
		return nil
	}
	return &tokens
}

func (m *mlperf) observe(o *meter.Observation) {
	if m.length != 0 {
		o.SequenceLength = new(m.length)
	}
	o.TokensCommitted, o.TokensExecuted = m.tokens(), m.tokens()
}

func (m *mlperf) figures() []Figure {
	var list sheet
	if m.samples != 0 {
		list.count("samples", m.samples)
	}
	if m.length != 0 {
		list.count("sequence_length", m.length)
	}
	if tokens := m.tokens(); tokens != nil {
		list.ops("tokens", *tokens)
	}
	if m.start != 0 && m.stop > m.start {
		list.set("seconds", Number, thousandth(m.stop-m.start))
	}
	return list
}

// thousandth prints milliseconds in seconds.
func thousandth(ms uint64) string {
	text := new(big.Rat).SetFrac(new(big.Int).SetUint64(ms), big.NewInt(1000)).FloatString(3)
	return string(bytes.TrimRight(bytes.TrimRight([]byte(text), "0"), "."))
}
