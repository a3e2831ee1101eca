package trainlog

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// reportLine is a report after a step, whose figure is a hundred for each.
func reportLine(label string, step int) string {
	return fmt.Sprintf("%sweighbridge-report {\"step\":%d,\"tokens\":\"%d\"}\n", label, step, step*100)
}

// executedTokens is what the log's reports show at most.
func executedTokens(t *testing.T, text string) uint64 {
	t.Helper()
	o := read(t, "auto", text).Observation()
	if len(o.Reported) != 1 || o.Reported[0].Tokens == nil {
		t.Fatalf("%+v", o.Reported)
	}
	amount := *o.Reported[0].Tokens
	if executed := o.Reported[0].TokensExecuted; executed != nil {
		amount = *executed
	}
	n, _ := amount.Uint64()
	return n
}

// TestReportsAgain: SPEC.md W7, what counts as done again and what is late.
func TestReportsAgain(t *testing.T) {
	mark := func(object string) string { return "weighbridge-report " + object + "\n" }
	steps := func(list ...int) string {
		var b strings.Builder
		for _, step := range list {
			b.WriteString(reportLine("", step))
		}
		return b.String()
	}
	labelled := func(words string) string {
		var b strings.Builder
		for word := range strings.FieldsSeq(words) {
			var rank, step int
			fmt.Sscanf(word, "%d:%d", &rank, &step)
			b.WriteString(reportLine(fmt.Sprintf("%d: ", rank), step))
		}
		return b.String()
	}
	for _, c := range []struct {
		name, text string
		want       uint64
		codes      string
	}{
		{"a restart that counts from nothing", mark(`{"step":10,"tokens":"1000"}`) + mark(`{"step":7,"tokens":"700"}`), 1700, ReportDecreased},
		{"a restart without steps", mark(`{"tokens":"1000"}`) + mark(`{"tokens":"700"}`), 1700, ReportDecreased},
		{"a restart that tells the same again", steps(1, 2, 3, 4, 5, 1, 2, 3), 800, ReportDecreased},
		{"and goes on", steps(1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 6), 1100, ReportDecreased},
		{"a restart from a checkpoint that holds the counter", steps(1, 2, 3, 4, 5, 3, 4, 5, 6), 900, ReportDecreased},
		{"two of them", steps(1, 2, 3, 4, 5, 4, 5, 3, 4, 5, 6), 1100, ReportDecreased},
		{"with another figure", steps(1, 2, 3) + mark(`{"step":2,"tokens":"201"}`), 501, ReportDecreased},
		{"one line late", steps(1, 2, 1, 3, 2, 4, 3, 5, 4), 600, ReportDecreased},
		{"and ahead again", steps(1, 2, 1, 3, 2, 4, 3, 5, 4, 6), 600, ReportDecreased},
		{"late, under labels", labelled("0:1 0:2 1:1 0:3 1:2 0:4 1:3"), 400, ""},
		{"a restart of both, under labels", labelled("0:1 0:2 1:1 0:3 1:2 0:1 1:1 0:2 1:2"), 500, ReportDecreased},
		{"a restart under another label, not told before", labelled("0:1 0:3 0:5 2:2 2:4 2:6"), 1100, ReportDecreased},
	} {
		var codes []string
		for _, f := range read(t, "auto", c.text).Observation().Findings {
			codes = append(codes, f.Code)
		}
		if got := executedTokens(t, c.text); got != c.want || strings.Join(codes, " ") != c.codes {
			t.Errorf("%s: %d %v, want %d %s", c.name, got, codes, c.want, c.codes)
		}
	}
}

// TestLateReports: two processes that tell the same, one of them late all the time,
// are no work of a thousand times as much.
func TestLateReports(t *testing.T) {
	const steps = 2000
	for name, label := range map[string]func(rank int) string{"none": func(int) string { return "" }, "srun": func(rank int) string { return fmt.Sprintf("%d: ", rank) }} {
		var b strings.Builder
		for step := 1; step <= steps; step++ {
			b.WriteString(reportLine(label(0), step))
			if step > 1 {
				b.WriteString(reportLine(label(1), step-1))
			}
		}
		if got := executedTokens(t, b.String()); got > steps*100+100 {
			t.Errorf("label %s: %d of %d", name, got, steps*100)
		}
	}
}

// TestExecutedIsNoLess: of a job that is started again, from nothing or from a
// checkpoint that holds its counter, no less is shown than was done.
func TestExecutedIsNoLess(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		var b strings.Builder
		var done, at int
		every, nothing := 1+rng.IntN(3), rng.IntN(2) == 0
		for range 1 + rng.IntN(4) {
			for range 1 + rng.IntN(12) {
				at, done = at+every, done+every
				b.WriteString(reportLine("", at))
			}
			from := 0
			if !nothing {
				from = every * rng.IntN(at/every+1) // of the checkpoints that there are the last attempt's
			}
			if from+every != at { // the same report twice running is one of two processes
				at = from
			}
		}
		if got := executedTokens(t, b.String()); got < uint64(done)*100 {
			t.Fatalf("%d, done %d\n%s", got, done*100, b.String())
		}
	}
}

// TestReportsPastMemory: reports that are no longer remembered are done again.
func TestReportsPastMemory(t *testing.T) {
	var b strings.Builder
	for step := 1; step <= 3*maxTold; step++ {
		b.WriteString(reportLine("", step))
	}
	b.WriteString(reportLine("", 5))
	if got, want := executedTokens(t, b.String()), uint64(3*maxTold+5)*100; got != want {
		t.Errorf("%d, want %d", got, want)
	}
	o := read(t, "auto", b.String())
	before := o.Observation().Reported[0].TokensExecuted
	o.Observation() // a snapshot changes nothing
	if after := o.Observation().Reported[0].TokensExecuted; *after != *before || *after == (meter.Ops{}) {
		t.Errorf("%v, then %v", before, after)
	}
}
