package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// attestedProblems verifies the statements of other organisations again that
// records came from, from the evidence store alone: the signatures that stand
// beside the work that relied on them, and each record against what was signed.
// naming are the models by the kind of evidence that their records name: the logs
// of others are not read again.
func (a *app) attestedProblems(naming map[string]map[meter.ModelRef]bool) (problems []ledger.Problem, err error) {
	if len(naming[evidenceAttestation]) == 0 && len(naming[evidenceCompute]) == 0 {
		return nil, nil
	}
	err = a.reading(func(l *ledger.Ledger) error {
		c := attestedCheck{ledger: l, signed: map[string]bool{}, given: map[string][]meter.Record{}}
		// The signatures first: the work may stand in another log than the records.
		for _, look := range []struct {
			kind string
			at   func(meter.Record) error
		}{{evidenceAttestation, c.signatures}, {evidenceCompute, c.record}} {
			if err := c.each(slices.Sorted(maps.Keys(naming[look.kind])), look.at); err != nil {
				return err
			}
		}
		problems = c.problems
		return nil
	})
	return problems, err
}

// attestedCheck remembers what was verified: a statement of a thousand models is
// read once.
type attestedCheck struct {
	ledger   *ledger.Ledger
	signed   map[string]bool           // digests of statements over which a signature holds
	given    map[string][]meter.Record // the records that a statement gives, by run
	problems []ledger.Problem
}

// each looks at every record of these models, corrected ones too.
func (c *attestedCheck) each(models []meter.ModelRef, look func(meter.Record) error) error {
	for _, model := range models {
		entries, err := c.ledger.Entries(model)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Record == nil {
				continue
			}
			if err := look(*e.Record); err != nil {
				c.problems = append(c.problems, ledger.Problem{Code: "attestation", Where: fmt.Sprintf("%s record %s/%d", model, e.Record.Run, e.Record.Sequence), Message: err.Error()})
			}
		}
	}
	return nil
}

// signatures verifies the bundles that are evidence of r.
func (c *attestedCheck) signatures(r meter.Record) error {
	var bundles, keys []meter.Evidence
	for _, e := range r.Evidence {
		switch e.Kind {
		case evidenceAttestation:
			bundles = append(bundles, e)
		case evidenceAttester:
			keys = append(keys, e)
		}
	}
	for i, e := range bundles {
		if i >= len(keys) {
			return errors.New("its evidence has an attestation without the key that signed it")
		}
		text, err := c.read(keys[i])
		if err != nil {
			return err
		}
		data, err := c.read(e)
		if err != nil {
			return err
		}
		believed, err := splitKeys(text)
		if err != nil {
			return err
		}
		for line := range bytes.Lines(data) {
			opened, err := verify.Open(bytes.TrimSpace(line), believed)
			if err != nil {
				return err
			}
			c.signed[opened.Digest] = true
		}
	}
	return nil
}

// record holds a record that was attested elsewhere to its statement.
func (c *attestedCheck) record(r meter.Record) error {
	if !strings.HasPrefix(r.Run, meter.AttestedRun) || !slices.ContainsFunc(r.Evidence, func(e meter.Evidence) bool { return e.Kind == evidenceCompute }) {
		return nil
	}
	given, known := c.given[r.Run]
	if !known {
		var err error
		if given, err = c.statement(r); err != nil {
			return err
		}
		c.given[r.Run] = given
	}
	if r.Sequence >= uint64(len(given)) {
		return fmt.Errorf("the signed statement gives %d records", len(given))
	}
	want := given[r.Sequence]
	same := want.Model == r.Model && want.Activity == r.Activity && want.Weights == r.Weights && want.Operations == r.Operations &&
		want.Output == r.Output && slices.Equal(want.Parents, r.Parents) && r.Grade == meter.GradeAttested
	if !same {
		return fmt.Errorf("it says %s %s %s (%s), the signed statement %s %s %s (%s)",
			r.Model, r.Activity, r.Operations, r.Grade, want.Model, want.Activity, want.Operations, want.Grade)
	}
	return nil
}

// statement reads the statement that a record came from, over which a signature
// must hold.
func (c *attestedCheck) statement(r meter.Record) ([]meter.Record, error) {
	var compute *attest.TrainingCompute
	var hardware *attest.Hardware
	shown, err := c.shown(r)
	if err != nil {
		return nil, err
	}
	for _, e := range r.Evidence {
		if e.Kind != evidenceCompute && e.Kind != evidenceHardware {
			continue
		}
		payload, err := c.read(e)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(payload)
		digest := "sha256:" + hex.EncodeToString(sum[:])
		if !c.signed[digest] {
			return nil, fmt.Errorf("no signature in the evidence holds over the statement %s", digest)
		}
		s, err := attest.ParseStatement(payload)
		if err != nil {
			return nil, err
		}
		if s, err = s.Disclose(shown[digest]); err != nil {
			return nil, err
		}
		if s.TrainingCompute != nil && attestedRunOf(digest, shown) == r.Run {
			compute = s.TrainingCompute
		}
		if s.Hardware != nil {
			hardware = s.Hardware
		}
	}
	if compute == nil {
		return nil, errors.New("its evidence holds no training-compute statement of that digest")
	}
	return compute.Inherited(hardware, r.Run), nil
}

// shown are the disclosures in the evidence of r, by statement.
func (c *attestedCheck) shown(r meter.Record) (map[string][]string, error) {
	at := slices.IndexFunc(r.Evidence, func(e meter.Evidence) bool { return e.Kind == evidenceShown })
	if at < 0 {
		return nil, nil
	}
	data, err := c.read(r.Evidence[at])
	if err != nil {
		return nil, err
	}
	return shownBy(data)
}

func (c *attestedCheck) read(e meter.Evidence) ([]byte, error) {
	file, err := c.ledger.Evidence(e.Digest)
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
