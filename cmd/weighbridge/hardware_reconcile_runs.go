package main

import (
	"cmp"
	"encoding/json"
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
func (a *app) accountedRuns(catalogue *provenance.Catalogue) ([]accounting.Run, map[string][]string, error) {
	records, models := map[string][]meter.Record{}, map[string][]string{}
	var runs []accounting.Run
	err := a.reading(func(l *ledger.Ledger) error {
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
	run := accounting.Run{ID: id, Held: map[string]*big.Rat{}, Unknown: map[string]bool{}}
	calledBy(&run, records)
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
			run.Machines = append(run.Machines, instances...)
		}
	}
	run.Chips = chipsOf(own, catalogue)
	for _, h := range heldBy(own, catalogue) {
		product := h.product // as a driver or a person names it
		if found, err := catalogue.Find(product); err == nil {
			product = found.Name()
		} else {
			run.Unknown[product] = true
		}
		if run.Held[product] == nil {
			run.Held[product] = new(big.Rat)
		}
		run.Held[product].Add(run.Held[product], h.seconds)
	}
	return run, nil
}

// slurmRun is how run names what runs under Slurm: cluster, job and step.
var slurmRun = regexp.MustCompile(`^slurm-(?:(.*)-)?([0-9]+)(?:\.[^.]*)?$`)

// calledBy sets the names by which a scheduler and its accounting may know a run:
// its own, the job that is in it, and what its records' machines say.
func calledBy(run *accounting.Run, records []meter.Record) {
	run.Jobs = []string{run.ID}
	add := func(list *[]string, names ...string) {
		for _, name := range names {
			if name != "" && !slices.Contains(*list, name) {
				*list = append(*list, name)
			}
		}
	}
	if m := slurmRun.FindStringSubmatch(run.ID); m != nil {
		run.Cluster, run.Scheduled = m[1], true
		add(&run.Jobs, m[2])
	}
	for _, r := range records {
		if r.Host == nil {
			continue
		}
		run.Cluster, run.Scheduled = cmp.Or(run.Cluster, r.Host.Cluster), run.Scheduled || r.Host.Job != ""
		add(&run.Jobs, r.Host.Job, r.Host.Task)
		node, _, _ := strings.Cut(r.Host.Name, ".") // accounting may leave the domain out
		add(&run.Machines, r.Host.Name, node)
	}
}

// chipsOf is how many chips the records name, in thousandths; 0 where that cannot
// be told.
func chipsOf(records []meter.Record, catalogue *provenance.Catalogue) uint64 {
	sum := new(big.Rat)
	for _, h := range meter.DevicesHeld(records) {
		whole := heldTime{product: h.Product, seconds: new(big.Rat).SetInt(new(big.Int).SetUint64(h.Devices))}
		sum.Add(sum, wholeProducts(whole, records, catalogue))
		if h.Anonymous > 0 && len(records) > 1 {
			return 0 // whether two records name the same devices cannot be told
		}
	}
	sum.Mul(sum, big.NewRat(1000, 1))
	for _, r := range records {
		for _, d := range r.Hardware {
			if d.Slice != nil {
				return 0 // a scheduler counts slices in a way of its own
			}
		}
	}
	if !sum.IsInt() || !sum.Num().IsUint64() {
		return 0
	}
	return sum.Num().Uint64()
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
