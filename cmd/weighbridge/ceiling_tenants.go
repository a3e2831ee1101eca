package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
	"github.com/weighbridge/weighbridge/provenance/accounting"
)

// owner is who an account belongs to.
type owner struct{ customer, parent string }

// readOwners reads the table of accounts; no path is an empty one.
func readOwners(path string) (map[string]owner, error) {
	owners := map[string]owner{}
	if path == "" {
		return owners, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--accounts: %w", err)
	}
	defer file.Close()
	parents := map[string]string{}
	err = accounting.ReadTable(file, path, []string{"account", "customer", "ultimate_parent"}, func(c []string, _ int64) error {
		if _, twice := owners[c[0]]; twice {
			return fmt.Errorf("account %.80q stands there a second time", c[0])
		}
		if c[0] == "" || c[1] == "" {
			return fmt.Errorf("found account %.80q and customer %.80q: expected both", c[0], c[1])
		}
		if before, known := parents[c[1]]; known && before != c[2] {
			return fmt.Errorf("customer %.80q has the ultimate parent %.80q here and %.80q above: expected one", c[1], c[2], before)
		}
		parents[c[1]] = c[2]
		owners[c[0]] = owner{c[1], c[2]}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("--accounts: %w", err)
	}
	return owners, nil
}

// thresholdLine is what a regime compares with.
type thresholdLine struct {
	Regime     string    `json:"regime"`
	Comparison string    `json:"comparison"`
	Threshold  meter.Ops `json:"threshold"`
}

// under says that no more than most stays under the threshold.
func (t thresholdLine) under(most meter.Ops) bool {
	if t.Comparison == ">=" {
		return most.Cmp(t.Threshold) < 0
	}
	return most.Cmp(t.Threshold) <= 0
}

// thresholds are those of every regime that has one, out of the rules: where a
// developer that performed nothing stands.
func (a *app) thresholds() (digest string, list []thresholdLine, err error) {
	rules, err := fdp.Embedded()
	if err != nil {
		return "", nil, err
	}
	catalogue, err := provenance.Embedded()
	if err != nil {
		return "", nil, err
	}
	facts, err := fdp.ParseFacts([]byte(`{"model":"any/model@1","operations":[],"parents":[]}`), "no operations")
	if err != nil {
		return "", nil, err
	}
	positions, err := fdp.Positions(rules, catalogue, facts, fdp.Question{AsOf: a.today()})
	if err != nil {
		return "", nil, err
	}
	list = []thresholdLine{}
	for _, p := range positions {
		list = append(list, thresholdLine{p.Regime, p.Comparison, p.Threshold})
	}
	return rules.Digest(), list, nil
}

// tenantCeiling is the most that one account, customer or parent could have
// performed. Training and Fastest are null where a product has no known rate.
type tenantCeiling struct {
	Name           string         `json:"name"`
	Customer       string         `json:"customer,omitempty"`        // of an account
	UltimateParent string         `json:"ultimate_parent,omitempty"` // of an account or a customer
	Accounts       int            `json:"accounts"`
	ChipHours      string         `json:"chip_hours"`
	Training       meter.Bound    `json:"training"` // in the format that training is counted at
	Fastest        meter.Bound    `json:"fastest"`
	Products       []productHours `json:"products"`
	Months         []monthCeiling `json:"months"`
	// Under are the regimes whose threshold is out of reach in any format;
	// UnderInTraining those out of reach unless a faster format than that of
	// training was used; Within all others.
	Under           []string `json:"under"`
	UnderInTraining []string `json:"under_in_training_format"`
	Within          []string `json:"within_reach"`
}

type productHours struct {
	Product   string `json:"product"`
	Known     bool   `json:"known"`
	ChipHours string `json:"chip_hours"`
}

type monthCeiling struct {
	Month      string      `json:"month"` // "" for time that a source does not date
	ChipHours  string      `json:"chip_hours"`
	Training   meter.Bound `json:"training"`
	Fastest    meter.Bound `json:"fastest"`
	Cumulative meter.Bound `json:"cumulative_fastest"`
}

// tenantBook turns lines into ceilings.
type tenantBook struct {
	catalogue  *provenance.Catalogue
	owners     map[string]owner
	thresholds []thresholdLine
	complete   bool
}

func (b tenantBook) owner(account string) owner {
	if o, known := b.owners[account]; known {
		return o
	}
	return owner{customer: account}
}

func (b tenantBook) fill(r *ceilingResult, lines []accounting.Line) (err error) {
	whole := func(accounting.Line) string { return "" }
	of := func(l accounting.Line) string { return l.Account }
	customer := func(l accounting.Line) string { return b.owner(l.Account).customer }
	parent := func(l accounting.Line) string {
		o := b.owner(l.Account)
		return cmp.Or(o.parent, o.customer)
	}
	if r.Accounts, err = b.level(lines, of); err != nil {
		return err
	}
	if r.Customers, err = b.level(lines, customer); err != nil {
		return err
	}
	if r.Parents, err = b.level(lines, parent); err != nil {
		return err
	}
	total, err := b.level(lines, whole)
	if err != nil {
		return err
	}
	if len(total) == 1 {
		r.Total = total[0]
	} else {
		r.Total = tenantCeiling{ChipHours: "0", Training: meter.Known(meter.Ops{}), Fastest: meter.Known(meter.Ops{})}
		b.judge(&r.Total)
	}
	r.Total.Name = "everybody"
	parents := map[string]string{}
	for i, t := range r.Accounts {
		o := b.owner(t.Name)
		r.Accounts[i].Customer, r.Accounts[i].UltimateParent, parents[o.customer] = o.customer, o.parent, o.parent
	}
	for i, t := range r.Customers {
		r.Customers[i].UltimateParent = parents[t.Name]
	}
	return nil
}

// level adds the lines of one name up, the one with the highest ceiling first.
func (b tenantBook) level(lines []accounting.Line, name func(accounting.Line) string) ([]tenantCeiling, error) {
	groups := map[string][]accounting.Line{}
	for _, l := range lines {
		groups[name(l)] = append(groups[name(l)], l)
	}
	list := []tenantCeiling{}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		t, err := b.tenant(groups[key])
		if err != nil {
			return nil, err
		}
		t.Name = key
		list = append(list, t)
	}
	slices.SortStableFunc(list, func(x, y tenantCeiling) int {
		if x.Fastest.Known != y.Fastest.Known {
			if x.Fastest.Known {
				return 1
			}
			return -1 // unknown may be anything
		}
		return y.Fastest.Ops.Cmp(x.Fastest.Ops)
	})
	return list, nil
}

