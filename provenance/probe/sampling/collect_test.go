package sampling

import (
	"math"
	"testing"
	"time"
)

func at(ms int) time.Time { return time.UnixMilli(int64(ms)) }

func single(t *testing.T, c *Collector) Summary {
	t.Helper()
	all := c.Summaries()
	if len(all) != 1 {
		t.Fatalf("found %+v, expected one", all)
	}
	return all[0]
}

// TestGapsAreUnknown: a time without samples is in no mean and not covered.
func TestGapsAreUnknown(t *testing.T) {
	c := NewCollector(Options{Units: []Unit{{Product: "H100", UUID: "a", Chip: "a", Instance: -1, Share: 1}}, Start: at(0), Gap: 3 * time.Second})
	read := func(ms int, value float64) {
		c.Observe(SourceGPM, at(ms), []Reading{{UUID: "a", Instance: -1, Name: "tensor-active", Kind: Rate, Value: value}})
	}
	read(1000, 0.4)
	read(2000, 0.6)
	read(100_000, 0.1) // after a gap: it stands for no time
	read(101_000, 0.5)
	read(100_500, 0.5) // a clock that went back
	s := single(t, c)
	if s.Samples != 5 || s.Covered != 3000 || s.Low != 100000 || s.High != 600000 || s.Mean != 500000 {
		t.Errorf("found %+v, expected 3 s covered with a mean of 0.5", s)
	}
}

// TestNotOfThisJob: other devices, the whole of a device of which the job has a
// slice, and values that are no shares.
func TestNotOfThisJob(t *testing.T) {
	slice := Unit{Product: "H100", UUID: "MIG-1", Chip: "GPU-1", Instance: 7, Share: 3.0 / 7}
	c := NewCollector(Options{Units: []Unit{slice}, Start: at(0), Gap: time.Hour})
	for _, r := range []Reading{
		{UUID: "GPU-2", Instance: -1}, {UUID: "GPU-1", Instance: -1}, {UUID: "GPU-1", Instance: 8}, {UUID: "", Serial: "", Instance: 7}, {UUID: "MIG-2", Instance: -1},
		{UUID: "GPU-1", Instance: 7, Value: 1.01}, {UUID: "GPU-1", Instance: 7, Value: math.NaN()}, {UUID: "GPU-1", Instance: 7, Value: -1}, {UUID: "GPU-1", Instance: 7, Value: math.Inf(1)},
	} {
		r.Name, r.Kind = "tensor-active", Rate
		if c.Observe(SourceDCGM, at(1000), []Reading{r}) != 0 {
			t.Errorf("%+v was taken", r)
		}
	}
	mine := Reading{UUID: "GPU-1", Instance: 7, Name: "tensor-active", Kind: Rate, Value: 0.05}
	if c.Observe(SourceDCGM, at(7000), []Reading{mine, mine}) != 1 {
		t.Error("the job's own slice counts once")
	}
	if s := single(t, c); s.Covered != 3000 { // 7 s of 3/7
		t.Errorf("found %+v", s)
	}
}

// TestCounters: a counter's growth is counted over gaps, its first value is not,
// and one that goes down is not used, before or after.
func TestCounters(t *testing.T) {
	unit := Unit{Product: "MI300X", UUID: "a", Chip: "a", Serial: "5", Instance: -1, Share: 1}
	c := NewCollector(Options{Units: []Unit{unit}, Start: at(0), Gap: time.Second})
	read := func(ms int, value float64) {
		c.Observe(SourceAMD, at(ms), []Reading{{Serial: "5", Instance: -1, Name: "operations-16bit", Kind: Operations, Value: value}})
	}
	read(0, 1e15)
	read(1000, 3e15)
	read(60_000, 4e15)
	if s := single(t, c); s.Total.String() != "3000000000000000" || s.Covered != 60_000 || s.High != 0 {
		t.Errorf("found %+v", s)
	}
	read(61_000, 4e18) // more than a float64 counts one by one, and than a uint64 holds over a few chips
	read(61_500, 8e18)
	if s := single(t, c); s.Total.String() != "7999000000000000000" {
		t.Errorf("found %s", s.Total)
	}
	read(61_800, 5)
	read(62_000, 9e15)
	if all := c.Summaries(); len(all) != 0 || len(c.Restarted()) != 1 {
		t.Errorf("a counter that went down is used: %+v, %q", all, c.Restarted())
	}
}

// TestOrder: what a ceiling is made of comes first.
func TestOrder(t *testing.T) {
	c := NewCollector(Options{Units: []Unit{{Product: "H100", UUID: "a", Chip: "a", Instance: -1, Share: 1}}, Start: at(0), Gap: time.Hour})
	read := func(source, name string, kind Kind) {
		c.Observe(source, at(1000), []Reading{{UUID: "a", Instance: -1, Name: name, Kind: kind, Value: 0.5}})
	}
	read(SourceNVML, "gpu-util", Occupancy)
	read(SourceDCGM, "tensor-active", Rate)
	read(SourceGPM, "sm-active", Rate)
	read(SourceGPM, "tensor-active", Rate)
	var got []string
	for _, s := range c.Summaries() {
		got = append(got, s.Source+" "+s.Name)
	}
	want := []string{"gpm tensor-active", "gpm sm-active", "dcgm-exporter tensor-active", "nvml gpu-util"}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("found %q, expected %q", got, want)
		}
	}
}

// TestCycles: monotonic counters become ratios, and the first scrape, a reset
// and a missing denominator are unknown.
func TestCycles(t *testing.T) {
	var c cycles
	scrape := func(active, elapsed float64) []Reading {
		readings := []Reading{{UUID: "a", Instance: -1, Name: "tensor-active", Kind: cyclesKind, Value: active}, {UUID: "a", Instance: -1, Name: "tensor-active", Kind: Rate, Value: 0.9}}
		if elapsed >= 0 {
			readings = append(readings, Reading{UUID: "a", Instance: -1, Name: cyclesElapsed, Kind: cyclesKind, Value: elapsed})
		}
		return c.ratios(readings)
	}
	for i, v := range []struct{ active, elapsed, want float64 }{
		{100, 1000, 0.9}, {500, 2000, 0.4}, {900, 3000, 0.4}, {1, 4000, 0.9}, {2, 4000, 0.9}, {3, -1, 0.9}, {4, 5000, 0.9},
	} {
		got := scrape(v.active, v.elapsed)
		if len(got) == 0 || math.Abs(got[0].Value-v.want) > 1e-12 || got[0].Kind != Rate {
			t.Errorf("scrape %d: found %+v, expected %v", i, got, v.want)
		}
	}
}
