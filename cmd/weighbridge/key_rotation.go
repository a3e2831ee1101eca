package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/epoch"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// rotation is the writing of one epoch, or of the first two.
type rotation struct {
	ledger  *ledger.Ledger
	history epoch.History
	next    *sign.Key
	author  string
	now     time.Time
}

// begun is the newest epoch, if it is that of key.
func (r rotation) begun(key *sign.Key) (epoch.Epoch, bool) {
	current, any := r.history.Current()
	return current, any && proof.KeyID(current.Key) == key.ID()
}

// allowed holds the key that hands over against the epochs, before a key is made.
func (r rotation) allowed(before *sign.Key, path string) error {
	current, any := r.history.Current()
	switch {
	case !any:
		return nil
	case current.Revoked != nil && before != nil:
		return usage("--key %s: the key of epoch %d is revoked, and hands over nothing: leave --key out", path, current.Number)
	case current.Revoked != nil:
		return nil
	case before == nil:
		return usage("--key: the key of epoch %d, %s, must hand over; where it is lost or stolen, revoke it first (key revoke --for meter)", current.Number, proof.KeyID(current.Key))
	case proof.KeyID(current.Key) != before.ID():
		return fmt.Errorf("--key %s: %s is not the meter key that holds now: that is %s (epoch %d)", path, before.ID(), proof.KeyID(current.Key), current.Number)
	}
	return nil
}

func (r *rotation) write(before *sign.Key) (keyRotateResult, error) {
	if _, any := r.history.Current(); !any && before != nil {
		if _, err := r.begin(before, nil); err != nil {
			return keyRotateResult{}, err
		}
	}
	return r.begin(r.next, before)
}

// begin appends an epoch of key.
func (r *rotation) begin(key, before *sign.Key) (keyRotateResult, error) {
	result := keyRotateResult{Schema: rotatedSchema, Origin: r.history.Origin, ID: key.ID(), Epoch: uint64(len(r.history.Epochs)), New: true}
	public, err := key.NoteKey()
	if err != nil {
		return result, err
	}
	heads, err := r.heads()
	if err != nil {
		return result, err
	}
	result.Logs = len(heads)
	began := epoch.Began{Epoch: result.Epoch, Previous: r.history.Root()}
	var text string
	if began.Logs, text, err = epoch.NewBoundary(heads); err != nil {
		return result, err
	}
	if began.PublicKey, err = epoch.EncodeKey(public); err != nil {
		return result, err
	}
	if err := signEpoch(&began, r.history.Origin, key, before); err != nil {
		return result, err
	}
	author := r.author
	if before != nil {
		result.Before = before.ID()
	}
	if author == "" {
		author = cmp.Or(result.Before, key.ID())
	}
	return result, r.append(epoch.Step{Began: &began}, author, text)
}

// signEpoch has both keys sign: the one that begins, and the one that hands over
// where there is one.
func signEpoch(began *epoch.Began, origin string, key, before *sign.Key) error {
	signed, err := began.Text(origin)
	if err != nil {
		return err
	}
	if began.Possession, err = noteLine(key, origin, signed); err != nil || before == nil {
		return err
	}
	began.Handover, err = noteLine(before, origin, signed)
	return err
}

// heads are those of the logs that this ledger writes, without that of the epochs.
func (r *rotation) heads() ([]proof.Head, error) {
	all, err := r.ledger.OwnHeads()
	var heads []proof.Head
	for _, head := range all {
		if head.Origin != r.history.Origin {
			heads = append(heads, head)
		}
	}
	return heads, err
}

func noteLine(key *sign.Key, name, text string) (string, error) {
	line, err := key.SignNote(name, text)
	return strings.TrimSuffix(line, "\n"), err
}

// append writes a step, and reads the log again with it: what would be refused
// later is refused now.
func (r *rotation) append(step epoch.Step, author, heads string) error {
	content, err := step.Encode()
	if err != nil {
		return err
	}
	if err := r.history.Follows(step, heads); err != nil {
		return err
	}
	note := ledger.Note{Kind: epoch.Kind, Author: author, Time: r.now, Content: content}
	if heads != "" {
		kept, err := r.ledger.PutEvidence(epoch.HeadsKind, strings.NewReader(heads))
		if err != nil {
			return err
		}
		note.Evidence = []meter.Evidence{kept}
	}
	if _, err := r.ledger.AppendNoteAfter(epoch.Log, r.history.Size, note); err != nil {
		return err
	}
	held, err := readKeyEpochs(r.ledger)
	r.history = held.own
	return err
}
