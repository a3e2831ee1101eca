package trainlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// reportMark begins a line of our own.
const reportMark = "weighbridge-report"

// reports are the figures of the job's own counter, one element per activity.
type reports struct{ list []meter.Report }

func (r *reports) clone() reports { return reports{slices.Clone(r.list)} }

// read reads a report line. Something may stand before the mark, such as a
// progress bar without a line end; nothing may stand after the object.
func (r *reports) read(l line, n *notes) verdict {
	if !l.brace {
		if l.whole && bytes.HasPrefix(l.text, []byte(reportMark+" ")) {
			n.add(ReportMalformed, l.at, 0, 0)
		}
		return foreign
	}
	brace := bytes.IndexByte(l.text, '{')
	before := bytes.TrimRight(l.text[:max(brace, 0)], " \t") // the brace may have stood in an escape sequence
	if !bytes.HasSuffix(before, []byte(reportMark)) {
		return foreign
	}
	report, err := parseReport(l.text[brace:])
	switch {
	case errors.Is(err, errAbsurd):
		n.add(ReportAbsurd, l.at, 0, 0)
		return foreign
	case err != nil:
		if l.whole { // else the line may not have come to its end yet
			n.add(ReportMalformed, l.at, 0, 0)
		}
		return foreign
	}
	r.merge(report, l, n)
	return signature
}

// merge keeps the larger of each figure: they are cumulative.
func (r *reports) merge(report meter.Report, l line, n *notes) {
	i := slices.IndexFunc(r.list, func(have meter.Report) bool { return have.Activity == report.Activity })
	if i < 0 {
		r.list = append(r.list, report)
		return
	}
	have := r.list[i]
	sameStep := have.Step != nil && report.Step != nil && *have.Step == *report.Step
	lower := larger(&have.Operations, report.Operations, opsCompare)
	lower = larger(&have.Tokens, report.Tokens, opsCompare) + lower
	lower = larger(&have.Step, report.Step, compare) + lower
	switch {
	case sameStep && (differs(r.list[i].Operations, report.Operations) || differs(r.list[i].Tokens, report.Tokens)):
		n.add(ReportContradicted, l.at, 0, 0)
	case lower > 0:
		n.add(ReportDecreased, l.at, 0, 0)
	}
	r.list[i] = have
}

// larger replaces have by v unless v is absent or smaller; it returns 1 when v
// is smaller.
func larger[T any](have **T, v *T, cmp func(a, b T) int) int {
	switch {
	case v == nil:
	case *have == nil || cmp(*v, **have) >= 0:
		*have = v
	default:
		return 1
	}
	return 0
}

func opsCompare(a, b meter.Ops) int { return a.Cmp(b) }

func differs(a, b *meter.Ops) bool { return a != nil && b != nil && *a != *b }

// errAbsurd marks a report whose figures cannot be true.
var errAbsurd = errors.New("figure above what any job can have done")

// parseReport reads the object strictly: known keys in their own spelling, each
// once, nothing after it. White space is free, because jobs write it with
// whatever JSON library they have.
func parseReport(text []byte) (meter.Report, error) {
	var report meter.Report
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return report, errors.New("not an object")
	}
	seen := map[string]bool{}
	for dec.More() {
		t, err := dec.Token()
		key, isKey := t.(string)
		if err != nil || !isKey || seen[key] {
			return report, errors.New("a key twice, or none")
		}
		seen[key] = true
		if err := reportField(&report, key, dec); err != nil {
			return report, err
		}
	}
	if _, err := dec.Token(); err != nil {
		return report, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return report, errors.New("bytes after the object")
	}
	if report.Operations == nil && report.Tokens == nil {
		return report, errors.New("neither tokens nor operations")
	}
	return report, absurd(report)
}

func reportField(report *meter.Report, key string, dec *json.Decoder) error {
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return err
	}
	if string(raw) == "null" {
		return errors.New("null")
	}
	switch key {
	case "step":
		return json.Unmarshal(raw, &report.Step)
	case "tokens":
		return json.Unmarshal(raw, &report.Tokens)
	case "operations":
		return json.Unmarshal(raw, &report.Operations)
	case "activity":
		var name string
		if err := json.Unmarshal(raw, &name); err != nil || name == "" {
			return err
		}
		activity, err := meter.ParseActivity(name)
		report.Activity = activity
		return err
	}
	return errors.New("unknown key")
}

func absurd(report meter.Report) error {
	switch {
	case report.Operations != nil && report.Operations.Cmp(meter.MostOperations()) > 0,
		report.Tokens != nil && report.Tokens.Cmp(meter.NewOps(maxTokens)) > 0,
		report.Step != nil && *report.Step > maxStep:
		return errAbsurd
	}
	return nil
}
