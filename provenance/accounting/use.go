package accounting

import (
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"
)

// Kind is the form of a source. The list is closed.
type Kind string

// The kinds.
const (
	Plain    Kind = "weighbridge" // our own CSV or JSON
	Slurm    Kind = "slurm"       // sacct -P or -p
	FOCUS    Kind = "focus"       // a FinOps FOCUS 1.x export in CSV
	OpenCost Kind = "opencost"    // a response of the allocation API of OpenCost and Kubecost
	DCGM     Kind = "dcgm-job"    // dcgmi stats --job ID --verbose
)

// Kinds returns the closed list.
func Kinds() []Kind { return []Kind{Plain, Slurm, FOCUS, OpenCost, DCGM} }

// Use is one row: who held how many units of what, from when to when. A unit is
// a chip, or whatever the source counts (an instance); what it holds is said by a
// [Chips] table.
type Use struct {
	Kind     Kind
	File     string
	Line     int64 // of the file, from 1; of a JSON file the number of the entry
	Account  string
	Cluster  string   // whose scheduler names the job; may be empty
	Job      string   // as the scheduler names it
	JobAlias string   // a second name, as a Slurm array's 123_4; may be empty
	Resource string   // what cannot be held twice at once: an instance, a job's allocation, a container
	Instance string   // the machine, where one is named
	Nodes    []string // of a job on several machines
	Names    []string // of the unit, the most telling first: a product, a gres type, an instance type, a SKU; may be empty

	// Start and End are the window in nanoseconds since 1970, UTC. Undated uses
	// have neither.
	Start, End int64
	Undated    bool
	// Held is the time of units in the window, never more than fits it by the
	// source's own account. Negative subtracts (a bill's correction).
	Held     ChipTime
	Negative bool
	// Additive uses of one resource add up; the others hold it once.
	Additive bool
	Running  bool // the source says that it goes on

	print uint64 // of all of a bill's row: a row that is printed again is not a second one
}

// Finding is something about the sources that a reader must know. Code is a
// stable word, Message a sentence.
type Finding struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Limits of what is read.
const (
	MaxRecord   = 1 << 20 // bytes of one row or one JSON entry
	maxName     = 512     // bytes of an account, job, instance or name
	maxNodes    = 20_000  // of one job
	maxPerCode  = 8       // findings of one kind
	maxQuantity = 40      // characters of a decimal
)

// where names a row.
func where(file string, line int64) string { return fmt.Sprintf("%s:%d", file, line) }

var decimalNumber = regexp.MustCompile(`^[0-9]{1,15}(\.[0-9]{1,24})?$`)

// decimal reads a plain, non-negative decimal exactly.
func decimal(text string) (*big.Rat, error) {
	if len(text) > maxQuantity || !decimalNumber.MatchString(text) {
		return nil, fmt.Errorf("number %.40q: expected a plain decimal such as 8 or 0.5", text)
	}
	r, _ := new(big.Rat).SetString(text)
	return r, nil
}

// thousandths reads a number of chips, at most three decimal places.
func thousandths(text string) (uint64, error) {
	r, err := decimal(text)
	if err != nil {
		return 0, err
	}
	r.Mul(r, big.NewRat(1000, 1))
	if !r.IsInt() || !r.Num().IsUint64() || r.Num().Uint64() > maxRate {
		return 0, fmt.Errorf("number %.40q: expected at most three decimal places and at most %d", text, maxRate/1000)
	}
	return r.Num().Uint64(), nil
}

// The times that are read: from 1970 up to 2200, so that nanoseconds fit.
func nanoseconds(t time.Time) (int64, error) {
	if t.Year() < 1970 || t.Year() >= 2200 {
		return 0, fmt.Errorf("time %s: expected a year from 1970 to 2199", t.Format(time.RFC3339))
	}
	return t.UnixNano(), nil
}

func rfc3339(text string) (int64, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, fmt.Errorf("time %.40q: expected RFC 3339 with a zone, as in 2026-08-22T10:00:00Z", text)
	}
	return nanoseconds(t)
}

// named checks a name out of a file: nothing in it may move a terminal.
func named(column, text string) error {
	if len(text) > maxName || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r == '\uFFFD' }) {
		return fmt.Errorf("%s %.40q: expected at most %d bytes of UTF-8 without control characters", column, text, maxName)
	}
	return nil
}

// notes collects findings, a page of each kind and the number of the others.
type notes struct {
	list   []Finding
	counts map[string]int
}

func (n *notes) add(code, format string, args ...any) {
	if n.counts == nil {
		n.counts = map[string]int{}
	}
	n.counts[code]++
	if n.counts[code] <= maxPerCode {
		n.list = append(n.list, Finding{code, strings.ToValidUTF8(fmt.Sprintf(format, args...), "?")})
	}
}

// findings returns them, and one for each kind of which some were left out.
func (n *notes) findings() []Finding {
	all := append([]Finding{}, n.list...)
	for _, code := range sortedKeys(n.counts) {
		if more := n.counts[code] - maxPerCode; more > 0 {
			all = append(all, Finding{code, fmt.Sprintf("and %d more of this kind", more)})
		}
	}
	return all
}
