package estimate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Limits of a configuration. They are far above any published model, and low
// enough that no count of parameters or operations per token can overflow.
const (
	maxConfigBytes = 1 << 20
	maxDepth       = 32
	maxLayers      = 10_000
	maxHeads       = 1 << 16
	maxWidth       = 1 << 20 // hidden width, width of a head
	maxQueries     = 1 << 22 // heads x width of a head
	maxWide        = 1 << 24 // feed-forward width, vocabulary
	maxLatent      = 1 << 14 // width of a head behind a low rank
	maxExperts     = 1 << 16 // in a layer
	maxPatches     = 1 << 24 // of an image
	maxPrediction  = 64      // prediction modules
	maxState       = 1 << 16 // of a recurrence, groups, taps
)

// config is an object of a config.json, with the problems met in reading the
// whole file.
type config struct {
	fields   map[string]json.RawMessage
	path     string // of a nested object, "" or ending in a point
	problems *[]error
}

// readConfig splits the object into its fields. Fields that no family asks for
// are ignored: the format is foreign and grows.
func readConfig(data []byte) (*config, error) {
	if len(data) > maxConfigBytes {
		return nil, fmt.Errorf("config: %d bytes: expected at most %d", len(data), maxConfigBytes)
	}
	if !utf8.Valid(data) {
		return nil, errors.New("config: not UTF-8 text: expected a Hugging Face config.json")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := checkObject(dec); err != nil {
		return nil, fmt.Errorf("config: %w: expected a Hugging Face config.json", err)
	}
	c := &config{problems: new([]error)}
	if err := json.Unmarshal(data, &c.fields); err != nil {
		return nil, fmt.Errorf("config: %w: expected a Hugging Face config.json", err)
	}
	return c, nil
}

// checkObject accepts one object without duplicate keys, not too deep, with
// nothing after it.
func checkObject(dec *json.Decoder) error {
	t, err := dec.Token()
	if err != nil {
		return cut(err)
	}
	if t != json.Delim('{') {
		return fmt.Errorf("found %.40q at the start, expected an object", fmt.Sprint(t))
	}
	if err := checkValue(dec, t, "", 1); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return fmt.Errorf("trailing bytes after the object")
	}
	return nil
}

func checkValue(dec *json.Decoder, t json.Token, path string, depth int) error {
	open, nested := t.(json.Delim)
	if !nested {
		return nil
	}
	if depth > maxDepth {
		return fmt.Errorf("%s: nested deeper than %d", clip(path), maxDepth)
	}
	seen := map[string]bool{}
	for dec.More() {
		element, err := dec.Token()
		if err != nil {
			return cut(err)
		}
		name := path + "[]"
		if key, isKey := element.(string); isKey && open == '{' {
			name = strings.TrimPrefix(path+"."+key, ".")
			if seen[key] {
				return fmt.Errorf("%s: the key stands twice", clip(name))
			}
			seen[key] = true
			if element, err = dec.Token(); err != nil {
				return cut(err)
			}
		}
		if err := checkValue(dec, element, name, depth+1); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return cut(err)
}

// cut says what a bare EOF means here.
func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("the text ends early")
	}
	return err
}

// err returns the problems met, joined.
func (c *config) err() error { return errors.Join(*c.problems...) }

func (c *config) problem(name, format string, args ...any) {
	*c.problems = append(*c.problems, fmt.Errorf("config: %s%s: %s", c.path, name, fmt.Sprintf(format, args...)))
}

// stated returns the field's text; null counts as absent, as in the library
// that reads these files.
func (c *config) stated(name string) (string, bool) {
	raw, found := c.fields[name]
	text := string(bytes.TrimSpace(raw))
	return text, found && text != "null"
}

// size returns a required whole number from 1 to limit.
func (c *config) size(name string, limit uint64) uint64 {
	if _, found := c.stated(name); !found {
		c.problem(name, "missing: expected a whole number from 1 to %d: take config.json as it was published with the model", limit)
		return 0
	}
	return c.sizeOr(name, 0, limit)
}

// sizeOr returns an optional whole number from 1 to limit.
func (c *config) sizeOr(name string, fallback, limit uint64) uint64 {
	text, found := c.stated(name)
	if !found {
		return fallback
	}
	var n uint64
	if err := json.Unmarshal([]byte(text), &n); err != nil || n == 0 || n > limit {
		c.problem(name, "found %s, expected a whole number from 1 to %d", clip(text), limit)
		return 0
	}
	return n
}

// countOr returns an optional whole number from 0 to limit.
func (c *config) countOr(name string, fallback, limit uint64) uint64 {
	if text, _ := c.stated(name); text == "0" {
		return 0
	}
	return c.sizeOr(name, fallback, limit)
}

// either returns the first name that is stated, else the second.
func (c *config) either(first, second string) string {
	if _, found := c.stated(first); found {
		return first
	}
	return second
}

// object returns an optional nested object; absent, it states nothing.
func (c *config) object(name string) *config {
	inner := &config{path: c.path + name + ".", problems: c.problems}
	if text, found := c.stated(name); found && json.Unmarshal([]byte(text), &inner.fields) != nil {
		c.problem(name, "found %s, expected an object", clip(text))
	}
	return inner
}

// flag returns an optional truth value; the fallback is the default of the
// model's class in the library, which published files leave out.
func (c *config) flag(name string, fallback bool) bool {
	text, found := c.stated(name)
	if !found {
		return fallback
	}
	if text != "true" && text != "false" {
		c.problem(name, "found %s, expected true or false", clip(text))
	}
	return text == "true"
}

// words returns an optional list of strings.
func (c *config) words(name string) ([]string, bool) {
	text, found := c.stated(name)
	if !found {
		return nil, false
	}
	var list []string
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		c.problem(name, "found %s, expected a list of strings", clip(text))
	}
	return list, true
}

// word returns a required string.
func (c *config) word(name string) string {
	text, found := c.stated(name)
	var s string
	if !found {
		c.problem(name, "missing: expected a string")
	} else if err := json.Unmarshal([]byte(text), &s); err != nil {
		c.problem(name, "found %s, expected a string", clip(text))
	}
	return s
}

// clip shortens a hostile text for an error message.
func clip(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:57], "") + "..."
	}
	return s
}

// numbers returns an optional list of whole numbers up to limit.
func (c *config) numbers(name string, limit uint64) ([]uint64, bool) {
	text, found := c.stated(name)
	if !found {
		return nil, false
	}
	var list []uint64
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		c.problem(name, "found %s, expected a list of whole numbers", clip(text))
	}
	for _, n := range list {
		if n > limit {
			c.problem(name, "found %d, expected at most %d", n, limit)
		}
	}
	return list, true
}
