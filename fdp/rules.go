package fdp

import (
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

//go:embed rules
var embedded embed.FS

// Rules is a set of rule packs, one per regime.
type Rules struct {
	packs  map[string]*pack
	files  map[string][]byte
	digest string
}

// Embedded returns the rules that are part of this program.
func Embedded() (*Rules, error) {
	sub, err := fs.Sub(embedded, "rules")
	if err != nil {
		return nil, err
	}
	files, err := readFiles(sub)
	if err != nil {
		return nil, err
	}
	return readRules(files) // a test holds them against the linter
}

// EmbeddedDigest returns the digest of the rules that are part of this program,
// without reading them.
func EmbeddedDigest() (string, error) {
	sub, err := fs.Sub(embedded, "rules")
	if err != nil {
		return "", err
	}
	files, err := readFiles(sub)
	return digestFiles(files), err
}

// LoadRules reads rule packs: one directory per regime with YAML files in it,
// and nothing else. A pack that does not pass [Rules.Lint] is refused.
func LoadRules(fsys fs.FS) (*Rules, error) {
	files, err := readFiles(fsys)
	if err != nil {
		return nil, err
	}
	return RulesFromFiles(files)
}

func readFiles(fsys fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if len(files) == 200 {
			return fmt.Errorf("rules: more than 200 files: name the directory that holds one folder per regime")
		}
		// A link is followed to a file; a pipe or a device would be waited for.
		if info, err := fs.Stat(fsys, name); err != nil {
			return err
		} else if !info.Mode().IsRegular() {
			return fmt.Errorf("%s: found %s, expected a file", name, info.Mode().Type())
		}
		files[name], err = fs.ReadFile(fsys, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	return files, nil
}

// RulesFromFiles reads rule packs from the bytes of their files, by names such
// as "us-4e091/clauses.yaml": the form in which rules travel. Rules that do not
// pass the linter are a [*LintError].
func RulesFromFiles(files map[string][]byte) (*Rules, error) {
	r, err := readRules(files)
	if err != nil {
		return nil, err
	}
	if problems := r.Lint(); len(problems) > 0 {
		return nil, &LintError{problems}
	}
	return r, nil
}

func readRules(files map[string][]byte) (*Rules, error) {
	r := &Rules{packs: map[string]*pack{}, files: maps.Clone(files), digest: digestFiles(files)}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		dir, base := path.Split(name)
		regime := strings.TrimSuffix(dir, "/")
		if regime == "" || strings.Contains(regime, "/") || path.Ext(base) != ".yaml" {
			return nil, fmt.Errorf("rules: file %s: expected one folder per regime with .yaml files in it", name)
		}
		if r.packs[regime] == nil {
			r.packs[regime] = &pack{files: map[string]*document{}}
		}
		if err := r.packs[regime].read(name, files[name]); err != nil {
			return nil, err
		}
	}
	if len(r.packs) == 0 {
		return nil, fmt.Errorf("rules: no files: expected one folder per regime with .yaml files in it")
	}
	for folder, p := range r.packs {
		if p.Regime != folder {
			return nil, fmt.Errorf("rules: folder %s holds the regime %q: expected the same name", folder, p.Regime)
		}
		p.index()
	}
	return r, nil
}

// read adds the fields of one file. A field stands in one file only.
func (p *pack) read(name string, data []byte) error {
	d, root, err := openDocument(data, name)
	if err != nil {
		return err
	}
	var part pack
	v := reflect.ValueOf(&part).Elem()
	if err := d.decodeFields(root, v); err != nil {
		return err
	}
	whole := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() || v.Field(i).IsZero() {
			continue
		}
		if !whole.Field(i).IsZero() {
			return d.errorAtPath(jsonName(field), "%s stands in another file of this pack too; keep one", jsonName(field))
		}
		whole.Field(i).Set(v.Field(i))
	}
	p.files[name] = d
	return nil
}

