package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/audit"
)

type exportFlags struct {
	model      meter.ModelRef
	out        string
	redact     []string
	notes      []string
	statements []string
	keys       []string
	timestamps []string
}

// exportResult is what ledger export prints.
type exportResult struct {
	Schema   string         `json:"schema"`
	File     string         `json:"file"`
	Bytes    int64          `json:"bytes"`
	Manifest audit.Manifest `json:"manifest"`
	Withheld []string       `json:"withheld,omitempty"` // what is withheld beyond what was named, and why
}

func (a *app) ledgerExportCommand() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export MODEL --out FILE",
		Short: "Write an auditor's file: all that is recorded of a model and its ancestors, to be checked without the ledger",
		Long: `Export writes one tar archive with every entry of the logs of a model, its ancestors and the models that generated its
data: headers, salts, bodies, inclusion proofs and heads, corrections, evidence, the text of the rules, and the
statements, keys, timestamps and logs of notes that you name. "weighbridge check FILE" recomputes it all; the format is
documented so that it can be read without Weighbridge (meter/audit/SPEC.md).

With --redact, bodies or evidence are left out: "bodies" all bodies, MODEL those of one model, MODEL#INDEX that of one of
its entries and of all later ones, whose running totals would show it, "evidence" all evidence, sha256:DIGEST one file.
Headers and proofs stay; what was withheld is counted, and no total is stated that cannot be recomputed.

` + exitCodes,
		Example: "  weighbridge ledger export acme/atlas@1 --out atlas.audit.tar --statement claims.jsonl --key release.key.pub\n" +
			"  weighbridge ledger export acme/atlas@1 --out for-customers.tar --redact acme/base@1 --redact evidence\n  weighbridge check atlas.audit.tar",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) (err error) {
			if f.model, err = meter.ParseModel(args[0]); err != nil {
				return usage("%w", err)
			}
			return a.ledgerExport(f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "", "the `FILE` to write; nothing is overwritten")
	flags.StringArrayVar(&f.redact, "redact", nil, "what is withheld: bodies, evidence, MODEL, MODEL#INDEX or sha256:DIGEST; repeatable")
	flags.StringArrayVar(&f.notes, "notes", nil, "a log of notes to put in, such as that of a delivery; repeatable")
	flags.StringArrayVar(&f.statements, "statement", nil, "a `FILE` of signed statements to put in: a bundle, or a claims file; repeatable")
	flags.StringArrayVar(&f.keys, "key", nil, "a `FILE` with a public key or certificate to put in; repeatable")
	flags.StringArrayVar(&f.timestamps, "timestamp", nil, "a `FILE` with a timestamp to put in; repeatable")
	a.rulesFlag(cmd)
	cmd.MarkFlagRequired("out") // fails only for a flag that was not defined
	return cmd
}

func (a *app) ledgerExport(f exportFlags) error {
	if _, err := os.Lstat(f.out); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("--out %s is there already: nothing is overwritten; name another file or move it away", f.out)
	}
	o := audit.Options{Model: f.model, Notes: f.notes, Tool: audit.Tool{Name: "weighbridge", Version: version}, CreatedAt: a.env.now().UTC()}
	redaction, err := parseRedaction(f.redact)
	if err != nil {
		return err
	}
	o.WithholdBody, o.WithholdEvidence = redaction.body, redaction.evidence
	if o.Further, o.Rules, err = a.further(f); err != nil {
		return err
	}
	result := exportResult{Schema: "weighbridge.dev/export/v1", File: f.out}
	err = a.withHistory(func(h *history) error {
		if h.ledger == nil {
			return fmt.Errorf("%s: no ledger holds it yet; its run goes on", f.model)
		}
		if err := f.lineage(h, &o, redaction); err != nil {
			return err
		}
		if result.Withheld, err = redaction.later(h); err != nil {
			return err
		}
		epochs, err := epochDocuments(h.ledger, o.Models)
		if err != nil {
			return err
		}
		o.Further = append(o.Further, epochs...)
		for _, note := range h.notes(o.Models) {
			a.warn("not in the file: %s", note)
		}
		result.Manifest, result.Bytes, err = writeAudit(f.out, h, o)
		return err
	})
	if err != nil {
		return err
	}
	return a.print(result)
}

// lineage fills in the models whose logs go in, and their totals as the ledger has
// them. Work that is not in the ledger yet is in neither.
func (f exportFlags) lineage(h *history, o *audit.Options, r redaction) error {
	walked, err := meter.Walk(f.model, h.readLedgerNode)
	if err = errors.Join(err, h.err); err != nil {
		return err
	}
	if heads, err := h.ledger.Heads(f.model); err == nil && len(heads) > 0 && slices.Contains(walked.Missing, f.model) {
		return fmt.Errorf("%s: no record of it counts any more: all were voided, so there is no lineage to export; weighbridge ledger show %s lists them", f.model, f.model)
	}
	if slices.Contains(walked.Missing, f.model) {
		return fmt.Errorf("%s: the ledger holds nothing of this model; weighbridge ledger head lists those it knows", f.model)
	}
	o.Models, o.Lineage = walked.Models, audit.LineageOf(walked)
	for _, m := range walked.Models {
		records, err := h.ledger.Records(m)
		if err != nil {
			return err
		}
		for _, record := range records {
			if g := record.Generator; g != "" && !slices.Contains(o.Models, g) {
				o.Models = append(o.Models, g)
			}
		}
	}
	return r.used(h, o.Models)
}

// readLedgerNode is what the ledger alone has of a model.
func (h *history) readLedgerNode(m meter.ModelRef) (meter.Node, bool) {
	node, found, err := h.ledger.Node(m)
	if err != nil {
		h.fail(err)
	}
	return node, found && len(node.Own) > 0
}

// writeAudit writes the file under another name first: a disk that fills up leaves
// nothing that looks whole.
func writeAudit(path string, h *history, o audit.Options) (audit.Manifest, int64, error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return audit.Manifest{}, 0, fmt.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(file.Name()) // gone already where it was renamed
	buffered := bufio.NewWriterSize(file, 1<<20)
	manifest, err := audit.Write(buffered, h.ledger, o)
	err = errors.Join(err, buffered.Flush())
	info, statErr := file.Stat()
	if err = errors.Join(err, statErr, file.Sync(), file.Close()); err == nil {
		err = renameNew(file.Name(), path)
	}
	if err != nil {
		return audit.Manifest{}, 0, fmt.Errorf("writing %s: %w", path, err)
	}
	return manifest, info.Size(), syncDirectory(filepath.Dir(path))
}

// String is the result for people.
func (r exportResult) String() string {
	var b strings.Builder
	var entries, withheld uint64
	for _, l := range r.Manifest.Logs {
		entries, withheld = entries+l.Size, withheld+l.Withheld
	}
	fmt.Fprintf(&b, "%s: %s, %d bytes\n  %s of %s, bodies withheld: %d\n", r.File, r.Manifest.Model, r.Bytes,
		pluralAs(int(entries), "entry", "entries"), plural(len(r.Manifest.Logs), "log"), withheld)
	for _, w := range r.Withheld {
		fmt.Fprintf(&b, "  %s\n", w)
	}
	if e := r.Manifest.Evidence; len(e.Withheld)+len(e.Missing) > 0 {
		fmt.Fprintf(&b, "  evidence withheld: %d, not in the store: %d\n", len(e.Withheld), len(e.Missing))
	}
	if r.Manifest.Lineage == nil {
		b.WriteString("  no total is stated: a body is withheld\n")
	}
	b.WriteString("weighbridge check recomputes it, without the ledger\n")
	return b.String()
}
