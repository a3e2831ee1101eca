package fdp

import (
	"fmt"
	"strings"
)

// hints adds where to get each missing thing, and keeps each once.
func (e *evaluation) hints(list []Missing) []Missing {
	out := uniqueMissing(list)
	for i, m := range out {
		if m.Hint == "" {
			hint, found := e.shared.hints[m.Path]
			if !found {
				hint = e.hint(m.Path)
				e.shared.hints[m.Path] = hint
			}
			out[i].Hint = hint
		}
	}
	return out
}

func (e *evaluation) hint(path string) string {
	if name, isOption := strings.CutPrefix(path, "options."); isOption {
		o := e.pack.option[name]
		return fmt.Sprintf("%s Ask counsel, and choose a reading with --option %s=%s.", o.Question, name, strings.Join(o.Values, "|"))
	}
	general := generalPath(path)
	if ancestor, found := strings.CutPrefix(general, "ancestors[]"); found {
		general = "parents[]" + ancestor
	}
	for _, f := range e.pack.Facts {
		if f.Fact == general {
			return f.Where
		}
	}
	for _, f := range e.pack.Facts { // a parent of a parent, a generator's parent
		if i := strings.LastIndex(general, "parents[]"); i > 0 && f.Fact == general[i:] {
			return f.Where
		}
	}
	return unhinted
}

// generalPath takes the indices out: parents[0].operations.low becomes
// parents[].operations.
func generalPath(path string) string {
	var b strings.Builder
	inside := false
	for _, r := range path {
		if r == ']' {
			inside = false
		}
		if !inside {
			b.WriteRune(r)
		}
		if r == '[' {
			inside = true
		}
	}
	return strings.TrimSuffix(b.String(), ".estimate")
}
