package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest/weights"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// The kinds of evidence that an attested parent leaves in the store.
const (
	evidenceAttestation = "attestation"      // its bundles, one per line, as a claims file
	evidenceAttester    = "attestation-keys" // the public keys that signed them, PEM
	evidenceCompute     = "training-compute" // a statement as it was signed
	evidenceHardware    = "hardware"         // the one beside it
	evidenceShown       = "presentation"     // what of them was shown, where they hide figures
)

// attestedRunOf names the run of what a statement tells, with the figures of it and
// of those beside it that were shown.
func attestedRunOf(digest string, shown map[string][]string) string {
	run := meter.AttestedRun + strings.TrimPrefix(digest, "sha256:")[:32]
	var all []string
	for _, disclosures := range shown {
		all = append(all, disclosures...)
	}
	if len(all) == 0 {
		return run
	}
	slices.Sort(all)
	sum := sha256.Sum256([]byte(strings.Join(all, "\n")))
	return run + "-" + hex.EncodeToString(sum[:8])
}

// bring puts what verified parents attest into the ledger, and what there is to say
// of it into the record of the work that came from them.
func (w workFlags) bring(l *ledger.Ledger, r *meter.Record) error {
	for _, p := range w.attested {
		findings, err := p.enter(l, r.Model)
		if err != nil {
			return err
		}
		signed, err := p.signed(l)
		if err != nil {
			return err
		}
		r.Evidence = append(r.Evidence, signed...)
		r.Findings = append(r.Findings, findings...)
	}
	return nil
}

// enter appends what the statement tells of every model of its lineage. Where the
// ledger holds work of such a model too, now or after a merge, the two are one work
// (meter.NetRuns); where they disagree that is a finding. The records say nothing
// that the statement does not: those of two ledgers are the same ones.
func (p attestedParent) enter(l *ledger.Ledger, child meter.ModelRef) ([]meter.Finding, error) {
	findings := []meter.Finding{{Code: "parent-attested", Message: fmt.Sprintf("%s comes with the statement %s signed by %s", p.compute.Model, p.opened.Digest, p.opened.Signer.ID())}}
	records := p.compute.Inherited(p.hardware, p.run())
	for _, r := range records {
		if r.Model == child {
			return nil, fmt.Errorf("--parent %s: %s is itself a model of the attested lineage of %s: a model comes after its parents; nothing was recorded", p.shipment, child, p.compute.Model)
		}
	}
	evidence, err := p.statements(l)
	if err != nil {
		return nil, err
	}
	for _, model := range modelsOf(records) {
		mine := ofModel(records, model)
		held, err := l.Records(model)
		if err != nil {
			return nil, err
		}
		if others := apartFrom(held, mine); len(others) > 0 {
			findings = append(findings, p.against(model, meter.NetRuns(others), mine)...)
		}
		for _, r := range mine {
			r.Evidence = evidence
			r.Findings = append(slices.Clone(r.Findings), meter.Finding{Code: "attested", Message: "from the statement " + p.opened.Digest + ", whose signature is evidence of the records that came from this model"})
			if _, err := l.Append(r); err != nil {
				return nil, err
			}
		}
	}
	return findings, nil
}

// apartFrom are the records that tell of work apart from what a statement tells: not
// its own, nor hours of which it says what was computed in them.
func apartFrom(held, told []meter.Record) []meter.Record {
	return slices.DeleteFunc(held, func(r meter.Record) bool {
		hours := r.Method == meter.NoMethod && r.Grade != meter.GradeAttested
		return r.Run == told[0].Run || hours && slices.ContainsFunc(told, r.ToldBy)
	})
}

// inheritedBeside are the records that attested parents tell and the history does
// not hold, for who counts with them and writes nothing.
func inheritedBeside(h *history, parents []attestedParent) []meter.Record {
	var out []meter.Record
	for _, p := range parents {
		run := p.run()
		same := func(r meter.Record) bool { return r.Run == run }
		if held, _ := h.records(p.compute.Model); slices.ContainsFunc(held, same) || slices.ContainsFunc(out, same) {
			continue
		}
		out = append(out, p.compute.Inherited(p.hardware, run)...)
	}
	return out
}

