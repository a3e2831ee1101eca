package attest

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/weighbridge/weighbridge/meter/canonical"
)

// inOneEncoding holds the JSON of a predicate to what was read from it: every key
// and value in it must be there again when read is written, so that no key in
// another case and no second spelling of a value passes. What is hidden is only in
// the second.
func inOneEncoding(data []byte, read any) error {
	again, err := canonical.Encode(read)
	if err != nil {
		return err
	}
	var trees [2]any
	for i, each := range [][]byte{data, again} {
		dec := json.NewDecoder(bytes.NewReader(each))
		dec.UseNumber()
		if err := dec.Decode(&trees[i]); err != nil {
			return err
		}
	}
	return within(trees[0], trees[1], "predicate")
}

// within returns what a has otherwise than b.
func within(a, b any, path string) error {
	switch a := a.(type) {
	case map[string]any:
		other, ok := b.(map[string]any)
		if !ok {
			return fmt.Errorf("%s: an object is not expected here", path)
		}
		for key, value := range a {
			if empty, ok := value.([]any); ok && len(empty) == 0 && other[key] == nil {
				continue // an optional list without elements
			}
			if _, known := other[key]; !known {
				return fmt.Errorf("%s: the key %q is not known here, or has a value that is left out", path, clip(key))
			}
			if err := within(value, other[key], path+"."+clip(key)); err != nil {
				return err
			}
		}
		return nil
	case []any:
		other, ok := b.([]any)
		if !ok || len(other) != len(a) {
			return fmt.Errorf("%s: a list of %d is not expected here", path, len(a))
		}
		for i := range a {
			if err := within(a[i], other[i], fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
		return nil
	}
	if a != b {
		return fmt.Errorf("%s: found %.60q, expected the spelling %.60q", path, fmt.Sprint(a), fmt.Sprint(b))
	}
	return nil
}
