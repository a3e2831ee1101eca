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

// String is the figure for people.
func (f Figure) String() string { return fmt.Sprintf("%s %s", f.Name, f.Text) }

// parametersPrinted and parametersRounding are the names of a model's parameters
// as a log rounds them, and of how far off that may be.
const parametersPrinted, parametersRounding = "parameters_printed", "parameters_rounding"

// printedParameters sets a number of parameters printed with a unit, as in
// "123.59M", "8.03 B" or "8.030 billion".
func (s *sheet) printedParameters(text []byte) {
	text = bytes.TrimSpace(text)
	end := len(text) - len(bytes.TrimLeft(text, "0123456789.,"))
	value, ok := exactly(text[:end])
	unit, known := map[string]int64{"": 1, "k": 1e3, "K": 1e3, "M": 1e6, "million": 1e6, "B": 1e9, "G": 1e9, "billion": 1e9, "T": 1e12, "trillion": 1e12}[string(bytes.TrimSpace(text[end:]))]
	if !ok || !known || value.Sign() <= 0 {
		return
	}
	step := big.NewRat(unit, 1) // one in the last digit
	if dot := bytes.IndexByte(text[:end], '.'); dot >= 0 {
		step.Quo(step, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(end-dot-1)), nil)))
	}
	value.Mul(value, big.NewRat(unit, 1))
	whole, err := meter.OpsFromBig(new(big.Int).Quo(value.Num(), value.Denom()))
	rounding, err2 := meter.OpsFromBig(new(big.Int).Quo(step.Num(), step.Denom()))
	if err == nil && err2 == nil && whole.Cmp(meter.NewOps(maxTokens)) <= 0 {
		s.ops(parametersPrinted, whole)
		s.ops(parametersRounding, rounding)
	}
}

// parameters returns what the figures say of the model's parameters; nil: nothing.
func (s sheet) parameters() (stated, rounding *meter.Ops) {
	named := map[string]*meter.Ops{}
	for _, f := range s {
		if n, err := meter.ParseOps(f.Text); err == nil && f.Kind == Count {
			named[f.Name] = &n
		}
	}
	if exact := named["parameters"]; exact != nil {
		return exact, nil
	}
	return named[parametersPrinted], named[parametersRounding]
}
