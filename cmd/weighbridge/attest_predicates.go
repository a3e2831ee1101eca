package main

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// predicates returns what the ledger says of the model: its compute, and the
// hardware of its lineage.
func (a *app) predicates(f attestFlags, h *history, files attest.Manifest) (attest.TrainingCompute, attest.Hardware, error) {
	compute, err := a.computePredicate(f, h, files)
	if err != nil {
		return compute, attest.Hardware{}, err
	}
	hardware, err := a.hardwarePredicate(compute.Lineage, h)
	return compute, hardware, err
}

// included returns the predicates that were asked for. A determination is held to
// the statements that will stand beside it before anything is signed.
func (a *app) included(f attestFlags, s stated) ([]any, error) {
	compute, hardware := s.compute, s.hardware
	var made []any
	var beside *attest.Hardware
	if slices.Contains(f.include, "training-compute") {
		made = append(made, compute)
	}
	if slices.Contains(f.include, "hardware") {
		made, beside = append(made, hardware), &hardware
	}
	if slices.Contains(f.include, "determination") || slices.Contains(f.include, "svr") {
		determination, err := a.determinationPredicate(f, compute, hardware)
		if err != nil {
			return nil, err
		}
		if _, err := determination.HoldTo(compute, beside); err != nil {
			return nil, err
		}
		return a.withVerdict(f, made, determination)
	}
	return made, nil
}

// withVerdict adds the determination, its verdict as a Simple Verification Result,
// or both.
func (a *app) withVerdict(f attestFlags, made []any, determination attest.Determination) ([]any, error) {
	if slices.Contains(f.include, "determination") {
		made = append(made, determination)
	}
	if slices.Contains(f.include, "svr") {
		basis, err := a.basis()
		if err != nil {
			return nil, err
		}
		result, err := attest.NewVerificationResult(basis, determination)
		if err != nil {
			return nil, err
		}
		made = append(made, result)
	}
	return made, nil
}

func (a *app) tool() attest.Tool { return attest.Tool{Name: "weighbridge", Version: version} }

func (a *app) computePredicate(f attestFlags, h *history, files attest.Manifest) (attest.TrainingCompute, error) {
	none := attest.TrainingCompute{}
	if _, err := h.lineage(f.model); err != nil {
		return none, err
	}
	lineage, err := attest.LineageFromRecords(f.model, h.records)
	if err != nil {
		return none, err
	}
	own, err := lineage.Models[0].Activities()
	if err != nil {
		return none, err
	}
	records, _ := h.records(f.model)
	head, others, err := h.heads(f.model, lineage)
	if err != nil {
		return none, err
	}
	corrections, err := h.corrections(lineage)
	if err != nil {
		return none, err
	}
	owned, err := f.owned(h, files)
	if err != nil {
		return none, err
	}
	return attest.TrainingCompute{
		Model: f.model, Weights: attest.WeightsOf(files), Activities: own, Lineage: lineage, Corrections: corrections,
		Convention: h.convention(lineage), Methods: attest.MethodsOf(records), Period: attest.PeriodOf(records), Ledger: head, Logs: others,
		Findings: slices.Concat(findingsOf(records, files), h.misnamed(lineage), owned), Completeness: attest.Completeness, Tool: a.tool(), CreatedAt: a.env.now().UTC(),
	}, h.err
}

// convention is that of the lineage's sum.
func (h *history) convention(lineage attest.Lineage) attest.Convention {
	var all []meter.Record
	for _, m := range lineage.Models {
		records, _ := h.records(m.Model)
		all = append(all, records...)
	}
	return attest.ConventionOf(all)
}

// misnamed are the findings that an ancestor started from the weights of another model
// than it names: the statement's lineage may lack operations for it.
func (h *history) misnamed(lineage attest.Lineage) []meter.Finding {
	var findings []meter.Finding
	for _, m := range lineage.Models[1:] {
		records, _ := h.records(m.Model)
		for _, r := range records {
			for _, f := range r.Findings {
				if f.Code == meter.InputDiffers {
					findings = append(findings, meter.Finding{Code: f.Code, Message: fmt.Sprintf("%s, of the lineage: %s", m.Model, f.Message)})
				}
			}
		}
	}
	return findings
}

// findingsOf collects what the records found, and whether these weights are
// those that the model's runs wrote.
func findingsOf(records []meter.Record, files attest.Manifest) []meter.Finding {
	var findings []meter.Finding
	var outputs []string
	for _, r := range records {
		findings = append(findings, r.Findings...)
		if r.Output != "" {
			outputs = append(outputs, r.Output)
		}
	}
	switch root := files.Root(); {
	case len(outputs) == 0:
		findings = append(findings, meter.Finding{Code: "output-not-recorded",
			Message: "no record names the digest of the weights it wrote: that these weights are the model's is the attester's word (run --weights DIR records it)"})
	case !slices.Contains(outputs, root):
		findings = append(findings, meter.Finding{Code: "output-differs",
			Message: fmt.Sprintf("the weights have the OMS root %s, the model's records name %s: converted or other weights", root, outputs[len(outputs)-1])})
	}
	return findings
}

// hardwarePredicate joins the devices of the lineage's records with the
// catalogue's classification of them.
func (a *app) hardwarePredicate(lineage attest.Lineage, h *history) (attest.Hardware, error) {
	catalogue, err := provenance.Embedded()
	if err != nil {
		return attest.Hardware{}, err
	}
	out := attest.Hardware{Model: lineage.Models[0].Model, Tool: a.tool(), CreatedAt: a.env.now().UTC(), NotSeen: []string{
		"whether devices without a UUID are the same ones in different runs: of them the count is the most that one run held",
		"that the devices named are the devices that worked: no vendor signs use or operations",
	}}
	counts := deviceCounts{}
	for _, m := range lineage.Models {
		records, _ := h.records(m.Model)
		for _, r := range records {
			addHardware(&out, r)
			counts.add(catalogue, r)
		}
		out.Worked(m.Model, records)
	}
	out.Devices = counts.devices()
	for _, missing := range lineage.Missing {
		out.NotSeen = append(out.NotSeen, "the hardware of "+string(missing)+": nothing is recorded of it")
	}
	return out, h.err
}

func addHardware(out *attest.Hardware, r meter.Record) {
	if r.Host == nil && len(r.Hardware) == 0 {
		out.NotSeen = append(out.NotSeen, "the hardware of run "+r.Run+": none was recorded")
		return
	}
	if !slices.Contains(out.Runs, r.Run) {
		out.Runs = append(out.Runs, r.Run)
	}
	if r.Host == nil {
		return
	}
	host := meter.Host{CPU: r.Host.CPU, Cores: r.Host.Cores, Kernel: r.Host.Kernel, Machine: r.Host.Machine} // its name and its job are the site's own
	if !slices.Contains(out.Hosts, host) {
		out.Hosts = append(out.Hosts, host)
	}
}
