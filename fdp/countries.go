package fdp

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed countries.txt
var countries string

// ParseCountry reads an ISO 3166-1 alpha-2 code in upper case.
func ParseCountry(s string) (Country, error) {
	if Country(s).Name() != "" {
		return Country(s), nil
	}
	hint := ""
	if upper := strings.ToUpper(s); upper != s && Country(upper).Name() != "" {
		hint = "; write it as " + upper
	}
	if s == "UK" || s == "EU" || s == "EL" {
		hint = "; the United Kingdom is GB, Greece is GR, and the EU is no country: name the member state"
	}
	return "", fmt.Errorf("country %q: expected a two-letter code of ISO 3166, as in JP%s", clip(s), hint)
}

// Name returns the English short name, or "" for what is no code.
func (c Country) Name() string {
	if len(c) != 2 {
		return ""
	}
	_, rest, found := strings.Cut(countries, "\n"+string(c)+"\t")
	if !found {
		return ""
	}
	name, _, _ := strings.Cut(rest, "\n")
	return name
}

// Countries returns every code in alphabetical order.
func Countries() []Country {
	var all []Country
	for _, line := range strings.Split(countries, "\n") {
		if code, _, found := strings.Cut(line, "\t"); found && Country(code).Name() != "" {
			all = append(all, Country(code))
		}
	}
	slices.Sort(all)
	return all
}
