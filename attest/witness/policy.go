package witness

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	formats "github.com/transparency-dev/formats/note"
	cosigners "github.com/transparency-dev/formats/witness"
	"golang.org/x/mod/sumdb/note"
)

// MaxPolicyBytes bounds a policy file.
const MaxPolicyBytes = 64 << 10

// Policy is which witnesses a recipient relies on, and how many of them must have
// cosigned.
type Policy struct {
	group     cosigners.Group
	witnesses []note.Verifier
	keys      [][]byte // of the witnesses, without their kinds
}

// Cosignature is one that holds.
type Cosignature struct {
	Witness string    `json:"witness"` // name of its key
	Time    time.Time `json:"time"`    // UTC: when the witness saw the head
}

// ParsePolicy reads a policy file (c2sp.org/tlog-policy). The address of a witness
// may be left out. A quorum that is met without any witness, one witness in two
// places, a key that does not have the hash beside it and a log line are errors:
// the logs are those of the meter keys that the recipient names.
func ParsePolicy(data []byte) (*Policy, error) {
	if len(data) > MaxPolicyBytes {
		return nil, fmt.Errorf("witness policy of %d bytes: expected at most %d", len(data), MaxPolicyBytes)
	}
	p := &Policy{}
	text, err := p.addressed(string(data))
	if err != nil {
		return nil, fmt.Errorf("witness policy: %w", err)
	}
	group, err := cosigners.ParsePolicy([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("witness policy: %w", err)
	}
	p.group = group
	least, err := p.walk(group)
	switch {
	case err != nil:
		return nil, fmt.Errorf("witness policy: %w", err)
	case least == 0:
		return nil, errors.New("witness policy: its quorum is met without any witness: expected at least one")
	}
	return p, nil
}

// addressed puts an address where a witness has none: the library asks for one, the
// format does not.
func (p *Policy) addressed(text string) (string, error) {
	var lines []string
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) > 0 && fields[0] == "log" {
			return "", fmt.Errorf("line %d: a log line is not read: name the meter's key with --meter-key", i+1)
		}
		if len(fields) > 0 && fields[0] == "quorum" && slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "quorum ") }) {
			return "", fmt.Errorf("line %d: a second quorum", i+1)
		}
		if len(fields) >= 3 && fields[0] == "witness" {
			key, err := validKey(fields[2])
			if err != nil {
				return "", fmt.Errorf("line %d: %w", i+1, err)
			}
			p.keys = append(p.keys, key)
			if len(fields) == 3 {
				fields = append(fields, "https://witness.invalid/")
			}
		}
		lines = append(lines, strings.Join(fields, " "))
	}
	return strings.Join(lines, "\n"), nil
}

// validKey holds a verifier key (c2sp.org/signed-note) to the hash in it, which the
// library passes over, and returns the key without its kind.
func validKey(vkey string) ([]byte, error) {
	name, rest, _ := strings.Cut(vkey, "+")
	hash, text, found := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	number, errHash := strconv.ParseUint(hash, 16, 32)
	if err != nil || errHash != nil || !found || len(hash) != 8 || len(key) < 2 {
		return nil, fmt.Errorf("%.120q: expected the key of a witness, NAME+HASH+KEY, as weighbridge ledger witness --show-key prints it", vkey)
	}
	if sum := sha256.Sum256(append([]byte(name+"\n"), key...)); binary.BigEndian.Uint32(sum[:4]) != uint32(number) {
		return nil, fmt.Errorf("%.120q: the hash in it is not that of the name and the key: get the line from the witness again", vkey)
	}
	return key[1:], nil
}

// Holds reports whether a key is that of a witness of the policy.
func (p *Policy) Holds(key ed25519.PublicKey) bool {
	return slices.ContainsFunc(p.keys, func(k []byte) bool { return bytes.Equal(k, key) })
}

// walk collects the witnesses, and returns the fewest that meet the quorum.
func (p *Policy) walk(component any) (least int, err error) {
	if w, ok := component.(cosigners.Witness); ok {
		if slices.ContainsFunc(p.witnesses, func(v note.Verifier) bool { return v.KeyHash() == w.Key.KeyHash() && v.Name() == w.Key.Name() }) {
			return 0, fmt.Errorf("the witness %s stands in two places: it would count twice", w.Key.Name())
		}
		p.witnesses = append(p.witnesses, w.Key)
		return 1, nil
	}
	group, ok := component.(cosigners.Group)
	if !ok {
		return 0, fmt.Errorf("found a component of type %T", component)
	}
	var each []int
	for _, c := range group.Components {
		n, err := p.walk(c)
		if err != nil {
			return 0, err
		}
		each = append(each, n)
	}
	slices.Sort(each)
	for _, n := range each[:group.N] {
		least += n
	}
	return least, nil
}

// Cosigned returns the cosignatures of c by witnesses of the policy, sorted by
// time, and the time by which they met its quorum: one witness alone, whose clock may
// be anything, does not decide it. The zero time: they do not meet it. The error is a
// cosignature in the name and key of such a witness that does not hold: one that is
// only missing is none.
func (p *Policy) Cosigned(c Checkpoint) (list []Cosignature, metAt time.Time, err error) {
	opened, err := note.Open([]byte(c.String()), note.VerifierList(p.witnesses...))
	var nobody *note.UnverifiedNoteError
	switch {
	case errors.As(err, &nobody):
		return nil, time.Time{}, nil
	case err != nil:
		return nil, time.Time{}, fmt.Errorf("%s at %d entries: cosignature: %w", c.Head.Origin, c.Head.Size, err)
	}
	type signed struct {
		Cosignature
		line string
	}
	var all []signed
	for _, signature := range opened.Sigs {
		at, err := formats.CoSigV1Timestamp(signature)
		if err != nil {
			return nil, time.Time{}, fmt.Errorf("%s at %d entries: cosignature of %s: %w", c.Head.Origin, c.Head.Size, signature.Name, err)
		}
		all = append(all, signed{Cosignature{signature.Name, at.UTC()}, fmt.Sprintf("— %s %s\n", signature.Name, signature.Base64)})
	}
	slices.SortFunc(all, func(a, b signed) int { return a.Time.Compare(b.Time) })
	text := c.Head.String() + "\n"
	for _, s := range all {
		list, text = append(list, s.Cosignature), text+s.line
		if metAt.IsZero() && p.group.Satisfied([]byte(text)) {
			metAt = s.Time
		}
	}
	return list, metAt, nil
}
