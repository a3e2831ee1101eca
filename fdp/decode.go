package fdp

import "reflect"

// Places knows where each value of a document stands.
type Places struct{ d *document }

// Errorf is an error about the value at a path such as shipments[2].count, with
// file, line, column and the line.
func (p Places) Errorf(path, format string, args ...any) error {
	return p.d.errorAtPath(path, format, args...)
}

// DecodeDocument reads YAML or JSON into the struct that into points to, as
// strictly as a facts document is read: unknown fields, keys written twice,
// aliases, tags and further documents are a *DocumentError. Fields go by their
// json names; required:"yes" asks for one, oneof:"a|b" closes its values, and
// countries, shares and numbers of operations are read by their own grammar.
func DecodeDocument(data []byte, name string, into any) (Places, error) {
	d, root, err := openDocument(data, name)
	if err != nil {
		return Places{}, err
	}
	return Places{d}, d.decode(root, "", reflect.ValueOf(into).Elem(), "")
}
