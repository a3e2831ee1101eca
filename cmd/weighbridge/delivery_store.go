package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/fdp/delivery"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// deliveryLogs is how the names of the ledger's logs of deliveries begin.
const deliveryLogs = "delivery/"

// stepFlags are who does a step, and on what documents.
type stepFlags struct {
	author   string
	evidence []string
}

func (f *stepFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.author, "author", "", "who does this, as in jo@cloud.example")
	flags.StringArrayVar(&f.evidence, "evidence", nil, "a document that shows it, kept beside the ledger; repeatable")
}

func (f stepFlags) check(command string) error {
	if f.author == "" {
		return usage("delivery %s: --author is required: every step says who did it", command)
	}
	return nil
}

// keep stores the documents.
func (f stepFlags) keep(l *ledger.Ledger) ([]meter.Evidence, error) {
	var kept []meter.Evidence
	for _, path := range f.evidence {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("--evidence: %w", err)
		}
		e, err := l.PutEvidence("document", file)
		if err = errors.Join(err, file.Close()); err != nil {
			return nil, fmt.Errorf("--evidence %s: %w", path, err)
		}
		kept = append(kept, e)
	}
	return kept, nil
}

// appendStep adds a step to a delivery that has so many entries, and returns the
// delivery with it. What the fold refuses is not appended.
func (f stepFlags) appendStep(l *ledger.Ledger, d delivery.Delivery, step delivery.Step, more []meter.Evidence, now time.Time) (delivery.Delivery, error) {
	content, err := step.Encode()
	if err != nil {
		return d, err
	}
	documents, err := f.keep(l)
	if err != nil {
		return d, err
	}
	evidence := unique(append(documents, more...))
	entry := delivery.Entry{Index: uint64(len(d.Entries)), Author: f.author, Time: now.UTC(), Evidence: evidence, Step: step}
	next, err := d.Add(entry)
	if err != nil {
		return d, err
	}
	if _, err := next.Facts(); err != nil { // what is answered must make sense with what was
		return d, err
	}
	note := ledger.Note{Schema: ledger.NoteSchema, Kind: delivery.Kind, Author: f.author, Time: entry.Time, Evidence: evidence, Content: content}
	if _, err := l.AppendNoteAfter(deliveryLogs+d.ID, entry.Index, note); err != nil {
		return d, err
	}
	return next, nil
}

// unique leaves each document once.
func unique(list []meter.Evidence) []meter.Evidence {
	var out []meter.Evidence
	seen := map[string]bool{}
	for _, e := range list {
		if !seen[e.Digest] {
			out = append(out, e)
		}
		seen[e.Digest] = true
	}
	return out
}

// goingOn calls f with the delivery of an id, to add a step to it. A misspelt
// path makes no new ledger: there would be no delivery in it.
func (a *app) goingOn(id string, f func(*ledger.Ledger, delivery.Delivery) error) error {
	if _, err := os.Stat(a.ledger); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("delivery %s: there is no ledger %s; name the one it was opened in with --ledger", id, a.ledger)
	}
	return a.writing(func(l *ledger.Ledger) error {
		d, err := deliveryOf(l, id)
		if err != nil {
			return err
		}
		return f(l, d)
	})
}

// deliveryOf reads the delivery of an id that this ledger writes itself.
func deliveryOf(l *ledger.Ledger, id string) (delivery.Delivery, error) {
	if err := delivery.ValidID(id); err != nil {
		return delivery.Delivery{}, usage("%w", err)
	}
	found, err := deliveriesIn(l, deliveryLogs+id)
	if err != nil {
		return delivery.Delivery{}, err
	}
	if own, here := found[l.NoteOrigin(deliveryLogs+id)]; here {
		return own, nil
	}
	if len(found) > 0 {
		return delivery.Delivery{}, fmt.Errorf("delivery %s: it was merged from another ledger, whose desk goes on with it; delivery show reads it", id)
	}
	return delivery.Delivery{}, fmt.Errorf("delivery %s: not in this ledger; delivery list shows those that are", id)
}

// deliveriesIn are the deliveries of one log name by origin: a merged ledger may
// have the same name.
func deliveriesIn(l *ledger.Ledger, log string) (map[string]delivery.Delivery, error) {
	notes, err := l.Notes(log)
	if err != nil {
		return nil, err
	}
	entries := map[string][]delivery.Entry{}
	for _, n := range notes {
		if n.Note.Kind != delivery.Kind {
			return nil, fmt.Errorf("%s, entry %d: a note of the kind %q: expected %s", log, n.Index, n.Note.Kind, delivery.Kind)
		}
		step, err := delivery.ParseStep(n.Note.Content)
		if err != nil {
			return nil, fmt.Errorf("%s, entry %d: %w", log, n.Index, err)
		}
		entries[n.Origin] = append(entries[n.Origin], delivery.Entry{Index: n.Index, Author: n.Note.Author, Time: n.Note.Time, Evidence: n.Note.Evidence, Step: step})
	}
	out := map[string]delivery.Delivery{}
	for origin, steps := range entries {
		if out[origin], err = delivery.Fold(strings.TrimPrefix(log, deliveryLogs), steps); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// evidenceBytes reads a piece of evidence whole.
func evidenceBytes(l *ledger.Ledger, digest string) ([]byte, error) {
	r, err := l.Evidence(digest)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// decidedFacts are the facts that a decision was made on.
func decidedFacts(l *ledger.Ledger, e delivery.Entry) (fdp.Facts, error) {
	data, err := evidenceBytes(l, e.Step.Decided.Facts)
	if err != nil {
		return fdp.Facts{}, err
	}
	return delivery.ParseKept(bytes.Clone(data))
}
