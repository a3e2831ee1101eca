package fdp

import (
	"cmp"
	"slices"
	"strings"
)

// reading returns the value of an option that was set, or its default, or "".
func (e *evaluation) reading(name string) string {
	if value, set := e.question.Options[name]; set {
		return value
	}
	return e.pack.option[name].Default
}

// consult notes that an option mattered and returns its reading.
func (e *evaluation) consult(name string) string {
	e.consulted[name] = true
	if e.counting > 0 {
		e.numbers.asked[name] = true
	}
	return e.reading(name)
}

// alternatives evaluates again under each other reading of an option.
func (e *evaluation) alternatives(o option, d Determination) ([]Alternative, error) {
	var out []Alternative
	for _, value := range o.Values {
		if value == e.reading(o.Name) {
			continue
		}
		q := e.question
		q.Options = map[string]string{o.Name: value}
		for name, set := range e.question.Options {
			if name != o.Name {
				q.Options[name] = set
			}
		}
		other := &evaluation{
			pack: e.pack, catalogue: e.catalogue, facts: e.facts, models: e.models, question: q, asOf: e.asOf, status: e.status, shared: e.shared,
			consulted: map[string]bool{}, memo: map[string]outcome{}, unearned: map[string]bool{},
		}
		if other.shareNumbers(); !e.numbers.asked[o.Name] {
			other.numbers = e.numbers.clone()
		}
		then, _ := other.answers()
		if other.numbers.err != nil {
			return nil, other.numbers.err
		}
		if changes := d.differences(then); len(changes) > 0 {
			out = append(out, Alternative{o.Name, value, changes})
		}
	}
	return out, nil
}

// compare orders alternatives by the option's name, then by the reading.
func (a Alternative) compare(b Alternative) int {
	return cmp.Or(strings.Compare(a.Option, b.Option), strings.Compare(a.Value, b.Value))
}

func (d Determination) differences(then Determination) map[string]string {
	changes := map[string]string{}
	differ := func(name, now, then string) {
		if now != then {
			changes[name] = then
		}
	}
	differ("controlled", d.Controlled.String(), then.Controlled.String())
	if d.Export != nil {
		differ("subject_to_ear", d.SubjectToEAR.String(), then.SubjectToEAR.String())
		differ("licence.required", d.Licence.Required.String(), then.Licence.Required.String())
		differ("licence.exception", d.Licence.Exception, then.Licence.Exception)
		differ("licence.policy", d.Licence.Policy, then.Licence.Policy)
	}
	if d.Weighed != nil {
		differ("operations", intervalText(d.Operations), intervalText(then.Operations))
	}
	return changes
}

// pivotalOptions drops options that change no answer under any reading: they
// matter only together with a fact that is missing too, which stands in the list.
func pivotalOptions(d Determination) []Missing {
	kept := slices.DeleteFunc(slices.Clone(d.Missing), func(m Missing) bool {
		name, isOption := strings.CutPrefix(m.Path, "options.")
		return isOption && !slices.ContainsFunc(d.Alternatives, func(a Alternative) bool { return a.Option == name && a.answers() })
	})
	if len(kept) == 0 { // two options that matter only together
		return d.Missing
	}
	return kept
}

// answers reports whether more changes than the number.
func (a Alternative) answers() bool {
	_, number := a.Changes["operations"]
	return len(a.Changes) > 1 || len(a.Changes) == 1 && !number
}
