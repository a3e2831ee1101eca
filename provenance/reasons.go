package provenance

import (
	"fmt"
	"math/big"
	"strings"
)

const (
	ccl            = "15 CFR Part 774, Supp. 1"
	technicalNotes = ccl + ", ECCN 3A090, Technical Notes"
)

// describe names the class with its paragraph, as in "3A090.a (3A090.a.1)".
func (c Classification) describe() string {
	if c.Clause == "" {
		return string(c.ECCN)
	}
	return fmt.Sprintf("%s (%s)", c.ECCN, c.Clause)
}

// reasons are the sentences that lead from the figures to the class.
func reasons(f Figures, c Classification) []string {
	if !c.TPP.Known() {
		return []string{"No dense peak rate is known in any format, so TPP is unknown and no paragraph of 3A090 can be decided (" + technicalNotes + ").", scope(f)}
	}
	all := []string{tppReason(f, c), densityReason(c)}
	if c.ECCN == Undetermined && !c.DieArea.Known() {
		all = append(all, breakPointReason(c))
	} else {
		all = append(all, clauseReasons(c)...)
	}
	all = append(all, noteReasons(c)...)
	if len(f.Rates) > 0 && !f.TPP.Known() && c.ECCN != ECCN3A090A {
		all = append(all, fmt.Sprintf("TPP is the highest over the %d formats with a known rate; a faster format whose rate is not known would raise it.", len(c.Formats)))
	}
	all = append(all, policyReasons(f, c)...)
	return append(all, scope(f))
}

func tppReason(f Figures, c Classification) string {
	if f.TPP.Known() {
		return fmt.Sprintf("TPP is %s as given.", c.TPP)
	}
	first := c.Formats[0]
	text := fmt.Sprintf("TPP is %s: 2 x 'MacTOPS' x bit length is the dense peak in T(FL)OPS times the largest bit length of the inputs, and %s gives the most (%s x %d)",
		c.TPP, first.Format, peak(f.Rates, first.Format), first.Format.Bits())
	if same := alike(c.Formats); same != "" {
		text += "; " + same + " give as much"
	}
	return text + " (" + technicalNotes + ")."
}

func peak(rates []Rate, format Format) Number {
	for _, r := range rates {
		if r.Format == format {
			return r.Peak
		}
	}
	return Number{}
}

// alike names the formats after the first that give the same TPP.
func alike(formats []FormatTPP) string {
	var names []string
	for _, f := range formats[1:] {
		if f.TPP.Cmp(formats[0].TPP) == 0 {
			names = append(names, f.Format.String())
		}
	}
	return strings.Join(names, ", ")
}

func densityReason(c Classification) string {
	switch {
	case !c.DieArea.Known():
		return "The applicable die area is unknown, so performance density is unknown (" + technicalNotes + ")."
	case !c.PerformanceDensity.Known():
		return "No die area is applicable (no logic die on a process with non-planar transistors), so there is no performance density and only 3A090.a.1 can apply (" + technicalNotes + ")."
	}
	return fmt.Sprintf("Performance density is %s: TPP over %s mm2 of logic dies on a process with non-planar transistors (%s).", c.DensityText(), c.DieArea, technicalNotes)
}

// DensityText is the performance density rounded to two decimal places, or to
// as many as it takes (at most six) to stay on its side of every threshold; the
// decision is made on the exact value. "unknown" when it is unknown.
func (c Classification) DensityText() string {
	if !c.PerformanceDensity.Known() {
		return "unknown"
	}
	for places := 2; places < 6; places++ {
		text := c.PerformanceDensity.r.FloatString(places)
		if sameSide(text, c.PerformanceDensity) {
			return text
		}
	}
	return c.PerformanceDensity.floor(6)
}

func sameSide(text string, exact Number) bool {
	rounded, _ := new(big.Rat).SetString(text)
	for _, clause := range clauses() {
		if clause.minPD.Known() && exact.atLeast(clause.minPD) != (Number{rounded}).atLeast(clause.minPD) {
			return false
		}
	}
	return true
}

// clauseReasons says of each paragraph, in order, why it does not apply, and
// ends with the one that does.
func clauseReasons(c Classification) []string {
	var all []string
	for _, p := range clauses() {
		failed := p.failure(c)
		switch {
		case failed != "":
			all = append(all, fmt.Sprintf("%s does not apply: %s (%s, %s).", p.name, failed, ccl, p.name))
		case !p.noDensity() && !c.DieArea.Known():
			all = append(all, fmt.Sprintf("%s cannot be decided: performance density is unknown (%s, %s).", p.name, ccl, p.name))
		case c.Clause != p.name: // the datacentre note stands in between
			return append(all, fmt.Sprintf("%s would apply: %s (%s, %s).", p.name, p.fit(c), ccl, p.name))
		default:
			return append(all, fmt.Sprintf("%s applies: %s (%s, %s).", p.name, p.fit(c), ccl, p.name))
		}
	}
	return all
}

