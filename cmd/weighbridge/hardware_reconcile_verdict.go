package main

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/provenance/accounting"
)

// reconciledRun is what a run's records say of its chips beside what each source
// says. Nothing is resolved: where they differ both stand.
type reconciledRun struct {
	Run      string            `json:"run"`
	Models   []string          `json:"models"`
	Recorded *json.Number      `json:"recorded_hours"` // null where its records name no chips
	Products []productHoursOf  `json:"recorded_products"`
	Sources  []reconciledShare `json:"sources"`
}

type reconciledShare struct {
	Kind    accounting.Kind `json:"kind"`
	Hours   *json.Number    `json:"hours"` // null: the source does not show this run
	Ratio   string          `json:"ratio,omitempty"`
	Verdict string          `json:"verdict"` // agrees, differs, one-sided
	Why     string          `json:"why,omitempty"`
	// Products are what the source says that the run held.
	Products []productHoursOf `json:"products"`
	// Chips is the most that its jobs held at once; null where that is not known, as
	// of a job that several runs share.
	Chips *json.Number `json:"chips"`
	// SharedWith are the runs between which its job's time was divided.
	SharedWith []string `json:"shared_with,omitempty"`
}

// compareChips holds the number of chips against the records': as many hours may be
// of twice the chips for half the time.
func (s *reconciledShare) compareChips(run accounting.Run, kind accounting.Reconciled) {
	because := func(why string) { s.Why = strings.TrimPrefix(s.Why+"; "+why, "; ") }
	if s.SharedWith = kind.Shared[run.ID]; len(s.SharedWith) > 0 {
		because("the job's time is divided between this run and " + strings.Join(s.SharedWith, ", ") + ", by time and by the chips that each recorded")
	}
	most, known := kind.Chips[run.ID]
	if !known {
		return
	}
	chips := json.Number(thousandth(most))
	s.Chips = &chips
	if run.Chips != 0 && run.Chips != most {
		s.Verdict = "differs"
		because(fmt.Sprintf("%s chips in the records, %s at once in the source", thousandth(run.Chips), thousandth(most)))
	}
}

func thousandth(n uint64) string {
	return strings.TrimSuffix(strings.TrimRight(new(big.Rat).SetFrac(new(big.Int).SetUint64(n), big.NewInt(1000)).FloatString(3), "0"), ".")
}

// productHoursOf is the time of one product: the catalogue's full name, or where it
// is not known the word of whoever says it.
type productHoursOf struct {
	Product string      `json:"product"`
	Known   bool        `json:"known"`
	Hours   json.Number `json:"hours"`

	seconds *big.Rat
}

// agreement is how far a run and a source may be apart and still agree: a job is
// paid for while it starts and ends, and that is minutes of hours.
func agreement() *big.Rat { return big.NewRat(5, 100) }

// reconcileRun holds a run's own chip-time against each source's.
func reconcileRun(run accounting.Run, models []string, sums []accounting.Reconciled) reconciledRun {
	line := reconciledRun{Run: run.ID, Models: models, Sources: []reconciledShare{}, Products: []productHoursOf{}}
	for _, product := range sortedKeys(run.Held) {
		seconds := run.Held[product]
		line.Products = append(line.Products, productHoursOf{product, !run.Unknown[product], hoursOf(seconds), seconds})
	}
	if len(line.Products) > 0 {
		hours := hoursOf(total(line.Products))
		line.Recorded = &hours
	}
	for _, kind := range sums {
		share := shareOf(kind, run.ID, line.Products)
		share.compareChips(run, kind)
		line.Sources = append(line.Sources, share)
	}
	return line
}

func total(list []productHoursOf) *big.Rat {
	sum := new(big.Rat)
	for _, p := range list {
		sum.Add(sum, p.seconds)
	}
	return sum
}

// shareOf compares by product; where one side has a word that nobody explained,
// by the hours of all products, and says so.
func shareOf(kind accounting.Reconciled, run string, recorded []productHoursOf) reconciledShare {
	out := reconciledShare{Kind: kind.Kind, Verdict: "one-sided", Products: []productHoursOf{}}
	for _, s := range kind.Runs[run] {
		out.Products = append(out.Products, productHoursOf{s.Product, s.Known, hoursOf(s.Seconds), s.Seconds})
	}
	if len(out.Products) == 0 {
		return out
	}
	hours := hoursOf(total(out.Products))
	out.Hours = &hours
	have := total(recorded)
	if have.Sign() == 0 {
		return out
	}
	out.Ratio = new(big.Rat).Quo(total(out.Products), have).FloatString(3)
	out.Verdict, out.Why = verdictOfShares(recorded, out.Products)
	if s := kind.Elsewhere[run]; s != nil && s.Sign() != 0 {
		out.Verdict = "differs"
		out.Why = strings.TrimPrefix(out.Why+"; "+string(hoursOf(s))+" chip-hours of the job are at another time than the run's", "; ")
	}
	return out
}

func verdictOfShares(recorded, source []productHoursOf) (verdict, why string) {
	if !near(total(recorded), total(source)) {
		verdict = "differs"
	}
	unknown := func(p productHoursOf) bool { return !p.Known }
	if slices.ContainsFunc(recorded, unknown) || slices.ContainsFunc(source, unknown) {
		if verdict == "" {
			verdict = "agrees"
		}
		return verdict, "a product has a name that nobody explained, so hours are compared and products are not"
	}
	var apart []string
	for _, pair := range [][2][]productHoursOf{{recorded, source}, {source, recorded}} {
		for _, p := range pair[0] {
			if !near(p.seconds, ofProduct(pair[1], p.Product)) && !slices.Contains(apart, p.Product) {
				apart = append(apart, p.Product)
			}
		}
	}
	if len(apart) == 0 {
		return "agrees", ""
	}
	var words []string
	for _, product := range apart {
		words = append(words, fmt.Sprintf("%s: %s in the records, %s in the source", product, hoursOf(ofProduct(recorded, product)), hoursOf(ofProduct(source, product))))
	}
	return "differs", strings.Join(words, "; ")
}

func ofProduct(list []productHoursOf, product string) *big.Rat {
	for _, p := range list {
		if p.Product == product {
			return p.seconds
		}
	}
	return new(big.Rat)
}

// near says that the source is within the agreement of what is recorded, each as
// the other's measure, so that neither order of the two matters.
func near(a, b *big.Rat) bool {
	away := new(big.Rat).Sub(a, b)
	most := a
	if b.Cmp(a) > 0 {
		most = b
	}
	return away.Abs(away).Cmp(new(big.Rat).Mul(new(big.Rat).Abs(most), agreement())) <= 0
}

// noteElsewhere says which jobs of a run's id ran when the run did not.
func (r *reconcileResult) noteElsewhere(sums []accounting.Reconciled) {
	for _, kind := range sums {
		for _, run := range sortedKeys(kind.Elsewhere) {
			r.Findings = append(r.Findings, accounting.Finding{Code: "job-at-another-time", Message: fmt.Sprintf(
				"%s: %s chip-hours of run %s's job are at a time that its records do not touch: an attempt that left no record, or another job under the same id", kind.Kind, hoursOf(kind.Elsewhere[run]), run)})
		}
	}
}
