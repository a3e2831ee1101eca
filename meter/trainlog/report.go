package trainlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// reportMark begins a line of our own.
const reportMark = "weighbridge-report"

// maxSquaredLengths is the square of maxTokens: the squares of lengths cannot sum
// to more than the square of their sum.
const maxSquaredLengths = "1e36"

// reports are the figures of the job's own counter, one element per activity.
type reports struct {
	list  []meter.Report
	first []meter.Report // the first of each, whose distance to the last gives the pace
	by    []counters
}

func (r *reports) clone() reports {
	by := slices.Clone(r.by)
	for i := range by {
		by[i] = by[i].clone()
	}
	return reports{slices.Clone(r.list), slices.Clone(r.first), by}
}

// reported returns what was reported last, with the steps that were done before
// the first report's work.
func (r *reports) reported() []meter.Report {
	list := slices.Clone(r.list)
	for i := range list {
		list[i].From = stepsBefore(r.first[i], list[i])
		list[i].OperationsExecuted, list[i].TokensExecuted = r.by[i].executed()
	}
	return list
}

// stepsBefore is the step at which a process began to count: what its first
// report holds, at the pace of those after it, lies before that report's step.
// It is nil where that cannot be told.
func stepsBefore(first, last meter.Report) *uint64 {
	had, has := first.Operations, last.Operations
	if had == nil || has == nil {
		had, has = first.Tokens, last.Tokens
	}
	if had == nil || has == nil || first.Step == nil || last.Step == nil || *last.Step <= *first.Step {
		return nil
	}
	gained, err := has.Sub(*had)
	if err != nil || gained.IsZero() {
		return nil
	}
	steps := new(big.Int).Mul(had.Big(), new(big.Int).SetUint64(*last.Step-*first.Step))
	half := new(big.Int).Quo(gained.Big(), big.NewInt(2))
	steps.Quo(steps.Add(steps, half), gained.Big())
	before := new(big.Int).Sub(new(big.Int).SetUint64(*first.Step), steps)
	if before.Sign() < 0 {
		before.SetInt64(0)
	}
	return new(before.Uint64())
}

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
		r.list, r.first, r.by = append(r.list, report), append(r.first, report), append(r.by, counters{})
		r.by[len(r.by)-1].see(report, nil, l)
		return
	}
	have := r.list[i]
	news := r.by[i].see(report, &have, l)
	sameStep := have.Step != nil && report.Step != nil && *have.Step == *report.Step
	lower := larger(&have.Operations, report.Operations, opsCompare)
	lower = larger(&have.Tokens, report.Tokens, opsCompare) + lower
	lower = larger(&have.Documents, report.Documents, opsCompare) + lower
	lower = larger(&have.SquaredLengths, report.SquaredLengths, opsCompare) + lower
	lower = larger(&have.Step, report.Step, compare) + lower
	switch {
	case sameStep && contradicts(r.list[i], report):
		n.add(ReportContradicted, l.at, 0, 0)
	case lower > 0 && news:
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

func contradicts(a, b meter.Report) bool {
	return differs(a.Operations, b.Operations) || differs(a.Tokens, b.Tokens) || differs(a.Documents, b.Documents) || differs(a.SquaredLengths, b.SquaredLengths)
}

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
	if (report.Documents == nil) != (report.SquaredLengths == nil) {
		return report, errors.New("one of documents and squared_lengths without the other")
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
	case "documents":
		return json.Unmarshal(raw, &report.Documents)
	case "squared_lengths":
		return json.Unmarshal(raw, &report.SquaredLengths)
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
	squares, err := meter.ParseOps(maxSquaredLengths)
	if err != nil {
		return err
	}
	above := func(figure *meter.Ops, limit meter.Ops) bool { return figure != nil && figure.Cmp(limit) > 0 }
	switch {
	case above(report.Operations, meter.MostOperations()), above(report.SquaredLengths, squares),
		above(report.Tokens, meter.NewOps(maxTokens)), above(report.Documents, meter.NewOps(maxTokens)),
		report.Step != nil && *report.Step > maxStep:
		return errAbsurd
	}
	return nil
}
