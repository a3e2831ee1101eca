package verify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// RevocationsSchema names the format of a list of revocations.
const RevocationsSchema = "weighbridge.dev/revocations/v1"

// maxRevocations bounds a list, and maxReason the text of each.
const (
	maxRevocations = 10_000
	maxReason      = 300
)

// Revocation withdraws a key, or an identity, from a time on. What it signed before
// holds, where a timestamp shows it: of anything else nobody can say that it is not
// by whoever has the key now.
type Revocation struct {
	Signer string    `json:"signer"` // id of a key or identity, as in results
	At     time.Time `json:"revoked_at"`
	Reason string    `json:"reason"`
}

type revocations struct {
	Schema string       `json:"schema"`
	List   []Revocation `json:"revocations"`
}

// Revoke adds r to a list. Of two about one signer the earlier time stays, since a
// revocation is never taken back.
func Revoke(list []Revocation, r Revocation) ([]Revocation, error) {
	r.At = r.At.UTC()
	if err := r.validate(); err != nil {
		return nil, err
	}
	out := slices.Clone(list)
	at, found := slices.BinarySearchFunc(out, r.Signer, func(have Revocation, id string) int { return strings.Compare(have.Signer, id) })
	switch {
	case !found:
		return slices.Insert(out, at, r), nil
	case !r.At.Before(out[at].At):
		return nil, fmt.Errorf("%s is revoked as of %s already: a revocation is never taken back or moved to a later time", r.Signer, timeText(out[at].At))
	}
	out[at] = r
	return out, nil
}

func (r Revocation) validate() error {
	switch {
	case r.Signer == "" || len(r.Signer) > 1000:
		return fmt.Errorf("revocation: signer %.80q: expected the id of a key (sha256:...) or an identity", r.Signer)
	case r.At.IsZero() || r.At.Year() > 9999:
		return fmt.Errorf("revocation of %.80q: no time from which it holds", r.Signer)
	case r.Reason == "" || len(r.Reason) > maxReason:
		return fmt.Errorf("revocation of %.80q: a reason of %d bytes: expected 1 to %d", r.Signer, len(r.Reason), maxReason)
	}
	return nil
}

// EncodeRevocations is the one encoding of a list.
func EncodeRevocations(list []Revocation) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(revocations{RevocationsSchema, append([]Revocation{}, list...)})
	return b.Bytes(), err
}

// ParseRevocations reads a list in its one encoding: sorted by signer, each once.
func ParseRevocations(data []byte) ([]Revocation, error) {
	const next = "get the list again from who keeps it; `weighbridge key revoke` writes one"
	var d revocations
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return nil, fmt.Errorf("revocations: %s: %s", plain(err), next)
	}
	if d.Schema != RevocationsSchema || len(d.List) > maxRevocations {
		return nil, fmt.Errorf("revocations: schema %.80q with %d entries: expected %q with at most %d: %s", d.Schema, len(d.List), RevocationsSchema, maxRevocations, next)
	}
	var list []Revocation
	for _, r := range d.List {
		added, err := Revoke(list, r)
		if err != nil {
			return nil, fmt.Errorf("revocations: %w", err)
		}
		list = added
	}
	again, err := EncodeRevocations(list)
	if err != nil || !bytes.Equal(again, data) {
		return nil, fmt.Errorf("revocations: not in the one encoding of such a list (order, keys, times in UTC, white space): %s", next)
	}
	return list, nil
}

// revocation is that of a signer.
func (p Policy) revocation(who string) (Revocation, bool) {
	for _, r := range p.Revocations {
		if r.Signer == who {
			return r, true
		}
	}
	return Revocation{}, false
}

// revoked returns why a signature by who, with the times that others vouch for, no
// longer holds.
func (p Policy) revoked(who string, at times) *Problem {
	r, found := p.revocation(who)
	if !found {
		return nil
	}
	first, stamped := at.earliest()
	if stamped && first.Before(r.At) {
		return nil
	}
	when := "and no verified timestamp shows that it is older"
	if stamped {
		when = "and it was signed at " + timeText(first)
	}
	return &Problem{CodeRevoked, fmt.Sprintf("signed by %s, which is revoked as of %s (%.300q), %s", who, timeText(r.At), r.Reason, when),
		"do not rely on it: whoever has the key now can have made it; ask the signer for one by a key that holds, or for a timestamp from before (`weighbridge attest --timestamp-authority`)"}
}

// revokedNote says that an accepted signature is by a signer who is revoked since.
func (v *verification) revokedNote(who string) {
	if r, found := v.policy.revocation(who); found {
		v.notes = append(v.notes, fmt.Sprintf("revoked: %s is revoked as of %s (%.300q); its timestamp shows that this was signed before", who, timeText(r.At), r.Reason))
	}
}
