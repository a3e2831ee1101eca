package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter/ledger"
)

func (a *app) checkCommand() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check [AUDITORS-FILE]",
		Short: "Recompute every entry, hash, total and link of the ledger, and its evidence; read-only",
		Long: `Check reads the ledger's file from its raw bytes and recomputes everything in it: pages, headers, bodies, the Merkle
trees and their tiles, net totals with corrections, the index of runs, and every evidence file that a record names.
It shares only the encoding with the code that writes, lists all problems it finds, and changes nothing.
The statements of other organisations that records came from (--parent SHIPMENT) are verified again from the evidence.
Notes are no problems: evidence that no record names, for one.

With an auditor's file (ledger export) it recomputes that one instead, without any ledger: entries, proofs, roots, totals,
corrections, links, evidence, the digest of the rules; and what statements in it, signed by a --key or an --identity, say
of the entries. Timestamps and revocations of their signatures are judged as verify does.

` + exitCodes,
		Example: "  weighbridge check\n  weighbridge --ledger copy-of-ledger.db check --json\n  weighbridge check atlas.audit.tar --key release.key.pub\n" +
			"  weighbridge check atlas.audit.tar --identity release@acme.example --issuer https://login.acme.example --trusted-root trusted_root.json",
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.checkAudit(args[0], f)
			}
			if f.given() {
				return usage("--key, --identity and what goes with them are for an auditor's file: name the file")
			}
			return a.check()
		},
	}
	f.add(cmd.Flags())
	return cmd
}

func (a *app) check() error {
	report, err := ledger.Check(a.ledger)
	if err != nil {
		return err
	}
	if report.OK { // what is damaged is not opened
		attested, err := a.attestedProblems(report.Naming)
		if err != nil {
			return err
		}
		report.Problems = append(report.Problems, attested...)
		report.OK = len(report.Problems) == 0
	}
	if a.json {
		err = a.printJSON(report)
	} else {
		a.printf("%s", checkText(a.ledger, report))
	}
	if err == nil && !report.OK {
		return &exitError{code: exitDamaged}
	}
	return err
}

// checkText is the report for people: the verdict first, then one line per
// problem and note, then what to do.
func checkText(path string, r ledger.Report) string {
	var b strings.Builder
	verdict := "ok"
	if !r.OK {
		verdict = fmt.Sprintf("DAMAGED, %s", plural(len(r.Problems), "problem"))
	}
	fmt.Fprintf(&b, "%s: %s\n  %s, %s, %s checked\n", path, verdict,
		plural(int(r.Logs), "log"), pluralAs(int(r.Entries), "entry", "entries"), plural(int(r.Evidence), "evidence file"))
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "problem %s: %s: %s\n", p.Code, p.Where, p.Message)
	}
	for _, p := range r.Notes {
		fmt.Fprintf(&b, "note %s: %s: %s\n", p.Code, p.Where, p.Message)
	}
	if !r.OK {
		b.WriteString("hint: nothing was changed; keep this file and its .evidence directory as they are, and restore a copy that checks clean\n")
	}
	return b.String()
}

func plural(n int, word string) string { return pluralAs(n, word, word+"s") }

func pluralAs(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
