package fdp

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Limits of a document: a facts document of a real lineage has a few hundred
// lines; these keep a hostile one from costing more than it is worth.
const (
	MaxDocumentBytes = 4 << 20 // of a facts document or a rule file
	maxDepth         = 1000    // nested mappings and lists; a generation of parents takes two
	maxText          = 300     // bytes of one free text
)

// DocumentError reports what is wrong in a facts document or a rule file, and
// where. Line and Column count from 1; 0 means the document as a whole.
type DocumentError struct {
	Name    string
	Line    int
	Column  int
	Message string
	Excerpt string // the offending line
}

func (e *DocumentError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Name, e.Message)
	}
	where := fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Column, e.Message)
	if strings.TrimSpace(e.Excerpt) == "" {
		return where
	}
	return where + "\n  " + e.Excerpt
}

// document is a parsed YAML or JSON text: its nodes, and where each path of the
// value read from it stands.
type document struct {
	name   string
	lines  []string
	places map[string]*yaml.Node
	fields map[reflect.Type]map[string]reflect.StructField // of the structs met so far
}

// fieldsOf keeps what the fields of a struct are: a document has many of a kind.
func (d *document) fieldsOf(t reflect.Type) map[string]reflect.StructField {
	fields, found := d.fields[t]
	if !found {
		fields = fieldsOf(t)
		d.fields[t] = fields
	}
	return fields
}

// openDocument parses data into its one root node. It refuses what would make
// the text mean more than it shows: aliases, anchors, tags, several documents.
func openDocument(data []byte, name string) (*document, *yaml.Node, error) {
	d := &document{name: name, places: map[string]*yaml.Node{}, fields: map[reflect.Type]map[string]reflect.StructField{}}
	whole := func(format string, args ...any) error {
		return &DocumentError{Name: name, Message: fmt.Sprintf(format, args...)}
	}
	switch {
	case len(data) > MaxDocumentBytes:
		return nil, nil, whole("found %d bytes, expected at most %d", len(data), MaxDocumentBytes)
	case !utf8.Valid(data):
		return nil, nil, whole("not UTF-8: save it as UTF-8 text")
	case len(bytes.TrimSpace(data)) == 0:
		return nil, nil, whole("empty: expected a mapping of fields; one that states nothing is {}")
	}
	d.lines = strings.Split(string(data), "\n")
	if json.Valid(data) { // tabs are white space in JSON and an error in YAML
		data = bytes.ReplaceAll(data, []byte("\t"), []byte(" "))
	}
	root, err := d.parse(data)
	if err != nil {
		return nil, nil, err
	}
	return d, root, d.refuseIndirection(root, 0)
}

func (d *document) parse(data []byte) (root *yaml.Node, err error) {
	defer func() { // the YAML library panics on some malformed input
		if p := recover(); p != nil {
			err = &DocumentError{Name: d.name, Message: fmt.Sprintf("not readable as YAML: %v", p)}
		}
	}()
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	if err := decoder.Decode(&first); err != nil {
		return nil, d.syntaxError(err)
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		return nil, d.errorAt(&second, "found a second document, expected one")
	case !errors.Is(err, io.EOF):
		return nil, d.syntaxError(err)
	}
	if len(first.Content) != 1 {
		return nil, d.errorAt(&first, "expected one mapping")
	}
	return first.Content[0], nil
}

var yamlLine = regexp.MustCompile(`line (\d+): (.*)`)

func (d *document) syntaxError(err error) error {
	out := &DocumentError{Name: d.name, Message: strings.TrimPrefix(err.Error(), "yaml: ")}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		out.Line, _ = strconv.Atoi(m[1])
		out.Column, out.Message = 1, m[2]
		out.Excerpt = d.line(out.Line)
	}
	out.Message = "not valid YAML or JSON: " + out.Message
	return out
}

func (d *document) line(n int) string {
	if n < 1 || n > len(d.lines) {
		return ""
	}
	line := strings.TrimRight(d.lines[n-1], "\r")
	if len(line) > 160 {
		line = strings.ToValidUTF8(line[:160], "") + "..."
	}
	return line
}

func (d *document) errorAt(n *yaml.Node, format string, args ...any) error {
	return &DocumentError{Name: d.name, Line: n.Line, Column: n.Column, Message: fmt.Sprintf(format, args...), Excerpt: d.line(n.Line)}
}

// errorAtPath places an error about a value by its path.
func (d *document) errorAtPath(path string, format string, args ...any) error {
	for p := path; ; p = p[:strings.LastIndexAny(p, ".[")] {
		if n, found := d.places[p]; found {
			return d.errorAt(n, format, args...)
		}
		if !strings.ContainsAny(p, ".[") {
			return &DocumentError{Name: d.name, Message: fmt.Sprintf(format, args...)}
		}
	}
}

