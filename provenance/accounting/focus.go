package accounting

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/big"
	"strings"
	"time"
)

// readFOCUS reads a FOCUS cost and usage export, version 1.x, in CSV (FinOps
// FOCUS_Spec, columns at f1eeb30a). ConsumedQuantity is what ran; it is null for
// an unused commitment, which is no use. A correction subtracts. Rows of one
// resource and period add up: a provider splits an hour between commitments.
// Quantities of another unit than time are other things than instances.
func readFOCUS(in *bufio.Reader, o ReadOptions, n *notes, yield func(Use) error) error {
	r, err := newRows(in, o.Name)
	if err != nil {
		return err
	}
	for _, want := range []string{"chargecategory", "chargeperiodstart", "chargeperiodend", "consumedquantity", "consumedunit"} {
		if _, found := r.column[want]; !found {
			return fmt.Errorf("%s: header: the column %s is missing, without which a bill holds no time", o.Name, want)
		}
	}
	var unused, others int
	for {
		err := r.next()
		var parse *csv.ParseError
		switch {
		case err == io.EOF:
			if unused > 0 {
				n.add("commitment-unused", "%s: %d rows of a commitment that was paid for and not used: nothing ran", o.Name, unused)
			}
			if others > 0 {
				n.add("not-time", "%s: %d rows that are no usage, or of a quantity that is not a time: left out", o.Name, others)
			}
			return nil
		case errors.As(err, &parse):
			n.add("row-unread", "%s: %v: left out", where(o.Name, r.line), parse.Err)
			continue
		case err != nil:
			return fmt.Errorf("%s: after line %d: %w", o.Name, r.line, err)
		}
		if r.cell("commitmentdiscountstatus") == "Unused" {
			unused++
			continue
		}
		unit, err := focusUnitOf(r)
		if err == nil && unit == 0 {
			others++
			continue
		}
		var u Use
		if err == nil {
			u, err = focusUse(r, unit)
		}
		if err != nil {
			n.add("row-unread", "%s: %v: left out", where(o.Name, r.line), err)
			continue
		}
		if err := yield(u); err != nil {
			return err
		}
	}
}

func focusUse(r *rows, unit int64) (Use, error) {
	u := Use{Line: r.line, Additive: true, Instance: strings.Clone(r.cell("resourceid")), print: fingerprint(r.cells)}
	quantity, negative := strings.CutPrefix(r.cell("consumedquantity"), "-")
	amount, err := decimal(quantity)
	if err != nil {
		return u, fmt.Errorf("ConsumedQuantity: %w", err)
	}
	if u.Held, err = amountOf(amount.Mul(amount, new(big.Rat).SetInt64(unit))); err != nil {
		return u, err
	}
	u.Negative = negative
	if u.Start, err = focusTime(r.cell("chargeperiodstart")); err != nil {
		return u, fmt.Errorf("ChargePeriodStart: %w", err)
	}
	if u.End, err = focusTime(r.cell("chargeperiodend")); err != nil {
		return u, fmt.Errorf("ChargePeriodEnd: %w", err)
	}
	if u.End <= u.Start {
		return u, fmt.Errorf("the charge period ends at %s, not after its start %s: a negative time holds nothing", r.cell("chargeperiodend"), r.cell("chargeperiodstart"))
	}
	if u.Account = strings.Clone(r.cell("subaccountid")); u.Account == "" {
		u.Account = strings.Clone(r.cell("billingaccountid"))
	}
	u.Names = focusNames(r)
	u.Resource = "resource " + u.Instance
	for _, name := range append(u.Names, u.Account, u.Instance) {
		if err := named("name", name); err != nil {
			return u, err
		}
	}
	return u, nil
}

// fingerprint is one number for all cells of a row.
func fingerprint(cells []string) uint64 {
	h := fnv.New64a()
	for _, cell := range cells {
		io.WriteString(h, cell) // never fails
		h.Write([]byte{0})
	}
	return h.Sum64()
}

// focusNames are what a row calls the unit, the most telling first. FOCUS 1.2
// has the instance type in SkuPriceDetails; providers put it into columns of
// their own before.
func focusNames(r *rows) []string {
	var names []string
	add := func(text string) {
		if text != "" && len(text) <= maxName {
			names = append(names, strings.Clone(text))
		}
	}
	var details struct{ InstanceType string }
	if text := r.cell("skupricedetails"); text != "" && json.Unmarshal([]byte(text), &details) == nil {
		add(details.InstanceType)
	}
	for _, column := range []string{"x_instancetype", "x_instance_type", "x_skuinstancetype", "skupriceid", "skuid"} {
		add(r.cell(column))
	}
	return names
}

func focusTime(text string) (int64, error) {
	if t, err := time.Parse("2006-01-02 15:04:05", strings.TrimSuffix(text, ".000")); err == nil { // databases drop the T and the Z
		return nanoseconds(t)
	}
	return rfc3339(text)
}
