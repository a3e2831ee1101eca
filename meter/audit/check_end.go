package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// finish compares what was read with what the heads and the manifest say of it.
func (c *checker) finish() {
	for _, g := range c.logs {
		c.closeLog(g)
	}
	if c.manifest == nil {
		if len(c.report.Problems) == 0 {
			c.report.problem("manifest", nameManifest, "there is none: the file was cut off")
		}
		return
	}
	m := c.manifest
	c.report.Model, c.report.Rules = m.Model, m.Rules
	c.report.Made = fmt.Sprintf("%s %s, %s", m.Tool.Name, m.Tool.Version, m.CreatedAt.Format(time.RFC3339))
	if !slices.Equal(m.Files, c.files[:max(0, len(c.files)-1)]) {
		c.report.problem("manifest", "files", "the members listed are not those that are there, with their sizes and digests")
	}
	if !slices.Equal(m.Logs, c.logList()) {
		c.report.problem("manifest", "logs", "the logs listed are not those that are there")
	}
	c.checkEvidence()
	c.copies()
	c.lineage()
	c.notChecked()
}

func (c *checker) closeLog(g *logCheck) {
	c.report.Entries += g.tree.Size()
	c.report.Withheld += g.withheld
	if g.model != "" {
		c.withheldRecords += g.withheld
	}
	root := g.tree.RootAt(g.tree.Size())
	line := LogReport{Model: g.model, Origin: g.head.Origin, Size: g.tree.Size(), Root: base64.StdEncoding.EncodeToString(root[:]), Withheld: g.withheld}
	if g.withheld == 0 && g.model != "" {
		totals, err := meter.SumRecords(g.counting())
		if err != nil {
			c.report.problem("totals-differ", g.head.Origin, "%v", err)
		}
		line.Totals = ledgerTotals(totals)
	}
	c.report.Logs = append(c.report.Logs, line)
	switch {
	case g.bad:
	case g.tree.Size() != g.head.Size:
		c.report.problem("entry-missing", g.head.Origin, "%d entries: the head says %d", g.tree.Size(), g.head.Size)
	case root != g.head.Root:
		c.report.problem("root-differs", g.head.Origin, "the headers give another root than that of the head")
	default:
		c.proofs(g)
	}
}

func (c *checker) proofs(g *logCheck) {
	for i, given := range g.proofs {
		want, err := g.tree.Inclusion(uint64(i))
		if err != nil || !slices.EqualFunc(want, given, func(a []byte, b [sha256.Size]byte) bool { return bytes.Equal(a, b[:]) }) {
			c.report.problem("proof-differs", fmt.Sprintf("%s entry %d", g.head.Origin, i), "it does not prove the entry in the head")
			return
		}
	}
}

// logList is the list of logs as the manifest must have it.
func (c *checker) logList() []Log {
	list := []Log{}
	for i, g := range c.logs {
		list = append(list, Log{Directory: fmt.Sprintf("%s%04d", dirLogs, i), Model: g.model, Origin: g.head.Origin, Size: g.head.Size, Withheld: g.withheld})
	}
	return list
}

func (c *checker) checkEvidence() {
	left := slices.Concat(c.manifest.Evidence.Withheld, c.manifest.Evidence.Missing)
	for _, digest := range slices.Sorted(maps.Keys(c.named)) {
		size, there := c.evidence[digest]
		switch {
		case !there && !slices.Contains(left, digest):
			c.report.problem("evidence-missing", digest, "a record names it; it is neither in the file nor listed as withheld or missing")
		case there && size != c.named[digest]:
			c.report.problem("evidence-differs", digest, "%d bytes: the record says %d", size, c.named[digest])
		}
	}
	for _, digest := range slices.Sorted(maps.Keys(c.evidence)) {
		if _, named := c.named[digest]; !named {
			c.report.problem("evidence-differs", digest, "no record that is shown names it")
		}
		if slices.Contains(left, digest) {
			c.report.problem("evidence-differs", digest, "it is there, and the manifest lists it as withheld or missing")
		}
	}
}

