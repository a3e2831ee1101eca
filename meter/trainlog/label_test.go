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

func value(n *uint64) uint64 {
	if n == nil {
		return 0
	}
	return *n
}
