package audit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// Schema names the layout of the file.
const Schema = "weighbridge.dev/auditors-file/v1"

// Names in the archive.
const (
	nameReadme   = "README.txt"
	nameManifest = "manifest.json"
	dirLogs      = "logs/"
	dirEvidence  = "evidence/"
)

// Kinds of further files; their names begin with it and a slash.
const (
	KindRules      = "rules"      // the text of the rules
	KindStatements = "statements" // Sigstore bundles about the model
	KindKeys       = "keys"       // public keys and certificates: whom the exporter trusts
	KindTimestamps = "timestamps" // RFC 3161 responses and the like
)

// Kinds returns the kinds of further files, in the order of the archive.
func Kinds() []string { return []string{KindRules, KindStatements, KindKeys, KindTimestamps} }

// Limits of a reader.
const (
	maxManifest = 64 << 20
	maxChunk    = 64 << 20
	maxFile     = 16 << 20 // of a further file; evidence is only hashed, and may be as large as it is
	chunkSize   = 1024     // entries in one file of a log
)

// Manifest is the last member of the archive: what is in it, and what it says.
type Manifest struct {
	Schema    string         `json:"schema"`
	Model     meter.ModelRef `json:"model"`
	Tool      Tool           `json:"tool"`
	CreatedAt time.Time      `json:"createdAt"`
	Logs      []Log          `json:"logs"`
	Lineage   *Lineage       `json:"lineage,omitempty"` // absent where bodies are withheld: they hold it
	Evidence  Evidence       `json:"evidence"`
	Rules     string         `json:"rules,omitempty"` // digest of the rules whose text is in the file
	Files     []File         `json:"files"`           // every other member, in its order
}

// Tool is the program that wrote the file.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Log is one log in the archive.
type Log struct {
	Directory string         `json:"directory"`       // logs/0000
	Model     meter.ModelRef `json:"model,omitempty"` // absent of a log of notes
	Origin    string         `json:"origin"`
	Size      uint64         `json:"size"`
	Withheld  uint64         `json:"withheld"` // entries without a body
}

// Lineage is the sum of the file.
type Lineage struct {
	Models     []meter.ModelRef `json:"models"`  // the model first
	Missing    []meter.ModelRef `json:"missing"` // named as parents, and nothing is recorded of them
	Activities []ledger.Total   `json:"activities"`
}

// Evidence lists the digests that shown records name and that are not in the file.
type Evidence struct {
	Withheld []string `json:"withheld"`
	Missing  []string `json:"missing"` // not in the store either
}

// File is one member of the archive.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // 64 hexadecimal digits
}

// encode is the one encoding: JSON indented by one space, and a line feed.
func (m Manifest) encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(m)
	return b.Bytes(), err
}

func parseManifest(data []byte) (Manifest, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var m Manifest
	if err := dec.Decode(&m); err != nil {
		return m, err
	}
	if m.Schema != Schema {
		return m, fmt.Errorf("schema %.60q: expected %s", m.Schema, Schema)
	}
	again, err := m.encode()
	if err == nil && !bytes.Equal(again, data) {
		err = fmt.Errorf("not in its one encoding")
	}
	return m, err
}

// entryLine is one line of a log's file.
type entryLine struct {
	Header string   `json:"header"`
	Salt   *string  `json:"salt,omitempty"` // 64 hexadecimal digits
	Body   *string  `json:"body,omitempty"`
	Proof  []string `json:"proof"` // hashes of the inclusion proof, base64
}

func encodeLine(v any) ([]byte, error) {
	line, err := canonical.Encode(v)
	return append(line, '\n'), err
}

func hexDigits(s string) bool { return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == "" }

// LineageOf is the lineage of a walk as a file states it.
func LineageOf(walked meter.Lineage) *Lineage {
	out := Lineage{Models: []meter.ModelRef{}, Missing: append([]meter.ModelRef{}, walked.Missing...), Activities: ledgerTotals(walked.Total)}
	for _, m := range walked.Models {
		if !slices.Contains(walked.Missing, m) {
			out.Models = append(out.Models, m)
		}
	}
	return &out
}
