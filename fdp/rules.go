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

// pack is one regime: the fields of its YAML files together (SPEC.md).
type pack struct {
	Regime       string        `json:"regime,omitzero" required:"yes"`
	Title        string        `json:"title,omitzero" required:"yes"`
	FactsDate    string        `json:"facts_date,omitzero" required:"yes"`
	TextLastSeen string        `json:"text_last_seen,omitzero" required:"yes"`
	Threshold    comparison    `json:"threshold,omitzero"`
	Outcomes     outcomes      `json:"outcomes,omitzero"`
	Synthetic    synthetic     `json:"synthetic_data,omitzero"`
	Plant        plant         `json:"plant,omitzero"`
	Standing     []standing    `json:"standing,omitzero"`
	Sources      []source      `json:"sources,omitzero"`
	Activities   []activityRow `json:"activities,omitzero"`
	Discarded    discardedRow  `json:"discarded,omitzero"`
	Relations    []relationRow `json:"relations,omitzero"`
	Options      []option      `json:"options,omitzero"`
	Groups       []group       `json:"groups,omitzero"`
	Facts        []factSource  `json:"facts,omitzero"`
	Clauses      []clause      `json:"clauses,omitzero"`

	files     map[string]*document // for the places of lint problems
	byID      map[string]*clause
	activity  map[meter.Activity]activityRow
	relation  map[meter.Relation]relationRow
	option    map[string]option
	group     map[string]group
	threshold meter.Ops
}

type outcomes struct {
	Controlled      string   `json:"controlled,omitzero" required:"yes"`
	SubjectToEAR    string   `json:"subject_to_ear,omitzero"`
	LicenceRequired string   `json:"licence_required,omitzero"`
	Exceptions      []answer `json:"exceptions,omitzero"`
	Policies        []answer `json:"policies,omitzero"`
}

type answer struct {
	Value string `json:"value,omitzero" required:"yes"`
	Rule  string `json:"rule,omitzero" required:"yes"`
}

type synthetic struct {
	ShareMoreThan Share    `json:"share_more_than,omitzero"`
	Cite          citation `json:"cite,omitzero"`
}

type plant struct {
	ECCNs    []string  `json:"eccns,omitzero"`
	ByOption plantRead `json:"by_option,omitzero"`
	Cite     citation  `json:"cite,omitzero"`
}

type plantRead struct {
	ECCN   string `json:"eccn,omitzero" required:"yes"`
	Option string `json:"option,omitzero" required:"yes"`
	Value  string `json:"value,omitzero" required:"yes"`
}

type source struct {
	ID    string `json:"id,omitzero" required:"yes"`
	Title string `json:"title,omitzero" required:"yes"`
	URL   string `json:"url,omitzero" required:"yes"`
	Date  string `json:"date,omitzero" required:"yes"`
}

type citation struct {
	Reference  string `json:"reference,omitzero"`
	Source     string `json:"source,omitzero"`
	Quote      string `json:"quote,omitzero"`
	Paraphrase string `json:"paraphrase,omitzero"`
	Grade      string `json:"grade,omitzero" oneof:"CONFIRMED|UNCONFIRMED|DERIVED"`
}

type standing struct {
	From          blank  `json:"from,omitzero"`
	To            blank  `json:"to,omitzero"`
	Codified      bool   `json:"codified,omitzero"`
	ComplianceDue bool   `json:"compliance_due,omitzero"`
	Enforced      bool   `json:"enforced,omitzero"`
	Why           string `json:"why,omitzero" required:"yes"`
}

// blank is a date that may be empty: without a beginning, or without an end.
type blank string

type activityRow struct {
	Activity meter.Activity `json:"activity,omitzero" required:"yes"`
	Counts   string         `json:"counts,omitzero" required:"yes" oneof:"yes|no|option|generation|open"`
	Option   string         `json:"option,omitzero"`
	When     string         `json:"when,omitzero"` // the option's value under which the activity counts
	Why      string         `json:"why,omitzero" required:"yes"`
	Cite     citation       `json:"cite,omitzero"`
}

