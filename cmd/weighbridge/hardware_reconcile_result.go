package main

import (
	"encoding/json"
	"math/big"
	"slices"

	"github.com/weighbridge/weighbridge/provenance"
	"github.com/weighbridge/weighbridge/provenance/accounting"
)

// reconcileResult is what hardware reconcile says. Hours are decimals of at most six
// places, exact where those are enough.
type reconcileResult struct {
	Schema    string               `json:"schema"`
	Sources   []sourceRead         `json:"sources"`
	Inventory []sourceRead         `json:"inventory"`
	Products  []reconciledProduct  `json:"products"` // per kind of source: kinds see the same chips and are not added
	Runs      []reconciledRun      `json:"runs"`
	Loose     []reconciledLoose    `json:"unattributed"` // who held what no run accounts for, the most first
	More      int                  `json:"more"`         // further such holders
	Findings  []accounting.Finding `json:"findings"`
}

// reconciledProduct: attributed + idle + unattributed = inventory + beyond.
type reconciledProduct struct {
	Kind         accounting.Kind `json:"kind"`
	Product      string          `json:"product"`
	Attributed   json.Number     `json:"attributed_hours"`
	Unattributed json.Number     `json:"unattributed_hours"`
	Idle         *json.Number    `json:"idle_hours"`      // null where no inventory is given
	Inventory    *json.Number    `json:"inventory_hours"` // null where none is given
	Beyond       *json.Number    `json:"beyond_hours"`    // held at moments at which the inventory has less; null where none is given
}

type reconciledLoose struct {
	Kind     accounting.Kind `json:"kind"`
	Account  string          `json:"account,omitempty"`
	Cluster  string          `json:"cluster,omitempty"`
	Job      string          `json:"job,omitempty"`
	Instance string          `json:"instance,omitempty"`
	Product  string          `json:"product"`
	Hours    json.Number     `json:"hours"`
}

// looseShown is how many holders the result lists.
const looseShown = 50

// readInventory lays the chips that there are beside what the sources show; nil
// where no inventory is given.
func (f reconcileFlags) readInventory(catalogue *provenance.Catalogue, result *reconcileResult, balance *accounting.Balance) (map[accounting.Holding]accounting.Balanced, error) {
	if len(f.inventory) == 0 {
		return nil, nil
	}
	of := f.accounting
	of.from, of.named = f.inventory, "inventory"
	sources, findings, err := of.settle(catalogue, func(_ accounting.Kind, p accounting.Piece) error { return balance.Has(p) })
	if err != nil {
		return nil, err
	}
	result.Inventory, result.Findings = sources, append(result.Findings, findings...)
	if err := oneKind(sources, of.named); err != nil {
		return nil, err
	}
	return balance.Balanced()
}

func (r *reconcileResult) addProducts(kind accounting.Reconciled, balanced map[accounting.Holding]accounting.Balanced) {
	products := kind.Products
	for of := range balanced {
		if of.Kind == kind.Kind && !slices.ContainsFunc(products, func(p accounting.ProductTime) bool { return p.Product == of.Product }) {
			products = append(products, accounting.ProductTime{Product: of.Product, Attributed: new(big.Rat), Unattributed: new(big.Rat)})
		}
	}
	slices.SortFunc(products, func(a, b accounting.ProductTime) int { return cmpText(a.Product, b.Product) })
	for _, p := range products {
		line := reconciledProduct{Kind: kind.Kind, Product: p.Product, Attributed: hoursOf(p.Attributed), Unattributed: hoursOf(p.Unattributed)}
		if balanced != nil {
			r.balance(&line, balanced[accounting.Holding{Kind: kind.Kind, Product: p.Product}])
		}
		r.Products = append(r.Products, line)
	}
}

func (r *reconcileResult) balance(line *reconciledProduct, b accounting.Balanced) {
	hours := func(seconds *big.Rat) *json.Number {
		if seconds == nil {
			seconds = new(big.Rat) // the source's rows and corrections leave nothing
		}
		n := hoursOf(seconds)
		return &n
	}
	line.Idle, line.Inventory, line.Beyond = hours(b.Idle), hours(b.Inventory), hours(b.Beyond)
	if b.Beyond != nil && b.Beyond.Sign() > 0 {
		r.Findings = append(r.Findings, accounting.Finding{Code: "more-than-inventory",
			Message: "the " + string(line.Kind) + " source holds " + line.Beyond.String() + " chip-hours of " + line.Product + " more than the inventory has at the time: the inventory lacks chips, or covers less time"})
	}
}

func (r *reconcileResult) addLoose(kind accounting.Reconciled) {
	shown := kind.Loose[:min(len(kind.Loose), looseShown)]
	for _, l := range shown {
		r.Loose = append(r.Loose, reconciledLoose{kind.Kind, l.Account, l.Cluster, l.Job, l.Instance, l.Product, hoursOf(l.Seconds)})
	}
	r.More += len(kind.Loose) - len(shown)
	if kind.More.Sign() != 0 {
		r.Findings = append(r.Findings, accounting.Finding{Code: "many-holders", Message: hoursOf(kind.More).String() + " chip-hours that no run accounts for are of further holders, past those that are kept apart; they are in the sums"})
	}
}
