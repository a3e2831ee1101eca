package trainer

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// log writes nanoGPT's lines (karpathy/nanoGPT@3adf61e1, train.py) and the report
// lines of our own. It keeps the first error of the writer.
type log struct {
	w   io.Writer
	err error
}

func newLog(w io.Writer) *log {
	if w == nil {
		w = io.Discard
	}
	return &log{w: w}
}

func (l *log) printf(format string, args ...any) {
	if l.err == nil {
		if _, err := fmt.Fprintf(l.w, format, args...); err != nil {
			l.err = fmt.Errorf("writing the log: %w", err)
		}
	}
}

func (l *log) tokensPerIteration(n int) { l.printf("tokens per iteration will be: %s\n", grouped(n)) }

func (l *log) step(done int, at Losses) {
	l.printf("step %d: train loss %.4f, val loss %.4f\n", done, at.Train, at.Validation)
}

// iteration prints what nanoGPT prints when it does not know the peak of the
// hardware: a utilization of -100.00%.
func (l *log) iteration(i int, loss float64, took time.Duration) {
	l.printf("iter %d: loss %.4f, time %.2fms, mfu -100.00%%\n", i, loss, took.Seconds()*1000)
}

// report is one line per activity of what the counter has seen since the start.
type report struct {
	Step       *int   `json:"step,omitempty"` // iterations completed
	Tokens     string `json:"tokens,omitempty"`
	Operations string `json:"operations"`
	Activity   string `json:"activity,omitempty"` // none: what the run itself is recorded as
}

func (l *log) report(r Result) {
	count := func(n uint64) string { return strconv.FormatUint(n, 10) }
	lines := []report{{Step: &r.Steps, Tokens: count(r.Tokens), Operations: count(r.Operations.Training)}}
	if r.Operations.Evaluation > 0 {
		lines = append(lines, report{Operations: count(r.Operations.Evaluation), Activity: "evaluation"})
	}
	if r.Operations.Inference > 0 {
		lines = append(lines, report{Operations: count(r.Operations.Inference), Activity: "inference"})
	}
	for _, line := range lines {
		data, err := json.Marshal(line)
		if err != nil {
			l.err = err
			return
		}
		l.printf("weighbridge-report %s\n", data)
	}
}

// sample prints text with a mark before each line, so that nothing a model
// writes can pass for a line of the log.
func (l *log) sample(text string) {
	l.printf("sample:\n")
	for line := range strings.Lines(text) {
		l.printf("| %s\n", strings.TrimSuffix(line, "\n"))
	}
}

// grouped writes a number with commas, as Python's {:,} does.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
