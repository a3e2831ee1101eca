package sampling

// cycles turns monotonic cycle counters into ratios to the cycles elapsed: no
// gap between two scrapes is lost, and whether a counter is a sum over the
// processors does not matter.
type cycles struct{ before map[cycleKey]float64 }

type cycleKey struct {
	uuid, serial string
	instance     int
	name         string
}

// ratios replaces the counters among the readings, which come first in the
// answer: they win over gauges of the same name.
func (c *cycles) ratios(readings []Reading) []Reading {
	now := map[cycleKey]float64{}
	var rest, ratios []Reading
	for _, r := range readings {
		if r.Kind == cyclesKind {
			now[cycleKey{r.UUID, r.Serial, r.Instance, r.Name}] = r.Value
		} else {
			rest = append(rest, r)
		}
	}
	for _, r := range readings {
		if r.Kind != cyclesKind || r.Name == cyclesElapsed {
			continue
		}
		k := cycleKey{r.UUID, r.Serial, r.Instance, r.Name}
		all := k
		all.name = cyclesElapsed
		active, ok := c.since(now, k)
		elapsed, counted := c.since(now, all)
		if ok && counted && elapsed > 0 {
			r.Kind, r.Value = Rate, active/elapsed
			ratios = append(ratios, r)
		}
	}
	if len(now) > 0 {
		c.before = now
	}
	return append(ratios, rest...)
}

func (c *cycles) since(now map[cycleKey]float64, k cycleKey) (float64, bool) {
	then, had := c.before[k]
	value, ok := now[k]
	return value - then, had && ok && value >= then
}
