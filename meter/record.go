package meter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/weighbridge/weighbridge/meter/canonical"
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
	// they stay in the ledger and stand in no attestation, but where entries are shown as
	// they are (attest.LedgerProof).
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
	data, err := canonical.Encode(r)
	if err != nil {
		return nil, fmt.Errorf("record %s/%d: %w", r.Run, r.Sequence, err)
	}
	return data, nil
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
	if err := canonical.Compare(data, again); err != nil {
		return Record{}, fmt.Errorf("record: %w", err)
	}
	return r, nil
}
