package main

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/provenance"
)

// heldTime is how long chips of one product were held.
type heldTime struct {
	product string
	seconds *big.Rat // of whole packages or modules
	grade   meter.Grade
}

// ceilingOf is the most that chips could have performed: the sum over the
// products. Unknown names the products without one; the ceiling is then none.
type ceilingOf struct {
	training *big.Int // nil where a product has no rate in the format of training
	fastest  *big.Int
	parts    []provenance.Ceiling
	unknown  []string
	grade    meter.Grade
}

// ceiling adds up. An unknown product has no ceiling, and so the sum has none.
func ceiling(held []heldTime, catalogue *provenance.Catalogue) ceilingOf {
	sum := ceilingOf{training: new(big.Int), fastest: new(big.Int)}
	for _, h := range held {
		sum.grade = meter.LowestGrade(sum.grade, h.grade)
		accelerator, err := catalogue.Find(h.product)
		if err == nil {
			var part provenance.Ceiling
			if part, err = accelerator.Ceiling(h.seconds); err == nil {
				sum.add(part)
			}
		}
		if err != nil {
			sum.unknown = append(sum.unknown, h.product)
		}
	}
	if len(sum.unknown) > 0 {
		sum.training, sum.fastest = nil, nil
	}
	return sum
}

func (c *ceilingOf) add(part provenance.Ceiling) {
	c.parts = append(c.parts, part)
	c.fastest.Add(c.fastest, part.Fastest.Operations)
	if !part.Training.Known() {
		c.training = nil
	}
	if c.training != nil {
		c.training.Add(c.training, part.Training.Operations)
	}
}

// known says that there is a ceiling.
func (c ceilingOf) known() bool { return c.fastest != nil && len(c.parts) > 0 }

// witness is the ceiling as a record holds it: low at the format that training
// is counted at, high at the fastest, because the precision is not proven; false
// where there is none.
func (c ceilingOf) witness() (meter.Witness, bool) {
	if !c.known() {
		return meter.Witness{}, false
	}
	high, err := meter.OpsFromBig(c.fastest)
	if err != nil {
		return meter.Witness{}, false
	}
	low := meter.Ops{}
	if c.training != nil {
		if low, err = meter.OpsFromBig(c.training); err != nil {
			return meter.Witness{}, false
		}
	}
	return meter.Witness{Quantity: meter.Ceiling, Method: meter.HardwareTime, Grade: meter.LowestGrade(meter.GradeDerived, c.grade),
		Operations: meter.Interval{Low: low, High: meter.Known(high)}, Source: c.source()}, true
}

// source says in a sentence what the ceiling is the product of.
func (c ceilingOf) source() string {
	var words []string
	for _, p := range c.parts {
		text := fmt.Sprintf("%s chip-hours of %s at its dense peak", hoursText(p.ChipSeconds), p.Product)
		if p.Training.Known() && p.Training.Format != p.Fastest.Format {
			text += fmt.Sprintf(": %s TFLOPS in %s, %s in %s until the precision is proven", p.Training.Peak, p.Training.Format, p.Fastest.Peak, p.Fastest.Format)
		} else {
			text += fmt.Sprintf(": %s TFLOPS in %s, its fastest format", p.Fastest.Peak, p.Fastest.Format)
		}
		words = append(words, text)
	}
	return strings.Join(words, "; ")
}

// hoursText is a time in hours, exact where three decimals are enough.
func hoursText(seconds *big.Rat) string {
	hours := new(big.Rat).Quo(seconds, big.NewRat(3600, 1))
	if hours.Sign() > 0 && hours.Cmp(big.NewRat(1, 1000)) < 0 {
		return "less than 0.001"
	}
	return strings.TrimSuffix(strings.TrimRight(hours.FloatString(3), "0"), ".")
}

// hold puts the ceiling of the chips that a record held beside its count, holds
// required <= performed <= ceiling, and says how plausible the count is for them.
// Several processes that share one job each know their own chips only; their run
// is held together in trace.
func (c ceilingOf) hold(r *meter.Record, together bool) {
	w, known := c.witness()
	if !known {
		if len(c.unknown) > 0 {
			r.Findings = append(r.Findings, meter.Finding{Code: "ceiling-unknown", Message: fmt.Sprintf(
				"what the chips could have done is not known: the catalogue has no rate of %s", strings.Join(c.unknown, ", "))})
		}
		return
	}
	r.Witnesses = append(r.Witnesses, w)
	if !together || r.Method == meter.NoMethod {
		return
	}
	r.Findings = append(r.Findings, c.findings(claimsOf(*r), w)...)
}

