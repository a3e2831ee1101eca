package meter

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Validate returns every rule that r breaks, joined.
func (r Record) Validate() error {
	var errs []error
	check := func(field string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("record: %s: %w", field, err))
		}
	}
	if r.Schema != RecordSchema {
		check("schema", fmt.Errorf("found %q, expected %q; this record was written by another version", clip(r.Schema), RecordSchema))
	}
	_, err := ParseModel(string(r.Model))
	check("model", err)
	check("run", ValidRun(r.Run))
	_, err = ParseActivity(string(r.Activity))
	check("activity", err)
	_, err = ParseMethod(string(r.Method))
	check("method", err)
	_, err = ParseGrade(string(r.Grade))
	check("grade", err)
	_, err = ParseOutcome(string(r.Outcome))
	check("outcome", err)
	if r.Weights != WeightsKept && r.Weights != WeightsDiscarded {
		check("weights", fmt.Errorf("found %q, expected kept or discarded", clip(r.Weights)))
	}
	check("operations", r.Operations.Validate())
	check("period", r.Period.validate())
	check("part", r.Part.validate())
	check("output", validDigest(r.Output, true))
	errs = append(errs, r.validateLists()...)
	return errors.Join(errs...)
}

func (r Record) validateLists() []error {
	var errs []error
	check := func(field string, i int, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("record: %s[%d]: %w", field, i, err))
		}
	}
	for i, p := range r.Parents {
		check("parents", i, p.validate(r.Model))
	}
	for i, e := range r.Evidence {
		check("evidence", i, e.validate())
	}
	for i, d := range r.Hardware {
		check("hardware", i, d.validate())
	}
	for i, u := range r.Use {
		check("use", i, u.validate())
	}
	for i, w := range r.Witnesses {
		check("witnesses", i, w.validate())
	}
	for i, f := range r.Findings {
		check("findings", i, f.validate())
	}
	if r.Observed != nil {
		for i := range r.Observed.Spans {
			check("observed.spans", i, validSpan(r.Observed.Spans, i))
		}
	}
	return append(errs, r.validateGenerator()...)
}

func (p Parent) validate(child ModelRef) error {
	_, err := ParseModel(string(p.Model))
	_, relationErr := ParseRelation(string(p.Relation))
	if p.Model == child {
		relationErr = fmt.Errorf("%s names itself: a model comes after its parents; further training makes a new version", child)
	}
	return errors.Join(err, relationErr, validDigest(p.Input, true))
}

// validSpan: spans are of one step or more, in order and apart.
func validSpan(spans []Span, i int) error {
	s := spans[i]
	if s.From >= s.To || s.To > maxDevices || s.PerStep > maxDevices || i > 0 && s.From < spans[i-1].To {
		return fmt.Errorf("found steps %d to %d of %d each: expected at least one step, behind those before, and numbers up to %d", s.From, s.To, s.PerStep, uint64(maxDevices))
	}
	return nil
}

func (e Evidence) validate() error {
	if e.Kind == "" || e.Size < 0 {
		return fmt.Errorf("found kind %q and size %d: expected a kind and a size of at least 0", clip(e.Kind), e.Size)
	}
	return validDigest(e.Digest, false)
}

// maxDevices bounds a count of devices: every JSON reader keeps it exactly.
const maxDevices = 1<<53 - 1

func (d Device) validate() error {
	_, err := ParseGrade(string(d.Grade))
	if d.Product == "" || d.Count == 0 || d.Count > maxDevices {
		err = fmt.Errorf("found product %q and count %d: expected a product and 1 to %d", clip(d.Product), d.Count, uint64(maxDevices))
	}
	if d.PCI != "" && !pciID(d.PCI) {
		err = errors.Join(err, fmt.Errorf("pci %q: expected vendor:device in lower-case hexadecimal, as in 10de:2330", clip(d.PCI)))
	}
	return errors.Join(err, d.Slice.validate())
}

func pciID(s string) bool {
	return len(s) == 9 && s[4] == ':' && strings.Trim(s[:4]+s[5:], "0123456789abcdef") == ""
}

func (w Witness) validate() error {
	_, methodErr := ParseMethod(string(w.Method))
	_, gradeErr := ParseGrade(string(w.Grade))
	var err error
	if w.Quantity != Required && w.Quantity != Performed && w.Quantity != Ceiling {
		err = fmt.Errorf("quantity %q is not known: expected %s, %s or %s", clip(string(w.Quantity)), Required, Performed, Ceiling)
	}
	if w.Source == "" {
		err = errors.Join(err, fmt.Errorf("source is empty: expected a sentence that says where the figure comes from"))
	}
	return errors.Join(err, methodErr, gradeErr, w.Operations.Validate())
}

func (f Finding) validate() error {
	if f.Code == "" || f.Message == "" {
		return fmt.Errorf("found code %q and message %q: expected both", clip(f.Code), clip(f.Message))
	}
	return nil
}

// validateGenerator: only generated data has a generator (ECCN 4E091, Technical
// Note 3).
func (r Record) validateGenerator() []error {
	if r.Generator == "" && r.DataPublished == nil {
		return nil
	}
	switch r.Activity {
	case SyntheticData, TeacherInference, TeacherTraining, Rollout:
	default:
		return []error{fmt.Errorf("record: generator: %s generates no data: expected it with %s, %s, %s or %s only", r.Activity, SyntheticData, TeacherInference, TeacherTraining, Rollout)}
	}
	if r.Generator == "" {
		return nil
	}
	if _, err := ParseModel(string(r.Generator)); err != nil {
		return []error{fmt.Errorf("record: generator: %w", err)}
	}
	return nil
}

func (p *Period) validate() error {
	switch {
	case p == nil:
		return nil
	case p.Start.Location() != time.UTC || p.End.Location() != time.UTC:
		return fmt.Errorf("expected UTC times ending in Z")
	case p.End.Before(p.Start):
		return fmt.Errorf("end %s is before start %s", p.End.Format(time.RFC3339), p.Start.Format(time.RFC3339))
	}
	return nil
}

// ValidRun returns an error unless s may name a run: 1 to 128 printable ASCII
// characters without space, slash, quote or backslash.
func ValidRun(s string) error {
	if s == "" || len(s) > 128 {
		return fmt.Errorf("found %q, expected 1 to 128 characters", clip(s))
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '/' || s[i] == '"' || s[i] == '\\' {
			return fmt.Errorf("found %q, expected printable ASCII without spaces, slashes or quotes", clip(s))
		}
	}
	return nil
}

// validDigest checks "sha256:" and 64 lower-case hexadecimal digits.
func validDigest(s string, optional bool) error {
	if s == "" && optional {
		return nil
	}
	hex, found := strings.CutPrefix(s, "sha256:")
	if !found || len(hex) != 64 || strings.Trim(hex, "0123456789abcdef") != "" {
		return fmt.Errorf("digest %q: expected sha256: and 64 lower-case hexadecimal digits", clip(s))
	}
	return nil
}
