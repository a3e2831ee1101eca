package entry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// CorrectionSchema names the encoding of a correction.
const CorrectionSchema = "weighbridge.dev/correction/v1"

// Kind is what a correction does. The list is closed.
type Kind string

// The kinds.
const (
	Void      Kind = "void"      // the work was not done, or not on this model: it counts no more
	Supersede Kind = "supersede" // the work was done, the record of it was wrong: another record counts in its place
)

// Limits of what a person writes into a correction, in bytes.
const (
	maxReason = 2000
	maxAuthor = 200
)

// Correction is an entry that voids or supersedes an earlier record of the same
// log. The original stays; totals are net. The superseding record carries the
// run and the sequence of what it replaces: it is the same piece of work, told
// right, and it can be corrected again under the same two.
type Correction struct {
	Schema   string         `json:"schema"`
	Kind     Kind           `json:"kind"`
	Model    meter.ModelRef `json:"model"`
	Run      string         `json:"run"`
	Sequence uint64         `json:"sequence"`
	Entry    uint64         `json:"entry"`  // index of the entry whose record counted until now
	Reason   string         `json:"reason"` // one line of 1 to 2 000 bytes
	Author   string         `json:"author"` // one line of 1 to 200 bytes
	Time     time.Time      `json:"time"`   // UTC
	Record   *meter.Record  `json:"record,omitempty"`
}

// Validate returns every rule that c breaks, joined.
func (c Correction) Validate() error {
	var errs []error
	check := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf("correction: "+format, args...))
		}
	}
	_, err := meter.ParseModel(string(c.Model))
	check(err != nil, "%w", err)
	check(c.Schema != CorrectionSchema, "schema: found %.60q, expected %q", c.Schema, CorrectionSchema)
	check(c.Kind != Void && c.Kind != Supersede, "kind: found %.60q, expected void or supersede", c.Kind)
	check(c.Run == "", "run: expected the run of the record to be corrected")
	check(!OneLine(c.Reason, maxReason), "reason: expected one line of 1 to %d bytes that says what was wrong", maxReason)
	check(!OneLine(c.Author, maxAuthor), "author: expected one line of 1 to %d bytes that says who corrects", maxAuthor)
	check(c.Time.IsZero() || c.Time.Location() != time.UTC, "time: expected a moment in UTC")
	check((c.Kind == Supersede) != (c.Record != nil), "record: expected with supersede, and only there")
	if r := c.Record; r != nil {
		check(r.Model != c.Model || r.Run != c.Run || r.Sequence != c.Sequence,
			"record: found %s %s/%d, expected %s %s/%d: a record that supersedes is of the same model, run and sequence; work of another model is voided here and recorded there",
			r.Model, r.Run, r.Sequence, c.Model, c.Run, c.Sequence)
		errs = append(errs, r.Validate())
	}
	return errors.Join(errs...)
}

// OneLine reports whether s is one line of 1 to limit bytes, UTF-8 without control
// characters.
func OneLine(s string, limit int) bool {
	if s == "" || len(s) > limit || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return false
		}
	}
	return true
}

// Encode returns the one encoding of c, or every rule that it breaks.
func (c Correction) Encode() ([]byte, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return canonical.Encode(c)
}

// ParseCorrection reads only what Encode writes.
func ParseCorrection(data []byte) (Correction, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var c Correction
	if err := dec.Decode(&c); err != nil {
		return Correction{}, fmt.Errorf("correction: %w", err)
	}
	again, err := c.Encode()
	if err != nil {
		return Correction{}, err
	}
	if !bytes.Equal(again, data) {
		return Correction{}, fmt.Errorf("correction: found %.80q, which is not its one encoding", data)
	}
	return c, nil
}
