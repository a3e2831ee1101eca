package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

type destinationsResult struct {
	Schema       string           `json:"schema"`
	Model        meter.ModelRef   `json:"model,omitempty"`
	AsOf         string           `json:"as_of"`
	RulesDigest  string           `json:"rules_digest"`
	Destinations []destinationRow `json:"destinations"`
	Pending      []string         `json:"pending"`
}

// destinationRow is what a regime of export control answers for one country.
type destinationRow struct {
	Destination fdp.Country   `json:"destination"`
	Name        string        `json:"name"`
	Regime      string        `json:"regime"`
	Controlled  fdp.Verdict   `json:"controlled"`
	Subject     fdp.Verdict   `json:"subject_to_ear"`
	Licence     fdp.Licence   `json:"licence"`
	Missing     []fdp.Missing `json:"missing"`
}

// byDestination answers for several countries. Only regimes of export control ask
// where the weights go.
func (a *app) byDestination(o evaluateOptions, q inquiry) error {
	countries := o.destinations
	if o.allDestinations() {
		countries = nil
		for _, c := range fdp.Countries() {
			countries = append(countries, string(c))
		}
	}
	result := destinationsResult{Schema: "weighbridge.dev/evaluate-destinations/v1", Model: q.facts.Model, AsOf: q.question.AsOf.Format("2006-01-02"),
		RulesDigest: q.rules.Digest(), Destinations: []destinationRow{}, Pending: q.pending}
	determinations, err := q.evaluate()
	if err != nil {
		return err
	}
	q.question.Regimes = nil
	for _, d := range determinations {
		if d.Export != nil {
			q.question.Regimes = append(q.question.Regimes, d.Regime)
		}
	}
	if q.question.Regimes == nil {
		return usage("--destination: none of the regimes asks where the weights go; us-4e091 does")
	}
	for i, country := range countries {
		if slices.Contains(countries[:i], country) {
			return usage("--destination %s stands twice", country)
		}
		q.question.Destination = country
		if err := q.question.Validate(q.rules); err != nil {
			return usage("%w", err)
		}
		if determinations, err = q.evaluate(); err != nil {
			return err
		}
		for _, d := range determinations {
			c := fdp.Country(country)
			result.Destinations = append(result.Destinations, destinationRow{c, c.Name(), d.Regime, d.Controlled, d.SubjectToEAR, d.Licence, d.Missing})
		}
	}
	return a.print(result)
}

func (r destinationsResult) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s by destination on %s\n", orTheModel(string(r.Model)), r.AsOf)
	rows := [][]string{{"to", "regime", "controlled", "subject to EAR", "licence", "exception", "policy", "country"}}
	for _, d := range r.Destinations {
		rows = append(rows, []string{string(d.Destination), d.Regime, d.Controlled.String(), d.Subject.String(), d.Licence.Required.String(),
			orNone(d.Licence.Exception), orNone(d.Licence.Policy), d.Name})
	}
	writeColumns(&b, rows)
	for _, note := range r.Pending {
		fmt.Fprintf(&b, "included: %s\n", note)
	}
	b.WriteString("Not legal advice. evaluate --destination CC gives the paragraphs of one line.\n")
	return b.String()
}
