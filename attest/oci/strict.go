package oci

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// decode parses data into value. The formats are OCI's and ModelPack's, which let
// readers pass over fields that they do not know; what would let two readers see
// two things is refused: invalid UTF-8, a duplicate key, a known key in another
// case (Go's decoder would take it), nesting beyond maxDepth, bytes behind the end.
func decode(data []byte, value any) error {
	if !utf8.Valid(data) {
		return errors.New("bytes that are not valid UTF-8")
	}
	if err := scan(data); err != nil {
		return err
	}
	return json.Unmarshal(data, value)
}

// knownKeys are the fields that the decoder looks for, of all documents together.
var knownKeys = []string{
	"annotations", "artifactType", "config", "data", "descriptor", "diffIds", "digest", "imageLayoutVersion", "layers",
	"manifests", "mediaType", "modelfs", "platform", "schemaVersion", "size", "subject", "type", "urls",
}

// level is an object or array that scan is inside of.
type level struct {
	object bool
	free   bool // the keys are the writer's own, as in annotations
	key    string
	atKey  bool // the next token is a key, or the end
	keys   map[string]bool
}

func scan(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var stack []*level
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		if stack, err = step(stack, token); err != nil {
			return err
		}
		if len(stack) == 0 {
			break
		}
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errors.New("bytes behind the end of the document")
	}
	return nil
}

func step(stack []*level, token json.Token) ([]*level, error) {
	var top *level
	if len(stack) > 0 {
		top = stack[len(stack)-1]
	}
	delim, isDelim := token.(json.Delim)
	if isDelim && (delim == '}' || delim == ']') {
		return stack[:len(stack)-1], nil
	}
	if top != nil && top.object && top.atKey {
		top.atKey = false
		return stack, top.take(token.(string))
	}
	if top != nil {
		top.atKey = true // behind this value comes a key
	}
	if !isDelim {
		return stack, nil
	}
	if len(stack) == maxDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	free := top != nil && (top.free || top.object && top.key == "annotations")
	return append(stack, &level{object: delim == '{', free: free, atKey: true, keys: map[string]bool{}}), nil
}

func (l *level) take(key string) error {
	if l.keys[key] {
		return fmt.Errorf("key %q occurs twice in one object", clip(key))
	}
	l.keys[key], l.key = true, key
	i := slices.IndexFunc(knownKeys, func(known string) bool { return strings.EqualFold(known, key) })
	if !l.free && i >= 0 && knownKeys[i] != key {
		return fmt.Errorf("key %q: expected it written as %q", key, knownKeys[i])
	}
	return nil
}

// clip shortens a hostile text for an error message.
func clip(s string) string {
	if len(s) > 80 {
		return s[:77] + "..."
	}
	return s
}
