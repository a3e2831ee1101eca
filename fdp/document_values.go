package fdp

import (
	"fmt"
	"math/big"
	"reflect"
	"regexp"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/weighbridge/weighbridge/meter"
)

// decodeKnown reads the types whose text has a grammar of its own.
func (d *document) decodeKnown(n *yaml.Node, path string, v reflect.Value, tag reflect.StructTag) (handled bool, err error) {
	switch target := v.Addr().Interface().(type) {
	case *meter.ModelRef:
		return true, parseInto(d, n, path, target, meter.ParseModel)
	case *meter.Activity:
		return true, parseInto(d, n, path, target, meter.ParseActivity)
	case *meter.Relation:
		return true, parseInto(d, n, path, target, meter.ParseRelation)
	case *Country:
		return true, parseInto(d, n, path, target, ParseCountry)
	case *Share:
		return true, parseInto(d, n, path, target, ParseShare)
	case *meter.Ops:
		return true, parseInto(d, n, path, target, meter.ParseOps)
	case *Publication:
		return true, d.decodePublication(n, path, target, tag)
	case **meter.Interval:
		return true, d.decodeInterval(n, path, v, false)
	case *blank: // a date of a rule; "" is open-ended
		if n.Kind == yaml.ScalarNode && n.Value == "" && n.Tag != "!!null" {
			return true, nil
		}
		text, err := d.text(n, path)
		*target = blank(text)
		return true, err
	case *Amount:
		return true, d.decodeAmount(n, path, target)
	}
	return false, nil
}

func parseInto[T any](d *document, n *yaml.Node, path string, target *T, parse func(string) (T, error)) error {
	text, err := d.text(n, path)
	if err != nil {
		return err
	}
	value, err := parse(text)
	if err != nil {
		return d.errorAt(n, "%s: %v", path, err)
	}
	*target = value
	return nil
}

// text returns a scalar as it is written, quoted or not.
func (d *document) text(n *yaml.Node, path string) (string, error) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return "", d.errorAt(n, "%s: found %s, expected one value; leave the field out when it is not known", path, show(n))
	}
	if n.Value == "" || len(n.Value) > maxText {
		return "", d.errorAt(n, "%s: found %d bytes, expected 1 to %d", path, len(n.Value), maxText)
	}
	for _, r := range n.Value {
		if !unicode.IsPrint(r) {
			return "", d.errorAt(n, "%s: character %U is not printable", path, r)
		}
	}
	return n.Value, nil
}

// decodePublication reads one of the three states; where the document asks
// "published?" it may also say true or false.
func (d *document) decodePublication(n *yaml.Node, path string, target *Publication, tag reflect.StructTag) error {
	text, err := d.text(n, path)
	if err != nil {
		return err
	}
	expected := "published, restricted or unpublished"
	if tag.Get("publication") == "bool" {
		expected = "true (published), false (unpublished) or restricted"
		switch {
		case text == "true" && n.Style == 0:
			text = string(Published)
		case text == "false" && n.Style == 0:
			text = string(Unpublished)
		}
	}
	switch p := Publication(text); p {
	case Published, Restricted, Unpublished:
		*target = p
		return nil
	}
	return d.errorAt(n, "%s: found %q, expected %s (15 CFR 734.7(a))", path, clip(text), expected)
}

// decodeInterval reads one number, or a mapping of low, estimate and high. With
// others true the mapping may have further fields. An estimate alone is one
// number. A bound that is left out, or null, is not known: low is then 0.
func (d *document) decodeInterval(n *yaml.Node, path string, v reflect.Value, others bool) error {
	if n.Kind == yaml.ScalarNode {
		var exact meter.Ops
		if err := parseInto(d, n, path, &exact, meter.ParseOps); err != nil {
			return err
		}
		return setInterval(v, meter.Exact(exact))
	}
	given := map[string]bool{}
	bounds := map[string]meter.Bound{}
	err := d.pairs(n, path, func(key, value *yaml.Node) error {
		if key.Value != "low" && key.Value != "estimate" && key.Value != "high" {
			if others {
				return nil
			}
			return d.errorAt(key, "%s: unknown field %q; expected one number, or low, estimate and high", path, clip(key.Value))
		}
		given[key.Value] = true
		if value.Kind == yaml.ScalarNode && value.Tag == "!!null" && key.Value != "low" {
			return nil
		}
		var ops meter.Ops
		err := parseInto(d, value, join(path, key.Value), &ops, meter.ParseOps)
		bounds[key.Value] = meter.Known(ops)
		return err
	})
	switch {
	case err != nil:
		return err
	case len(given) == 0 && others:
		return nil
	case len(given) == 0:
		return d.errorAt(n, "%s: found {}, expected one number, or low, estimate and high", path)
	case len(given) == 1 && bounds["estimate"].Known:
		return setInterval(v, meter.Exact(bounds["estimate"].Ops))
	}
	interval, err := meter.NewInterval(bounds["low"].Ops, bounds["estimate"], bounds["high"])
	if err != nil {
		return d.errorAt(n, "%s: %v", path, err)
	}
	return setInterval(v, interval)
}

func setInterval(v reflect.Value, i meter.Interval) error {
	v.Set(reflect.ValueOf(&i))
	return nil
}

// decodeAmount reads a number, an interval, or a list of work by activity.
func (d *document) decodeAmount(n *yaml.Node, path string, a *Amount) error {
	if n.Kind == yaml.SequenceNode {
		return d.decodeList(n, path, reflect.ValueOf(&a.Work).Elem(), "")
	}
	return d.decodeInterval(n, path, reflect.ValueOf(&a.Total).Elem(), false)
}

var decimal = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]{1,2})?$`)

// maxShareDigits bounds the digits of a share after the point.
const maxShareDigits = 40

// ParseShare reads an exact decimal from 0 to 1, such as "0.2" or "1e-3".
func ParseShare(s string) (Share, error) {
	if len(s) > 2*maxShareDigits || !decimal.MatchString(s) {
		return "", fmt.Errorf("share %q: expected a decimal from 0 to 1, as in 0.25", clip(s))
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok || r.Cmp(big.NewRat(1, 1)) > 0 {
		return "", fmt.Errorf("share %q: expected at most 1: a share is a part of the whole, 0.25 for 25 percent", clip(s))
	}
	text := r.FloatString(maxShareDigits)
	if back, ok := new(big.Rat).SetString(text); !ok || back.Cmp(r) != 0 {
		return "", fmt.Errorf("share %q: expected at most %d digits after the point", clip(s), maxShareDigits)
	}
	return Share(strings.TrimSuffix(strings.TrimRight(text, "0"), ".")), nil
}

// Rat returns the exact value, and false when the share is not stated.
func (s Share) Rat() (*big.Rat, bool) {
	if s == "" {
		return nil, false
	}
	return new(big.Rat).SetString(string(s))
}