type discardedRow struct {
	Counts string   `json:"counts,omitzero" oneof:"yes|no|open"`
	Why    string   `json:"why,omitzero"`
	Cite   citation `json:"cite,omitzero"`
}

type relationRow struct {
	Relation meter.Relation `json:"relation,omitzero" required:"yes"`
	Carries  string         `json:"carries,omitzero" required:"yes" oneof:"yes|no|open"`
	Why      string         `json:"why,omitzero" required:"yes"`
	Cite     citation       `json:"cite,omitzero"`
}

type option struct {
	Name     string   `json:"name,omitzero" required:"yes"`
	Values   []string `json:"values,omitzero"`
	Default  string   `json:"default,omitzero"`
	Question string   `json:"question,omitzero" required:"yes"`
	Note     string   `json:"note,omitzero"` // why it has no effect on a determination, if it has none
	Cite     citation `json:"cite,omitzero"`
}

type group struct {
	Name  string   `json:"name,omitzero" required:"yes"`
	Title string   `json:"title,omitzero" required:"yes"`
	Cite  citation `json:"cite,omitzero"`
	Spans []span   `json:"spans,omitzero"`
}

type span struct {
	From      blank     `json:"from,omitzero"`
	To        blank     `json:"to,omitzero"`
	Members   []Country `json:"members,omitzero"`
	Uncertain []Country `json:"uncertain,omitzero"`
}

type factSource struct {
	Fact  string `json:"fact,omitzero" required:"yes"`
	Where string `json:"where,omitzero" required:"yes"`
}

type clause struct {
	ID       string    `json:"id,omitzero" required:"yes"`
	Order    int       `json:"order,omitzero" required:"yes"`
	Sentence string    `json:"sentence,omitzero" required:"yes"`
	Cite     citation  `json:"cite,omitzero"`
	When     condition `json:"when,omitzero" required:"yes"`
}

// Embedded returns the rules that are part of this program.
func Embedded() (*Rules, error) {
	sub, err := fs.Sub(embedded, "rules")
	if err != nil {
		return nil, err
	}
	return LoadRules(sub)
}

// LoadRules reads rule packs: one directory per regime with YAML files in it,
// and nothing else. A pack that does not pass [Rules.Lint] is refused.
func LoadRules(fsys fs.FS) (*Rules, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if len(files) == 200 {
			return fmt.Errorf("rules: more than 200 files: name the directory that holds one folder per regime")
		}
		files[name], err = fs.ReadFile(fsys, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	return RulesFromFiles(files)
}

// RulesFromFiles reads rule packs from the bytes of their files, by names such
// as "us-4e091/clauses.yaml": the form in which rules travel.
func RulesFromFiles(files map[string][]byte) (*Rules, error) {
	r, err := readRules(files)
	if err != nil {
		return nil, err
	}
	if problems := r.Lint(); len(problems) > 0 {
		return nil, fmt.Errorf("rules: %s (%d problems in all; weighbridge refuses rules that do not pass the linter)", problems[0], len(problems))
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
	p.option, p.group = map[string]option{}, map[string]group{}
	for i := range p.Clauses {
		p.byID[p.Clauses[i].ID] = &p.Clauses[i]
	}
	for _, row := range p.Activities {
		p.activity[row.Activity] = row
	}
	for _, row := range p.Relations {
		p.relation[row.Relation] = row
	}
	for _, o := range p.Options {
		p.option[o.Name] = o
	}
	for _, g := range p.Groups {
		p.group[g.Name] = g
	}
	p.threshold, _ = meter.ParseOps(p.Threshold.Value) // the linter refuses what does not parse
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
	Date      string `json:"date"` // of the text that was read
}

// Clauses returns the clauses of a regime in their reading order.
func (r *Rules) Clauses(regime string) []Clause {
	p, found := r.packs[regime]
	if !found {
		return nil
	}
	var out []Clause
	for _, c := range p.sorted() {
		text := c.Cite.Paraphrase
		if c.Cite.Quote != "" {
			text = `"` + c.Cite.Quote + `"`
		}
		src := p.source(c.Cite.Source)
		out = append(out, Clause{c.ID, c.Sentence, c.Cite.Reference, text, c.Cite.Grade, src.URL, src.Date})
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
