package main

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/disclosure"
	"github.com/weighbridge/weighbridge/meter"
)

// presented reads the presentation that was given to the recipient: the file, and
// the disclosures by statement. Both are nil where none was given.
func (f verifyFlags) presented() ([]byte, map[string][]string, error) {
	if f.presentation == "" {
		return nil, nil, nil
	}
	data, err := readRegular(f.presentation, disclosure.MaxFileBytes)
	if err != nil {
		return nil, nil, fmt.Errorf("presentation %s: %w", f.presentation, err)
	}
	shown, err := shownBy(data)
	if err != nil {
		return nil, nil, fmt.Errorf("presentation %s: %w", f.presentation, err)
	}
	return data, shown, nil
}

// shownBy are the disclosures of a presentation, by the digest of their statement.
func shownBy(presentation []byte) (map[string][]string, error) {
	p, err := disclosure.ParsePresentation(presentation)
	if err != nil {
		return nil, err
	}
	shown := map[string][]string{}
	for _, s := range p.Statements {
		shown[s.Statement] = s.Disclosures
	}
	return shown, nil
}

// hiddenBound goes before a number that is a bound, because figures of its kind
// are hidden.
func hiddenBound(d *attest.Disclosed, figure string) string {
	if d != nil {
		for _, path := range d.Hidden {
			if strings.HasSuffix(path, "."+figure) {
				return "at least "
			}
		}
	}
	return ""
}

// describeDisclosed says what of a statement's figures is hidden, and which
// thresholds were shown.
func describeDisclosed(c attest.TrainingCompute, d *attest.Disclosed) string {
	if d == nil {
		return ""
	}
	var b strings.Builder
	for _, t := range attest.Thresholds() {
		if answer, shown := d.Thresholds[t.Name]; shown {
			fmt.Fprintf(&b, "           %s: %v, as the signer states it (the whole lineage; counting: %s)\n", t.Name, answer, meter.Convention(c.Convention))
		}
	}
	for model, detail := range sortedDetails(d.Details) {
		if detail.Tokens != nil {
			fmt.Fprintf(&b, "           %s: %s tokens\n", model, detail.Tokens.Short())
		}
		for _, sentence := range detail.Derivation {
			fmt.Fprintf(&b, "           %s: %s\n", model, printable(sentence))
		}
	}
	if n := len(d.Hidden); n > 0 {
		fmt.Fprintf(&b, "           hidden: %s; what is hidden is unknown here, never zero (--json lists it)\n", plural(n, "figure"))
	}
	return b.String()
}
