package main

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/attest/witness"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// sign signs each head as a checkpoint (c2sp.org/tlog-checkpoint): a note by the
// name of its log. Once the ledger has key epochs, only the key that holds now
// signs; a log that was merged, and that this key is not right for, is left out.
func (r *headsResult) sign(a *app, path string, epochs keyEpochs) error {
	key, err := a.readKey("--sign", path)
	if err != nil {
		return err
	}
	public, err := key.NoteKey()
	if err != nil {
		return fmt.Errorf("--sign %s: %w", keyName(path), err)
	}
	signed := []headLine{}
	for _, h := range r.Heads {
		heads, err := proof.ParseHeads(h.body())
		if err != nil {
			return err
		}
		if err := epochs.signs(heads[0], public); err != nil {
			if strings.HasPrefix(h.Origin, epochs.own.Ledger()) || len(r.Heads) == 1 {
				return fmt.Errorf("--sign %s: %w", keyName(path), err)
			}
			a.warn("not signed, since it was merged from a ledger with meter keys of its own: %v", err)
			continue
		}
		line, err := key.SignNote(h.Origin, h.body())
		if err != nil {
			return err
		}
		h.Signature = strings.TrimSuffix(line, "\n")
		signed = append(signed, h)
	}
	r.Heads, r.Signer = signed, key.ID()
	return nil
}

// body is the head as the body of a checkpoint.
func (h headLine) body() string { return fmt.Sprintf("%s\n%d\n%s\n", h.Origin, h.Size, h.Root) }

// signedHeads reads heads with their signatures: each has a line by the name of
// its log, and every such line is believed; witnesses may have signed too. Without a meter
// none may be signed, so that no signature is passed over.
func signedHeads(text string, meter believe) ([]proof.Head, error) {
	if meter == nil && strings.Contains(text, "\n\n— ") {
		return nil, fmt.Errorf("its heads are signed: name the meter's public key with --meter-key, or nobody looks at the signatures")
	}
	if meter == nil {
		return proof.ParseHeads(text)
	}
	points, err := witness.ParseAll(text)
	if err != nil {
		return nil, err
	}
	var heads []proof.Head
	for i, point := range points {
		lines := point.ByName(point.Head.Origin)
		if len(lines) == 0 {
			return nil, fmt.Errorf("head %d: %s is signed by others, and not by the name of its log: expected the meter's signature, as weighbridge ledger head --sign makes it", i+1, point.Head.Origin)
		}
		for _, line := range lines {
			if err := meter(point.Head, line); err != nil {
				return nil, fmt.Errorf("head %d: %w", i+1, err)
			}
		}
		heads = append(heads, point.Head)
	}
	return heads, nil
}