// claimsOf are what a record says of its work by other methods than hardware.
func claimsOf(r meter.Record) []meter.Witness {
	var claims []meter.Witness
	for _, w := range r.Witnesses {
		if w.Quantity != meter.Ceiling && w.Method != meter.HardwareTime {
			claims = append(claims, w)
		}
	}
	if len(claims) == 0 && r.Method != meter.NoMethod && r.Method != meter.HardwareTime {
		claims = append(claims, meter.Witness{Quantity: meter.Required, Method: r.Method, Grade: r.Grade, Operations: r.Operations,
			Convention: r.Convention, Source: fmt.Sprintf("method %s", r.Method)})
	}
	return claims
}

// findings holds the claims against the ceiling: above it, above what is
// possible without a faster format than that of training, or outside what
// published runs reached.
func (c ceilingOf) findings(claims []meter.Witness, w meter.Witness) []meter.Finding {
	var list []meter.Finding
	for _, claim := range claims {
		if found := meter.Quantities([]meter.Witness{claim, w}, meter.KnownCauses()); len(found) > 0 {
			list = append(list, found...)
			continue
		}
		if finding, found := c.plausible(claim); found {
			list = append(list, finding)
		}
	}
	return slices.CompactFunc(list, func(a, b meter.Finding) bool { return a == b })
}

// plausible judges a claim that the ceiling allows; false where there is nothing
// to say.
func (c ceilingOf) plausible(claim meter.Witness) (meter.Finding, bool) {
	if c.training == nil || c.training.Sign() == 0 {
		return meter.Finding{}, false
	}
	low, high := c.shares(claim.Operations)
	judged := provenance.Judge(low, high, c.achievable())
	share, band := percentText(low), "published runs filled 20 to 44 % of it over all their hours"
	code, means := "", ""
	switch judged {
	case provenance.BelowUsual:
		share = percentText(high)
		code, means = "share-below-usual", ": chips held by something else, or under-reporting"
	case provenance.AboveUsual:
		code, means = "share-above-usual", ": look whether the hours leave something out"
	case provenance.AboveAchievable:
		code, means = "above-achievable", fmt.Sprintf(": more than the %s %% that the best matrix products reach on this chip, so one of the two is wrong, or the work ran in a faster format", percentText(c.achievable()))
	case provenance.AbovePeak:
		code, means = "above-training-peak", ": true only if it ran in a faster format than the one training is counted at"
	default:
		return meter.Finding{}, false
	}
	return meter.Finding{Code: code, Message: fmt.Sprintf("%s (%s) is %s %% of the chips' dense peak in %s; %s%s", claim.Quantity, claim.Source, share, c.trainingFormat(), band, means)}, true
}

// shares are the ends of a claim over what the chips could do in the format of
// training. An open end is taken as the peak.
func (c ceilingOf) shares(i meter.Interval) (low, high *big.Rat) {
	low, high = c.shareOf(i.Low), big.NewRat(1, 1)
	if i.High.Known {
		high = c.shareOf(i.High.Ops)
	}
	if i.Estimate.Known {
		low, high = c.shareOf(i.Estimate.Ops), c.shareOf(i.Estimate.Ops)
	}
	return low, high
}

func (c ceilingOf) shareOf(o meter.Ops) *big.Rat { return new(big.Rat).SetFrac(o.Big(), c.training) }

// achievable is the highest share that is known to be reached on the products;
// nil where it is not known of one of them.
func (c ceilingOf) achievable() *big.Rat {
	catalogue, err := provenance.Embedded()
	if err != nil {
		return nil
	}
	var most *big.Rat
	for _, p := range c.parts {
		accelerator, err := catalogue.Find(p.Product)
		share, known := accelerator.Achievable()
		if err != nil || !known {
			return nil
		}
		if most == nil || share.Cmp(most) > 0 {
			most = share
		}
	}
	return most
}

func (c ceilingOf) trainingFormat() string {
	var formats []string
	for _, p := range c.parts {
		if name := p.Training.Format.String(); !slices.Contains(formats, name) {
			formats = append(formats, name)
		}
	}
	if len(formats) == 0 {
		return "the format that training is counted at"
	}
	return strings.Join(formats, " and ")
}

// percentText is a share in per cent with two significant digits, for reading.
func percentText(share *big.Rat) string {
	value, _ := new(big.Rat).Mul(share, big.NewRat(100, 1)).Float64()
	switch {
	case share.Sign() == 0:
		return "0"
	case value < 0.01:
		return "less than 0.01"
	case value < 1:
		return strings.TrimRight(fmt.Sprintf("%.2f", value), "0")
	case value < 10:
		return fmt.Sprintf("%.1f", value)
	}
	return fmt.Sprintf("%.0f", value)
}
