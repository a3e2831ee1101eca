package proof

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// Head is the state of one log: exactly Size entries under Root.
type Head struct {
	Origin string
	Size   uint64
	Root   [sha256.Size]byte // of the Merkle tree of RFC 6962, section 2.1
}

// String returns the body of a checkpoint (c2sp.org/tlog-checkpoint): origin,
// size in decimal and root in base64, each on a line.
func (h Head) String() string {
	return fmt.Sprintf("%s\n%d\n%s\n", h.Origin, h.Size, base64.StdEncoding.EncodeToString(h.Root[:]))
}

// ParseHeads reads what `weighbridge ledger head` prints: bodies of checkpoints,
// an empty line between two. What is not exactly that is an error.
func ParseHeads(text string) ([]Head, error) {
	var heads []Head
	for i, body := range strings.Split(text, "\n\n") {
		if body == "" || body[len(body)-1] != '\n' {
			body += "\n"
		}
		h, err := parseHead(body)
		if err != nil {
			return nil, fmt.Errorf("head %d: %w", i+1, err)
		}
		heads = append(heads, h)
	}
	return heads, nil
}

func parseHead(body string) (Head, error) {
	lines := strings.Split(body, "\n")
	if len(lines) != 4 || lines[0] == "" {
		return Head{}, fmt.Errorf("found %.80q, expected three lines: origin, size and root of a log, as weighbridge ledger head prints them", body)
	}
	h := Head{Origin: lines[0]}
	var err error
	if h.Size, err = strconv.ParseUint(lines[1], 10, 64); err != nil {
		return Head{}, fmt.Errorf("size %.40q: expected a number of entries", lines[1])
	}
	if h.Root, err = ParseHash(lines[2]); err != nil {
		return Head{}, fmt.Errorf("root: %w", err)
	}
	if h.String() != body {
		return Head{}, fmt.Errorf("found %.200q, which is not the one encoding of a head", body)
	}
	return h, nil
}

// ParseHash reads 32 bytes in standard base64, in the one encoding that they have:
// the library's decoder passes over line feeds.
func ParseHash(text string) (hash [sha256.Size]byte, err error) {
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(data) != len(hash) || base64.StdEncoding.EncodeToString(data) != text {
		return hash, fmt.Errorf("found %.60q, expected 32 bytes in base64", text)
	}
	return [sha256.Size]byte(data), nil
}
