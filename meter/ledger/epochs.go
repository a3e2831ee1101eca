package ledger

import (
	"errors"
	"fmt"
	"io"

	"github.com/weighbridge/weighbridge/meter/entry"
	"github.com/weighbridge/weighbridge/meter/epoch"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// KeyLog is the log of key epochs of one ledger: this one, or one that was merged.
type KeyLog struct {
	Origin string
	Notes  []epoch.Stored
}

// KeyLogs returns the logs of key epochs, this ledger's own first. A ledger without
// epochs has none. meter/epoch reads and proves them.
func (l *Ledger) KeyLogs() ([]KeyLog, error) {
	heads, err := l.NoteHeads(epoch.Log)
	if err != nil {
		return nil, err
	}
	var logs []KeyLog
	for _, head := range heads {
		log := KeyLog{Origin: head.Origin}
		err := l.Raw(head.Origin, head.Size, func(r Raw) error {
			heads, err := keyHeads(l.evidence, r.Body)
			log.Notes = append(log.Notes, epoch.Stored{Header: r.Header, Salt: r.Salt, Body: r.Body, Heads: heads})
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", head.Origin, err)
		}
		logs = append(logs, log)
	}
	return logs, nil
}

// keyHeads is the text of the heads that a note of an epoch names as evidence.
func keyHeads(store EvidenceStore, body []byte) (string, error) {
	note, err := entry.ParseNoteBody(body)
	if err != nil {
		return "", err
	}
	var text string
	for _, e := range note.Evidence {
		if e.Kind != epoch.HeadsKind {
			continue
		}
		file, err := store.Open(e.Digest)
		if err != nil {
			return "", err
		}
		data, err := io.ReadAll(file)
		if err := errors.Join(err, file.Close()); err != nil {
			return "", err
		}
		text += string(data)
	}
	return text, nil
}

// OwnHeads returns the heads of the logs that this ledger writes itself, of models
// and of notes; those that were merged are their own ledgers' to sign.
func (l *Ledger) OwnHeads() ([]proof.Head, error) {
	var heads []proof.Head
	models, err := l.Models()
	if err != nil {
		return nil, err
	}
	for _, model := range models {
		head, found, err := l.Head(model)
		if err != nil {
			return nil, err
		}
		if found {
			heads = append(heads, head)
		}
	}
	names, err := l.NoteLogs("")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		all, err := l.NoteHeads(name)
		if err != nil {
			return nil, err
		}
		for _, head := range all {
			if head.Origin == l.NoteOrigin(name) {
				heads = append(heads, head)
			}
		}
	}
	return heads, nil
}

// HeadAt returns the head that a log of an origin had with size entries, from 1 to
// as many as it has.
func (l *Ledger) HeadAt(origin string, size uint64) (proof.Head, error) {
	p, err := l.ProveConsistency(origin, size, 0)
	return p.Old, err
}
