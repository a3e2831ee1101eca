package fdp

import (
	"fmt"
	"maps"
	"reflect"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/canonical"
)

// ConflictError reports a fact that a document states otherwise than the ledger.
type ConflictError struct{ Path, Have, Found string }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("facts: %s: the ledger has %s, the document says %s: a document may add what the ledger cannot know, and may not overwrite what it does; correct the record, or leave the field out",
		e.Path, clipLong(e.Have), clipLong(e.Found))
}

func clipLong(s string) string {
	if len(s) > 200 {
		return s[:200] + "..."
	}
	return s
}

// Merge lays over upon f: it may add, it may not overwrite. Parents, generators
// and products are matched by name; a line of work cannot be matched, so work
// comes from one of the two only. What over adds is graded declared, unless over
// has grades of its own. The error is a [*ConflictError], or tells of a
// contradiction.
func (f Facts) Merge(over Facts) (Facts, error) {
	f, over = f.flat(), over.flat()
	m := merger{grades: maps.Clone(f.grades), over: over}
	if m.grades == nil {
		m.grades = map[string]meter.Grade{}
	}
	merged, err := m.merge("", reflect.ValueOf(f), reflect.ValueOf(over))
	if err != nil {
		return Facts{}, err
	}
	out := merged.Interface().(Facts)
	out.grades = m.grades
	if len(f.grades) == 0 && len(over.grades) == 0 {
		out.grades = nil
	}
	if c := out.contradiction(); c != nil {
		return Facts{}, fmt.Errorf("facts: the ledger and the document together: %s: %s", c.path, c.message)
	}
	return out, nil
}

type merger struct {
	grades map[string]meter.Grade
	over   Facts
}

func (m *merger) merge(path string, base, over reflect.Value) (reflect.Value, error) {
	switch {
	case over.IsZero():
		return base, nil
	case path == "training.hardware_complete" && !base.IsZero() && over.Elem().Bool(): // with what it adds, the document closes the list
		m.grades[path] = m.over.grade(path)
		return over, nil
	case base.IsZero():
		m.grades[path] = m.over.grade(path)
		return over, nil
	case base.Kind() == reflect.Struct && base.Type() != reflect.TypeFor[Amount]():
		return m.fields(path, base, over)
	case base.Type() == reflect.TypeFor[*Person]():
		merged, err := m.fields(path, base.Elem(), over.Elem())
		if err != nil {
			return merged, err
		}
		out := reflect.New(merged.Type())
		out.Elem().Set(merged)
		return out, nil
	case keyed(base.Type()):
		return m.list(path, base, over)
	case base.Kind() == reflect.Slice && base.Len() == 0:
		m.grades[path] = m.over.grade(path)
		return over, nil
	}
	if !reflect.DeepEqual(base.Interface(), over.Interface()) {
		return base, conflict(path, base, over)
	}
	return base, nil
}

func conflict(path string, base, over reflect.Value) error {
	text := func(v reflect.Value) string {
		b, err := canonical.Encode(v.Interface())
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
	return &ConflictError{path, text(base), text(over)}
}

func (m *merger) fields(path string, base, over reflect.Value) (reflect.Value, error) {
	out := reflect.New(base.Type()).Elem()
	out.Set(base)
	for i := range base.NumField() {
		field := base.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		merged, err := m.merge(join(path, jsonName(field)), base.Field(i), over.Field(i))
		if err != nil {
			return out, err
		}
		out.Field(i).Set(merged)
	}
	return out, nil
}

// keyed: lists whose entries have a name.
func keyed(t reflect.Type) bool {
	return t == reflect.TypeFor[[]Parent]() || t == reflect.TypeFor[[]Generator]() || t == reflect.TypeFor[[]Hardware]()
}

// list merges entries of one name, and adds the others at the end. [] against
// entries is a contradiction: none is not some.
func (m *merger) list(path string, base, over reflect.Value) (reflect.Value, error) {
	if over.Len() == 0 && base.Len() > 0 {
		return base, conflict(path, base, over)
	}
	out := reflect.MakeSlice(base.Type(), base.Len(), base.Len()+over.Len())
	reflect.Copy(out, base)
	for i := range over.Len() {
		entry := over.Index(i)
		at := m.find(out, entry)
		if at < 0 {
			m.grades[fmt.Sprintf("%s[%d]", path, out.Len())] = m.over.grade(fmt.Sprintf("%s[%d]", path, i))
			out = reflect.Append(out, entry)
			continue
		}
		merged, err := m.merge(fmt.Sprintf("%s[%d]", path, at), out.Index(at), entry)
		if err != nil {
			return out, err
		}
		out.Index(at).Set(merged)
	}
	return out, nil
}

// find returns the entry of the same name: a parent also by its relation, when
// the document states one.
func (m *merger) find(list, entry reflect.Value) int {
	for i := range list.Len() {
		switch want := entry.Interface().(type) {
		case Parent:
			have := list.Index(i).Interface().(Parent)
			if have.Model == want.Model && (have.Relation == want.Relation || want.Relation == "" || have.Relation == "") {
				return i
			}
		case Generator:
			if list.Index(i).Interface().(Generator).Generator == want.Generator {
				return i
			}
		case Hardware:
			if list.Index(i).Interface().(Hardware).Product == want.Product {
				return i
			}
		}
	}
	return -1
}
