package sampling

import (
	"math"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"
)

// Collector adds readings up. Its methods may be called from any goroutine.
type Collector struct {
	units []Unit
	start time.Time
	gap   time.Duration

	mutex sync.Mutex
	sums  map[key]*sum
	last  map[cell]previous
	dead  map[key]bool // counters that went down
}

type key struct {
	product, source, name string
	kind                  Kind
}

type cell struct {
	key  key
	unit int
}

type previous struct {
	at    time.Time
	value float64
}

// sum is all that is kept of a signal.
type sum struct {
	samples   uint64
	covered   float64 // chip-milliseconds
	weighted  float64 // of the shares, by covered
	low, high float64
	total     big.Int // of a counter
}

// Options of a [Collector].
type Options struct {
	Units []Unit
	Start time.Time
	// Gap is the longest time that one sample may stand for.
	Gap time.Duration
}

// NewCollector returns a collector without samples.
func NewCollector(o Options) *Collector {
	return &Collector{units: o.Units, start: o.Start, gap: o.Gap, sums: map[key]*sum{}, last: map[cell]previous{}, dead: map[key]bool{}}
}

// Observe adds what a source read at a moment, and returns how many readings
// were of the job's units. A share outside 0 to 1 is no reading. Of several
// readings of one signal and unit the first counts.
func (c *Collector) Observe(source string, at time.Time, readings []Reading) (used int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	seen := map[cell]bool{}
	for _, r := range readings {
		if !r.plausible() {
			continue
		}
		for i, u := range c.units {
			cell := cell{key{u.Product, source, r.Name, r.Kind}, i}
			if !u.matches(r) || seen[cell] {
				continue
			}
			seen[cell] = true
			used++
			c.add(cell, at, r.Value)
		}
	}
	return used
}

func (r Reading) plausible() bool {
	if math.IsNaN(r.Value) || math.IsInf(r.Value, 0) || r.Value < 0 {
		return false
	}
	return r.Kind.counter() || r.Value <= 1
}

func (c *Collector) add(at cell, now time.Time, value float64) {
	before, had := c.last[at]
	c.last[at] = previous{now, value}
	if at.key.kind.counter() {
		c.count(at, now, value, before, had)
		return
	}
	since := c.start // the first sample stands for the time since the start
	if had {
		since = before.at
	}
	span := now.Sub(since)
	if span < 0 || span > c.gap {
		span = 0
	}
	s := c.sum(at.key, value)
	ms := span.Seconds() * 1000 * c.units[at.unit].Share
	s.samples++
	s.covered += ms
	s.weighted += ms * value
	s.low, s.high = min(s.low, value), max(s.high, value)
}

// count adds how far a counter went. One that goes down is a gauge of something
// else, or began again: what it said before is not trusted either.
func (c *Collector) count(at cell, now time.Time, value float64, before previous, had bool) {
	if !had {
		return // where it began is not known
	}
	if value < before.value {
		c.dead[at.key] = true
		delete(c.sums, at.key)
	}
	if c.dead[at.key] {
		return
	}
	s := c.sum(at.key, 0)
	s.samples++
	grown, _ := big.NewFloat(value - before.value).Int(nil)
	s.total.Add(&s.total, grown)
	// A counter has no gaps: it counts whether or not somebody reads it.
	s.covered += max(0, now.Sub(before.at).Seconds()*1000*c.units[at.unit].Share)
}

func (c *Collector) sum(k key, value float64) *sum {
	s := c.sums[k]
	if s == nil {
		s = &sum{low: value, high: value}
		c.sums[k] = s
	}
	return s
}

// Summary is what was collected of one signal over the units of a product.
type Summary struct {
	Product, Source, Name string
	Kind                  Kind
	Samples               uint64
	Covered               uint64   // chip-milliseconds, rounded down
	Low, Mean, High       uint64   // millionths, rounded outward, the mean up; of rates and occupancies
	Total                 *big.Int // of counters, nil of the rest: what the exporter prints, which rounds its own numbers above 2^53
}

// Summaries returns the sums so far, by product and best source first. Signals
// that stand for no time are left out.
func (c *Collector) Summaries() []Summary {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var all []Summary
	for k, s := range c.sums {
		if s.covered < 1 {
			continue
		}
		summary := Summary{Product: k.product, Source: k.source, Name: k.name, Kind: k.kind, Samples: s.samples, Covered: uint64(s.covered)}
		if k.kind.counter() {
			summary.Total = new(big.Int).Set(&s.total)
		} else {
			summary.Low, summary.High = uint64(math.Floor(s.low*1e6)), uint64(math.Ceil(s.high*1e6))
			summary.Mean = min(max(uint64(math.Ceil(s.weighted/s.covered*1e6-1e-6)), summary.Low), summary.High)
		}
		all = append(all, summary)
	}
	slices.SortFunc(all, func(a, b Summary) int {
		return strings.Compare(a.order(), b.order())
	})
	return all
}

// Restarted names the counters that went down and are not used.
func (c *Collector) Restarted() []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var names []string
	for k := range c.dead {
		names = append(names, k.source+" "+k.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// order sorts by product, then rates before the rest, then the source that sees
// most, then the name.
func (s Summary) order() string {
	kind := slices.Index([]Kind{Rate, Operations, Energy, Occupancy}, s.Kind)
	source := slices.Index([]string{SourceGPM, SourceDCGM, SourceAMD, SourceNVML, SourceSMI}, s.Source)
	name := s.Name
	if name == "tensor-active" { // what a ceiling is made of
		name = " " + name
	}
	return s.Product + string(rune('0'+kind)) + string(rune('0'+source)) + name
}

// The sources, as the record names them.
const (
	SourceGPM  = "gpm"
	SourceDCGM = "dcgm-exporter"
	SourceAMD  = "amd-exporter"
	SourceNVML = "nvml"
	SourceSMI  = "nvidia-smi"
)
