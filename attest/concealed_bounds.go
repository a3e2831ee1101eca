package attest

import (
	"fmt"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// bounded notes the thresholds that were shown, and bounds every hidden line of the
// lineage by the least of those that hold: the whole is at most that, so no part is
// more than what the others leave.
func (c *TrainingCompute) bounded(shown map[string]*bool, d *Disclosed) error {
	var most meter.Bound
	for _, t := range Thresholds() {
		answer, there := shown[t.Name]
		switch {
		case !there:
			d.hide("thresholds." + t.Name)
		case answer != nil:
			d.Thresholds[t.Name] = *answer
			if bound := t.most(); *answer && (!most.Known || bound.Cmp(most.Ops) < 0) {
				most = meter.Known(bound)
			}
		}
	}
	for name := range shown {
		if !slices.ContainsFunc(Thresholds(), func(t Threshold) bool { return t.Name == name }) {
			return fmt.Errorf("thresholds: %q is not known", clip(name))
		}
	}
	if !most.Known || len(c.Lineage.Missing) > 0 {
		return nil
	}
	var certain meter.Ops // the sum of all lower bounds
	for _, m := range c.Lineage.Models {
		for _, w := range m.Work {
			var err error
			if certain, err = certain.Add(w.Low); err != nil {
				return err
			}
		}
	}
	spare, err := most.Ops.Sub(certain)
	if err != nil {
		return fmt.Errorf("thresholds: the operations are at most %s, and what is shown adds up to at least %s", most, certain)
	}
	for i, m := range c.Lineage.Models {
		for j, w := range m.Work {
			limit, err := w.Low.Add(spare)
			if err == nil && d.Hides(fmt.Sprintf("lineage.models[%d].work[%d].operations", i, j)) && (!w.High.Known || limit.Cmp(w.High.Ops) < 0) {
				c.Lineage.Models[i].Work[j].High = meter.Known(limit)
			}
		}
	}
	return nil
}

// sum fills in the totals that a concealed statement leaves to its reader.
func (c *TrainingCompute) sum() error {
	if len(c.Lineage.Models) == 0 {
		return fmt.Errorf("lineage.models: none: expected the model itself")
	}
	missing := c.Lineage.Missing
	lineage, err := LineageOf(c.Model, c.Lineage.find())
	if err != nil {
		return err
	}
	c.Lineage.Activities, c.Lineage.Missing = lineage.Activities, missing
	c.Activities, err = c.Lineage.Models[0].Activities()
	return err
}

// agrees holds the thresholds that were shown to the totals: a signer who says two
// things is not believed in either.
func (c *TrainingCompute) agrees(d *Disclosed) error {
	total, err := c.total()
	if err != nil {
		return err
	}
	for _, t := range Thresholds() {
		answer, shown := d.Thresholds[t.Name]
		below := total.High.Known && t.holds(total.High.Ops)
		if shown && (answer && !t.holds(total.Low) || !answer && below) {
			return fmt.Errorf("thresholds: %s is %v, and what is shown adds up to %s", t.Name, answer, total)
		}
	}
	return nil
}
