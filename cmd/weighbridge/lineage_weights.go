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
	files, err := weights.Hash(ctx, input, weights.Options{Ignore: insideOnly(input, defaultClaims(input))})
	if err != nil {
		return fmt.Errorf("--input: %w", err)
	}
	var makers []meter.ModelRef
	err = a.reading(func(l *ledger.Ledger) (err error) {
		makers, err = makersOf(l, files.Root(), "")
		return err
	})
	switch {
	case err != nil:
		return err
	case len(makers) == 0:
		return usage("--input %s: no model in the ledger wrote these weights (%s): name the one that they are with --parent MODEL:RELATION", input, files.Root())
	}
	return usage("--input %s: these are the weights of %s (%s): say how the work relates to it, as in --parent %s:%s", input, names(makers), files.Root(), makers[0], meter.FineTunes)
}

// warnOfNames says when the weights that work started from are not those of the
// parent that it names: the name decides what is added up, the weights what is
// true. Where the parent's records wrote no weights nothing can be held against it,
// but another model that wrote these is named all the same.
func (a *app) warnOfNames(l *ledger.Ledger, r meter.Record) error {
	for _, p := range r.Parents {
		if p.Input == "" || !carriesWeights(p.Relation) {
			continue
		}
		own, err := l.Records(p.Model)
		if err != nil {
			return err
		}
		wrote := outputsOf(own)
		if slices.Contains(wrote, p.Input) {
			continue
		}
		makers, err := makersOf(l, p.Input, r.Model)
		if err != nil {
			return err
		}
		if message := otherWeights(p, makers, len(wrote) > 0); message != "" {
			a.warn("input-differs: %s", message)
		}
	}
	return nil
}

// otherWeights says what the weights of a parent tell against its name; empty:
// nothing. makers are the models that wrote them, wrote says that the parent wrote
// some.
func otherWeights(p meter.Parent, makers []meter.ModelRef, wrote bool) string {
	switch {
	case len(makers) > 0:
		return fmt.Sprintf("the work started from the weights that %s wrote (%s), and names %s as what it came from: the operations of %s may be missing in its lineage; if the name is wrong, correct the record",
			names(makers), p.Input, p.Model, names(makers))
	case wrote:
		return fmt.Sprintf("the work started from the weights %s, and the records of %s wrote others: the lineage may be another's", p.Input, p.Model)
	}
	return ""
}

func outputsOf(records []meter.Record) []string {
	var outputs []string
	for _, r := range records {
		if r.Output != "" && !slices.Contains(outputs, r.Output) {
			outputs = append(outputs, r.Output)
		}
	}
	return outputs
}

// makersOf are the models, but for one, whose records wrote the weights. Every model
// is looked at: it is asked for weights alone that the parent's records do not know.
func makersOf(l *ledger.Ledger, digest string, but meter.ModelRef) (makers []meter.ModelRef, err error) {
	models, err := l.Models()
	if err != nil {
		return nil, err
	}
	for _, m := range models {
		if m == but {
			continue
		}
		records, err := l.Records(m)
		if err != nil {
			return nil, err
		}
		if slices.Contains(outputsOf(records), digest) {
			makers = append(makers, m)
		}
	}
	return makers, nil
}

// weightNotes hold the weights that the models of a lineage started from against
// those that they wrote.
type weightNotes struct {
	seen   map[meter.ModelRef]bool
	made   map[string][]meter.ModelRef // digest -> who wrote it
	wrote  map[meter.ModelRef]bool
	starts []meter.Record
}

// over returns the lookup, which keeps what it sees.
func (w *weightNotes) over(records func(meter.ModelRef) ([]meter.Record, bool)) func(meter.ModelRef) ([]meter.Record, bool) {
	w.seen, w.made, w.wrote = map[meter.ModelRef]bool{}, map[string][]meter.ModelRef{}, map[meter.ModelRef]bool{}
	return func(m meter.ModelRef) ([]meter.Record, bool) {
		found, known := records(m)
		if w.seen[m] {
			return found, known
		}
		w.seen[m] = true
		for _, digest := range outputsOf(found) {
			w.made[digest], w.wrote[m] = append(w.made[digest], m), true
		}
		for _, r := range found {
			if slices.ContainsFunc(r.Parents, func(p meter.Parent) bool { return p.Input != "" }) {
				w.starts = append(w.starts, r)
			}
		}
		return found, known
	}
}

// into adds a note for every start whose weights are not its parent's.
func (w *weightNotes) into(notes netNotes) {
	for _, r := range w.starts {
		for _, p := range r.Parents {
			if p.Input == "" || !carriesWeights(p.Relation) || slices.Contains(w.made[p.Input], p.Model) {
				continue
			}
			makers := slices.DeleteFunc(slices.Clone(w.made[p.Input]), func(m meter.ModelRef) bool { return m == r.Model })
			if message := otherWeights(p, makers, w.wrote[p.Model]); message != "" {
				notes[traceNote{r.Model, r.Run, r.Sequence, meter.Finding{Code: "input-differs", Message: message}}] = true
			}
		}
	}
}
