package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/provenance"
	"github.com/weighbridge/weighbridge/provenance/accounting"
	"github.com/weighbridge/weighbridge/provenance/probe"
)

// accountedRuns are the runs of the ledger, each with its models.
func (a *app) accountedRuns() ([]accounting.Run, map[string][]string, error) {
	catalogue, err := provenance.Embedded()
	if err != nil {
		return nil, nil, err
	}
	records, models := map[string][]meter.Record{}, map[string][]string{}
	var runs []accounting.Run
	err = a.reading(func(l *ledger.Ledger) error {
		all, err := l.Models()
		if err != nil {
			return err
		}
		for _, model := range all {
			of, err := l.Records(model)
			if err != nil {
				return err
			}
			for _, r := range of {
				records[r.Run] = append(records[r.Run], r)
				if !slices.Contains(models[r.Run], string(model)) {
					models[r.Run] = append(models[r.Run], string(model))
				}
			}
		}
		for _, id := range sortedKeys(records) {
			run, err := accountedRun(l, id, records[id], catalogue)
			if err != nil {
				return err
			}
			runs = append(runs, run)
		}
		return nil
	})
	return runs, models, err
}

func accountedRun(l *ledger.Ledger, id string, records []meter.Record, catalogue *provenance.Catalogue) (accounting.Run, error) {
	run := accounting.Run{ID: id, Jobs: jobsOf(id), Held: map[string]*big.Rat{}}
	var own []meter.Record
	for _, r := range records {
		if r.Period != nil {
			start, end := r.Period.Start.UnixNano(), r.Period.End.UnixNano()
			if run.End == 0 || start < run.Start {
				run.Start = start
			}
			run.End = max(run.End, end)
		}
		if r.Method != meter.NoMethod || len(r.Hardware) > 0 && len(r.Use) > 0 { // else telemetry, a source of its own
			own = append(own, r)
		}
		for _, e := range r.Evidence {
			if e.Kind != "identity-document" {
				continue
			}
			instances, err := instancesOf(l, e.Digest)
			if err != nil {
				return run, err
			}
			run.Instances = append(run.Instances, instances...)
		}
	}
	for _, h := range heldBy(own, catalogue) {
		if run.Held[h.product] == nil {
			run.Held[h.product] = new(big.Rat)
		}
		run.Held[h.product].Add(run.Held[h.product], h.seconds)
	}
	return run, nil
}

// slurmRun is how run names what runs under Slurm: cluster, job and step.
var slurmRun = regexp.MustCompile(`^slurm-(?:.*-)?([0-9]+)(?:\.[^.]*)?$`)

// jobsOf are the ids by which a scheduler may know a run: its own name, and the job
// that is in it.
func jobsOf(id string) []string {
	jobs := []string{id}
	if m := slurmRun.FindStringSubmatch(id); m != nil && m[1] != id {
		jobs = append(jobs, m[1])
	}
	return jobs
}

// instancesOf are the machines that a kept identity document names.
func instancesOf(l *ledger.Ledger, digest string) ([]string, error) {
	r, err := l.Evidence(digest)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	identity, err := probe.ParseIdentity(data)
	if err != nil {
		return nil, nil // kept as it was given; it names no machine
	}
	var out []string
	for _, f := range identity.Fields {
		switch strings.ToLower(strings.NewReplacer("_", "", ".", "").Replace(f.Name)) {
		case "instanceid", "googlecomputeengineinstanceid", "vmid":
			out = append(out, f.Value)
		}
	}
	return out, nil
}

func hoursOf(seconds *big.Rat) json.Number {
	hours := new(big.Rat).Quo(seconds, big.NewRat(3600, 1))
	if hours.IsInt() {
		return json.Number(hours.Num().String())
	}
	return json.Number(strings.TrimRight(strings.TrimRight(hours.FloatString(6), "0"), "."))
}

func cmpText(a, b string) int { return cmp.Compare(a, b) }

func (r reconcileResult) text() string {
	var b strings.Builder
	b.WriteString("chip-hours by source; attributed: of jobs and instances of the ledger's runs\n")
	rows := [][]string{{"source", "product", "attributed", "unattributed", "idle", "inventory"}}
	for _, p := range r.Products {
		rows = append(rows, []string{string(p.Kind), printable(p.Product), p.Attributed.String(), p.Unattributed.String(), hoursOrDash(p.Idle), hoursOrDash(p.Inventory)})
	}
	writeColumns(&b, rows)
	for _, run := range r.Runs {
		fmt.Fprintf(&b, "run %s (%s): its records %s\n", printable(run.Run), strings.Join(run.Models, ", "), hoursOrDash(run.Recorded))
		for _, s := range run.Sources {
			ratio := ""
			if s.Ratio != "" {
				ratio = ", " + s.Ratio + " of them"
			}
			fmt.Fprintf(&b, "  %-10s %s%s: %s\n", s.Kind, hoursOrDash(s.Hours), ratio, s.Verdict)
		}
	}
	if len(r.Loose) > 0 {
		b.WriteString("held or billed, and of no run in this ledger\n")
	}
	for _, l := range r.Loose {
		fmt.Fprintf(&b, "  %-10s %s of %s: account %s, job %s, instance %s\n", l.Kind, l.Hours, printable(l.Product), orDash(l.Account), orDash(l.Job), orDash(l.Instance))
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "  and %d more holders\n", r.More)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "finding: %s: %s\n", f.Code, printable(f.Message))
	}
	b.WriteString("Runs and sources agree within 5 %: a job is paid for while it starts and ends. What differs stands as each says it.\n")
	return b.String()
}

func hoursOrDash(n *json.Number) string {
	if n == nil {
		return "-"
	}
	return n.String()
}

func orDash(s string) string { return printable(cmp.Or(s, "-")) }
