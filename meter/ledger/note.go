package ledger

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// NoteEntry is one entry of a log of notes.
type NoteEntry struct {
	Origin string // of its log
	Index  uint64
	Note   Note
}

// ValidNoteLog reports an error unless name can name a log of notes: two to four
// parts divided by '/', each 1 to 100 letters, digits, points, hyphens and
// underscores, not beginning with a point or a hyphen. There is no '@' in it, so it is
// never the name of a model.
func ValidNoteLog(name string) error {
	parts := strings.Split(name, "/")
	if len(parts) < 2 || len(parts) > 4 {
		return fmt.Errorf("log of notes %.100q: expected two to four parts divided by /, as in delivery/2026-7", name)
	}
	for _, part := range parts {
		if _, err := meter.ParseModel("a/" + part + "@1"); err != nil {
			return fmt.Errorf("log of notes %.100q: part %.100q: expected 1 to 100 letters, digits, points, hyphens and underscores, not beginning with a point or a hyphen", name, part)
		}
	}
	return nil
}
