package fdp

import "github.com/weighbridge/weighbridge/meter"

// pack is one regime: the fields of its YAML files together (SPEC.md).
type pack struct {
	Regime       string        `json:"regime,omitzero" required:"yes"`
	Title        string        `json:"title,omitzero" required:"yes"`
	FactsDate    string        `json:"facts_date,omitzero" required:"yes"`
	TextLastSeen string        `json:"text_last_seen,omitzero" required:"yes"`
	Measure      measure       `json:"measure,omitzero"`
	Threshold    *comparison   `json:"threshold,omitzero"` // nil: the regime has none
	Reports      []report      `json:"reports,omitzero"`
	Notice       notice        `json:"notification,omitzero"`
	Outcomes     outcomes      `json:"outcomes,omitzero"`
	Synthetic    synthetic     `json:"synthetic_data,omitzero"`
	Plant        plant         `json:"plant,omitzero"`
	Standing     []standing    `json:"standing,omitzero"`
	Sources      []source      `json:"sources,omitzero"`
	Quantities   []quantityRow `json:"quantities,omitzero"`
	Activities   []activityRow `json:"activities,omitzero"`
	Discarded    discardedRow  `json:"discarded,omitzero"`
	Relations    []relationRow `json:"relations,omitzero"`
	Options      []option      `json:"options,omitzero"`
	Groups       []group       `json:"groups,omitzero"`
	Limits       []limitRow    `json:"limits,omitzero"`
	Facts        []factSource  `json:"facts,omitzero"`
	Clauses      []clause      `json:"clauses,omitzero"`
	Delivery     *desk         `json:"delivery,omitzero"` // nil: the regime says nothing of services

	files     map[string]*document // for the places of lint problems
	byID      map[string]*clause
	activity  map[meter.Activity]activityRow
	relation  map[meter.Relation]relationRow
	option    map[string]option
	group     map[string]group
	named     map[string]quantityRow
	threshold meter.Ops
	readings  []string // the options that counting asks for, sorted
}

// measure says what the regime adds up, and what of a number decides.
type measure struct {
	Quantity string   `json:"quantity,omitzero" oneof:"cumulative|direct|own"`
	Decides  string   `json:"decides,omitzero" oneof:"estimate"` // empty: the whole interval
	Cite     citation `json:"cite,omitzero"`
}

// report is a number that has to be reported, and how exactly.
type report struct {
	To      string   `json:"to,omitzero" required:"yes"`
	Figures int      `json:"significant_figures,omitzero"` // 0: the order of magnitude
	Where   string   `json:"where,omitzero"`               // a clause: nothing is reported where it does not apply
	Cite    citation `json:"cite,omitzero"`
}

// notice is who must be told when a clause applies, and how soon; or why no such
// duty is known.
type notice struct {
	Rule  string   `json:"rule,omitzero"`
	Where string   `json:"where,omitzero"` // a clause besides the threshold that must hold too
	Duty  string   `json:"duty,omitzero"`
	Days  int      `json:"days,omitzero"`
	None  string   `json:"none,omitzero"`
	Cite  citation `json:"cite,omitzero"`
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
	ID        string `json:"id,omitzero" required:"yes"`
	Title     string `json:"title,omitzero" required:"yes"`
	URL       string `json:"url,omitzero" required:"yes"`
	Date      string `json:"date,omitzero"`      // of the text
	Retrieved string `json:"retrieved,omitzero"` // where the date of the text is not known
}

// quantityRow is what the law calls a number that code supplies.
type quantityRow struct {
	Quantity string   `json:"quantity,omitzero" required:"yes"`
	Name     string   `json:"name,omitzero" required:"yes"`
	Cite     citation `json:"cite,omitzero"`
}

type citation struct {
	Reference  string `json:"reference,omitzero"`
	Source     string `json:"source,omitzero"`
	Quote      string `json:"quote,omitzero"`
	Paraphrase string `json:"paraphrase,omitzero"`
	Grade      string `json:"grade,omitzero" oneof:"CONFIRMED|UNCONFIRMED|DERIVED|P|P-quote|S|U"`
}

type standing struct {
	From          blank    `json:"from,omitzero"`
	To            blank    `json:"to,omitzero"`
	Codified      bool     `json:"codified,omitzero"`
	ComplianceDue bool     `json:"compliance_due,omitzero"`
	Enforced      bool     `json:"enforced,omitzero"`
	Why           string   `json:"why,omitzero" required:"yes"`
	Cite          citation `json:"cite,omitzero"`
}

// blank is a date that may be empty: without a beginning, or without an end.
type blank string

// cell says whether something counts: yes, no, open (in the high total only),
// generation (only through Technical Note 3), or by the reading of options.
type cell struct {
	Counts string    `json:"counts,omitzero" required:"yes" oneof:"yes|no|option|generation|open"`
	Option string    `json:"option,omitzero"`
	When   string    `json:"when,omitzero"` // the option's value under which it counts
	And    []reading `json:"and,omitzero"`  // further options that must read so too
	Data   string    `json:"data,omitzero" oneof:"unpublished|published-open"`
}

// reading is one value of one option.
type reading struct {
	Option string `json:"option,omitzero" required:"yes"`
	Value  string `json:"value,omitzero" required:"yes"`
}

type activityRow struct {
	Activity meter.Activity `json:"activity,omitzero" required:"yes"`
	Counts   string         `json:"counts,omitzero" required:"yes" oneof:"yes|no|option|generation|open"`
	Option   string         `json:"option,omitzero"`
	When     string         `json:"when,omitzero"` // the option's value under which the activity counts
	And      []reading      `json:"and,omitzero"`
	Data     string         `json:"data,omitzero" oneof:"unpublished|published-open"` // counts only where the generated data was not published
	Systemic *cell          `json:"original_systemic,omitzero"`                       // the cell where the original model has systemic risk
	Why      string         `json:"why,omitzero" required:"yes"`
	Cite     citation       `json:"cite,omitzero"`
}

func (r activityRow) cell() cell { return cell{r.Counts, r.Option, r.When, r.And, r.Data} }

type discardedRow struct {
	Counts string   `json:"counts,omitzero" oneof:"yes|no|option|open"`
	Option string   `json:"option,omitzero"`
	When   string   `json:"when,omitzero"`
	Why    string   `json:"why,omitzero"`
	Cite   citation `json:"cite,omitzero"`
}

type relationRow struct {
	Relation meter.Relation `json:"relation,omitzero" required:"yes"`
	Carries  string         `json:"carries,omitzero" required:"yes" oneof:"yes|no|option|open"`
	Option   string         `json:"option,omitzero"`
	When     string         `json:"when,omitzero"`
	Another  *cell          `json:"another_provider,omitzero"` // the cell where the parent is another provider's
	Why      string         `json:"why,omitzero" required:"yes"`
	Cite     citation       `json:"cite,omitzero"`
}

func (r relationRow) cell() cell { return cell{Counts: r.Carries, Option: r.Option, When: r.When} }

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
