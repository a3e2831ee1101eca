package entry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/weighbridge/weighbridge/meter/canonical"
)

// CanonicalObject writes a value that encodes as a JSON object in the form that
// the content of a note has.
func CanonicalObject(v any) (json.RawMessage, error) {
	data, err := canonical.Encode(v)
	if err != nil {
		return nil, err
	}
	return canonicalObject(data)
}

// canonicalObject returns a JSON object in its one form: no white space, texts
// with the fewest escapes, numbers as they stand, keys in the order given. A key
// that stands twice in an object, trailing bytes and too deep nesting are errors.
func canonicalObject(data []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var out bytes.Buffer
	first, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("expected a JSON object: %w", err)
	}
	if first != json.Delim('{') {
		return nil, fmt.Errorf("found %.40q, expected a JSON object", data)
	}
	if err := canonicalValue(dec, first, &out, 1); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("expected nothing after the JSON object")
	}
	return out.Bytes(), nil
}

func canonicalValue(dec *json.Decoder, token json.Token, out *bytes.Buffer, depth int) error {
	if depth > maxNoteDepth {
		return fmt.Errorf("nested more than %d levels deep", maxNoteDepth)
	}
	open, isOpen := token.(json.Delim)
	if !isOpen {
		data, err := canonical.Encode(token)
		out.Write(data)
		return err
	}
	out.WriteString(open.String())
	keys := map[string]bool{}
	for n := 0; dec.More(); n++ {
		if n > 0 {
			out.WriteByte(',')
		}
		item, err := dec.Token()
		if err != nil {
			return err
		}
		if key, isKey := item.(string); open == '{' && isKey {
			if keys[key] {
				return fmt.Errorf("key %.60q stands twice", key)
			}
			keys[key] = true
			data, err := canonical.Encode(key)
			if err != nil {
				return err
			}
			out.Write(append(data, ':'))
			if item, err = dec.Token(); err != nil {
				return err
			}
		}
		if err := canonicalValue(dec, item, out, depth+1); err != nil {
			return err
		}
	}
	end, err := dec.Token()
	if err != nil {
		return err
	}
	out.WriteString(end.(json.Delim).String())
	return nil
}
