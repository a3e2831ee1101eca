package trainlog

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// perToken is what a token costs in these tests.
const perToken = 51_470_401_536

// trained is a training job in several processes, each resumed from a checkpoint
// of those before it, and what is true of it: plain sets, no code of the readers.
type trained struct {
	interval, batch uint64
	logs            []string        // of each process
	shown           uint64          // the last step that a line shows
	steps           map[uint64]bool // done, by number
	executed        uint64
	quiet           bool // a process shows no step at all, so there is no estimate and no bound
}

// committed is what the union of the steps comes to.
func (t *trained) committed(tt *testing.T) (low meter.Ops, estimate meter.Bound) {
	low = tokensOps(tt, t.shown, t.batch)
	if !t.quiet {
		estimate = meter.Known(low)
	}
	return low, estimate
}

func train(rng *rand.Rand, processes int) trained {
	t := trained{interval: 1 + rng.Uint64N(12), batch: 1 + rng.Uint64N(1_000_000), steps: map[uint64]bool{}}
	done := uint64(0)
	for p := range processes {
		from := done - min(done, rng.Uint64N(40)) // the checkpoint
		if p == 0 {
			from = 0
		}
		to := max(done, from) + 1 + rng.Uint64N(60)
		if p == processes-1 || p == 0 {
			to += 2 * t.interval // so that the job shows two lines at least
		}
		t.logs = append(t.logs, t.log(from, to))
		done = max(done, to)
	}
	return t
}

// log is a process that does the steps from from (not done again) to to.
func (t *trained) log(from, to uint64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "tokens per iteration will be: %d\n", t.batch)
	for step := from + 1; step <= to; step++ {
		t.steps[step], t.executed = true, t.executed+1
		if iter := step - 1; iter%t.interval == 0 {
			fmt.Fprintf(&b, "iter %d: loss 9.5, time 2451.33ms, mfu 35.12%%\n", iter)
			t.shown = max(t.shown, step)
		}
	}
	t.quiet = t.quiet || !strings.Contains(b.String(), "iter ")
	return b.String()
}

// recorded is the record of a process with this log, counted as the command
// counts: committed steps are low and estimate, high is executed steps and what
// no line shows.
func recorded(tt *testing.T, log string, number int) meter.Record {
	o := readAs(tt, Options{Format: "nanogpt"}, log).Observation()
	r := meter.Record{Schema: meter.RecordSchema, Model: "t/t@1", Run: "night", Sequence: uint64(number + 1), Activity: meter.Pretraining, Weights: meter.WeightsKept,
		Part: &meter.Part{Ranks: 1}, Method: meter.NoMethod, Grade: meter.GradeMeasured, Outcome: meter.Failed, Observed: &o, Operations: meter.Unbounded(meter.Ops{})}
	begin := time.Date(2026, 11, 25, number, 0, 0, 0, time.UTC)
	r.Period = &meter.Period{Start: begin, End: begin.Add(time.Hour)}
	if o.TokensCommitted == nil {
		return r
	}
	r.Method, r.Grade = meter.Architecture, meter.GradeDerived
	cost := func(tokens meter.Ops) meter.Ops { return timesOps(tt, tokens, meter.NewOps(perToken)) }
	r.Operations = meter.Interval{Low: cost(*o.TokensCommitted), Estimate: meter.Known(cost(*o.TokensCommitted))}
	if o.LogInterval != nil {
		tail := timesOps(tt, meter.NewOps(*o.LogInterval), meter.NewOps(*o.TokensPerStep*(1+2*o.Restarts)))
		high, err := o.TokensExecuted.Add(tail)
		if err != nil {
			tt.Fatal(err)
		}
		r.Operations.High = meter.Known(cost(high))
	}
	if err := r.Validate(); err != nil {
		tt.Fatal(err)
	}
	return r
}