// failure says by which bound the clause fails; empty when it holds, or may hold.
func (c clause) failure(found Classification) string {
	pd := found.PerformanceDensity
	switch {
	case found.TPP.below(c.minTPP):
		return fmt.Sprintf("TPP %s is below %s", found.TPP, c.minTPP)
	case found.TPP.atLeast(c.maxTPP):
		return fmt.Sprintf("TPP %s is not less than %s", found.TPP, c.maxTPP)
	case c.noDensity() || !found.DieArea.Known():
		return ""
	case !pd.Known():
		return "there is no performance density"
	case pd.below(c.minPD):
		return fmt.Sprintf("performance density %s is below %s", found.DensityText(), c.minPD)
	case pd.atLeast(c.maxPD):
		return fmt.Sprintf("performance density %s is not less than %s", found.DensityText(), c.maxPD)
	}
	return ""
}

func (c clause) fit(found Classification) string {
	text := fmt.Sprintf("TPP %s is %s or more", found.TPP, c.minTPP)
	if c.maxTPP.Known() {
		text += fmt.Sprintf(" and less than %s", c.maxTPP)
	}
	if c.minPD.Known() {
		text += fmt.Sprintf(", performance density %s is %s or more", found.DensityText(), c.minPD)
	}
	if c.maxPD.Known() {
		text += fmt.Sprintf(" and less than %s", c.maxPD)
	}
	return text
}

// breakPointReason says at which area the class turns. Areas are cut to two
// places, so that the printed one still lies on the inclusive side.
func breakPointReason(c Classification) string {
	if len(c.BreakPoints) == 0 {
		return "Without the applicable die area 3A090 cannot be decided (" + ccl + ", 3A090)."
	}
	var parts []string
	for _, p := range c.BreakPoints {
		parts = append(parts, fmt.Sprintf("%s up to %s mm2", p.AtOrBelow, p.AreaText()))
	}
	last := c.BreakPoints[len(c.BreakPoints)-1]
	return fmt.Sprintf("The class turns on the applicable die area: %s, %s above, or when no die area is applicable (%s, 3A090.a.2, 3A090.b).", strings.Join(parts, ", "), last.Above, ccl)
}

// noteReasons are about the datacentre note.
func noteReasons(c Classification) []string {
	low := c.TPP.below(datacenterFloor())
	switch {
	case c.Datacenter == No && low:
		return []string{"Not designed or marketed for data centres and TPP below 4800: 3A090.a and .b do not apply (" + ccl + ", 3A090, " + datacenterNote +
			"), nor is it counted for 4A090 or a .z paragraph (Note 4)."}
	case c.Datacenter == No:
		return []string{"Not designed or marketed for data centres, but TPP is not below 4800: it stays 3A090.a (" + ccl + ", 3A090, " + datacenterNote +
			"); licence exceptions NAC and ACA exist for such items (15 CFR 740.8)."}
	case c.Datacenter == Unknown && low && c.ECCN == Undetermined:
		return []string{"Whether it is designed or marketed for data centres is not known; if it is not, 3A090.a and .b do not apply (" + ccl + ", 3A090, " + datacenterNote + ")."}
	}
	return nil
}

// policyReasons name the case-by-case lane for China and Macau.
func policyReasons(f Figures, c Classification) []string {
	listed := c.ECCN == ECCN3A090A || c.ECCN == ECCN3A090B
	// 91 FR 1684 (15 Jan 2026): TPP < 21,000 and total DRAM bandwidth < 6,500 GB/s.
	if !listed || !c.TPP.below(integer(21000)) || !f.MemoryBandwidth.below(integer(6500)) {
		return nil
	}
	return []string{fmt.Sprintf("For China and Macau an application is reviewed case by case, with conditions: TPP %s is below 21000 and DRAM bandwidth %s GB/s below 6500 (91 FR 1684, 15 January 2026).",
		c.TPP, f.MemoryBandwidth)}
}

// scope says what the answer leaves out.
func scope(f Figures) string {
	text := "This answers 3A090.a and 3A090.b only. Other triggers exist: BIS letters to companies of April 2025 name DRAM bandwidth of 1400 GB/s or more, " +
		"I/O bandwidth of 1100 or more, or a sum of 1700 or more, for China"
	if f.MemoryBandwidth.atLeast(integer(1400)) {
		return text + fmt.Sprintf("; the %s GB/s here meet the first.", f.MemoryBandwidth)
	}
	return text + "."
}
