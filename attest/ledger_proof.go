package attest

import (
	"encoding/base64"
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// Limits of a ledger proof. What MaxProofBytes bounds grows by a third in a bundle, in
// base64, and by the quotes that JSON escapes: a bundle has room for twice as much.
const (
	MaxProofBytes       = 4 << 20 // checkpoints, and salts and bodies of all entries, together
	maxProofLogs        = 4096
	maxProofCheckpoints = 4096 // of one log
	maxProofHashes      = 64
	saltBytes           = 32
)

// LedgerProof shows that the logs from which a training-compute statement was made
// are those that witnesses saw, and what stands in them: of each log all entries, or
// the last one alone. What it shows is for everybody who gets the shipment.
type LedgerProof struct {
	Model     meter.ModelRef `json:"model"`
	Logs      []LogProof     `json:"logs"` // sorted by origin, each once
	Tool      Tool           `json:"tool"`
	CreatedAt time.Time      `json:"createdAt"`
}

// LogProof is the proof of one log.
type LogProof struct {
	Origin      string       `json:"origin"`
	Checkpoints []string     `json:"checkpoints"` // signed notes with cosignatures, the smallest log first; the last is of the log as it was attested
	First       uint64       `json:"first"`       // index of the first entry that is shown: 0, or that of the last entry
	Hashes      []string     `json:"hashes"`      // base64; where First is not 0 the path of the last entry in the last checkpoint (RFC 6962, section 2.1.1)
	Entries     []ShownEntry `json:"entries"`
}

// ShownEntry is an entry in the open: its salt in base64, and its body to the byte.
// Its header follows from them and from its place.
type ShownEntry struct {
	Salt string `json:"salt"`
	Body string `json:"body"`
}

func (p LedgerProof) normal() LedgerProof {
	p.Logs = append([]LogProof{}, p.Logs...)
	for i := range p.Logs {
		l := &p.Logs[i]
		l.Checkpoints, l.Hashes, l.Entries = list(l.Checkpoints), list(l.Hashes), list(l.Entries)
	}
	return p
}

// Validate returns the first rule of SPEC.md that p breaks. Whether what it shows
// proves anything is for the verifier, who has the keys.
func (p LedgerProof) Validate() error {
	return firstError("ledger-proof", validModel("model", p.Model), p.validateLogs(), p.Tool.validate(), validTime("createdAt", p.CreatedAt))
}

func (p LedgerProof) validateLogs() error {
	if len(p.Logs) == 0 || len(p.Logs) > maxProofLogs {
		return fmt.Errorf("logs: %d: expected 1 to %d", len(p.Logs), maxProofLogs)
	}
	size := 0
	for i, l := range p.Logs {
		if err := l.validate(); err != nil {
			return fmt.Errorf("logs[%d]: %w", i, err)
		}
		if i > 0 && p.Logs[i-1].Origin >= l.Origin {
			return fmt.Errorf("logs[%d]: %q: expected each log once, sorted by origin", i, clip(l.Origin))
		}
		size += l.bytes()
	}
	if size > MaxProofBytes {
		return fmt.Errorf("logs: %d bytes of entries and checkpoints: expected at most %d; show the last entries alone, or fewer checkpoints", size, MaxProofBytes)
	}
	return nil
}

// bytes are those of a log that MaxProofBytes bounds.
func (l LogProof) bytes() int {
	size := 0
	for _, c := range l.Checkpoints {
		size += len(c)
	}
	for _, e := range l.Entries {
		size += len(e.Salt) + len(e.Body)
	}
	return size
}

func (l LogProof) validate() error {
	switch {
	case l.Origin == "":
		return fmt.Errorf("origin: expected the name of the log")
	case len(l.Checkpoints) == 0 || len(l.Checkpoints) > maxProofCheckpoints:
		return fmt.Errorf("checkpoints: %d: expected 1 to %d", len(l.Checkpoints), maxProofCheckpoints)
	case len(l.Entries) == 0 || l.First > maxCount:
		return fmt.Errorf("entries: expected at least the last one")
	case l.First > 0 && len(l.Entries) != 1:
		return fmt.Errorf("entries: %d from %d on: expected all from 0 on, or the last one", len(l.Entries), l.First)
	case l.First == 0 && len(l.Hashes) > 0 || len(l.Hashes) > maxProofHashes:
		return fmt.Errorf("hashes: %d: expected none beside the whole log, and at most %d", len(l.Hashes), maxProofHashes)
	}
	for i, h := range l.Hashes {
		if !bytesInBase64(h, 32) {
			return fmt.Errorf("hashes[%d]: %q: expected 32 bytes in base64", i, clip(h))
		}
	}
	for i, e := range l.Entries {
		if !bytesInBase64(e.Salt, saltBytes) || e.Body == "" {
			return fmt.Errorf("entries[%d]: expected a salt of %d bytes in base64 and a body", i, saltBytes)
		}
	}
	return nil
}

func bytesInBase64(text string, n int) bool {
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	return err == nil && len(data) == n
}
