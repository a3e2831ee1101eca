package quota_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/fdp/quota"
)

const good = `shipments: [{ultimate_consignee: Acme, destination: SG, date: "2025-06-01", authority: LPP, product: "NVIDIA H100 SXM5 80GB", count: 8}]`

// TestRefused: what a document may not be, with where and what.
func TestRefused(t *testing.T) {
	_, catalogue := embedded(t)
	if _, err := quota.Parse([]byte(good), "q.yaml", catalogue); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"name-space-edge":    {"Acme", `"Acme "`, "without space at its edges"},
		"name-invisible":     {"Acme", `"Ac\u200bme"`, "U+200B is not printable"},
		"name-filler":        {"count: 8}", "count: 8}, {ultimate_consignee: \"Acme\\u3164\", destination: SG, date: \"2025-06-02\", authority: LPP, product: \"NVIDIA H100 SXM5 80GB\", count: 8}", "would have a limit each"},
		"name-other-case":    {"count: 8}", "count: 8}, {ultimate_consignee: ACME, destination: SG, date: \"2025-06-02\", authority: LPP, product: \"NVIDIA H100 SXM5 80GB\", count: 8}", `shipments[1].ultimate_consignee: "ACME" and "Acme" (shipments[0].ultimate_consignee)`},
		"name-other-width":   {"count: 8}", "count: 8}, {ultimate_consignee: Ａｃｍｅ, destination: SG, date: \"2025-06-02\", authority: LPP, product: \"NVIDIA H100 SXM5 80GB\", count: 8}", "would have a limit each"},
		"name-other-spacing": {"count: 8}", "count: 8}, {ultimate_consignee: B, operator: Ac me, destination: SG, date: \"2025-06-02\", authority: LPP, product: \"NVIDIA H100 SXM5 80GB\", count: 8}", "would have a limit each"},
		"name-composed":      {"count: 8}]", "count: 8}]\nfleet: [{entity: Café, location: SG, product: \"NVIDIA H100 SXM5 80GB\", count: 8}, {entity: Group, group: Cafe\u0301, location: SG, product: \"NVIDIA H100 SXM5 80GB\", count: 8}]", "fleet[1].group"},
		"unknown-field":      {"count: 8", "count: 8, sku: 3", `q.yaml:1:`},
		"key-twice":          {"count: 8", "count: 8, count: 9", "stands twice"},
		"key-in-other-case":  {"count: 8", "Count: 8", `unknown field "Count"`},
		"no-consignee":       {"ultimate_consignee: Acme, ", "", `without the field "ultimate_consignee"`},
		"no-count":           {", count: 8", "", `without the field "count"`},
		"negative-count":     {"count: 8", "count: -8", "shipments[0].count: found -8"},
		"fractional-count":   {"count: 8", "count: 8.5", "whole number"},
		"enormous-count":     {"count: 8", "count: 1000000001", "expected 1 to 1000000000"},
		"no-date":            {"2025-06-01", "2025-06-31", "shipments[0].date"},
		"no-country":         {"destination: SG", "destination: SX9", "country"},
		"lower-case-country": {"destination: SG", "destination: sg", "write it as SG"},
		"authority":          {"authority: LPP", "authority: TMP", `found "TMP"`},
		"tpp-alone":          {"count: 8", `count: 8, tpp: "5"`, "stated together"},
		"tpp-of-known":       {"count: 8", `count: 8, tpp: "5", eccn: none`, "the catalogue has figures"},
		"tpp-exponent":       {`product: "NVIDIA H100 SXM5 80GB", count: 8`, `product: X, count: 8, tpp: "5e9", eccn: none`, "plain number"},
		"operator":           {"authority: LPP", "authority: AIA, operator: Beta", "toward another entity's limit"},
		"as-of":              {"shipments:", "as_of: soon\nshipments:", "as_of"},
		"second-document":    {"shipments:", "{}\n---\nshipments:", "second document"},
		"alias":              {"count: 8", "count: &n 8", "anchor"},
	} {
		text := strings.Replace(good, c.old, c.new, 1)
		if text == good {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := quota.Parse([]byte(text), "q.yaml", catalogue); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, expected %q", name, err, c.want)
		}
	}
	twice := strings.Replace(good, "}]", "}, "+good[len("shipments: ["):len(good)-1]+"]", 1)
	if _, err := quota.Parse([]byte(twice), "q.yaml", catalogue); err == nil || !strings.Contains(err.Error(), "same as shipments[0]") {
		t.Errorf("a line entered twice: %v", err)
	}
}

// TestOrderAndGrowth: the order of lines changes no sum and no verdict, and one
// more shipment never lowers what is used.
func TestOrderAndGrowth(t *testing.T) {
	rules, catalogue := embedded(t)
	day, _ := fdp.ParseDate("2026-06-01")
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	for range 200 {
		var d quota.Document
		for range 1 + random.IntN(8) {
			d.Shipments = append(d.Shipments, quota.Shipment{
				UltimateConsignee: pick("Acme", "Beta"), Headquarters: fdp.Country(pick("SG", "JP", "CN", "")), Destination: fdp.Country(pick("IN", "JP", "AE")),
				Date: pick("2025-03-01", "2025-12-31", "2026-02-01"), Authority: pick("licence", "LPP", "AIA", "NVEU"), Product: pick("NVIDIA H100 SXM5 80GB", "NVIDIA H20", "Hidden 9000"),
				Count: 1 + random.IntN(100000),
			})
		}
		whole := sums(t, rules, catalogue, d, day)
		shuffled := quota.Document{Shipments: slices.Clone(d.Shipments)}
		random.Shuffle(len(shuffled.Shipments), func(i, j int) {
			shuffled.Shipments[i], shuffled.Shipments[j] = shuffled.Shipments[j], shuffled.Shipments[i]
		})
		if again := sums(t, rules, catalogue, shuffled, day); !reflect.DeepEqual(whole, again) {
			t.Fatalf("order matters:\n%v\n%v", whole, again)
		}
		fewer := sums(t, rules, catalogue, quota.Document{Shipments: d.Shipments[1:]}, day)
		for key, r := range fewer {
			if more := whole[key]; more.Used == nil || rat(more.Used).Cmp(rat(r.Used)) < 0 {
				t.Fatalf("%s: %v with one more shipment, %v without", key, more.Used, r.Used)
			}
		}
	}
}
