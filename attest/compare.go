package attest

import (
	"cmp"
	"fmt"
	"slices"
)

// The kinds of difference between the files expected and the files found.
const (
	Missing = "missing" // expected, not found
	Extra   = "extra"   // found, not expected
	Changed = "changed" // the same name, other bytes
	Renamed = "renamed" // the same bytes under another name
)

// Difference is one file in which two manifests differ.
type Difference struct {
	Kind     string // Missing, Extra, Changed or Renamed
	Name     string // the name found; for Missing, the name expected
	Expected File   // zero for Extra
	Found    File   // zero for Missing
}

// String says the difference in one line.
func (d Difference) String() string {
	switch d.Kind {
	case Renamed:
		return fmt.Sprintf("%s was renamed to %s", ShownName(d.Expected.Name), ShownName(d.Found.Name))
	case Changed:
		return fmt.Sprintf("%s changed: expected %s of %d bytes, found %s of %d bytes",
			ShownName(d.Name), d.Expected.Digest, d.Expected.Size, d.Found.Digest, d.Found.Size)
	case Missing:
		return fmt.Sprintf("%s is missing", ShownName(d.Name))
	}
	return fmt.Sprintf("%s is extra", ShownName(d.Name))
}

// Compare returns what found has otherwise than m, sorted by the name in each
// difference. A file that is missing and one that is extra with the same bytes
// are one rename. No difference means equal names, sizes and digests. Both
// manifests must be valid.
func (m Manifest) Compare(found Manifest) []Difference {
	missing, extra, differences := split(m, found)
	for _, want := range missing {
		i := slices.IndexFunc(extra, func(f File) bool { return f.Digest == want.Digest && f.Size == want.Size })
		if i < 0 {
			differences = append(differences, Difference{Kind: Missing, Name: want.Name, Expected: want})
			continue
		}
		differences = append(differences, Difference{Kind: Renamed, Name: extra[i].Name, Expected: want, Found: extra[i]})
		extra = slices.Delete(extra, i, i+1)
	}
	for _, f := range extra {
		differences = append(differences, Difference{Kind: Extra, Name: f.Name, Found: f})
	}
	slices.SortFunc(differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
	})
	return differences
}

// split returns the files of want that found lacks, those it has beyond want,
// and the changed ones.
func split(want, found Manifest) (missing, extra []File, changed []Difference) {
	have := map[string]File{}
	for _, f := range found.Files {
		have[f.Name] = f
	}
	for _, w := range want.Files {
		f, ok := have[w.Name]
		delete(have, w.Name)
		switch {
		case !ok:
			missing = append(missing, w)
		case f != w:
			changed = append(changed, Difference{Kind: Changed, Name: w.Name, Expected: w, Found: f})
		}
	}
	for _, f := range found.Files {
		if _, left := have[f.Name]; left {
			extra = append(extra, f)
		}
	}
	return missing, extra, changed
}
