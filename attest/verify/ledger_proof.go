package verify

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/witness"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// provedLog is a log of which a proof came along that fits together: the entries
// that it shows give the roots of its checkpoints. Who signed these, and what the
// entries say, is looked at afterwards.
type provedLog struct {
	origin  string
	model   meter.ModelRef
	entries []entry.Entry // all of them, or the last alone
	whole   bool
	points  []point // the smallest log first; the last is that of the statement
}

// point is a checkpoint and who saw it.
type point struct {
	witness.Checkpoint
	meter *PublicKey            // that signed it; nil: no meter key was named
	seen  []witness.Cosignature // by witnesses of the policy, the earliest first
	metAt time.Time             // when they met its quorum; zero: they do not
}

// met reports whether those who saw a checkpoint meet the policy's quorum.
func (p point) met() bool { return !p.metAt.IsZero() }

// ledgerProofs reads the proofs that came along, and holds them to the statement
// and to the keys of the policy. Whatever contradicts is a problem; what is only
// missing limits the level.
func (v *verification) ledgerProofs() {
	p := v.accepted(func(s attest.Statement) bool { return s.LedgerProof != nil })
	c := v.accepted(func(s attest.Statement) bool { return s.TrainingCompute != nil })
	if p == nil || c == nil || c.Disclosed != nil { // levels says what follows from it
		return
	}
	for _, l := range p.LedgerProof.Logs {
		proved, problem := v.readSigned(l, *c.TrainingCompute)
		if problem != nil {
			v.refuseProof(problem)
			continue
		}
		v.proved = append(v.proved, proved)
		v.result.Assurance.Checkpoints = append(v.result.Assurance.Checkpoints, proved.checked())
	}
	if len(v.proved) < len(p.LedgerProof.Logs) {
		return
	}
	if err := v.lineageProved(*c.TrainingCompute); err != nil {
		v.refuseProof(badProof(err))
	}
}

func (v *verification) refuseProof(p *Problem) {
	v.unprovable = true
	v.problem(p.Code, p.Message, p.Hint)
}

// readSigned reads the proof of a log, and who signed its checkpoints.
func (v *verification) readSigned(l attest.LogProof, c attest.TrainingCompute) (provedLog, *Problem) {
	proved, err := readLogProof(l, c)
	if err != nil {
		return proved, badProof(err)
	}
	return proved, v.signedPoints(&proved)
}

// badProof is a proof that contradicts what it comes with.
func badProof(err error) *Problem {
	return &Problem{CodeLedgerProof, err.Error(), "do not rely on the figures; ask the signer for a shipment whose proof is of the logs that it states, as weighbridge attest --checkpoints makes it"}
}

// readLogProof holds the proof of a log to the head in the statement, and its
// entries to the roots of its checkpoints.
func readLogProof(l attest.LogProof, c attest.TrainingCompute) (provedLog, error) {
	out := provedLog{origin: l.Origin}
	heads := c.Heads()
	at := slices.IndexFunc(heads, func(h attest.Head) bool { return h.Origin == l.Origin })
	if at < 0 {
		return out, fmt.Errorf("a proof of the log %.200q, which the training-compute statement does not count", l.Origin)
	}
	for _, m := range c.Lineage.Models {
		if strings.HasSuffix(l.Origin, "/"+string(m.Model)) {
			out.model = m.Model
		}
	}
	if out.model == "" {
		return out, fmt.Errorf("the log %.200q is of no model of the lineage", l.Origin)
	}
	if err := out.readPoints(l.Checkpoints, heads[at]); err != nil {
		return out, err
	}
	return out, out.readEntries(l)
}

// readPoints reads the checkpoints: of this log, each larger than the one before,
// the last of the head that the statement names.
func (l *provedLog) readPoints(notes []string, head attest.Head) error {
	for i, text := range notes {
		c, err := witness.Parse(text)
		switch {
		case err != nil:
			return fmt.Errorf("%s: checkpoint %d: %w", l.origin, i+1, err)
		case c.Head.Origin != l.origin:
			return fmt.Errorf("%s: checkpoint %d is of the log %.200q", l.origin, i+1, c.Head.Origin)
		case i > 0 && c.Head.Size <= l.points[i-1].Head.Size:
			return fmt.Errorf("%s: checkpoint %d is of %d entries, the one before of %d: expected larger ones", l.origin, i+1, c.Head.Size, l.points[i-1].Head.Size)
		}
		l.points = append(l.points, point{Checkpoint: c})
	}
	last := l.points[len(l.points)-1].Head
	if found := attest.HeadOf(last.Origin, last.Size, last.Root); found != head {
		return fmt.Errorf("%s: the last checkpoint is of %d entries under %s, the statement of %d under %s: the proof is of another state of the log", l.origin, found.Size, found.Root, head.Size, head.Root)
	}
	return nil
}

// readEntries reads the entries and computes the roots again from them.
func (l *provedLog) readEntries(shown attest.LogProof) error {
	last := l.points[len(l.points)-1].Head
	if shown.First+uint64(len(shown.Entries)) != last.Size {
		return fmt.Errorf("%s: entries %d to %d are shown, the checkpoint is of %d: expected its last entry", l.origin, shown.First, shown.First+uint64(len(shown.Entries))-1, last.Size)
	}
	l.whole = shown.First == 0
	var tree proof.Tree
	next := 0 // checkpoint
	var header []byte
	for i, e := range shown.Entries {
		index := shown.First + uint64(i)
		read, err := l.readEntry(index, e)
		if err != nil {
			return err
		}
		l.entries = append(l.entries, read)
		salt, _ := base64.StdEncoding.DecodeString(e.Salt) // as the statement was read
		header = proof.Header{Origin: l.origin, Index: index, Commitment: proof.Commit(salt, []byte(e.Body))}.Encode()
		tree.Add(header)
		if head := l.points[next].Head; l.whole && head.Size == index+1 {
			if root := tree.RootAt(tree.Size()); root != head.Root {
				return fmt.Errorf("%s: the first %d entries give the root %x, the checkpoint has %x: they are not those that were witnessed", l.origin, head.Size, root, head.Root)
			}
			next++
		}
	}
	switch {
	case l.whole && next == len(l.points):
		return nil
	case l.whole:
		return fmt.Errorf("%s: checkpoint %d is of no entries: expected at least one", l.origin, next+1)
	case len(l.points) > 1:
		return fmt.Errorf("%s: %d checkpoints beside the last entry alone: expected the last one", l.origin, len(l.points))
	}
	inclusion := proof.Inclusion{Head: last, Header: header, Hashes: rawHashes(shown.Hashes)}
	_, err := inclusion.Verify(last)
	return err
}

func (l *provedLog) readEntry(index uint64, e attest.ShownEntry) (entry.Entry, error) {
	read, err := entry.ParseBody([]byte(e.Body))
	if err != nil {
		return read, fmt.Errorf("%s: entry %d: %w", l.origin, index, err)
	}
	read.Origin, read.Index = l.origin, index
	model := meter.ModelRef("")
	switch {
	case read.Correction != nil:
		model = read.Correction.Model
	default:
		model = read.Record.Model
	}
	if model != l.model {
		return read, fmt.Errorf("%s: entry %d is of the model %s", l.origin, index, model)
	}
	return read, nil
}

func rawHashes(texts []string) [][32]byte {
	out := make([][32]byte, len(texts))
	for i, text := range texts {
		data, _ := base64.StdEncoding.DecodeString(text) // as the statement was read
		copy(out[i][:], data)
	}
	return out
}
