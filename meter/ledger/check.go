package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter"
)

// ReportSchema names the JSON of a [Report].
const ReportSchema = "weighbridge.dev/check/v1"

// Report is what [Check] found. Problems lists all of them; Notes what is as it
// may be and still worth a look.
type Report struct {
	Schema   string    `json:"schema"`
	OK       bool      `json:"ok"` // no problems
	Logs     uint64    `json:"logs"`
	Entries  uint64    `json:"entries"`
	Evidence uint64    `json:"evidence"` // files that records name
	Problems []Problem `json:"problems"`
	Notes    []Problem `json:"notes"`

	// Naming are, by kind of evidence, the models with records that name some.
	Naming map[string]map[meter.ModelRef]bool `json:"-"`
}

// Problem is one thing that is not as it must be. Code is stable; SPEC.md lists
// the codes.
type Problem struct {
	Code    string `json:"code"`
	Where   string `json:"where"`
	Message string `json:"message"`
}

// Check recomputes every page, entry, hash, total, correction, link and evidence
// file of the ledger at path from the raw bytes, read-only, without the code
// that wrote them. The error is one that kept it from looking: a missing or
// locked file, or another version's. Damage is in the report.
func Check(path string) (Report, error) {
	c := &checker{report: Report{Schema: ReportSchema, Problems: []Problem{}, Notes: []Problem{}}, evidence: map[meter.Evidence]string{}, files: EvidenceAt(path)}
	err := c.file(path)
	var damage *DamageError
	if errors.As(err, &damage) {
		if !c.listed(damage.Code) {
			c.problem(damage.Code, filepath.Base(path), "%s", damage.Found)
		}
		err = nil
	}
	if err != nil {
		return Report{}, err
	}
	if c.read {
		c.store(c.files)
	}
	c.report.OK = len(c.report.Problems) == 0
	return c.report, nil
}

type checker struct {
	report   Report
	id       string
	read     bool                      // the entries were looked at, so it is known what evidence they name
	evidence map[meter.Evidence]string // what records name -> where the first of them stands
	files    EvidenceStore
}

func (c *checker) problem(code, where, format string, args ...any) {
	c.report.Problems = append(c.report.Problems, Problem{code, where, fmt.Sprintf(format, args...)})
}

// names notes that records of a model name evidence of a kind.
func (c *checker) names(kind string, model meter.ModelRef) {
	if c.report.Naming[kind][model] {
		return
	}
	if c.report.Naming == nil {
		c.report.Naming = map[string]map[meter.ModelRef]bool{}
	}
	if c.report.Naming[kind] == nil {
		c.report.Naming[kind] = map[meter.ModelRef]bool{}
	}
	c.report.Naming[kind][model] = true
}

func (c *checker) note(code, where, format string, args ...any) {
	c.report.Notes = append(c.report.Notes, Problem{code, where, fmt.Sprintf(format, args...)})
}

func (c *checker) listed(code string) bool {
	return slices.ContainsFunc(c.report.Problems, func(p Problem) bool { return p.Code == code })
}

// file checks the pages and, when bbolt can follow them, what stands in them.
func (c *checker) file(path string) error {
	readOnly := Options{ReadOnly: true}
	if err := locate(path, readOnly); err != nil {
		return err
	}
	raw, err := openLocked(path, os.O_RDONLY, readOnly)
	if err != nil {
		return fmt.Errorf("ledger %s: %w", path, err)
	}
	defer raw.Close()
	safe, err := checkPages(c, path, raw)
	if err != nil {
		return err
	}
	if !safe {
		c.note("entries-not-checked", filepath.Base(path), "its pages lead nowhere: what stands in them was not read")
		return nil
	}
	l, err := Open(path, readOnly)
	if err != nil {
		return err
	}
	defer l.Close()
	c.id, c.read = l.id, true
	return l.view(c.contents)
}

func (c *checker) contents(tx *bolt.Tx) error {
	logs, runs := tx.Bucket([]byte("logs")), tx.Bucket([]byte("runs"))
	copies := &copyCheck{checker: c, copies: map[string]map[string][]string{}}
	if tx.Bucket([]byte("merged")) != nil { // else no record can stand in two logs
		copies.logs = map[string]*logCheck{}
	}
	matched := uint64(0)
	check := func(model, ledger string, bucket *bolt.Bucket) {
		c.report.Logs++
		log := &logCheck{checker: c, copies: copies, model: model, name: model, ledger: ledger, bucket: bucket, runs: runs}
		if ledger != c.id {
			log.name += " (ledger " + ledger + ")"
		}
		log.check()
		matched += log.matched
		copies.keep(log)
	}
	err := logs.ForEach(func(model, _ []byte) error {
		bucket := logs.Bucket(model)
		if _, err := meter.ParseModel(string(model)); err != nil || bucket == nil {
			c.problem("log-name", fmt.Sprintf("%.100q", model), "expected one log per model, named org/name@version")
			return nil
		}
		check(string(model), c.id, bucket)
		return nil
	})
	if err != nil {
		return err
	}
	copies.merged(tx, check)
	copies.finish(tx, runs)
	c.notes(tx)
	return c.extraRuns(tx, runs, matched)
}

// extraRuns lists the places in the index of runs that no entry accounts for.
// The entries found matched of them; only when there are more is each looked at.
func (c *checker) extraRuns(tx *bolt.Tx, runs *bolt.Bucket, matched uint64) error {
	held := uint64(0)
	if err := runs.ForEach(func(_, _ []byte) error { held++; return nil }); err != nil || held == matched {
		return err
	}
	return runs.ForEach(func(key, value []byte) error {
		if len(value) > 40 {
			if log := bucketAt(tx, value[40:], c.id); log != nil {
				if entry, ok := storedEntry(log, value[32:40]); ok && entry.Record != nil && string(runOf(entry.Record)) == string(key) {
					return nil // its entry has been held against it
				}
			}
		}
		c.problem("run-index-extra", fmt.Sprintf("runs %.150q", key), "no entry holds this run and sequence: a record under them would be refused or lost")
		return nil
	})
}