func ofModel(records []meter.Record, model meter.ModelRef) []meter.Record {
	return slices.DeleteFunc(slices.Clone(records), func(r meter.Record) bool { return r.Model != model })
}

func modelsOf(records []meter.Record) []meter.ModelRef {
	var models []meter.ModelRef
	for _, r := range records {
		if !slices.Contains(models, r.Model) {
			models = append(models, r.Model)
		}
	}
	return models
}

// against compares what the ledger holds of a model with what is attested of it.
func (p attestedParent) against(model meter.ModelRef, held, attested []meter.Record) []meter.Finding {
	var findings []meter.Finding
	have, haveErr := meter.SumRecords(held)
	want, wantErr := meter.SumRecords(attested)
	same := slices.EqualFunc(have, want, func(a, b meter.ActivityTotal) bool { return a.Activity == b.Activity && a.Operations == b.Operations })
	if haveErr != nil || wantErr != nil || !same {
		findings = append(findings, meter.Finding{Code: "parent-contradicted", Message: fmt.Sprintf(
			"of %s the ledger holds %s, the statement %s signed by %s says %s: what the statement has more counts in the high bound alone; `weighbridge ledger show %s` lists what to correct",
			model, totalsText(have), p.opened.Digest, p.opened.Signer.ID(), totalsText(want), model)})
	}
	if parents := parentsBeyond(held, attested); len(parents) > 0 {
		findings = append(findings, meter.Finding{Code: "parent-contradicted", Message: fmt.Sprintf(
			"the ledger's records of %s name nothing of %s, the statement %s signed by %s does: the lineage holds both", model, strings.Join(parents, ", "), p.opened.Digest, p.opened.Signer.ID())})
	}
	theirs := outputs(attested)
	if ours := outputs(held); len(ours) > 0 && len(theirs) > 0 && !slices.Contains(ours, theirs[0]) {
		findings = append(findings, meter.Finding{Code: "parent-weights-differ", Message: fmt.Sprintf(
			"the ledger names %s as the weights of %s, the statement %s is about %s: two sets of weights go by one name", strings.Join(ours, ", "), model, p.opened.Digest, theirs[0])})
	}
	return findings
}

// parentsBeyond are the parents that only the attested records name.
func parentsBeyond(held, attested []meter.Record) []string {
	names := map[string]bool{}
	for _, r := range held {
		for _, p := range r.Parents {
			names[fmt.Sprintf("%s (%s)", p.Model, p.Relation)] = true
		}
	}
	var beyond []string
	for _, r := range attested {
		for _, p := range r.Parents {
			if name := fmt.Sprintf("%s (%s)", p.Model, p.Relation); !names[name] {
				names[name], beyond = true, append(beyond, name)
			}
		}
	}
	return beyond
}

func outputs(records []meter.Record) []string {
	var out []string
	for _, r := range records {
		if r.Output != "" && r.Weights == meter.WeightsKept && !slices.Contains(out, r.Output) {
			out = append(out, r.Output)
		}
	}
	return out
}

func totalsText(totals []meter.ActivityTotal) string {
	if len(totals) == 0 {
		return "nothing"
	}
	words := make([]string, len(totals))
	for i, t := range totals {
		words[i] = fmt.Sprintf("%s %s", t.Activity, t.Operations)
	}
	return strings.Join(words, ", ")
}

// statements keeps what was signed, as evidence of the records that it gave.
func (p attestedParent) statements(l *ledger.Ledger) ([]meter.Evidence, error) {
	compute, err := l.PutEvidence(evidenceCompute, bytes.NewReader(p.opened.Payload))
	evidence := []meter.Evidence{compute}
	for _, more := range []struct {
		kind string
		data []byte
	}{{evidenceHardware, p.besidePayload()}, {evidenceShown, p.presentation}} {
		if err == nil && more.data != nil {
			var put meter.Evidence
			put, err = l.PutEvidence(more.kind, bytes.NewReader(more.data))
			evidence = append(evidence, put)
		}
	}
	return evidence, err
}

