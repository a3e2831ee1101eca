package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/weighbridge/weighbridge/attest/weights"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// oneParent refuses --input without the one parent whose weights these are. Where none
// is named the ledger is asked whose they are: the name is known then, and how the work
// relates to it is for a person to say.
func (a *app) oneParent(ctx context.Context, parents []meter.Parent, input string) error {
	switch len(parents) {
	case 1:
		return nil
	case 0:
	default:
		return usage("--input is the weights of one parent: found %d --parent, expected 1", len(parents))
	}
	if _, err := os.Stat(a.ledger); a.ledger == "" || err != nil {
		return usage("--input is the weights of one parent: found no --parent, expected MODEL:RELATION")
	}
	a.warn("--input %s without --parent: hashing it to tell whose weights these are", input)
	files, err := weights.Hash(ctx, input, weights.Options{Ignore: insideOnly(input, defaultClaims(input))})
	if err != nil {
		return fmt.Errorf("--input: %w", err)
	}
	var makers []meter.ModelRef
	err = a.reading(func(l *ledger.Ledger) error {
		h := &history{ledger: l}
		makers = h.makersOf(files.Root(), "")
		return h.err
	})
	switch {
	case err != nil:
		return err
	case len(makers) == 0:
		return usage("--input %s: no model in the ledger wrote these weights (%s): name the one that they are with --parent MODEL:RELATION", input, files.Root())
	}
	return usage("--input %s: these are the weights of %s (%s): say how the work relates to it, as in --parent %s:%s", input, names(makers), files.Root(), makers[0], meter.FineTunes)
}

// holdInput puts into a record that is not in the ledger yet what the weights that it
// started from tell against the names of its parents. The ledger is looked at before it
// is opened for writing: every record of it may have to be read. What attested parents
// wrote is what they attest.
func (a *app) holdInput(w workFlags, r *meter.Record) error {
	asked := slices.ContainsFunc(r.Parents, func(p meter.Parent) bool { return p.Input != "" && !w.attests(p) })
	if _, err := os.Stat(a.ledger); !asked || a.ledger == "" || err != nil {
		return nil
	}
	return a.reading(func(l *ledger.Ledger) error {
		h := &history{ledger: l}
		if err := h.addPending(a); err != nil {
			h.pending = nil // a broken journal is told where totals are given; it stops no record
		}
		for _, f := range h.inputFindings(*r, w.attests) {
			a.warn("%s: %s", f.Code, f.Message)
			r.Findings = append(r.Findings, f)
		}
		return h.err
	})
}

// attests reports whether the weights of a parent are those that it came with.
func (w workFlags) attests(p meter.Parent) bool {
	return slices.ContainsFunc(w.attested, func(came attestedParent) bool {
		return came.compute.Model == p.Model && came.compute.Weights.Root == p.Input
	})
}

// asHeld is the record as it stands in the ledger, where it differs from it in nothing
// but what was told of its input: other models may have come since.
func asHeld(l *ledger.Ledger, r meter.Record) (meter.Record, error) {
	held, found, err := l.Find(r.Run, r.Sequence)
	if err == nil && found && sameBut(held, r, func(m *meter.Record) { m.Findings = withoutInput(m.Findings) }) {
		return held, nil
	}
	return r, err
}

// The finding that work started from weights that its parent's records did not write,
// where nothing proves that operations are missing for it.
const inputOfNone = "input-not-of-parent"

func withoutInput(findings []meter.Finding) []meter.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f meter.Finding) bool { return f.Code == meter.InputDiffers || f.Code == inputOfNone })
}

// tied adds to records what their weights tell against the names of their parents and
// they do not say themselves: the models that wrote them may have come later, as by a merge.
func (h *history) tied(records []meter.Record) []meter.Record {
	out := records
	for i, r := range records {
		for _, f := range h.inputFindings(r, func(meter.Parent) bool { return false }) {
			if slices.ContainsFunc(r.Findings, func(have meter.Finding) bool { return have.Code == meter.InputDiffers || have.Code == f.Code }) {
				continue
			}
			if &out[0] == &records[0] {
				out = slices.Clone(records)
			}
			out[i].Findings = append(slices.Clone(out[i].Findings), f)
		}
	}
	return out
}

// inputFindings says when the weights that work started from are not those of the
// parent that it names: the name decides what is added up, the weights what is
// true. Where the parent's records wrote no weights nothing can be held against it,
// but another model that wrote these is named all the same.
func (h *history) inputFindings(r meter.Record, known func(meter.Parent) bool) []meter.Finding {
	var findings []meter.Finding
	for _, p := range r.Parents {
		if p.Input == "" || !carriesWeights(p.Relation) || known(p) {
			continue
		}
		wrote := h.outputs(p.Model)
		if slices.Contains(wrote, p.Input) {
			continue
		}
		makers := h.makersOf(p.Input, r.Model)
		switch {
		case slices.ContainsFunc(makers, func(m meter.ModelRef) bool { return h.carries(r, m) }):
			findings = append(findings, meter.Finding{Code: inputOfNone, Message: fmt.Sprintf(
				"the work started from the weights that %s wrote (%s), and names %s as what it came from: both are in its lineage", names(makers), p.Input, p.Model)})
		case len(makers) > 0:
			findings = append(findings, meter.Finding{Code: meter.InputDiffers, Message: fmt.Sprintf(
				"the work started from the weights that %s wrote (%s), and names %s as what it came from: the operations of %s may be missing in its lineage, so there is no upper bound; if the name is wrong, correct the record",
				names(makers), p.Input, p.Model, names(makers))})
		case len(wrote) > 0:
			findings = append(findings, meter.Finding{Code: inputOfNone, Message: fmt.Sprintf(
				"the work started from the weights %s, and the records of %s wrote others: the lineage may be another's", p.Input, p.Model)})
		}
	}
	return findings
}

// carries reports whether the operations of an ancestor come to the record's model with
// weights that were carried on from it.
func (h *history) carries(r meter.Record, ancestor meter.ModelRef) bool {
	own, _ := h.node(r.Model)
	seen := map[meter.ModelRef]bool{r.Model: true}
	for queue := slices.Concat(r.Parents, own.Parents); len(queue) > 0; queue = queue[1:] {
		p := queue[0]
		if !carriesWeights(p.Relation) || seen[p.Model] {
			continue
		}
		if p.Model == ancestor {
			return true
		}
		seen[p.Model] = true
		node, _ := h.node(p.Model)
		queue = append(queue, node.Parents...)
	}
	return false
}

// outputs are the weights that a model's records wrote.
func (h *history) outputs(m meter.ModelRef) []string {
	if have, known := h.written[m]; known {
		return have
	}
	var outputs []string
	for _, r := range h.held(m) {
		if r.Output != "" && !slices.Contains(outputs, r.Output) {
			outputs = append(outputs, r.Output)
		}
	}
	if h.written == nil {
		h.written = map[meter.ModelRef][]string{}
	}
	h.written[m] = outputs
	return outputs
}

// makersOf are the models, but for one, whose records wrote the weights. Every model
// is looked at, once: it is asked for weights alone that the parent's records do not know.
func (h *history) makersOf(digest string, but meter.ModelRef) []meter.ModelRef {
	if h.makers == nil {
		h.makers = map[string][]meter.ModelRef{}
		models, err := h.models()
		h.fail(err)
		for _, m := range models {
			for _, output := range h.outputs(m) {
				h.makers[output] = append(h.makers[output], m)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(h.makers[digest]), func(m meter.ModelRef) bool { return m == but })
}
