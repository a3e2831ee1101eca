package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/oci"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/meter"
)

// verifyWanted is what a recipient asks for beyond signatures: which model, how
// new, under whose rules.
type verifyWanted struct {
	model       string
	notBefore   string
	ledgerSize  uint64
	acceptRules []string
}

func (w *verifyWanted) add(flags *pflag.FlagSet) {
	flags.StringVar(&w.model, "model", "", "the `MODEL` that the statements must be about")
	flags.StringVar(&w.notBefore, "not-before", "", "refuse statements made before this `TIME`, as in 2026-11-25 or 2026-11-25T08:00:00Z")
	flags.Uint64Var(&w.ledgerSize, "min-ledger-size", 0, "refuse training compute of a log with fewer entries than `N`")
	flags.StringArrayVar(&w.acceptRules, "accept-rules", nil, "`DIGEST` of rules that may come with a determination; repeatable")
}

// policy adds what is wanted to p. The name or tag by which a shipment is chosen
// (reference) is a demand too, unless the model is named outright: nobody signs a
// tag.
func (w verifyWanted) policy(chosen string, p *verify.Policy) error {
	if w.model != "" {
		if _, err := meter.ParseModel(w.model); err != nil {
			return usage("--model: %w", err)
		}
	}
	at, err := w.earliest()
	if err != nil {
		return err
	}
	for _, digest := range w.acceptRules {
		if !attest.ValidDigest(digest) {
			return usage("--accept-rules %q: expected sha256: and 64 lower-case hexadecimal digits", digest)
		}
	}
	p.NotBefore, p.MinLedgerSize, p.AcceptRules = at, w.ledgerSize, w.acceptRules
	named, namedErr := meter.ParseModel(chosen)
	switch {
	case w.model != "":
		named = meter.ModelRef(w.model)
		if other, err := meter.ParseModel(chosen); err == nil && other != named {
			return usage("--model %s and --reference %s are two models; name one", w.model, chosen)
		}
		p.Wanted = w.model
	case namedErr == nil:
		p.Wanted = chosen
	case chosen != "" && !attest.ValidDigest(chosen):
		p.Wanted = fmt.Sprintf("the model of the tag %q; if the tag is right and means another, name it with --model", chosen)
		p.Models = func(m string) bool { return reference(meter.ModelRef(m)) == chosen }
		return nil
	default:
		return nil
	}
	p.Models = func(m string) bool { return m == string(named) }
	return nil
}

// namedModel is the model that was named outright, "" where none was.
func (w verifyWanted) namedModel(chosen string) string {
	if w.model != "" {
		return w.model
	}
	if model, err := meter.ParseModel(chosen); err == nil {
		return string(model)
	}
	return ""
}

func (w verifyWanted) earliest() (time.Time, error) {
	if w.notBefore == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		if at, err := time.Parse(layout, w.notBefore); err == nil {
			return at, nil
		}
	}
	return time.Time{}, usage("--not-before %q: expected a date or a time, as in 2026-11-25 or 2026-11-25T08:00:00Z", w.notBefore)
}

// chosen is the tag or digest by which to look in a layout of n models.
func (w verifyWanted) chosen(given string, n int) string {
	if given == "" && n > 1 {
		given = w.model
	}
	if model, err := meter.ParseModel(given); err == nil {
		return reference(model)
	}
	return given
}

// unread says what in a layout was read over. Nothing of it counts, and nobody
// should find it there later and think that it was verified.
func unread(layout *oci.Layout, model *oci.Model) []string {
	const most = 16
	var lines []string
	for _, s := range slices.Concat(layout.Skipped(), model.Skipped) {
		lines = append(lines, fmt.Sprintf("manifest %s of type %.120q was read over: it %s", s.Digest, s.ArtifactType, s.Reason))
	}
	for _, name := range layout.Strangers() {
		lines = append(lines, fmt.Sprintf("%.255q stands beside the layout's own files, and is no part of it", name))
	}
	if len(lines) > most {
		lines = append(lines[:most:most], fmt.Sprintf("and %d more that are no part of the model", len(lines)-most))
	}
	return lines
}
