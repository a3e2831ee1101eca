package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// jsonFault says what is wrong with a document of ours in words for whoever
// wrote it: what was found, what is expected, and in which field.
func jsonFault(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kind):
		where := "the document"
		if kind.Field != "" {
			where = fmt.Sprintf("field %q", kind.Field)
		}
		return fmt.Errorf("%s: found %s, expected %s (at byte %d)", where, foundJSON(kind.Value), expectedJSON(kind.Type), kind.Offset)
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON: %s", syntax)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("not JSON: it ends too early")
	case errors.Is(err, io.EOF):
		return errors.New("not JSON: it is empty")
	}
	return errors.New(strings.Replace(err.Error(), "json: unknown field", "unknown field", 1)) // has no type of its own
}

// foundJSON puts an article before the decoder's word, which may carry the
// number itself, as in "number -1".
func foundJSON(word string) string {
	kind, value, _ := strings.Cut(word, " ")
	switch {
	case value != "":
		return "the number " + value
	case kind == "bool":
		return "true or false"
	case kind == "array":
		return "a list"
	case kind == "object":
		return "an object"
	}
	return "a " + kind
}

func expectedJSON(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return expectedJSON(t.Elem())
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return fmt.Sprintf("a whole number from 0 to %d", uint64(1)<<t.Bits()-1)
	}
	return "a whole number"
}
