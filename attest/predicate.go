package attest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// Tool is the program that made a predicate.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Head is the head of one model's log in a ledger.
type Head struct {
	Origin string `json:"origin"` // the log's name
	Size   uint64 `json:"size"`   // entries
	Root   string `json:"root"`   // RFC 6962 root, "sha256:<hex>"
}

// HeadOf is a head as a statement names it: of a log of size entries under an RFC 6962
// root.
func HeadOf(origin string, size uint64, root [sha256.Size]byte) Head {
	return Head{Origin: origin, Size: size, Root: "sha256:" + hex.EncodeToString(root[:])}
}

func (t Tool) validate() error {
	if t.Name == "" || t.Version == "" {
		return fmt.Errorf("tool: expected a name and a version")
	}
	return nil
}

func (h *Head) validate() error {
	switch {
	case h == nil:
		return nil
	case h.Origin == "" || h.Size == 0 || h.Size > maxCount:
		return fmt.Errorf("ledger: origin %q of size %d: expected a name and at least one entry", clip(h.Origin), h.Size)
	case !ValidDigest(h.Root):
		return fmt.Errorf("ledger: root %q: expected sha256: and 64 lower-case hexadecimal digits", clip(h.Root))
	}
	return nil
}

// maxCount is the largest integer that every JSON reader keeps exactly.
const maxCount = 1<<53 - 1

func validTime(field string, t time.Time) error {
	if t.IsZero() || t.Location() != time.UTC {
		return fmt.Errorf("%s: expected a time in UTC ending in Z", field)
	}
	return nil
}

func validPeriod(p *meter.Period) error {
	switch {
	case p == nil:
		return nil
	case p.Start.Location() != time.UTC || p.End.Location() != time.UTC:
		return fmt.Errorf("period: expected UTC times ending in Z")
	case p.End.Before(p.Start):
		return fmt.Errorf("period: end %s is before start %s", p.End.Format(time.RFC3339), p.Start.Format(time.RFC3339))
	}
	return nil
}

func validModel(field string, m meter.ModelRef) error {
	if _, err := meter.ParseModel(string(m)); err != nil {
		return fmt.Errorf("%s: %w", field, err)
	}
	return nil
}

// firstError returns the first rule broken, with the predicate's name.
func firstError(predicate string, errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("%s: %w", predicate, err)
		}
	}
	return nil
}

// list returns s, never nil: a list that is always written prints [], not null.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
