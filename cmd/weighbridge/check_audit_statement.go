package main

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/meter/audit"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// auditStatement is a statement in the file that a key named here signed.
type auditStatement struct {
	PredicateType string `json:"predicate_type"`
	Model         string `json:"model,omitempty"`
	Signer        string `json:"signer"`

	Timestamps []verify.Timestamp `json:"timestamps,omitempty"` // that were verified

	HeadCompared bool   `json:"head_compared"`          // the heads that it names are those of the entries
	Compared     bool   `json:"compared"`               // its heads and its operations are those of the entries
	NotCompared  string `json:"not_compared,omitempty"` // why its operations were not, where no head that it names differs
}

// outcome says what was compared.
func (s auditStatement) outcome() string {
	switch {
	case s.Compared:
		return ", and the entries bear it out"
	case s.HeadCompared:
		return ": its head is that of the entries; its operations were not compared: " + s.NotCompared
	case s.NotCompared != "":
		return ": nothing of it was compared: " + s.NotCompared
	}
	return ""
}

// statements verifies the bundles of one file, one or one a line, and compares
// what they say with the entries.
func (r *auditResult) statements(f audit.Further, trusted verify.Policy) {
	for line := range bytes.Lines(compactBundles(f.Data)) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if len(trusted.Keys)+len(trusted.Identities) == 0 {
			r.Not = append(r.Not, "statement: a bundle of "+f.Name+" is there; name the keys that you trust with --key, or the identities with --identity")
			continue
		}
		opened, err := trusted.Open(line)
		if err != nil {
			r.Add("statement-differs", f.Name, err.Error())
			continue
		}
		s := auditStatement{PredicateType: opened.Statement.PredicateType, Model: string(opened.Statement.Model()), Signer: opened.Signer, Timestamps: opened.Timestamps}
		if c := opened.Statement.TrainingCompute; c != nil {
			r.compare(f.Name, &s, *c, opened.Statement.Disclosed)
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

// compare holds a statement to the entries: the heads that it names must be those of
// the logs at their sizes; a statement about the same entries has the same operations.
func (r *auditResult) compare(name string, s *auditStatement, c attest.TrainingCompute, hides *attest.Disclosed) {
	if len(c.Heads()) == 0 {
		s.NotCompared = "it names no log"
		return
	}
	if s.HeadCompared = r.compareHeads(name, c); !s.HeadCompared {
		return
	}
	if s.NotCompared = r.incomparable(c, hides); s.NotCompared != "" {
		return
	}
	var stated []ledger.Total
	for _, t := range c.Lineage.Activities {
		stated = append(stated, ledger.Total{Activity: t.Activity, Operations: t.Interval, Records: t.Records, Grade: t.Grade})
	}
	if !slices.Equal(stated, r.Lineage.Activities) {
		r.Add("statement-differs", name, fmt.Sprintf("it states %v, the entries give %v", stated, r.Lineage.Activities))
		return
	}
	s.Compared = true
}

func (r *auditResult) compareHeads(name string, c attest.TrainingCompute) bool {
	same := true
	for _, h := range c.Heads() {
		head, there := r.Head(h.Origin, h.Size)
		found := attest.HeadOf(h.Origin, h.Size, head.Root)
		switch {
		case !there:
			r.Add("statement-differs", name, fmt.Sprintf("it names %d entries of %s, which are not in the file", h.Size, h.Origin))
			same = false
		case found != h:
			r.Add("statement-differs", name, fmt.Sprintf("it names %s as the root of %d entries of %s: the entries give %s", h.Root, h.Size, h.Origin, found.Root))
			same = false
		}
	}
	return same
}

// incomparable says why the operations of a statement cannot be held to the sum over
// the file's entries, "" where they can.
func (r *auditResult) incomparable(c attest.TrainingCompute, hides *attest.Disclosed) string {
	switch {
	case hides != nil:
		return "it hides figures"
	case c.Model != r.Model:
		return "the file is about " + string(r.Model)
	case r.Lineage == nil:
		return "a body is withheld"
	}
	heads := c.Heads()
	for _, l := range r.Logs {
		of := slices.ContainsFunc(c.Lineage.Models, func(m attest.LineageModel) bool { return m.Model == l.Model })
		if of && l.Size > 0 && !slices.ContainsFunc(heads, func(h attest.Head) bool { return h.Origin == l.Origin }) {
			return fmt.Sprintf("the file has %s, which it does not count", l.Origin)
		}
	}
	for _, h := range heads {
		if at := slices.IndexFunc(r.Logs, func(l audit.LogReport) bool { return l.Origin == h.Origin }); r.Logs[at].Size != h.Size {
			return fmt.Sprintf("it is of %d entries of %s, the file has %d", h.Size, h.Origin, r.Logs[at].Size)
		}
	}
	return ""
}