func (b tenantBook) tenant(lines []accounting.Line) (tenantCeiling, error) {
	t := tenantCeiling{Products: []productHours{}, Months: []monthCeiling{}}
	all, accounts, months := productTimes{}, map[string]bool{}, map[string]productTimes{}
	for _, l := range lines {
		accounts[l.Account] = true
		all.add(l)
		if months[l.Month] == nil {
			months[l.Month] = productTimes{}
		}
		months[l.Month].add(l)
	}
	t.Accounts = len(accounts)
	var err error
	if t.ChipHours, t.Training, t.Fastest, err = b.bound(all); err != nil {
		return t, err
	}
	for _, p := range all.sorted() {
		t.Products = append(t.Products, productHours{p.name, p.known, all[p].Hours()})
	}
	soFar := productTimes{}
	for _, month := range slices.Sorted(maps.Keys(months)) {
		m := monthCeiling{Month: month}
		if m.ChipHours, m.Training, m.Fastest, err = b.bound(months[month]); err != nil {
			return t, err
		}
		for p, held := range months[month] {
			soFar[p] = soFar[p].Add(held)
		}
		if _, _, m.Cumulative, err = b.bound(soFar); err != nil {
			return t, err
		}
		t.Months = append(t.Months, m)
	}
	b.judge(&t)
	return t, nil
}

// judge says which thresholds are out of reach.
func (b tenantBook) judge(t *tenantCeiling) {
	t.Under, t.UnderInTraining, t.Within = []string{}, []string{}, []string{}
	for _, line := range b.thresholds {
		switch {
		case !b.complete:
			t.Within = append(t.Within, line.Regime)
		case t.Fastest.Known && line.under(t.Fastest.Ops):
			t.Under = append(t.Under, line.Regime)
		case t.Training.Known && line.under(t.Training.Ops):
			t.UnderInTraining = append(t.UnderInTraining, line.Regime)
		default:
			t.Within = append(t.Within, line.Regime)
		}
	}
}
