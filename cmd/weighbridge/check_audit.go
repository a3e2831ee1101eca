package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter/audit"
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

func (a *app) checkAudit(path string, f checkFlags) error {
	if isShipment(path) {
		return usage("%s is a shipment: weighbridge verify %s checks it; check takes an auditor's file (weighbridge ledger export), or the ledger without one", printable(path), printable(path))
	}
	trusted, err := f.policy(a.env.now())
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return usage("%s is a directory: check takes an auditor's file (weighbridge ledger export), or the ledger without one; weights and shipments are for weighbridge verify", printable(path))
	}
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
func (r *auditResult) further(trusted verify.Policy) {
	rules := map[string][]byte{}
	for _, f := range r.Further {
		switch f.Kind {
		case audit.KindRules:
			rules[f.Name] = f.Data
		case audit.KindKeys:
			r.key(f)
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

// key lists what the exporter says of whom to trust.
func (r *auditResult) key(f audit.Further) {
	if strings.HasPrefix(f.Name, epochsName) {
		r.epochs(f)
		return
	}
	key, err := verify.ParsePublicKey(f.Data)
	if err == nil {
		r.Keys = append(r.Keys, key.ID())
		return
	}
	certificates, err := verify.ParseCertificates(f.Data)
	if err != nil {
		r.Not = append(r.Not, "key: "+f.Name+" is neither a public key nor a certificate")
		return
	}
	for _, c := range certificates {
		r.Not = append(r.Not, "key: "+f.Name+" has the certificate of "+c.Subject.String()+"; believe it with --certificate-root or --timestamp-certificate, if you know it from elsewhere")
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
		fmt.Fprintf(&b, "  signed   %s of %s by %s%s\n", printable(s.PredicateType), printable(s.Model), printable(s.Signer), s.outcome())
		for _, t := range s.Timestamps {
			fmt.Fprintf(&b, "           signed at %s or before, says %s\n", t.Time, printable(t.Authority))
		}
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

// isAudit reports whether path is a regular file that begins as an auditor's does.
func isAudit(path string) bool {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	return audit.Begins(file)
}
