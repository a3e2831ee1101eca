package delivery

import (
	"fmt"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
)

// Letter drafts the letter by which a provider informs its customer, in writing, of
// the obligation to apply for a licence before export (Supp. 3 to Part 732 of the
// EAR, Red Flag 28), from the facts of a decision. What nobody has stated stands in
// brackets, to be filled in. It is a draft for counsel, and says what it rests on.
func Letter(d Decision, f fdp.Facts) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("DRAFT, for counsel to review before it is sent\n")
	p("%s\n", d.AsOf)
	p("To: %s", or(d.Customer, "[name of the customer]"))
	p("From: [name of the provider], headquartered in %s", country(f.Service.Provider.Headquarters))
	p("Concerning: %s, %s%s\n", or(string(d.Model), "[the model]"), or(f.Service.Kind, "[the service]"), reference(d.ID))
	p("Under the Export Administration Regulations a licence is required to export, reexport or transfer (in-country) the weights of")
	p("AI models that are specified in ECCN 4E091 (15 CFR 742.6(a)(13)). Red Flag 28 (Supp. 3 to Part 732) asks a provider of computing")
	p("services that assist in training such a model, for an entity headquartered, or with an ultimate parent headquartered, outside the")
	p("destinations of Supp. 5(a) to Part 740, to inquire whether the customer intends to export the model, and to apply for a licence or to")
	p("inform the customer of its obligation to do so before export.\n")
	p("On what we know:")
	p("- Your organisation is headquartered in %s; its ultimate parent in %s.", country(f.Service.Customer.Headquarters), country(f.Service.Customer.UltimateParent))
	p("- You take the weights in %s.", country(f.Service.Customer.Location))
	p("- Whether the weights are specified in 4E091: %s.", specified(d))
	p("- Whether you intend to export them: %s.\n", intended(f))
	p("We therefore inform you in writing that, before the weights are exported, reexported or transferred (in-country), you are obliged to apply")
	p("for a licence of the Bureau of Industry and Security where one is required, and that nothing may leave before it is granted. Release to")
	p("foreign persons may itself be an export (15 CFR 734.13). Please tell us in writing whether you intend to export the model, where to, and")
	p("under which licence or licence exception, and send us a copy.\n")
	p("%s", standingSentence(d))
	p("Rules %s, as of %s. Not legal advice.\n", d.RulesDigest, d.AsOf)
	p("[name and signature]")
	return b.String()
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func country(c fdp.Country) string { return or(c.Name(), "[country]") }

func reference(id string) string {
	if id == "" {
		return ""
	}
	return " (our reference " + id + ")"
}

// specified repeats the finding of the regime's own test.
func specified(d Decision) string {
	for _, f := range d.Findings {
		if f.Rule == flagRegime+".specified" {
			switch f.Verdict {
			case fdp.Applies:
				return "they are (" + f.Cite + ")"
			case fdp.DoesNotApply:
				return "on what we know they are not (" + f.Cite + ")"
			}
		}
	}
	return "we cannot tell yet"
}

func intended(f fdp.Facts) string {
	switch {
	case f.Service.ExportIntended == nil:
		return "you have not told us"
	case *f.Service.ExportIntended:
		return "you have told us that you do"
	}
	return "you have told us that you do not"
}

// standingSentence says how the text stood, as the decision found it.
func standingSentence(d Decision) string {
	for _, r := range d.Regimes {
		if r.Regime == flagRegime {
			return "Standing of the text on that date: " + r.Status.Why
		}
	}
	return ""
}