func (p *pack) index() {
	p.byID, p.activity, p.relation = map[string]*clause{}, map[meter.Activity]activityRow{}, map[meter.Relation]relationRow{}
	p.option, p.group, p.named = map[string]option{}, map[string]group{}, map[string]quantityRow{}
	for i := range p.Clauses {
		p.byID[p.Clauses[i].ID] = &p.Clauses[i]
	}
	p.indexDesk()
	for _, row := range p.Activities {
		p.activity[row.Activity] = row
	}
	for _, row := range p.Relations {
		p.relation[row.Relation] = row
	}
	for _, o := range p.Options {
		o.Values = slices.Sorted(slices.Values(o.Values)) // the file's order is for readers
		p.option[o.Name] = o
	}
	for _, g := range p.Groups {
		p.group[g.Name] = g
	}
	for _, q := range p.Quantities {
		p.named[q.Quantity] = q
	}
	if p.Threshold != nil {
		p.threshold, _ = meter.ParseOps(p.Threshold.Value) // the linter refuses what does not parse
	}
	p.readings = p.countingOptions()
}

// sorted returns the clauses in their reading order, whatever the file's.
func (p *pack) sorted() []*clause {
	out := make([]*clause, 0, len(p.Clauses))
	for i := range p.Clauses {
		out = append(out, &p.Clauses[i])
	}
	slices.SortFunc(out, func(a, b *clause) int { return a.Order - b.Order })
	return out
}

// Digest returns "sha256:<hex>" over the name, the length and the bytes of
// every file, in the order of names: lengths as 8 bytes, big endian.
func (r *Rules) Digest() string { return r.digest }

func digestFiles(files map[string][]byte) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for _, part := range [][]byte{[]byte(name), files[name]} {
			var length [8]byte
			binary.BigEndian.PutUint64(length[:], uint64(len(part)))
			h.Write(length[:])
			h.Write(part)
		}
	}
	return fmt.Sprintf("sha256:%x", h.Sum(nil))
}

// Files returns the files that the rules were read from, by name.
func (r *Rules) Files() map[string][]byte { return maps.Clone(r.files) }

// Regimes returns the regimes, sorted.
func (r *Rules) Regimes() []string { return slices.Sorted(maps.Keys(r.packs)) }

// Option is a named reading of ambiguous text.
type Option struct {
	Regime   string   `json:"regime"`
	Name     string   `json:"name"`
	Values   []string `json:"values"`
	Default  string   `json:"default,omitempty"` // empty: the text supports none
	Question string   `json:"question"`
	Cite     string   `json:"cite"`
}

// Options returns the options of a regime in the order of its file.
func (r *Rules) Options(regime string) []Option {
	p, found := r.packs[regime]
	if !found {
		return nil
	}
	out := make([]Option, 0, len(p.Options))
	for _, o := range p.Options {
		out = append(out, Option{regime, o.Name, slices.Clone(o.Values), o.Default, o.Question, o.Cite.Reference})
	}
	return out
}

// Clause is what a rule says, for people.
type Clause struct {
	ID        string `json:"id"`
	Sentence  string `json:"sentence"`
	Reference string `json:"reference"`
	Text      string `json:"text"` // a quotation in quotation marks, or a paraphrase
	Grade     string `json:"grade"`
	URL       string `json:"url"`
	Date      string `json:"date,omitempty"`      // of the text that was read
	Retrieved string `json:"retrieved,omitempty"` // when it was read, where the text's own date is not known
}

// Clauses returns the clauses of a regime in their reading order.
func (r *Rules) Clauses(regime string) []Clause {
	p, found := r.packs[regime]
	if !found {
		return nil
	}
	var out []Clause
	for _, c := range p.whole() {
		text := c.Cite.Paraphrase
		if c.Cite.Quote != "" {
			text = `"` + c.Cite.Quote + `"`
		}
		src := p.source(c.Cite.Source)
		out = append(out, Clause{c.ID, c.Sentence, c.Cite.Reference, text, c.Cite.Grade, src.URL, src.Date, src.Retrieved})
	}
	return out
}

func (p *pack) source(id string) source {
	for _, s := range p.Sources {
		if s.ID == id {
			return s
		}
	}
	return source{}
}
