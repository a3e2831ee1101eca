package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/fdp/delivery"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

func digestOf(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

// releaseNote is the statement that preparer and approver sign.
func (a *app) releaseNote(author string, made *decision) ([]byte, error) {
	d := made.result.Decision
	note := attest.ReleaseNote{
		Delivery: d.ID, Customer: d.Customer, Model: d.Model, Weights: made.delivery.Opened.Weights, Stage: d.Stage, Decision: string(d.Decision), Standing: d.Standing,
		ByStanding: attest.ReleaseStandings{Codified: string(d.ByStanding.Codified), Due: string(d.ByStanding.Due), Enforced: string(d.ByStanding.Enforced)},
		RedFlag28:  d.RedFlag28.String(), AsOf: d.AsOf, Rules: d.RulesDigest, Facts: d.Facts, Options: d.Options, Preparer: author, Tool: a.tool(), CreatedAt: made.time.UTC(),
	}
	statement, err := attest.NewStatement(note.Subjects(), note)
	if err != nil {
		return nil, err
	}
	return statement.Encode()
}

// signedNote is a release note with one signature.
type signedNote struct {
	key            string // its id
	public, bundle []byte
}

func (a *app) signNote(ctx context.Context, path string, payload []byte) (*signedNote, error) {
	key, err := a.readKey("--key", path)
	if err != nil {
		return nil, err
	}
	public, err := key.PublicPEM()
	if err != nil {
		return nil, err
	}
	bundle, err := key.Sign(ctx, payload)
	return &signedNote{key.ID(), public, bundle}, err
}

// keep stores the bundle and the key that it can be verified with.
func (s *signedNote) keep(l *ledger.Ledger, evidence *[]meter.Evidence) (*delivery.Signature, error) {
	public, err := l.PutEvidence("public-key", bytes.NewReader(s.public))
	if err != nil {
		return nil, err
	}
	bundle, err := l.PutEvidence("release-note", bytes.NewReader(s.bundle))
	if err != nil {
		return nil, err
	}
	*evidence = append(*evidence, public, bundle)
	return &delivery.Signature{Key: s.key, PublicKey: public.Digest, Bundle: bundle.Digest}, nil
}

// openedNote verifies a signature that was kept, and returns the note and its payload.
func openedNote(l *ledger.Ledger, s delivery.Signature) (attest.ReleaseNote, []byte, error) {
	public, err := evidenceBytes(l, s.PublicKey)
	if err != nil {
		return attest.ReleaseNote{}, nil, err
	}
	key, err := verify.ParsePublicKey(public)
	if err != nil {
		return attest.ReleaseNote{}, nil, err
	}
	bundle, err := evidenceBytes(l, s.Bundle)
	if err != nil {
		return attest.ReleaseNote{}, nil, err
	}
	opened, err := verify.Open(bundle, []*verify.PublicKey{key})
	if err != nil {
		return attest.ReleaseNote{}, nil, fmt.Errorf("the release note of key %s: %w", s.Key, err)
	}
	statement, err := attest.ParseStatement(opened.Payload)
	if err != nil {
		return attest.ReleaseNote{}, nil, err
	}
	if statement.ReleaseNote == nil || key.ID() != s.Key {
		return attest.ReleaseNote{}, nil, fmt.Errorf("the evidence of key %s holds a statement of the type %s by %s: expected a release note by that key", s.Key, statement.PredicateType, key.ID())
	}
	return *statement.ReleaseNote, opened.Payload, nil
}

// approve signs the very note that the preparer signed, when it still holds.
func (a *app) approve(ctx context.Context, f deliveryDecideFlags, id string) error {
	q, err := a.deskQuestion(f)
	if err != nil {
		return err
	}
	made, err := a.decided(f, q, []string{id})
	if err != nil {
		return err
	}
	var payload []byte
	err = a.reading(func(l *ledger.Ledger) error {
		last := made.delivery.Last
		if last == nil || last.Step.Decided.Signature == nil {
			unsigned := delivery.Entry{Index: uint64(len(made.delivery.Entries)), Author: f.step.author, Step: delivery.Step{Approved: &delivery.Approved{}}}
			_, err := made.delivery.Add(unsigned) // which says why not
			return err
		}
		note, kept, err := openedNote(l, *last.Step.Decided.Signature)
		payload = kept
		if err == nil {
			err = stillHolds(note, made)
		}
		return err
	})
	if err != nil {
		return err
	}
	signed, err := a.signNote(ctx, f.key, payload)
	if err != nil {
		return err
	}
	err = a.writing(func(l *ledger.Ledger) error {
		var evidence []meter.Evidence
		signature, err := signed.keep(l, &evidence)
		if err != nil {
			return err
		}
		step := delivery.Approved{Signature: *signature}
		if made.delivery.Last != nil {
			step.Decided = made.delivery.Last.Index
		}
		made.delivery, err = f.step.appendStep(l, made.delivery, delivery.Step{Approved: &step}, evidence, made.time)
		return err
	})
	if err != nil {
		return err
	}
	return a.showStep(made.delivery, "approved", made.time)
}

// optionFlags writes readings down as flags, by name.
func optionFlags(options map[string]string) string {
	var flags []string
	for _, name := range slices.Sorted(maps.Keys(options)) {
		flags = append(flags, "--option "+name+"="+options[name])
	}
	return strings.Join(flags, " ")
}

// sameFlags are the flags of a command line under which a delivery was decided, to be
// given again by whoever signs or approves the decision.
func sameFlags(flags *pflag.FlagSet) string {
	var b strings.Builder
	for _, name := range []string{"ledger", "catalogue", "rules", "standing", "option"} {
		flag := flags.Lookup(name)
		if flag == nil || !flag.Changed {
			continue
		}
		values := []string{flag.Value.String()}
		if list, several := flag.Value.(pflag.SliceValue); several {
			values = list.GetSlice()
		}
		for _, value := range values {
			fmt.Fprintf(&b, " --%s %s", name, shellWord(value))
		}
	}
	return b.String()
}

// shellWord writes a value so that a shell reads it as one word.
func shellWord(value string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_=@:+-"
	if value != "" && strings.Trim(value, plain) == "" {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

// stillHolds demands that a decision made now would be the one that was prepared:
// a release, on the same facts, under the same rules and readings.
func stillHolds(note attest.ReleaseNote, made *decision) error {
	now := made.result.Decision
	prepared := made.delivery.Last
	switch {
	case note.AsOf != day(prepared.Time):
		return fmt.Errorf("delivery %s: it was prepared on %s as of %s, which is a what-if: decide again; nothing was approved", now.ID, day(prepared.Time), note.AsOf)
	case !maps.Equal(now.Options, note.Options):
		return fmt.Errorf("delivery %s: it was prepared under other readings of ambiguous text, %s: give the same ones to approve it, or decide again; nothing was approved", now.ID, optionFlags(note.Options))
	case now.Decision != delivery.Release:
		return fmt.Errorf("delivery %s: it was prepared as a release and is %s today: decide again; nothing was approved", now.ID, now.Decision)
	case now.Facts != note.Facts:
		return fmt.Errorf("delivery %s: the facts are not those that were decided on (records were added since): decide again; nothing was approved", now.ID)
	case now.RulesDigest != note.Rules:
		return fmt.Errorf("delivery %s: the rules are not those that it was decided under: decide again; nothing was approved", now.ID)
	case now.Standing != note.Standing:
		return fmt.Errorf("delivery %s: it was prepared under the standing %s, not %s", now.ID, note.Standing, now.Standing)
	}
	return nil
}
