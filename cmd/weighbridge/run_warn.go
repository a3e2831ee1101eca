package main

import (
	"context"
	"math/big"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/wrap"
)

// watch is a meter that also says, on standard error and by a command, when the
// lineage comes near a threshold. What it does beside metering it does in a
// goroutine of its own, from the latest figures: it can be late, never in the
// way. A nil watch watches nothing.
type watch struct {
	wrap.Meter
	app       *app
	head      wrap.Head
	fractions []*big.Rat // of a threshold, ascending; 1 is among them
	command   string
	seen      chan meter.Observation // the latest
	stop      chan struct{}
	done      chan struct{}

	known map[meter.ModelRef][]meter.Record // the lineage at the start; nil: nothing is known of the model
	told  map[string]int                    // by regime: fractions that were told or passed
	idle  *big.Int                          // operations of this run below which nothing new can be told
}

const (
	warnCommandTime = time.Minute     // how long a command of --warn-command may take
	warnFarewell    = 5 * time.Second // how long the end of a run waits for the last warning
)

// watchThresholds wraps the meter of a run that is about to start.
func (a *app) watchThresholds(f runFlags, o *wrap.Options) (*watch, error) {
	fractions, err := parseFractions(f.warn)
	if err != nil || fractions == nil {
		return nil, err
	}
	w := &watch{Meter: o.Meter, app: a, head: o.Head, fractions: fractions, command: f.warnCommand,
		seen: make(chan meter.Observation, 1), stop: make(chan struct{}), done: make(chan struct{}), told: map[string]int{}}
	o.Meter = w
	go w.run()
	return w, nil
}

// Observation is the meter's, and leaves a copy for the watcher. It is called
// from one goroutine at a time.
func (w *watch) Observation() meter.Observation {
	o := w.Meter.Observation()
	select {
	case <-w.seen: // an older one that nobody has looked at
	default:
	}
	w.seen <- o
	return o
}

// finish lets the watcher look at the last figures.
func (w *watch) finish() {
	if w == nil {
		return
	}
	close(w.stop)
	patience := time.NewTimer(warnFarewell)
	defer patience.Stop()
	select {
	case <-w.done:
	case <-patience.C:
		w.app.warn("the last warning is not done after %s and is left behind", warnFarewell)
	}
}

func (w *watch) run() {
	defer close(w.done)
	defer func() {
		if p := recover(); p != nil {
			w.app.warn("the thresholds are no longer watched: %v", p)
		}
	}()
	if err := w.start(); err != nil {
		w.app.warn("the thresholds are not watched in this run: %v", err)
		return
	}
	for ending := false; !ending; {
		var o meter.Observation
		select {
		case o = <-w.seen:
		case <-w.stop:
			ending = true
			select {
			case o = <-w.seen:
			default:
				return
			}
		}
		if err := w.look(o); err != nil {
			w.app.warn("the thresholds are no longer watched: %v", err)
			return
		}
	}
}

// start reads what is known of the lineage, once, and tells what it has reached
// already.
func (w *watch) start() error {
	w.known = map[meter.ModelRef][]meter.Record{}
	err := w.app.withAnyHistory(func(h *history) error {
		positions, err := w.app.positionsOf(w.head.Model, func(m meter.ModelRef) ([]meter.Record, bool) {
			records, known := h.records(m)
			// Our own journal is among what is pending: it comes from the meter.
			records = slices.DeleteFunc(slices.Clone(records), func(r meter.Record) bool { return r.Run == w.head.Run })
			if known {
				w.known[m] = records
			}
			return w.with(m, w.nothingYet())
		})
		if err == nil {
			w.tell(positions, new(big.Int))
		}
		return err
	})
	return err
}

// nothingYet is the run before it has done anything: it names the parents.
func (w *watch) nothingYet() []meter.Record {
	return []meter.Record{{Model: w.head.Model, Run: w.head.Run, Activity: w.head.Activity, Weights: w.head.Weights, Parents: w.head.Parents,
		Operations: meter.Exact(meter.Ops{}), Method: meter.Counted, Grade: meter.GradeMeasured, Outcome: meter.Interrupted}}
}

