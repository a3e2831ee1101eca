package trainlog

import (
	"fmt"
	"strings"
	"testing"
)

// TestLabels: what launchers put before the lines of a process, and what only looks
// like it.
func TestLabels(t *testing.T) {
	for text, want := range map[string]string{
		"0: step 1": "step 1", " 12: step 1": "step 1", "[default0]:step 1": "step 1", "[rank13]: [titan] x": "[titan] x", "[1,3]<stdout>:step": "step", "[1,3]<stderr>: step": "step",
		"12:04:31 SUCCESS Step 7": "12:04:31 SUCCESS Step 7", "[2026-08-22 10:01] iteration": "[2026-08-22 10:01] iteration", "[titan] 2026": "[titan] 2026", "[rank]: x": "[rank]: x",
		"[1,3]: x": "[1,3]: x", "[12]: x": "[12]: x", "12345678: x": "12345678: x", "step:1 - x": "step:1 - x", "0:": "0:", "": "", "[": "[", "[default0]": "[default0]", " ": " ",
	} {
		if label, got := labelOf([]byte(text)); string(got) != want || (len(label) > 0) != (text != want) {
			t.Errorf("%q: %q and %q, want %q", text, label, got, want)
		}
	}
}

// TestLabelledRanks: every rank's copy of a log, line by line under the label of its
// launcher, is the log once, in every format of a console.
func TestLabelledRanks(t *testing.T) {
	consoles := 0
	for file, format := range formatOf {
		text := sample(t, file)
		if file == "megatron_lm_train.log" { // has a line of another program
			text = mega(10, 1280, 128) + mega(20, 2560, 128) + mega(30, 3840, 128)
		}
		if !strings.HasSuffix(file, ".log") || format == "llmc-main" || strings.Contains(text, "\n    ") || strings.Contains(text, "\n\n") {
			continue // a file that a process writes itself, and lines that belong together
		}
		consoles++
		for _, label := range []string{"%d: ", "[default%d]:", "[rank%d]: ", "[1,%d]<stdout>:"} {
			var all strings.Builder
			for line := range strings.Lines(text) {
				for rank := range 3 {
					fmt.Fprintf(&all, label, rank)
					all.WriteString(line)
				}
			}
			once, labelled := read(t, format, text).Observation(), read(t, format, all.String()).Observation()
			if got, want := fmt.Sprint(labelled.StepsExecuted != nil, value(labelled.StepsExecuted), value(labelled.StepsCommitted)), fmt.Sprint(once.StepsExecuted != nil, value(once.StepsExecuted), value(once.StepsCommitted)); got != want {
				t.Errorf("%s under %q: steps %s, want %s; %v", file, label, got, want, labelled.Findings)
			}
		}
	}
	if consoles < 8 {
		t.Errorf("%d consoles", consoles)
	}
}

// TestRankThatGoesOn: steps that another rank than the first one shows are shown,
// in every format of a console: the label changes halfway, or in every line.
func TestRankThatGoesOn(t *testing.T) {
	consoles := 0
	for file, format := range formatOf {
		text := sample(t, file)
		if !strings.HasSuffix(file, ".log") || format == "llmc-main" || strings.Contains(text, "\n    ") || strings.Contains(text, "\n\n") {
			continue
		}
		consoles++
		count := strings.Count(text, "\n")
		for name, label := range map[string]func(i int) int{"halfway": func(i int) int { return 7 - 4*(2*i/count) }, "in every line": func(i int) int { return i + 1 }} {
			var all strings.Builder
			i := 0
			for line := range strings.Lines(text) {
				fmt.Fprintf(&all, "%d: %s", max(label(i), 0), line)
				i++
			}
			once, labelled := read(t, format, text).Observation(), read(t, format, all.String()).Observation()
			if value(labelled.StepsCommitted) != value(once.StepsCommitted) || value(labelled.StepsExecuted) != value(once.StepsExecuted) {
				t.Errorf("%s, the label changes %s: steps %d/%d, want %d/%d", file, name, value(labelled.StepsCommitted), value(labelled.StepsExecuted), value(once.StepsCommitted), value(once.StepsExecuted))
			}
		}
	}
	if consoles < 8 {
		t.Errorf("%d consoles", consoles)
	}
}

// TestRanksOutOfOrder: one rank ahead of another is no restart, and a restart that
// each of them shows is one.
func TestRanksOutOfOrder(t *testing.T) {
	for _, c := range []struct {
		name                string
		lines               string // rank, iteration
		committed, executed uint64
	}{
		{"one late", "0:0 0:10 1:0 0:20 1:10 1:20 1:30 0:30", 31, 31},
		{"a restart shown by both", "0:0 1:0 0:10 1:10 0:20 0:30 1:20 0:20 0:30 1:30 1:20 1:30 0:40 1:40", 41, 52},
		{"a restart that the rank ahead shows first", "0:0 1:0 1:10 0:10 1:20 1:10 0:20 0:10 1:20 0:20", 21, 32},
		{"two restarts shown by both", "0:0 1:0 0:10 1:10 0:0 1:0 0:10 1:10 0:0 1:0 0:10 1:10", 11, 33},
		{"the first is gone, and the job starts again", "0:0 0:10 1:10 1:20 1:30 1:20 1:30", 31, 42},
	} {
		var text strings.Builder
		for word := range strings.FieldsSeq(c.lines) {
			rank, iter, _ := strings.Cut(word, ":")
			fmt.Fprintf(&text, "[rank%s]: iter %s: loss 3.0000, time 100.00ms, mfu 1.00%%\n", rank, iter)
		}
		if o := read(t, "nanogpt", text.String()).Observation(); value(o.StepsCommitted) != c.committed || value(o.StepsExecuted) != c.executed {
			t.Errorf("%s: steps %d/%d, want %d/%d; %v", c.name, value(o.StepsCommitted), value(o.StepsExecuted), c.committed, c.executed, o.Findings)
		}
	}
}

func value(n *uint64) uint64 {
	if n == nil {
		return 0
	}
	return *n
}
