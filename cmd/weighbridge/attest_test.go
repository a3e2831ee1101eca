package main

import (
	"math/rand/v2"
	"regexp"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// TestReference: every model has a tag of its own, within the alphabet that
// registries (distribution specification) and layouts (image specification)
// both take.
func TestReference(t *testing.T) {
	tag := regexp.MustCompile(`^[A-Za-z0-9]+((--|[-._:@+])[A-Za-z0-9]+)*$`)
	const letters = "abAB01.._--"
	part := func() string {
		b := []byte{letters[rand.N(6)]}
		for range rand.N(6) {
			b = append(b, letters[rand.N(len(letters))])
		}
		return string(b)
	}
	seen := map[string]meter.ModelRef{}
	for range 200_000 {
		model, err := meter.ParseModel(part() + "/" + part() + "@" + part())
		if err != nil {
			continue
		}
		got := reference(model)
		if !tag.MatchString(got) || len(got) > maxTag {
			t.Fatalf("%s has the tag %q", model, got)
		}
		if other, taken := seen[got]; taken && other != model {
			t.Fatalf("%s and %s have the tag %q", model, other, got)
		}
		seen[got] = model
	}
	if len(seen) < 10_000 {
		t.Fatalf("only %d models were tried", len(seen))
	}
	if got := reference("acme/atlas@1.5"); got != "acme.atlas.1.5" {
		t.Error(got)
	}
}
