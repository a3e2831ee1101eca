package proof

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// entryMagic opens every header.
const entryMagic = "weighbridge.dev/entry/v1"

// Header is what the header of an entry says: its place, and the commitment to
// its body (meter/ledger/SPEC.md, L3 to L5).
type Header struct {
	Origin     string // of the log
	Index      uint64 // in the log, from 0
	Commitment [sha256.Size]byte
}

// Encode returns the one encoding of h: four lines, each ended by a line feed. It
// holds nothing of the body but its commitment.
func (h Header) Encode() []byte {
	out := make([]byte, 0, len(entryMagic)+len(h.Origin)+len("\n\n\nsha256:\n")+20+2*sha256.Size)
	out = append(append(out, entryMagic...), '\n')
	out = append(append(out, h.Origin...), '\n')
	out = append(strconv.AppendUint(out, h.Index, 10), "\nsha256:"...)
	return append(hex.AppendEncode(out, h.Commitment[:]), '\n')
}

// ParseHeader reads only what [Header.Encode] writes.
func ParseHeader(data []byte) (Header, error) {
	rest, found := strings.CutPrefix(string(data), entryMagic+"\n")
	origin, rest, second := strings.Cut(rest, "\n")
	index, rest, third := strings.Cut(rest, "\n")
	commitment, rest, fourth := strings.Cut(rest, "\n")
	if !found || !second || !third || !fourth || rest != "" {
		return Header{}, fmt.Errorf("header %.80q: expected four lines that begin with %s", data, entryMagic)
	}
	h := Header{Origin: origin}
	var err error
	if h.Index, err = strconv.ParseUint(index, 10, 64); err != nil {
		return Header{}, fmt.Errorf("header: index: %w", err)
	}
	digits, found := strings.CutPrefix(commitment, "sha256:")
	if _, err := hex.Decode(h.Commitment[:], []byte(digits[:min(len(digits), 2*sha256.Size)])); err != nil || !found || len(digits) != 2*sha256.Size {
		return Header{}, fmt.Errorf("header: commitment %.80q: expected sha256: and 64 hexadecimal digits", commitment)
	}
	if !bytes.Equal(h.Encode(), data) {
		return Header{}, fmt.Errorf("header %.200q: not in the one encoding", data)
	}
	return h, nil
}

// Commit is the commitment to a body under its salt: SHA-256 over the two.
func Commit(salt, body []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(body)
	return [sha256.Size]byte(h.Sum(nil))
}
