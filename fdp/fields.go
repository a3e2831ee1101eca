package fdp

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fieldsOf returns the fields of a struct by the name they have in a document.
// The embedded interval of [Work] stands under its own three names.
func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	fields := map[string]reflect.StructField{}
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Tag.Get("inline") != "":
			for _, name := range []string{"low", "estimate", "high"} {
				fields[name] = f
			}
		case jsonName(f) != "":
			fields[jsonName(f)] = f
		}
	}
	return fields
}

// names returns the names of the fields in their order, for messages.
func names(t reflect.Type) []string {
	var out []string
	for i := range t.NumField() {
		switch f := t.Field(i); {
		case f.Tag.Get("inline") != "":
			out = append(out, "low", "estimate", "high")
		case jsonName(f) != "":
			out = append(out, jsonName(f))
		}
	}
	return out
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func orDocument(path string) string {
	if path == "" {
		return "document"
	}
	return path
}

func oneOf(text, list string) bool {
	for _, s := range strings.Split(list, "|") {
		if s == text {
			return true
		}
	}
	return false
}

// clip keeps a hostile value from filling an error message.
func clip(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "..."
	}
	return s
}

// show describes a node in an error.
func show(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return "nothing (null)"
		}
		return fmt.Sprintf("%q", clip(n.Value))
	}
	return "something else"
}

// sortedKeys returns the keys of m in order: no output depends on map order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