func (d *document) refuseIndirection(n *yaml.Node, depth int) error {
	switch {
	case depth > 2*maxDepth:
		return d.errorAt(n, "nested more than %d levels deep", 2*maxDepth)
	case n.Kind == yaml.AliasNode:
		return d.errorAt(n, "alias *%s: write the value out", clip(n.Value))
	case n.Anchor != "":
		return d.errorAt(n, "anchor &%s: write the value out", clip(n.Anchor))
	case n.Style&yaml.TaggedStyle != 0:
		return d.errorAt(n, "tag %s: expected a plain value", clip(n.Tag))
	}
	for _, child := range n.Content {
		if err := d.refuseIndirection(child, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// decode fills v, a struct addressed by path, from n.
func (d *document) decode(n *yaml.Node, path string, v reflect.Value, tag reflect.StructTag) error {
	d.places[path] = n
	if handled, err := d.decodeKnown(n, path, v, tag); handled {
		return err
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return d.decode(n, path, v.Elem(), tag)
	case reflect.Slice:
		return d.decodeList(n, path, v, tag)
	case reflect.Map:
		return d.decodeMap(n, path, v, tag)
	case reflect.Struct:
		return d.decodeStruct(n, path, v)
	case reflect.Bool:
		if n.Kind != yaml.ScalarNode || n.Style != 0 || n.Value != "true" && n.Value != "false" {
			return d.errorAt(n, "%s: found %s, expected true or false", path, show(n))
		}
		v.SetBool(n.Value == "true")
		return nil
	case reflect.Int:
		i, err := strconv.Atoi(n.Value)
		if err != nil || strconv.Itoa(i) != n.Value || n.Kind != yaml.ScalarNode {
			return d.errorAt(n, "%s: found %s, expected a whole number", path, show(n))
		}
		v.SetInt(int64(i))
		return nil
	case reflect.String:
		text, err := d.text(n, path)
		if err != nil {
			return err
		}
		if list := tag.Get("oneof"); list != "" && !oneOf(text, list) {
			return d.errorAt(n, "%s: found %q, expected one of %s", path, clip(text), strings.ReplaceAll(list, "|", ", "))
		}
		if err := checkNamed(text, tag); err != nil {
			return d.errorAt(n, "%s: %v", path, err)
		}
		v.SetString(text)
		return nil
	}
	return d.errorAt(n, "%s: a %s cannot be read", path, v.Type())
}

// decodeList reads a list. Where its field has an example, an error shows it.
func (d *document) decodeList(n *yaml.Node, path string, v reflect.Value, tag reflect.StructTag) error {
	err := d.decodeItems(n, path, v, tag)
	var at *DocumentError
	if example := tag.Get("example"); example != "" && errors.As(err, &at) {
		at.Message += "; as in " + example
	}
	return err
}

func (d *document) decodeItems(n *yaml.Node, path string, v reflect.Value, tag reflect.StructTag) error {
	if n.Kind == yaml.ScalarNode && tag.Get("single") != "" && n.Tag != "!!null" {
		n = &yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{n}, Line: n.Line, Column: n.Column}
	}
	if n.Kind != yaml.SequenceNode {
		return d.errorAt(n, "%s: found %s, expected a list; [] says that there are none", path, show(n))
	}
	if len(n.Content) == 0 && tag.Get("single") != "" {
		return d.errorAt(n, "%s: found an empty list, expected at least one; leave the field out when it is not known", path)
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		if err := d.decode(item, fmt.Sprintf("%s[%d]", path, i), v.Index(i), tag); err != nil {
			return err
		}
	}
	return nil
}

// pairs calls visit for each key of a mapping. A key written twice is an error.
func (d *document) pairs(n *yaml.Node, path string, visit func(key, value *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return d.errorAt(n, "%s: found %s, expected a mapping of fields", orDocument(path), show(n))
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return d.errorAt(key, "%s: found %s as a key, expected a name", orDocument(path), show(key))
		}
		if seen[key.Value] {
			return d.errorAt(key, "%s: key %q stands twice; keep one", orDocument(path), clip(key.Value))
		}
		seen[key.Value] = true
		if err := visit(key, value); err != nil {
			return err
		}
	}
	return nil
}

func (d *document) decodeMap(n *yaml.Node, path string, v reflect.Value, tag reflect.StructTag) error {
	v.Set(reflect.MakeMap(v.Type()))
	return d.pairs(n, path, func(key, value *yaml.Node) error {
		item := reflect.New(v.Type().Elem()).Elem()
		if err := d.decode(value, join(path, key.Value), item, tag); err != nil {
			return err
		}
		v.SetMapIndex(reflect.ValueOf(key.Value).Convert(v.Type().Key()), item)
		return nil
	})
}

func (d *document) decodeStruct(n *yaml.Node, path string, v reflect.Value) error {
	if err := d.decodeFieldsAt(n, path, v); err != nil {
		return err
	}
	return d.requireFields(n, path, v)
}

// decodeFields reads a part of a struct that stands in several files: its
// required fields may stand in another.
func (d *document) decodeFields(n *yaml.Node, v reflect.Value) error {
	return d.decodeFieldsAt(n, "", v)
}

func (d *document) decodeFieldsAt(n *yaml.Node, path string, v reflect.Value) error {
	fields := d.fieldsOf(v.Type())
	err := d.pairs(n, path, func(key, value *yaml.Node) error {
		f, found := fields[key.Value]
		if !found {
			return d.errorAt(key, "%s: unknown field %q; expected one of %s", orDocument(path), clip(key.Value), strings.Join(names(v.Type()), ", "))
		}
		if f.Tag.Get("inline") != "" {
			return nil // read below, its keys together
		}
		return d.decode(value, join(path, key.Value), v.FieldByIndex(f.Index), f.Tag)
	})
	if err != nil {
		return err
	}
	if f, found := fields["estimate"]; found && f.Tag.Get("inline") != "" {
		return d.decodeInterval(n, path, v.FieldByIndex(f.Index), true)
	}
	return nil
}

func (d *document) requireFields(n *yaml.Node, path string, v reflect.Value) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Tag.Get("required") != "" && v.Field(i).IsZero() {
			return d.errorAt(n, "%s: without the field %q, which it must have", orDocument(path), jsonName(f))
		}
	}
	return nil
}