func timesOps(t *testing.T, a, b meter.Ops) meter.Ops {
	n, err := a.Mul(b)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// netted is the one total of the records, whatever their order.
func netted(t *testing.T, rng *rand.Rand, records []meter.Record) meter.Interval {
	var sum meter.Interval
	for round := range 3 {
		shuffled := slices.Clone(records)
		if round > 0 {
			rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		}
		net := meter.NetRuns(shuffled)
		for _, r := range net {
			if err := r.Operations.Validate(); err != nil {
				t.Fatalf("%v: %+v", err, r.Operations)
			}
		}
		totals, err := meter.SumRecords(net)
		if err != nil {
			t.Fatal(err)
		}
		if round > 0 && totals[0].Operations != sum {
			t.Fatalf("in another order the total is %+v, first it was %+v", totals[0].Operations, sum)
		}
		sum = totals[0].Operations
	}
	return sum
}

func tokensOps(t *testing.T, steps, batch uint64) meter.Ops {
	return timesOps(t, timesOps(t, meter.NewOps(steps), meter.NewOps(batch)), meter.NewOps(perToken))
}

// TestProcessesOfOneRunAddUpOnce: a run in k processes, each resumed from a
// checkpoint so that steps are done again, has the total of its union of steps,
// and a high that covers every step executed.
func TestProcessesOfOneRunAddUpOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	bounded := 0
	for round := range 2000 {
		job := train(rng, 1+rng.IntN(6))
		var records []meter.Record
		for i, log := range job.logs {
			records = append(records, recorded(t, log, i))
		}
		sum := netted(t, rng, records)
		want, estimate := job.committed(t)
		if sum.Low != want || sum.Estimate != estimate {
			t.Fatalf("round %d: committed is %s to %s, the union of steps gives %s\n%s", round, sum.Low, sum.Estimate, want, strings.Join(job.logs, "---\n"))
		}
		if !sum.High.Known {
			continue
		}
		bounded++
		if executed := tokensOps(t, job.executed, job.batch); sum.High.Ops.Cmp(executed) < 0 {
			t.Fatalf("round %d: high is %s, %d steps of %d tokens were executed\n%s", round, sum.High, job.executed, job.batch, strings.Join(job.logs, "---\n"))
		}
	}
	if bounded < 1000 {
		t.Errorf("only %d of 2000 rounds had a bound", bounded)
	}
}

// TestSplittingALogChangesNoTotal: the log of one process, cut at random lines
// into k files of one run, gives the committed total of the whole.
func TestSplittingALogChangesNoTotal(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 9))
	for round := range 1000 {
		job := train(rng, 1)
		lines := strings.SplitAfter(strings.TrimSuffix(job.logs[0], "\n"), "\n")
		head, lines := lines[0], lines[1:]
		var records []meter.Record
		for number := 0; len(lines) > 0; number++ {
			n := 1 + rng.IntN(len(lines))
			records = append(records, recorded(t, head+strings.Join(lines[:n], ""), number))
			lines = lines[n:]
		}
		if sum, want := netted(t, rng, records), tokensOps(t, job.shown, job.batch); sum.Low != want || sum.Estimate != meter.Known(want) {
			t.Fatalf("round %d: %d files give %s to %s, the whole gives %s\n%s", round, len(records), sum.Low, sum.Estimate, want, job.logs[0])
		}
	}
}

// TestRanksOfOneRunAddUpOnce: every rank of every execution writes a record, and
// some are lost. As long as one of each execution is left the total is that of
// the union of steps, whether the rank that was to count is among them or not.
func TestRanksOfOneRunAddUpOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 17))
	promoted := 0
	for round := range 1000 {
		job := train(rng, 1+rng.IntN(4))
		ranks := 2 + rng.Uint64N(4)
		var records []meter.Record
		for i, log := range job.logs {
			survivor := rng.Uint64N(ranks)
			for rank := range ranks {
				if rank != survivor && rng.IntN(2) == 0 {
					continue
				}
				r := recorded(t, log, i)
				r.Sequence = uint64(i)*100 + rank
				skew := time.Duration(rng.IntN(60)) * time.Second
				r.Period = &meter.Period{Start: r.Period.Start.Add(skew), End: r.Period.End.Add(skew)}
				r.Part = &meter.Part{Rank: rank, Ranks: ranks}
				records = append(records, witnessOf(r))
			}
		}
		sum := netted(t, rng, records)
		want, estimate := job.committed(t)
		if sum.Low != want || sum.Estimate != estimate {
			t.Fatalf("round %d: %d records give %s to %s, the union of steps gives %s", round, len(records), sum.Low, sum.Estimate, want)
		}
		if executed := tokensOps(t, job.executed, job.batch); sum.High.Known && sum.High.Ops.Cmp(executed) < 0 {
			t.Fatalf("round %d: high is %s, executed %s", round, sum.High, executed)
		}
		for _, r := range meter.NetRuns(records) {
			if slices.ContainsFunc(r.Findings, func(f meter.Finding) bool { return f.Code == "rank-promoted" }) {
				promoted++
			}
		}
	}
	if promoted < 100 {
		t.Errorf("only %d ranks were promoted", promoted)
	}
}

