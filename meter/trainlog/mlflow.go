package trainlog

import (
	"bytes"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// mlflow reads one metric of MLflow's file store (store/tracking/file_store.py
// at 001cc178), the file mlruns/EXPERIMENT/RUN/metrics/KEY, whose name is the
// metric's:
//
//	1789002000000 2.469e+19 100
//
// A line is a time in milliseconds, a value and a step, appended; old files have
// no step. The last value of the highest step holds.
type mlflow struct {
	metric  string // "" when the file's name does not tell
	step    uint64
	found   bool
	stepped bool
	stated  *meter.Ops
	tokens  *meter.Ops
}

// metricOf returns the metric that a path names, "" when it is none of MLflow's.
func metricOf(path string) string {
	path = "/" + strings.ReplaceAll(path, "\\", "/")
	at := strings.LastIndex(path, "/metrics/")
	if at < 0 {
		return ""
	}
	return path[at+len("/metrics/"):]
}

func (m *mlflow) name() string { return "mlflow" }
func (m *mlflow) marks() []string {
	if m.metric == "" && !m.found {
		return nil
	}
	return []string{""}
}
func (m *mlflow) clone() parser { c := *m; return &c }

func (m *mlflow) read(l line, _ *notes) verdict {
	if m.metric == "" || l.text == nil {
		return foreign
	}
	words := bytes.Fields(l.text)
	if len(words) != 2 && len(words) != 3 || !l.whole && len(words) != 3 {
		return foreign
	}
	if _, ok := count(words[0], maxTokens); !ok || len(words[0]) < 12 {
		return foreign
	}
	length, _ := number(words[1])
	var step uint64
	if len(words) == 3 {
		var ok bool
		if step, ok = count(words[2], maxStep); !ok {
			return foreign
		}
	}
	if length != len(words[1]) {
		return foreign
	}
	if m.found && step < m.step {
		return understood
	}
	m.found, m.step, m.stepped = true, step, m.stepped || len(words) == 3
	m.take(words[1])
	return signature
}

// take keeps a value under the quantity that the metric's name stands for.
func (m *mlflow) take(value []byte) {
	ops, err := meter.ParseOps(string(bytes.TrimSuffix(value, []byte(".0"))))
	whole := err == nil && !ops.IsZero()
	key := m.metric
	switch {
	case whole && contains(operationKeys(), key) && !beyondAnyJob(ops):
		m.stated = &ops
	case whole && contains(tokenKeys(), key) && ops.Cmp(meter.NewOps(maxTokens)) <= 0:
		m.tokens = &ops
	}
}

func (m *mlflow) observe(o *meter.Observation) {
	if m.stepped {
		o.LastStep = new(m.step)
	}
	o.OperationsStated, o.TokensCommitted, o.TokensExecuted = m.stated, m.tokens, m.tokens
}

func (m *mlflow) figures() []Figure {
	var list sheet
	if m.stepped {
		list.count("last_step", m.step)
	}
	if m.stated != nil {
		list.ops("operations_stated", *m.stated)
	}
	if m.tokens != nil {
		list.ops("tokens", *m.tokens)
	}
	return list
}
