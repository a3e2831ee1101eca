package trainlog

import (
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// formats returns a new parser of each format that is read, in the order in
// which signatures are tried.
func formats() []parser { return []parser{&hf{}, &nanoGPT{}} }

// Formats returns the names of the formats that are read, sorted.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name())
	}
	slices.Sort(names)
	return names
}

// parser reads the lines of one format. Its implementations are nanoGPT and hf.
type parser interface {
	name() string
	// edges and marked sort out, cheaply, most of the lines that are not of the
	// format and have neither a brace, nor a percent sign, nor an escape
	// sequence: what such a line of it begins or ends with, and a second look.
	// Either may err on the side of reading.
	edges() (first, last string)
	marked(raw []byte) bool
	// read reads one line and says what it was to this format.
	read(l line, n *notes) verdict
	// observe adds what was read so far to o.
	observe(o *meter.Observation)
	// figures returns what was read so far by its names.
	figures() []Figure
	clone() parser
}

// line is one line of a log.
type line struct {
	text  []byte // without its end and without escape sequences; valid during the call only
	at    int64  // offset of its first byte
	whole bool   // its end was seen: a number at the end of the text is complete
	gap   bool   // bytes were lost since the last line that was used
	traits
}

// verdict is what a line was to a format.
type verdict int

const (
	foreign    verdict = iota // not understood
	understood                // of this format, but no figure was taken from it
	signature                 // a figure was taken from it, and it is this format's alone
)

// Figure is a quantity that a log states.
type Figure struct {
	Name    string // as in "tokens_per_step"
	Text    string // the number as it is to be written
	Integer bool   // exact: written as a decimal string; otherwise a number as printed
}