// witnessOf is the record as a rank that does not count writes it.
func witnessOf(r meter.Record) meter.Record {
	if r.Part.Rank == r.Part.Counting {
		return r
	}
	if r.Method != meter.NoMethod {
		r.Witnesses = []meter.Witness{{Quantity: meter.Required, Method: r.Method, Grade: r.Grade, Operations: r.Operations, Source: "formula"}}
	}
	r.Operations, r.Method = meter.Exact(meter.Ops{}), meter.Counted
	return r
}

// TestReportedProcessesAddUpOnce is the same by the job's own counter, which
// begins at nothing in each process.
func TestReportedProcessesAddUpOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 23))
	for round := range 1000 {
		cost, done, executed := 1+rng.Uint64N(1_000_000), uint64(0), uint64(0)
		var records []meter.Record
		for i := range 1 + rng.IntN(5) {
			from := done - min(done, rng.Uint64N(40))
			to := done + 2 + rng.Uint64N(60)
			var log strings.Builder
			for step := from + 1; step <= to; step++ {
				fmt.Fprintf(&log, "weighbridge-report {\"step\":%d,\"operations\":\"%d\"}\n", step, cost*(step-from))
			}
			executed += to - from
			done = to
			r := recorded(t, log.String(), i)
			r.Method, r.Grade = meter.Counted, meter.GradeReported
			r.Operations = meter.Exact(*r.Observed.Reported[0].Operations)
			records = append(records, r)
		}
		sum := netted(t, rng, records)
		want := meter.Interval{Low: meter.NewOps(cost * done), Estimate: meter.Known(meter.NewOps(cost * done)), High: meter.Known(meter.NewOps(cost * executed))}
		if sum != want {
			t.Fatalf("round %d: %+v, want %+v", round, sum, want)
		}
	}
}

// TestNoRankShowsAnything: a job of which only ranks that do not count are
// recorded, and none shows what it did, is not nothing: it has no upper bound.
func TestNoRankShowsAnything(t *testing.T) {
	r := recorded(t, "", 0)
	r.Part = &meter.Part{Rank: 1, Ranks: 2}
	net := meter.NetRuns([]meter.Record{witnessOf(r)})
	if net[0].Operations != meter.Unbounded(meter.Ops{}) || net[0].Findings[len(net[0].Findings)-1].Code != "not-counted" {
		t.Errorf("%+v, %v", net[0].Operations, net[0].Findings)
	}
	stated := r
	stated.Method, stated.Operations = meter.Declared, meter.Exact(meter.NewOps(5))
	if got := meter.NetRuns([]meter.Record{stated})[0]; got.Operations != stated.Operations {
		t.Errorf("what a person stated became %+v", got.Operations)
	}
}

// TestUnionIsThatOfASet holds the spans of the union against a set of numbers.
func TestUnionIsThatOfASet(t *testing.T) {
	rng := rand.New(rand.NewPCG(29, 31))
	for range 500 {
		var records []meter.Record
		set := map[uint64]bool{}
		for i := range 1 + rng.IntN(5) {
			r := recorded(t, "", i)
			r.Method, r.Grade = meter.Architecture, meter.GradeDerived
			var spans []meter.Span
			for at := uint64(0); len(spans) < 1+rng.IntN(4); {
				from := at + 1 + rng.Uint64N(10)
				at = from + 1 + rng.Uint64N(10)
				spans = append(spans, meter.Span{From: from, To: at, PerStep: 7})
			}
			own := uint64(0)
			for _, s := range spans {
				own += s.To - s.From
				for n := s.From; n < s.To; n++ {
					set[n] = true
				}
			}
			r.Observed.Spans = spans
			r.Operations = meter.Exact(meter.NewOps(own * 1000))
			records = append(records, r)
		}
		first, last := uint64(1<<62), uint64(0)
		for n := range set {
			first, last = min(first, n), max(last, n+1)
		}
		sum := netted(t, rng, records)
		// What lies between the first step shown and the last was done: later states hold it.
		if want := new(big.Int).SetUint64((last - first) * 1000); sum.Low.Big().Cmp(want) != 0 {
			t.Fatalf("union of %d records is %s, want %s", len(records), sum.Low, want)
		}
	}
}
