package fdp

import (
	"reflect"
	"strings"
)

// StatedValues are values that a document may state at a path, as JSON: true and false,
// each of a closed list, some countries that the groups of the rules tell apart, of a
// document the words for none and a made-up number, and of a list one made-up entry. None
// where the path ends at no value of these kinds.
func StatedValues(path string) []string {
	field, found := fieldAt(path)
	if !found {
		return nil
	}
	quoted := func(words string) (out []string) {
		for _, word := range strings.Split(words, "|") {
			out = append(out, `"`+word+`"`)
		}
		return out
	}
	closed, reference := field.Tag.Get("oneof"), field.Tag.Get("reference")
	switch t := field.Type; {
	case t == reflect.TypeFor[*bool]():
		return []string{"true", "false"}
	case t == reflect.TypeFor[Country]():
		return quoted(tellingCountries)
	case t == reflect.TypeFor[[]Country]():
		return listed(quoted(tellingCountries))
	case t == reflect.TypeFor[[]string]() && closed != "":
		return listed(quoted(closed)[:1])
	case t == reflect.TypeFor[[]string]():
		return []string{`["a notice"]`}
	case t == reflect.TypeFor[string]() && closed != "":
		return quoted(closed)
	case t == reflect.TypeFor[string]() && reference != "":
		return quoted(reference + "|D1234567")
	}
	return nil
}

// tellingCountries: in Country Group D:5, outside it and outside Supp. 5(a) to Part 740,
// and the country of the rules.
const tellingCountries = "CN|AE|US"

func listed(values []string) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = "[" + value + "]"
	}
	return out
}

// fieldAt is the field of a facts document at a path.
func fieldAt(path string) (field reflect.StructField, found bool) {
	t := reflect.TypeFor[Facts]()
	for name := range strings.SplitSeq(path, ".") {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return field, false
		}
		if field, found = fieldsOf(t)[name]; !found {
			return field, false
		}
		t = field.Type
	}
	return field, found
}