func (p attestedParent) besidePayload() []byte {
	if p.beside == nil {
		return nil
	}
	return p.beside.Payload
}

// run names the run of the records that the parent's statement gives.
func (p attestedParent) run() string { return attestedRunOf(p.opened.Digest, p.shown) }

// signed keeps the bundles and the keys that signed them, as evidence of the work
// that relied on them: both can be verified again without the shipment.
func (p attestedParent) signed(l *ledger.Ledger) ([]meter.Evidence, error) {
	var lines bytes.Buffer
	for _, b := range p.bundles {
		if err := compactJSON(&lines, b); err != nil {
			return nil, err
		}
		lines.WriteByte('\n')
	}
	keys := p.opened.Signer.PEM()
	if p.beside != nil && p.beside.Signer.ID() != p.opened.Signer.ID() {
		keys = append(keys, p.beside.Signer.PEM()...)
	}
	bundles, err := l.PutEvidence(evidenceAttestation, &lines)
	if err != nil {
		return nil, err
	}
	attesters, err := l.PutEvidence(evidenceAttester, bytes.NewReader(keys))
	return []meter.Evidence{bundles, attesters}, err
}

// carriesWeights says whether work of this relation starts from the parent's
// weights, and not from its words alone.
func carriesWeights(r meter.Relation) bool {
	return r != meter.DistillsFrom && r != meter.TrainsOnOutput
}

// startsFrom names in the record the weights of each attested parent, and holds
// the directory that the work started from to them.
func (a *app) startsFrom(ctx context.Context, w workFlags, record *meter.Record, input string) error {
	w.nameInputs(record, input != "")
	if input == "" {
		return nil
	}
	if err := a.oneParent(ctx, record.Parents, input); err != nil {
		return err
	}
	files, err := weights.Hash(ctx, input, weights.Options{Ignore: insideOnly(input, defaultClaims(input))})
	if err != nil {
		return fmt.Errorf("--input: %w", err)
	}
	for _, p := range w.attested {
		if attested := p.compute.Weights; files.Root() != attested.Root || files.NamesDigest() != attested.NamesDigest {
			text := fmt.Sprintf("--input %s: these are not the weights that %s attests: found %s, attested is %s", input, p.shipment, files.Root(), attested.Root)
			for _, d := range attested.Differences(files) {
				text += "; " + d.String()
			}
			return fmt.Errorf("%s; nothing was recorded: start from the weights of the shipment, or name the parent that these are", text)
		}
	}
	record.Parents[0].Input = files.Root()
	return a.holdInput(w, record)
}

// nameInputs names the attested weights as those that the work started from, where
// the relation carries weights. A finding says when nobody compares them.
func (w workFlags) nameInputs(record *meter.Record, compared bool) {
	for i, parent := range record.Parents {
		for _, p := range w.attested {
			if p.compute.Model != parent.Model || p.relation != parent.Relation || !carriesWeights(p.relation) {
				continue
			}
			record.Parents[i].Input = p.compute.Weights.Root
			if !compared {
				record.Findings = append(record.Findings, meter.Finding{Code: "input-not-compared",
					Message: fmt.Sprintf("that the work started from the attested weights of %s is its recorder's word: no --input was named", parent.Model)})
			}
		}
	}
}

// otherInput is the finding that a job started from other weights than those that
// its parent's shipment attests.
func otherInput(parents []meter.Parent, input string) []meter.Finding {
	if input == "" || len(parents) != 1 || parents[0].Input == "" || parents[0].Input == input {
		return nil
	}
	return []meter.Finding{{Code: meter.InputDiffers, Message: fmt.Sprintf("the job started from the weights %s, the verified shipment of %s has %s: the lineage may be another's, so there is no upper bound", input, parents[0].Model, parents[0].Input)}}
}

// warnOfInput says so while the job runs.
func (a *app) warnOfInput(parents []meter.Parent, input string) {
	for _, finding := range otherInput(parents, input) {
		a.warn("%s: %s", finding.Code, finding.Message)
	}
}
