package fdp

import "reflect"

// Document is a YAML or JSON text that was read into a Go value, for errors that
// say where in it something is wrong.
type Document struct{ d *document }

// DecodeStrict reads a YAML or JSON document into the struct that into points to,
// as strictly as a facts document: unknown fields, keys written twice, aliases,
// anchors, tags and further documents are errors with file, line and column (a
// [*DocumentError]). Fields go by their json tags; the tag oneof:"a|b" closes a
// list of words, required:"true" demands a field. Texts have one line of at most 300
// bytes.
func DecodeStrict(data []byte, name string, into any) (Document, error) {
	d, root, err := openDocument(data, name)
	if err != nil {
		return Document{}, err
	}
	return Document{d}, d.decode(root, "", reflect.ValueOf(into).Elem(), "")
}

// Errorf returns a [*DocumentError] at the place of the value with this path, as in
// rules[0].models[1], or of the nearest one around it.
func (d Document) Errorf(path, format string, args ...any) error {
	return d.d.errorAtPath(path, format, args...)
}