// copies: a record in several logs counts once, in the log that has corrected it
// most (meter/ledger/SPEC.md, L24).
func (c *checker) copies() {
	seen := map[string]*told{}
	for _, g := range c.logs {
		for _, at := range g.order {
			t := g.entries[at]
			other := seen[key(t.run, t.sequence)]
			switch {
			case other == nil:
				seen[key(t.run, t.sequence)] = t
			case !bytes.Equal(other.first, t.first):
				c.report.problem("counted-twice", g.head.Origin, "record %s/%d stands in another log with another content", t.run, t.sequence)
			case other.corrections >= t.corrections:
				t.counts = nil
			default:
				other.counts = nil
				seen[key(t.run, t.sequence)] = t
			}
		}
	}
}

// lineage walks the models from the one that the file is about and adds them up.
// With a body withheld nothing can be said of the sum.
func (c *checker) lineage() {
	if c.withheldRecords > 0 {
		if c.manifest.Lineage != nil {
			c.report.problem("lineage-differs", "lineage", "a total is stated although bodies are withheld: nobody can recompute it")
		}
		return
	}
	records, logs := map[meter.ModelRef][]meter.Record{}, map[meter.ModelRef]bool{}
	for _, g := range c.logs {
		if g.model == "" {
			continue
		}
		records[g.model] = append(records[g.model], g.counting()...)
		logs[g.model] = true
	}
	walked, err := meter.Walk(c.manifest.Model, func(m meter.ModelRef) (meter.Node, bool) {
		own, err := meter.SumRecords(meter.NetRuns(records[m]))
		if err != nil {
			c.report.problem("lineage-differs", string(m), "%v", err)
		}
		return meter.Node{Model: m, Own: own, Parents: parents(records[m])}, len(records[m]) > 0
	})
	if err != nil {
		c.report.problem("lineage-differs", "lineage", "%v", err)
		return
	}
	found := &Lineage{Models: []meter.ModelRef{}, Missing: append([]meter.ModelRef{}, walked.Missing...), Activities: ledgerTotals(walked.Total)}
	for _, m := range walked.Models {
		if len(records[m]) > 0 {
			found.Models = append(found.Models, m)
		}
	}
	c.report.Lineage = found
	stated := c.manifest.Lineage
	if stated == nil || !slices.Equal(stated.Models, found.Models) || !slices.Equal(stated.Missing, found.Missing) || !slices.Equal(stated.Activities, found.Activities) {
		follows, _ := json.Marshal(found) // a struct of names and numbers is always encoded
		c.report.problem("lineage-differs", "lineage", "the manifest states another lineage or other totals than follow from the entries: %s", follows)
	}
}

// parents are those that records name, each once, in their order.
func parents(records []meter.Record) []meter.Parent {
	var out []meter.Parent
	for _, r := range records {
		for _, p := range r.Parents {
			if !slices.Contains(out, p) {
				out = append(out, p)
			}
		}
	}
	return out
}

// notChecked says what no checker of this file can see.
func (c *checker) notChecked() {
	not := func(format string, args ...any) { c.report.Not = append(c.report.Not, fmt.Sprintf(format, args...)) }
	not("completeness: No level proves completeness: unattested GPUs can always be left out.")
	not("history: a head is only as old as the copy that somebody else kept of it; compare the roots with yours")
	if c.report.Withheld > 0 {
		not("totals: %d of %d bodies are withheld: no total over the lineage is recomputed, nor one behind a withheld body", c.report.Withheld, c.report.Entries)
	}
	if m := c.manifest.Evidence; len(m.Withheld)+len(m.Missing) > 0 {
		not("evidence: %d files are withheld and %d were not there to be exported", len(m.Withheld), len(m.Missing))
	}
	if c.manifest.Lineage != nil && len(c.manifest.Lineage.Missing) > 0 {
		not("parents: nothing is recorded of %v, so there is no upper bound", c.manifest.Lineage.Missing)
	}
}
