package epoch

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/meter/proof"
)

// History is what a log of epochs says.
type History struct {
	Origin string // of the log
	Size   uint64 // notes in it
	Epochs []Epoch
	tree   proof.Tree // over its headers
}

// Epoch is the time of one key, in entries of logs, not by a clock.
type Epoch struct {
	Number  uint64
	Key     ed25519.PublicKey
	Index   uint64 // of the note that began it
	Author  string
	Time    time.Time
	Handed  bool // the key before it signed the handover
	Revoked *Revocation

	from map[string]proof.Head // where it began, by origin, as far as the reader was shown
	all  uint64                // heads that its boundary commits to
	root [32]byte              // of the log of epochs before it
}

// Revocation is how far a key's heads hold.
type Revocation struct {
	Index  uint64 // of the note
	Author string
	Time   time.Time
	Reason string
	good   map[string]proof.Head // as far as the reader was shown
	all    Boundary
}

// The codes of what can be wrong in a log of epochs.
const (
	CodeUnreadable = "epoch-unreadable" // a note is no step in its one encoding
	CodeChain      = "epoch-chain"      // a step does not follow from those before it
	CodeSignature  = "epoch-signature"  // handover or possession is not signed as it must be
	CodeHeads      = "epoch-heads"      // the heads that are kept are not those that the note commits to
)

// Error is what is wrong in a log of epochs.
type Error struct {
	Code   string
	Origin string
	Index  uint64 // of the note
	Found  string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s entry %d: %s: %s; run weighbridge check, and trust no head by a key that only this log names", e.Origin, e.Index, e.Code, e.Found)
}

// noted is one note, opened.
type noted struct {
	header []byte
	author string
	time   time.Time
	step   Step
	heads  []proof.Head // of the boundary, held against it
}

// Ledger is how the origins of the logs begin that the epochs are about.
func (h History) Ledger() string { return strings.TrimSuffix(h.Origin, Log) }

// Current is the newest epoch; false before the first.
func (h History) Current() (Epoch, bool) {
	if len(h.Epochs) == 0 {
		return Epoch{}, false
	}
	return h.Epochs[len(h.Epochs)-1], true
}

// Root is that of the log of epochs itself, base64: the next step names it.
func (h History) Root() string {
	root := h.tree.RootAt(h.tree.Size())
	return base64.StdEncoding.EncodeToString(root[:])
}

// RootAt is the root of the log of epochs when it had size notes.
func (h History) RootAt(size uint64) (root [32]byte, there bool) {
	if size > h.Size {
		return root, false
	}
	return h.tree.RootAt(size), true
}

// add takes the next note.
func (h *History) add(e noted) *Error {
	refuse := func(code, format string, args ...any) *Error {
		return &Error{code, h.Origin, h.Size, fmt.Sprintf(format, args...)}
	}
	var previous string
	if e.step.Began != nil {
		previous = e.step.Began.Previous
	} else {
		previous = e.step.Revoked.Previous
	}
	if previous != h.Root() {
		return refuse(CodeChain, "it follows a log with the root %s, the notes before it give %s: a note is missing, or this is a fork", previous, h.Root())
	}
	heads := map[string]proof.Head{}
	for _, head := range e.heads {
		if !strings.HasPrefix(head.Origin, h.Ledger()) || e.step.Began != nil && head.Origin == h.Origin {
			return refuse(CodeHeads, "the head of %.200s is none of another log of this ledger", head.Origin)
		}
		heads[head.Origin] = head
	}
	var wrong *Error
	if e.step.Began != nil {
		wrong = h.begin(e, heads, refuse)
	} else {
		wrong = h.revoke(e, heads, refuse)
	}
	if wrong == nil {
		h.tree.Add(e.header)
		h.Size++
	}
	return wrong
}

type refusal func(code, format string, args ...any) *Error

func (h *History) begin(e noted, from map[string]proof.Head, refuse refusal) *Error {
	b := e.step.Began
	if b.Epoch != uint64(len(h.Epochs)) {
		return refuse(CodeChain, "it begins epoch %d, expected %d", b.Epoch, len(h.Epochs))
	}
	key, err := parseKey(b.PublicKey)
	if err != nil {
		return refuse(CodeUnreadable, "%v", err)
	}
	for _, before := range h.Epochs {
		if before.Key.Equal(key) {
			return refuse(CodeChain, "its key was that of epoch %d: a key does not come back", before.Number)
		}
	}
	text, err := b.Text(h.Origin)
	if err != nil {
		return refuse(CodeUnreadable, "%v", err)
	}
	if err := proof.VerifyNote(key, h.Origin, text, b.Possession); err != nil {
		return refuse(CodeSignature, "possession: %v", err)
	}
	last, any := h.Current()
	switch {
	case any && last.Revoked == nil:
		if err := proof.VerifyNote(last.Key, h.Origin, text, b.Handover); err != nil {
			return refuse(CodeSignature, "handover by the key of epoch %d: %v", last.Number, err)
		}
	case b.Handover != "":
		return refuse(CodeChain, "a handover where no key may hand over: it is the first epoch, or the key before it was revoked")
	}
	for origin, was := range last.from {
		if _, shown := from[origin]; !shown && uint64(len(from)) == b.Logs.Size {
			return refuse(CodeHeads, "it leaves out %s, which had %d entries when epoch %d began: a log does not go away", origin, was.Size, last.Number)
		}
		if now, shown := from[origin]; shown && now.Size < was.Size {
			return refuse(CodeChain, "%s has %d entries, and had %d when epoch %d began: a log only grows", origin, now.Size, was.Size, last.Number)
		}
	}
	h.Epochs = append(h.Epochs, Epoch{Number: b.Epoch, Key: key, Index: h.Size, Author: e.author, Time: e.time, Handed: b.Handover != "", from: from, all: b.Logs.Size, root: h.tree.RootAt(h.Size)})
	return nil
}

func (h *History) revoke(e noted, good map[string]proof.Head, refuse refusal) *Error {
	r := e.step.Revoked
	if r.Epoch >= uint64(len(h.Epochs)) {
		return refuse(CodeChain, "it revokes epoch %d, of which there are %d", r.Epoch, len(h.Epochs))
	}
	epoch := &h.Epochs[r.Epoch]
	for origin, head := range good {
		if until, ended := h.until(*epoch, origin); ended && head.Size > until.Size {
			return refuse(CodeChain, "the last good head of %s has %d entries: the key of epoch %d was good for %d", origin, head.Size, r.Epoch, until.Size)
		}
	}
	if was := epoch.Revoked; was != nil && was.all == r.Good {
		return refuse(CodeChain, "the key of epoch %d is revoked already, with the same last good heads", r.Epoch)
	}
	epoch.Revoked = &Revocation{Index: h.Size, Author: e.author, Time: e.time, Reason: r.Reason, good: good, all: r.Good}
	return nil
}