// with is the records of a model with those of the run that goes on.
func (w *watch) with(m meter.ModelRef, live []meter.Record) ([]meter.Record, bool) {
	records, known := w.known[m]
	if m == w.head.Model {
		return append(slices.Clone(records), live...), true
	}
	return records, known
}

// look finds the positions anew when the run has done enough for news.
func (w *watch) look(o meter.Observation) error {
	live, err := recordsOf(wrap.Journal{Head: w.head, Observation: o, Outcome: meter.Interrupted}, weightsSeen{}, true)
	if err != nil {
		return err
	}
	done := new(big.Int)
	for _, r := range live {
		done.Add(done, standing(r.Operations))
	}
	if w.idle == nil || done.Cmp(w.idle) < 0 { // nil: everything was told
		return nil
	}
	positions, err := w.app.positionsOf(w.head.Model, func(m meter.ModelRef) ([]meter.Record, bool) { return w.with(m, live) })
	if err == nil {
		w.tell(positions, done)
	}
	return err
}

// standing is the estimate, or the low bound where there is none: a warning must
// not wait for certainty, nor cry at a bound that is only unknown.
func standing(i meter.Interval) *big.Int {
	if i.Estimate.Known {
		return i.Estimate.Ops.Big()
	}
	return i.Low.Big()
}

// tell warns of each regime whose next fraction is reached, by the highest one,
// and notes how much more this run must do before there can be news: no
// operation counts twice under a regime.
func (w *watch) tell(positions []fdp.Position, done *big.Int) {
	w.idle = nil
	for _, p := range positions {
		if !p.Codified { // a text that does not stand warns nobody
			continue
		}
		at := new(big.Rat).SetFrac(standing(p.Interval), p.Threshold.Big())
		reached := 0
		for reached < len(w.fractions) && at.Cmp(w.fractions[reached]) >= 0 {
			reached++
		}
		if reached > w.told[p.Regime] {
			w.told[p.Regime] = reached
			w.warn(p, w.fractions[reached-1])
		}
		if reached == len(w.fractions) {
			continue
		}
		missing := new(big.Rat).Sub(w.fractions[reached], at)
		missing.Mul(missing, ratOf(p.Threshold))
		news := new(big.Int).Quo(missing.Num(), missing.Denom())
		if news.Add(news, done); w.idle == nil || news.Cmp(w.idle) < 0 {
			w.idle = news
		}
	}
}

func (w *watch) warn(p fdp.Position, fraction *big.Rat) {
	percent := new(big.Rat).Mul(fraction, big.NewRat(100, 1))
	places, _ := percent.FloatPrec() // exact: the flag's own digits
	text := percent.FloatString(places)
	w.app.warn("warning: %s has reached %s %% of the threshold of %s: %s %s of %s %s", w.head.Model, text, p.Regime, p.Quantity, p.Interval, p.Comparison, p.Threshold.Short())
	if w.command == "" {
		return
	}
	if err := w.call(p, text); err != nil {
		w.app.warn("--warn-command: %v; the job runs on", err)
	}
}

// call runs the command of --warn-command in a process group of its own, without
// our streams: it cannot take the job's terminal, signals or output.
func (w *watch) call(p fdp.Position, percent string) error {
	ctx, cancel := context.WithTimeout(context.Background(), warnCommandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", w.command)
	cmd.Env = append(withoutSecrets(w.app.env.environ), "WEIGHBRIDGE_MODEL="+string(w.head.Model), "WEIGHBRIDGE_REGIME="+p.Regime, "WEIGHBRIDGE_PERCENT="+percent,
		"WEIGHBRIDGE_OPERATIONS="+standing(p.Interval).String(), "WEIGHBRIDGE_THRESHOLD="+p.Threshold.String())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd.Run()
}
