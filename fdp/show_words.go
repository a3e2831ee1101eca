package fdp

import (
	"fmt"
	"slices"
	"strings"
)

// words is a cell for a reader.
func (k cell) words() string {
	out := map[string]string{"yes": "yes", "no": "no", "open": "open: in the high total only", "generation": "only through Technical Note 3"}[k.Counts]
	if k.Counts == "option" {
		var readings []string
		for _, r := range k.requirements() {
			readings = append(readings, r.Option+"="+r.Value)
		}
		out = "where " + strings.Join(readings, " and ")
	}
	switch k.Data {
	case "unpublished":
		out += ", of unpublished data only"
	case "published-open":
		out += ", of published data open"
	}
	return out
}

func (k cell) optionNames() []string {
	var out []string
	for _, r := range k.requirements() {
		out = append(out, r.Option)
	}
	return out
}

func (p *pack) countingText() []Cell {
	out := []Cell{}
	for _, row := range p.Activities {
		k := row.cell()
		c := Cell{What: string(row.Activity), Counts: k.words(), Open: k.Counts == "open", Why: row.Why, Cite: row.Cite.text(), options: k.optionNames()}
		if row.Systemic != nil {
			c.Counts += "; of an original with systemic risk " + row.Systemic.words()
			c.Open = c.Open || row.Systemic.Counts == "open"
			c.options = append(c.options, row.Systemic.optionNames()...)
		}
		out = append(out, c)
	}
	if d := p.Discarded; d.Counts != "" {
		k := cell{Counts: d.Counts, Option: d.Option, When: d.When}
		out = append(out, Cell{"work whose weights were discarded", k.words(), d.Counts == "open", d.Why, d.Cite.text(), k.optionNames()})
	}
	return out
}

func (p *pack) relationText() []Cell {
	out := []Cell{}
	for _, row := range p.Relations {
		k := row.cell()
		c := Cell{What: string(row.Relation), Counts: k.words(), Open: k.Counts == "open", Why: row.Why, Cite: row.Cite.text(), options: k.optionNames()}
		if row.Another != nil {
			c.Counts += "; of another provider's model " + row.Another.words()
			c.Open = c.Open || row.Another.Counts == "open"
			c.options = append(c.options, row.Another.optionNames()...)
		}
		out = append(out, c)
	}
	return out
}

func (p *pack) quantityName(name string) string {
	if row, found := p.named[name]; found {
		return row.Name
	}
	return name
}

func (p *pack) comparisonText(c comparison) string {
	if c.Value != "" {
		return fmt.Sprintf("%s %s %s", p.quantityName(c.Quantity), c.Is, c.Value)
	}
	var bounds []string
	for _, b := range c.HighestOf {
		text := b.Value
		if b.Of != "" {
			text = p.quantityName(b.Of)
		}
		switch {
		case b.Percent != 0:
			text = fmt.Sprintf("%d%% of %s", b.Percent, text)
		case b.Ratio != "":
			text = b.Ratio + " of " + text
		}
		bounds = append(bounds, text)
	}
	other := strings.Join(bounds, " and ")
	if len(bounds) > 1 {
		other = "the higher of " + other
	}
	return fmt.Sprintf("%s %s %s", p.quantityName(c.Quantity), c.Is, other)
}

// conditionText is a condition in words, one line per node, indented below its
// parent.
func (p *pack) conditionText(c condition, indent string) []string {
	lines := []string{indent + p.nodeText(c)}
	switch {
	case c.ByOption != nil:
		for _, value := range p.option[c.ByOption.Option].Values {
			lines = append(lines, indent+"  "+value+":")
			lines = append(lines, p.conditionText(c.ByOption.Readings[value], indent+"    ")...)
		}
	default:
		for _, child := range c.children() {
			lines = append(lines, p.conditionText(child, indent+"  ")...)
		}
	}
	return lines
}

func (p *pack) nodeText(c condition) string {
	switch {
	case c.All != nil:
		return "all of"
	case c.Any != nil:
		return "any of"
	case c.Not != nil:
		return "not"
	case c.Is != nil:
		values := append(slices.Clone(c.Is.OneOf), c.Is.Value)
		return fmt.Sprintf("%s is %s%s", c.Is.Fact, strings.Join(slices.DeleteFunc(values, func(v string) bool { return v == "" }), " or "), absentText(c.Is.Absent))
	case c.In != nil:
		every := ""
		if c.In.Every {
			every = "all of "
		}
		return fmt.Sprintf("%s%s is in %s%s", every, c.In.Fact, p.group[c.In.Group].Title, absentText(c.In.Absent))
	case c.Compare != nil:
		return p.comparisonText(*c.Compare)
	case c.ByOption != nil:
		return "by the reading of " + c.ByOption.Option
	case c.Earned != nil:
		return "where it is earned: " + strings.Join(c.Earned.Facts, " and ") + " stated, and"
	case c.Flag != nil:
		return "for counsel, where"
	case c.Never != "":
		return "no: " + c.Never
	case c.ToCustomer != nil:
		return "of the hand-over to the customer, who stands in the recipient's place"
	}
	return c.Rule
}

func absentText(absent string) string {
	if absent == "" {
		return ""
	}
	return " (counts only when it is stated)"
}
