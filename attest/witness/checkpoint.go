package witness

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter/proof"
)

// Limits of what is read.
const (
	maxLines = 32      // signatures of one checkpoint
	maxLine  = 8 << 10 // bytes of a signature line; one of ML-DSA-44 has 3.4 kB

	// MaxBytes bounds a file of checkpoints, or of heads: a ledger of 100,000 models has
	// one of some 30 MB when each head is signed and cosigned.
	MaxBytes = 64 << 20
)

// Checkpoint is a head as a signed note. Signatures are its lines, each ended by a
// line feed, in the order in which they stand; that they are there says nothing of
// whether they hold.
type Checkpoint struct {
	Head       proof.Head
	Signatures []string
}

// String returns the note.
func (c Checkpoint) String() string {
	return c.Head.String() + "\n" + strings.Join(c.Signatures, "")
}

// ByName returns the signature lines that claim to be by a name.
func (c Checkpoint) ByName(name string) []string {
	var out []string
	for _, line := range c.Signatures {
		if strings.HasPrefix(line, "— "+name+" ") {
			out = append(out, line)
		}
	}
	return out
}

// Parse reads one checkpoint. What is not exactly the note that
// [Checkpoint.String] writes is an error.
func Parse(text string) (Checkpoint, error) {
	all, err := ParseAll(text)
	if err != nil {
		return Checkpoint{}, err
	}
	if len(all) != 1 {
		return Checkpoint{}, fmt.Errorf("%d checkpoints: expected one", len(all))
	}
	return all[0], nil
}

// ParseAll reads checkpoints with an empty line between two, as `weighbridge ledger
// head --sign` and `weighbridge ledger witness` print them.
func ParseAll(text string) ([]Checkpoint, error) {
	if len(text) > MaxBytes {
		return nil, fmt.Errorf("checkpoints of %d bytes: expected at most %d", len(text), MaxBytes)
	}
	rest, ended := strings.CutSuffix(text, "\n")
	parts := strings.Split(rest, "\n\n")
	if !ended || len(parts)%2 != 0 {
		return nil, fmt.Errorf("found no head with its signatures, or one that is cut off: expected a head and its signatures by turns, an empty line between two, as weighbridge ledger head --sign prints them")
	}
	var all []Checkpoint
	for i := 0; i < len(parts); i += 2 {
		c, err := parse(parts[i]+"\n", parts[i+1])
		if err != nil {
			return nil, fmt.Errorf("checkpoint %d: %w", i/2+1, err)
		}
		all = append(all, c)
	}
	return all, nil
}

func parse(body, signatures string) (Checkpoint, error) {
	heads, err := proof.ParseHeads(body)
	if err != nil {
		return Checkpoint{}, err
	}
	c := Checkpoint{Head: heads[0]}
	lines := strings.Split(signatures, "\n")
	if len(lines) > maxLines {
		return c, fmt.Errorf("%d signatures: expected at most %d", len(lines), maxLines)
	}
	for _, line := range lines {
		if err := validLine(line); err != nil {
			return c, err
		}
		c.Signatures = append(c.Signatures, line+"\n")
	}
	return c, nil
}

// validLine: a dash, a name, and a text without a space, one between two.
func validLine(line string) error {
	fields := strings.Split(line, " ")
	if len(line) > maxLine || len(fields) != 3 || fields[0] != "—" || fields[1] == "" || fields[2] == "" || strings.ContainsAny(line, "\t\r") {
		return fmt.Errorf("signature line %.120q: expected a dash, a name and a signature in base64, as c2sp.org/signed-note has it", line)
	}
	return nil
}

// Merge returns the checkpoint with the signature lines of both, each once. They
// must be of one head.
func (c Checkpoint) Merge(other Checkpoint) (Checkpoint, error) {
	if c.Head != other.Head {
		return c, fmt.Errorf("two heads of %s and %s: expected one", c.Head.Origin, other.Head.Origin)
	}
	out := Checkpoint{c.Head, append([]string{}, c.Signatures...)}
	for _, line := range other.Signatures {
		if !slices.Contains(out.Signatures, line) {
			out.Signatures = append(out.Signatures, line)
		}
	}
	if len(out.Signatures) > maxLines {
		return c, fmt.Errorf("%s at %d entries: %d signatures: expected at most %d", c.Head.Origin, c.Head.Size, len(out.Signatures), maxLines)
	}
	return out, nil
}
