package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/fdp/delivery"
	"github.com/weighbridge/weighbridge/meter"
)

type deliveryList struct {
	Schema     string        `json:"schema"`
	Deliveries []deliveryRow `json:"deliveries"`

	Customer  string   `json:"customer,omitempty"`  // the one that was asked for
	Customers []string `json:"customers,omitempty"` // where it has no delivery, those that have
}

type deliveryRow struct {
	ID       string         `json:"id"`
	Customer string         `json:"customer"`
	Model    meter.ModelRef `json:"model,omitempty"`
	State    delivery.State `json:"state"`
	Again    bool           `json:"decide_again"` // facts or rules changed since the decision that the state rests on
	Steps    int            `json:"steps"`
	Opened   string         `json:"opened"` // days
	Last     string         `json:"last"`
	Origin   string         `json:"origin"`
}

func (a *app) deliveryListCommand() *cobra.Command {
	var customer string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "The deliveries of this ledger and where they stand",
		Long: `List shows the deliveries of this ledger. Each is decided again on what is known now, under the rules as they are now, without
keeping anything: where that comes out otherwise, its state is marked "to be decided again"; delivery show says what changed.

` + exitCodes,
		Example: "  weighbridge delivery list\n  weighbridge delivery list --customer \"Gulf Compute\" --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			result := deliveryList{Schema: "weighbridge.dev/deliveries/v1", Deliveries: []deliveryRow{}}
			result.Customer = customer
			err := a.withHistory(func(h *history) (err error) {
				result.Deliveries, result.Customers, err = a.deliveryRows(h, customer)
				return err
			})
			if err != nil {
				return err
			}
			return a.print(result)
		},
	}
	cmd.Flags().StringVar(&customer, "customer", "", "only those for this customer, by its whole name")
	a.rulesFlag(cmd)
	return cmd
}

// deliveryRows are the deliveries, those for one customer where it is named. Where it has
// none, others are the customers that have some.
func (a *app) deliveryRows(h *history, customer string) (rows []deliveryRow, others []string, err error) {
	rows = []deliveryRow{}
	if h.ledger == nil {
		return rows, nil, nil
	}
	logs, err := h.ledger.NoteLogs(deliveryLogs)
	if err != nil {
		return nil, nil, err
	}
	for _, log := range logs {
		found, err := deliveriesIn(h.ledger, log)
		if err != nil {
			return nil, nil, err
		}
		for _, origin := range sortedKeys(found) {
			d := found[origin]
			if customer != "" && d.Opened.Customer != customer {
				others = append(others, d.Opened.Customer)
				continue
			}
			now, err := a.stands(h, d)
			if err != nil {
				return nil, nil, err
			}
			rows = append(rows, deliveryRow{d.ID, d.Opened.Customer, d.Opened.Model, d.State, now.again, len(d.Entries), day(d.Entries[0].Time), day(d.Entries[len(d.Entries)-1].Time), origin})
		}
	}
	if len(rows) > 0 {
		return rows, nil, nil
	}
	slices.Sort(others)
	return rows, slices.Compact(others), nil
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func (r deliveryList) String() string {
	switch {
	case len(r.Deliveries) == 0 && len(r.Customers) > 0:
		return fmt.Sprintf("no deliveries for %s, by its whole name; there are some for %s\n", printable(r.Customer), printable(strings.Join(r.Customers, ", ")))
	case len(r.Deliveries) == 0:
		return "no deliveries\n"
	}
	var b strings.Builder
	rows := [][]string{{"delivery", "customer", "model", "state", "steps", "opened", "last"}}
	for _, d := range r.Deliveries {
		rows = append(rows, []string{d.ID, printable(d.Customer), cmp.Or(string(d.Model), "-"), againText(string(d.State), d.Again), fmt.Sprint(d.Steps), d.Opened, d.Last})
	}
	writeColumns(&b, rows)
	return b.String()
}
