package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter/audit"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// auditResult is what check prints of an auditor's file.
type auditResult struct {
	audit.Report
	File       string           `json:"file"`
	Rules      string           `json:"rules,omitempty"` // digest of the text of the rules in the file, recomputed
	Statements []auditStatement `json:"statements"`
	Keys       []string         `json:"keys"`             // ids of the keys in the file: the exporter's word on whom to trust
	Epochs     []auditEpochs    `json:"epochs,omitempty"` // of the meter's keys
}

// auditStatement is a statement in the file that a key named here signed.
type auditStatement struct {
	PredicateType string `json:"predicate_type"`
	Model         string `json:"model,omitempty"`
	Signer        string `json:"signer"`
	Compared      bool   `json:"compared"` // its ledger head, and its operations where all is shown, are those of the entries
}

func (a *app) checkAudit(path string, keys []string) error {
	trusted, err := readPublicKeys("--key", keys)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	report, err := audit.Check(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	result := auditResult{Report: report, File: path, Statements: []auditStatement{}, Keys: []string{}}
	result.further(trusted)
	result.OK = len(result.Problems) == 0
	if a.json {
		err = a.printJSON(result)
	} else {
		a.printf("%s", result)
	}
	if err == nil && !result.OK {
		return &exitError{code: exitDamaged}
	}
	return err
}

// further judges the files that are no part of the log.
func (r *auditResult) further(trusted []*verify.PublicKey) {
	rules := map[string][]byte{}
	for _, f := range r.Further {
		switch f.Kind {
		case audit.KindRules:
			rules[f.Name] = f.Data
		case audit.KindKeys:
			if key, err := verify.ParsePublicKey(f.Data); err == nil {
				r.Keys = append(r.Keys, key.ID())
			} else if strings.HasPrefix(f.Name, epochsName) {
				r.epochs(f)
			}
		case audit.KindStatements:
			r.statements(f, trusted)
		case audit.KindTimestamps:
			r.Not = append(r.Not, "timestamp: "+f.Name+" is there and was not verified")
		}
	}
	if r.Report.Rules != "" || len(rules) > 0 {
		r.rules(rules)
	}
}

func (r *auditResult) rules(files map[string][]byte) {
	loaded, err := fdp.RulesFromFiles(files)
	switch {
	case err != nil:
		r.Add("rules-differ", "rules", err.Error())
	case loaded.Digest() != r.Report.Rules:
		r.Add("rules-differ", "rules", fmt.Sprintf("their digest is %s, the manifest says %s", loaded.Digest(), r.Report.Rules))
	default:
		r.Rules = loaded.Digest()
	}
}

// statements verifies the bundles of one file, one or one a line, and compares
// what they say with the entries.
func (r *auditResult) statements(f audit.Further, trusted []*verify.PublicKey) {
	for line := range bytes.Lines(compactBundles(f.Data)) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if len(trusted) == 0 {
			r.Not = append(r.Not, "statement: a bundle of "+f.Name+" is there; name the keys that you trust with --key")
			continue
		}
		opened, err := verify.Open(line, trusted)
		if err != nil {
			r.Add("statement-differs", f.Name, err.Error())
			continue
		}
		s := auditStatement{PredicateType: opened.Statement.PredicateType, Model: string(opened.Statement.Model()), Signer: opened.Signer.ID()}
		if c := opened.Statement.TrainingCompute; c != nil {
			s.Compared = r.compare(f.Name, *c, opened.Statement.Disclosed)
		}
		r.Statements = append(r.Statements, s)
	}
}

func compactBundles(data []byte) []byte {
	var one bytes.Buffer
	if compactJSON(&one, data) == nil {
		return one.Bytes()
	}
	return data
}

// compare holds a statement to the entries: the head that it names must be that of
// the log at its size; a statement about the same entries has the same operations.
func (r *auditResult) compare(name string, c attest.TrainingCompute, hides *attest.Disclosed) bool {
	if c.Ledger == nil {
		return false
	}
	head, there := r.Head(c.Ledger.Origin, c.Ledger.Size)
	root := "sha256:" + hex.EncodeToString(head.Root[:])
	switch {
	case !there:
		r.Add("statement-differs", name, fmt.Sprintf("it names %d entries of %s, which are not in the file", c.Ledger.Size, c.Ledger.Origin))
		return false
	case root != c.Ledger.Root:
		r.Add("statement-differs", name, fmt.Sprintf("it names %s as the root of %d entries of %s: the entries give %s", c.Ledger.Root, c.Ledger.Size, c.Ledger.Origin, root))
		return false
	}
	newest := slices.ContainsFunc(r.Logs, func(l audit.LogReport) bool { return l.Origin == c.Ledger.Origin && l.Size == c.Ledger.Size })
	if hides != nil || r.Lineage == nil || c.Model != r.Model || !newest {
		return true // the head is compared; operations that are hidden, or of another time, are not
	}
	var stated []ledger.Total
	for _, t := range c.Lineage.Activities {
		stated = append(stated, ledger.Total{Activity: t.Activity, Operations: t.Interval, Records: t.Records, Grade: t.Grade})
	}
	if !slices.Equal(stated, r.Lineage.Activities) {
		r.Add("statement-differs", name, fmt.Sprintf("it states %v, the entries give %v", stated, r.Lineage.Activities))
		return false
	}
	return true
}

// String is the report for people.
func (r auditResult) String() string {
	var b strings.Builder
	verdict := "ok"
	if !r.OK {
		verdict = fmt.Sprintf("REFUSED, %s", plural(len(r.Problems), "problem"))
	}
	fmt.Fprintf(&b, "%s: %s\n  an auditor's file of %s, by %s\n  %s of %s recomputed, %d bodies withheld, %s\n", r.File, verdict, r.Model, printable(r.Made),
		pluralAs(int(r.Entries), "entry", "entries"), plural(len(r.Logs), "log"), r.Withheld, plural(int(r.Evidence), "evidence file"))
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "problem %s: %s: %s\n", p.Code, printable(p.Where), printable(p.Message))
	}
	if !r.OK {
		b.WriteString("hint: do not rely on it; ask for the file again, and compare its heads with those that you kept\n")
		return b.String()
	}
	for _, l := range r.Logs {
		fmt.Fprintf(&b, "  log      %s, %d, %s\n", l.Origin, l.Size, l.Root)
	}
	if r.Lineage != nil {
		for _, t := range r.Lineage.Activities {
			fmt.Fprintf(&b, "  lineage  %s %s (%d record(s), %s)\n", t.Activity, t.Operations, t.Records, t.Grade)
		}
	}
	if r.Rules != "" {
		fmt.Fprintf(&b, "  rules    %s\n", r.Rules)
	}
	for _, s := range r.Statements {
		compared := ""
		if s.Compared {
			compared = ", and the entries bear it out"
		}
		fmt.Fprintf(&b, "  signed   %s of %s by %s%s\n", printable(s.PredicateType), printable(s.Model), s.Signer, compared)
	}
	for _, k := range r.Keys {
		fmt.Fprintf(&b, "  key      %s came with the file\n", k)
	}
	for _, e := range r.Epochs {
		fmt.Fprintf(&b, "  meter    %s\n", e)
	}
	for _, n := range r.Not {
		fmt.Fprintf(&b, "  not checked: %s\n", printable(n))
	}
	return b.String()
}
