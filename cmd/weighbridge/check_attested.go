package main

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// attestedProblems verifies the statements of other organisations again that
// records came from, from the evidence store alone, and holds each record to what
// was signed.
func (a *app) attestedProblems() (problems []ledger.Problem, err error) {
	err = a.reading(func(l *ledger.Ledger) error {
		models, err := l.Models()
		if err != nil {
			return err
		}
		c := attestedCheck{ledger: l, signed: map[string][]meter.Record{}}
		for _, model := range models {
			entries, err := l.Entries(model)
			if err != nil {
				return err
			}
			for _, e := range entries {
				if e.Record == nil || !strings.HasPrefix(e.Record.Run, attestedRun) || !slices.ContainsFunc(e.Record.Evidence, isAttestation) {
					continue
				}
				if err := c.record(*e.Record); err != nil {
					problems = append(problems, ledger.Problem{Code: "attestation", Where: fmt.Sprintf("%s entry %d", model, e.Index), Message: err.Error()})
				}
			}
		}
		return nil
	})
	return problems, err
}

func isAttestation(e meter.Evidence) bool { return e.Kind == evidenceAttestation }

// attestedCheck remembers what was signed, by run: a statement of a thousand models
// is verified once.
type attestedCheck struct {
	ledger *ledger.Ledger
	signed map[string][]meter.Record
}

func (c *attestedCheck) record(r meter.Record) error {
	signed, known := c.signed[r.Run]
	if !known {
		var err error
		if signed, err = c.verify(r); err != nil {
			return err
		}
		c.signed[r.Run] = signed
	}
	if r.Sequence >= uint64(len(signed)) {
		return fmt.Errorf("record %s/%d: the signed statement gives %d records", r.Run, r.Sequence, len(signed))
	}
	want := signed[r.Sequence]
	same := want.Model == r.Model && want.Activity == r.Activity && want.Weights == r.Weights && want.Operations == r.Operations &&
		want.Output == r.Output && slices.Equal(want.Parents, r.Parents) && r.Grade == meter.GradeAttested
	if !same {
		return fmt.Errorf("record %s/%d says %s %s %s (%s), the signed statement %s %s %s (%s)", r.Run, r.Sequence,
			r.Model, r.Activity, r.Operations, r.Grade, want.Model, want.Activity, want.Operations, want.Grade)
	}
	return nil
}

// verify opens the statement that a record came from.
func (c *attestedCheck) verify(r meter.Record) ([]meter.Record, error) {
	texts := map[string][]byte{}
	for _, e := range r.Evidence {
		text, err := c.read(e.Digest)
		if err != nil {
			return nil, err
		}
		texts[e.Kind] = text
	}
	keys, err := splitKeys(texts[evidenceAttester])
	if err != nil {
		return nil, err
	}
	var compute *attest.TrainingCompute
	var hardware *attest.Hardware
	for line := range bytes.Lines(texts[evidenceAttestation]) {
		opened, err := verify.Open(bytes.TrimSpace(line), keys)
		switch {
		case err != nil:
			return nil, err
		case opened.Statement.TrainingCompute != nil && attestedRunOf(opened) == r.Run:
			compute = opened.Statement.TrainingCompute
		case opened.Statement.Hardware != nil:
			hardware = opened.Statement.Hardware
		}
	}
	if compute == nil {
		return nil, fmt.Errorf("record %s/%d: its evidence holds no training-compute statement of that digest", r.Run, r.Sequence)
	}
	return compute.Inherited(hardware, r.Run), nil
}

func (c *attestedCheck) read(digest string) ([]byte, error) {
	file, err := c.ledger.Evidence(digest)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(file, maxClaimsBytes))
	return data, errors.Join(err, file.Close())
}

// splitKeys reads the keys that were kept, one PEM block after the other.
func splitKeys(text []byte) ([]*verify.PublicKey, error) {
	var keys []*verify.PublicKey
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		key, err := verify.ParsePublicKey(pem.EncodeToMemory(block))
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}
