package trainlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// Kind says how a figure is written.
type Kind int

// The kinds of figures.
const (
	Count   Kind = iota // an exact whole number: a decimal string in JSON
	Number              // a ratio, rate or rounded figure: a number in JSON, as printed
	Numbers             // one number for each device, separated by commas
	Word                // a name
)

// Figure is a quantity that a log states.
type Figure struct {
	Name string // as in "tokens_per_step"
	Text string
	Kind Kind
}

// MarshalJSON writes the value alone: its name is the key it stands under.
func (f Figure) MarshalJSON() ([]byte, error) {
	switch f.Kind {
	case Number:
		return []byte(f.Text), nil
	case Numbers:
		return []byte("[" + f.Text + "]"), nil
	}
	return json.Marshal(f.Text)
}

// sheet is the figures of a log. Each name stands once; the later value holds.
type sheet []Figure

func (s *sheet) set(name string, kind Kind, text string) {
	for i := range *s {
		if (*s)[i].Name == name {
			(*s)[i] = Figure{name, text, kind}
			return
		}
	}
	*s = append(*s, Figure{name, text, kind})
}

func (s *sheet) count(name string, n uint64) { s.set(name, Count, strconv.FormatUint(n, 10)) }

func (s *sheet) ops(name string, n meter.Ops) { s.set(name, Count, n.String()) }

func (s *sheet) word(name string, text []byte) {
	if len(text) > 0 && len(text) <= maxWord {
		s.set(name, Word, strings.ToValidUTF8(string(text), "\ufffd"))
	}
}

// maxWord bounds a name that is kept, such as that of a device.
const maxWord = 200

// number sets a figure as it is printed, without thousands separators. What is
// no finite number is not stated.
func (s *sheet) number(name string, text []byte) {
	if plain, ok := plainNumber(text); ok {
		s.set(name, Number, plain)
	}
}

// plainNumber returns a decimal number in the spelling of JSON.
func plainNumber(text []byte) (string, bool) {
	length, finite := number(text)
	if length == 0 || length != len(text) || !finite {
		return "", false
	}
	plain := bytes.ReplaceAll(text, []byte(","), nil)
	if e := bytes.IndexAny(plain, "eE"); len(plain) > maxNumber || e >= 0 && len(plain)-e > len("e+308") {
		return "", false // no figure of a job; a number like 1e999999 would take memory to hold
	}
	if json.Valid(plain) {
		return string(plain), true
	}
	v, err := strconv.ParseFloat(string(plain), 64) // as in ".5" or "+1": JSON has another spelling
	if err != nil {
		return "", false
	}
	return strconv.FormatFloat(v, 'g', -1, 64), true
}

// maxNumber bounds the text of a number that is kept.
const maxNumber = 40

// exactly reads a decimal number without loss.
func exactly(text []byte) (*big.Rat, bool) {
	plain, ok := plainNumber(text)
	if !ok {
		return nil, false
	}
	return new(big.Rat).SetString(plain)
}

func (s sheet) clone() sheet { return slices.Clone(s) }

// get returns a figure's text, "" when it is not stated.
func (s sheet) get(name string) string {
	for _, f := range s {
		if f.Name == name {
			return f.Text
		}
	}
	return ""
}

// String is the figure for people.
func (f Figure) String() string { return fmt.Sprintf("%s %s", f.Name, f.Text) }
