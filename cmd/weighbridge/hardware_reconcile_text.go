package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

func cmpText(a, b string) int { return cmp.Compare(a, b) }

func (r reconcileResult) String() string {
	var b strings.Builder
	b.WriteString("chip-hours by source; attributed: of jobs and instances of the ledger's runs\n")
	rows := [][]string{{"source", "product", "attributed", "unattributed", "idle", "inventory", "beyond"}}
	for _, p := range r.Products {
		rows = append(rows, []string{string(p.Kind), printable(p.Product), p.Attributed.String(), p.Unattributed.String(), hoursOrDash(p.Idle), hoursOrDash(p.Inventory), hoursOrDash(p.Beyond)})
	}
	writeColumns(&b, rows)
	for _, run := range r.Runs {
		fmt.Fprintf(&b, "run %s (%s): its records %s\n", printable(run.Run), strings.Join(run.Models, ", "), hoursOrDash(run.Recorded))
		for _, s := range run.Sources {
			ratio := ""
			if s.Ratio != "" {
				ratio = ", " + s.Ratio + " of them"
			}
			fmt.Fprintf(&b, "  %-10s %s%s: %s\n", s.Kind, hoursOrDash(s.Hours), ratio, s.Verdict)
			if s.Why != "" {
				fmt.Fprintf(&b, "    %s\n", printable(s.Why))
			}
		}
	}
	if slices.ContainsFunc(r.Runs, func(run reconciledRun) bool { return run.Recorded == nil }) {
		b.WriteString("its records -: they name no chips or no time, as those of declared operations; one-sided: the records or the source have no chip-hours of the run\n")
	}
	if len(r.Loose) > 0 {
		b.WriteString("held or billed, and of no run in this ledger\n")
	}
	for _, l := range r.Loose {
		fmt.Fprintf(&b, "  %-10s %s of %s: account %s, %sjob %s, instance %s\n", l.Kind, l.Hours, printable(l.Product), orDash(l.Account), clusterOf(l.Cluster), orDash(l.Job), orDash(l.Instance))
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "  and %d more holders\n", r.More)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "finding: %s: %s\n", f.Code, printable(f.Message))
	}
	b.WriteString("Runs and sources agree within 5 %: a job is paid for while it starts and ends. What differs stands as each says it.\n")
	return b.String()
}

func clusterOf(name string) string {
	if name == "" {
		return ""
	}
	return "cluster " + printable(name) + ", "
}

func hoursOrDash(n *json.Number) string {
	if n == nil {
		return "-"
	}
	return n.String()
}

func orDash(s string) string { return printable(cmp.Or(s, "-")) }
