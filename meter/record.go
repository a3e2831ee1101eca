package meter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// RecordSchema names the encoding that [Record.Encode] writes.
const RecordSchema = "weighbridge.dev/record/v1"

// MaxRecordBytes bounds one encoded record.
const MaxRecordBytes = 1 << 20

// Record is one piece of work on one model: what was done, how many operations
// it took, how that is known, when, on what, and from which weights. A record of
// no operations is legal: a run that never started is recorded as such.
type Record struct {
	Schema   string   `json:"schema"`
	Model    ModelRef `json:"model"`
	Run      string   `json:"run"`            // one execution of a training job, restarts included
	Sequence uint64   `json:"sequence"`       // from 0 within the run; (run, sequence) is unique
	Part     *Part    `json:"part,omitempty"` // of a run that several processes share
	Activity Activity `json:"activity"`
	Weights  string   `json:"weights"` // kept or discarded

	// Operations enters the totals. Its method is the best there was; others
	// stand in Witnesses and only make findings.
	Operations Interval   `json:"operations"`
	Method     Method     `json:"method"`
	Grade      Grade      `json:"grade"`
	Convention Convention `json:"convention"`
	Witnesses  []Witness  `json:"witnesses,omitempty"`

	Outcome  Outcome `json:"outcome"`
	ExitCode *int    `json:"exit_code,omitempty"` // 128+n for signal n; absent when not known
	Period   *Period `json:"period,omitempty"`

	Observed *Observation `json:"observed,omitempty"`
	Hardware []Device     `json:"hardware,omitempty"`
	Host     *Host        `json:"host,omitempty"`
	Use      []Use        `json:"use,omitempty"` // what the work held and how busy it was, by product

	Parents []Parent `json:"parents,omitempty"`
	Output  string   `json:"output,omitempty"` // OMS root digest of the weights written, "sha256:<hex>"

	// Generator and DataPublished belong to synthetic-data only (ECCN 4E091,
	// Technical Note 3).
	Generator     ModelRef `json:"generator,omitempty"`
	DataPublished *bool    `json:"data_published,omitempty"`

	Evidence []Evidence `json:"evidence,omitempty"`
	Findings []Finding  `json:"findings,omitempty"`
}

// The states of weights after a run.
const (
	WeightsKept      = "kept"
	WeightsDiscarded = "discarded"
)

// Quantity says which of the three quantities a witness gives. Always
// required <= performed <= ceiling; a violation is a finding.
type Quantity string

// The quantities.
const (
	Required  Quantity = "required"  // what the mathematics of training needs
	Performed Quantity = "performed" // what the hardware ran: recomputation and failed steps included
	Ceiling   Quantity = "ceiling"   // what it could have run
)

// Witness is one figure for the work of a record, by one method.
type Witness struct {
	Quantity   Quantity   `json:"quantity"`
	Method     Method     `json:"method"`
	Grade      Grade      `json:"grade"`
	Operations Interval   `json:"operations"`
	Convention Convention `json:"convention"`
	Source     string     `json:"source"` // a sentence: which log line, which formula
}

// Period is when the work was done, UTC, from Start up to End.
type Period struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Device is one kind of accelerator that the work had, as it was recorded.
type Device struct {
	Product string `json:"product"`           // as the device or the person names it
	PCI     string `json:"pci,omitempty"`     // vendor:device, lower-case hexadecimal
	Address string `json:"address,omitempty"` // PCI address
	UUID    string `json:"uuid,omitempty"`    // the same one, wherever it is met, is the same device
	Serial  string `json:"serial,omitempty"`
	Slice   *Slice `json:"slice,omitempty"` // absent: the whole chip
	Count   uint64 `json:"count"`
	Grade   Grade  `json:"grade"`
}

// Host is the machine that did the work.
type Host struct {
	CPU     string `json:"cpu,omitempty"`
	Cores   uint64 `json:"cores,omitempty"`
	Kernel  string `json:"kernel,omitempty"`
	Machine string `json:"machine,omitempty"` // architecture, as in amd64

	// What accounting calls the machine and the job. These are a site's own words:
	// they stay in the ledger and stand in no attestation.
	Name    string `json:"name,omitempty"`    // of the node
	Cluster string `json:"cluster,omitempty"` // that the job's scheduler names
	Job     string `json:"job,omitempty"`     // the scheduler's number of it
	Task    string `json:"task,omitempty"`    // of an array, as in 123_4
}

// Parent is a model that this one came from.
type Parent struct {
	Model    ModelRef `json:"model"`
	Relation Relation `json:"relation"`
	Input    string   `json:"input,omitempty"` // OMS root digest of the weights read, "sha256:<hex>"
}

// Evidence points to bytes in the evidence store.
type Evidence struct {
	Kind   string `json:"kind"`   // journal, config, log, ...
	Digest string `json:"digest"` // "sha256:<hex>"
	Size   int64  `json:"size"`
}

// Encode returns the one canonical encoding of r: JSON with the fields in the
// order of the struct, no white space, no HTML escapes, absent fields left out.
func (r Record) Encode() ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return nil, fmt.Errorf("record %s/%d: %w", r.Run, r.Sequence, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// ParseRecord reads a record. It accepts only the canonical encoding: unknown
// fields, duplicate or differently spelt keys, white space, trailing bytes and
// numbers written another way are errors.
func ParseRecord(data []byte) (Record, error) {
	if len(data) > MaxRecordBytes {
		return Record{}, fmt.Errorf("record of %d bytes: expected at most %d", len(data), MaxRecordBytes)
	}
	if r, ok := readCanonical(data); ok {
		return r, nil
	}
	return parseRecord(data)
}

// parseRecord is the long way of [ParseRecord]: what it reads, written again, must
// be the same.
func parseRecord(data []byte) (Record, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var r Record
	if err := dec.Decode(&r); err != nil {
		return Record{}, fmt.Errorf("record: %w", err)
	}
	again, err := r.Encode()
	if err != nil {
		return Record{}, err
	}
	if at := firstDifference(again, data); at >= 0 {
		return Record{}, fmt.Errorf("record: not in canonical encoding at byte %d: found %q, expected %q",
			at, around(data, at), around(again, at))
	}
	return r, nil
}

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

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}

func around(data []byte, at int) string {
	return string(data[at:min(at+16, len(data))])
}
