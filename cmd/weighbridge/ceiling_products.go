package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance/accounting"
)

// productOf is a product, or a source's word for one that nobody explained.
type productOf struct {
	name  string
	known bool
}

// productTimes is chip-time by product.
type productTimes map[productOf]accounting.ChipTime

func (t productTimes) add(l accounting.Line) {
	p := productOf{l.Product, l.Known}
	t[p] = t[p].Add(l.Held)
}

func (t productTimes) sorted() []productOf {
	return slices.SortedFunc(maps.Keys(t), func(a, b productOf) int { return cmp.Compare(a.name, b.name) })
}

// bound is the sum over the products, exact and rounded up once for each.
func (b tenantBook) bound(times productTimes) (hours string, training, fastest meter.Bound, err error) {
	var held []heldTime
	sum, unknown := accounting.ChipTime{}, false
	for _, p := range times.sorted() {
		sum = sum.Add(times[p])
		unknown = unknown || !p.known && !times[p].IsZero()
		if p.known {
			held = append(held, heldTime{product: p.name, seconds: times[p].Seconds()})
		}
	}
	c := ceiling(held, b.catalogue)
	if unknown || len(c.unknown) > 0 {
		return sum.Hours(), training, fastest, nil
	}
	if c.training != nil {
		if training, err = knownOps(meter.OpsFromBig(c.training)); err != nil {
			return "", training, fastest, err
		}
	}
	fastest, err = knownOps(meter.OpsFromBig(c.fastest))
	return sum.Hours(), training, fastest, err
}

func knownOps(o meter.Ops, err error) (meter.Bound, error) {
	if err != nil {
		return meter.Bound{}, fmt.Errorf("ceiling: %w: look at the chips and the times", err)
	}
	return meter.Known(o), nil
}

// notes are findings on who has no ceiling and who has no declared owner.
func (b tenantBook) notes(r ceilingResult) []accounting.Finding {
	var list []accounting.Finding
	words := map[string]bool{}
	for _, p := range r.Total.Products {
		if !p.Known {
			words[p.Product] = true
			list = append(list, accounting.Finding{Code: "chip-unknown", Message: fmt.Sprintf(
				"%s chip-hours or unit-hours of %q: nobody says what that is, so its holders have no ceiling; name it in --chips, with 0 chips where it has none", p.ChipHours, p.Product)})
		}
	}
	if !r.Complete {
		list = append(list, accounting.Finding{Code: "incomplete", Message: "rows were left out that may hold chips, so nobody is said to stay under a threshold: correct them, or take them out where they hold none"})
	}
	strangers := 0
	for _, t := range r.Accounts {
		if _, known := b.owners[t.Name]; !known {
			strangers++
		}
	}
	if strangers > 0 {
		list = append(list, accounting.Finding{Code: "owner-undeclared", Message: fmt.Sprintf(
			"%d accounts have no customer in --accounts: each stands for itself, and an owner of several of them would have more", strangers)})
	}
	return list
}

// printCeilings renders what hardware ceiling --json prints, for people.
func (a *app) printCeilings(r ceilingResult) {
	for _, s := range r.Sources {
		a.printf("%s: %s, %d rows that held something\n", s.File, s.Kind, s.Rows)
	}
	a.printf("\nThe most that could have been performed with the chips held, however they were used. No count.\n\n")
	table := tabwriter.NewWriter(a.env.stdout, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "ULTIMATE PARENT\tACCOUNTS\tCHIP-HOURS\tIN BF16\tIN THE FASTEST FORMAT\tSTAYS UNDER")
	tenantRows(table, r.Parents)
	tenantRows(table, []tenantCeiling{r.Total})
	fmt.Fprintln(table, "\nCUSTOMER\tACCOUNTS\tCHIP-HOURS\tIN BF16\tIN THE FASTEST FORMAT\tSTAYS UNDER")
	tenantRows(table, r.Customers)
	table.Flush()
	a.printf("\nBy month, each ultimate parent: in the month, and together to its end, in the fastest format\n")
	for _, t := range r.Parents {
		a.printf("  %s\n", orNoAccount(t.Name))
		for _, m := range t.Months {
			a.printf("    %-8s %s chip-hours, %s; together %s\n", cmp.Or(m.Month, "undated"), m.ChipHours, m.Fastest.Short(), m.Cumulative.Short())
		}
	}
	a.printf("\nThresholds:")
	for _, t := range r.Thresholds {
		a.printf(" %s %s %s;", t.Regime, t.Comparison, t.Threshold.Short())
	}
	a.printf(" rules %s\n", r.Rules)
	a.printAccountingFindings(r.Findings)
}

func (a *app) printAccountingFindings(list []accounting.Finding) {
	if len(list) > 0 {
		a.printf("\nFindings:\n")
	}
	for _, f := range list {
		a.printf("  %s: %s\n", f.Code, f.Message)
	}
}

func tenantRows(table *tabwriter.Writer, list []tenantCeiling) {
	for _, t := range list {
		under := strings.Join(t.Under, ", ")
		switch {
		case len(t.Within) == 0 && len(t.UnderInTraining) == 0:
			under = "all thresholds"
		case under == "":
			under = "none"
		}
		if len(t.UnderInTraining) > 0 {
			under += "; in BF16 also " + strings.Join(t.UnderInTraining, ", ")
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\n", orNoAccount(t.Name), t.Accounts, t.ChipHours, t.Training.Short(), t.Fastest.Short(), under)
	}
}

func orNoAccount(name string) string {
	if name == "" {
		return "(no account)"
	}
	return name
}
