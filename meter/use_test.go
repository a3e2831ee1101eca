package meter

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func usedRecord() Record {
	zero := Ops{}
	return Record{
		Schema: RecordSchema, Model: "acme/atlas@1", Run: "r", Activity: Pretraining, Weights: WeightsKept,
		Operations: Interval{Low: zero}, Method: NoMethod, Grade: GradeMeasured, Outcome: Finished,
		Use: []Use{{Product: "chip", Devices: 2, ChipMilliseconds: 1000, Grade: GradeMeasured, Signals: []Signal{
			{Name: "tensor-active", Kind: RateSignal, Source: "gpm", Samples: 3, Covered: 900, Share: &Share{1, 2, 3}},
		}}},
	}
}

// TestUseRefused: U1 to U3, each broken once, is an error that names the field.
func TestUseRefused(t *testing.T) {
	energy := NewOps(5)
	vectors := map[string]struct {
		spoil func(*Use)
		want  string
	}{
		"no product":          {func(u *Use) { u.Product = "" }, "product"},
		"no devices":          {func(u *Use) { u.Devices = 0 }, "devices"},
		"grade":               {func(u *Use) { u.Grade = "sure" }, "grade"},
		"covers too much":     {func(u *Use) { u.Signals[0].Covered = 1001 }, "covered_milliseconds"},
		"kind":                {func(u *Use) { u.Signals[0].Kind = "utilisation" }, "kind of signal"},
		"share above all":     {func(u *Use) { u.Signals[0].Share.High = FullShare + 1 }, "share"},
		"mean below low":      {func(u *Use) { u.Signals[0].Share.Mean = 0 }, "share"},
		"rate with a total":   {func(u *Use) { u.Signals[0].Total = &energy }, "not both"},
		"rate without share":  {func(u *Use) { u.Signals[0].Share = nil }, "not both"},
		"counter with share":  {func(u *Use) { u.Signals[0].Kind = EnergySignal }, "not both"},
		"no samples":          {func(u *Use) { u.Signals[0].Samples = 0 }, "samples"},
		"more than JSON does": {func(u *Use) { u.ChipMilliseconds = 1 << 53 }, "chip-milliseconds"},
	}
	if _, err := usedRecord().Encode(); err != nil {
		t.Fatal(err)
	}
	for name, v := range vectors {
		r := usedRecord()
		v.spoil(&r.Use[0])
		if _, err := r.Encode(); err == nil || !strings.Contains(err.Error(), v.want) || !strings.Contains(err.Error(), "use[0]") {
			t.Errorf("%s: %v: expected an error on use[0] and %q", name, err, v.want)
		}
	}
}

func TestSliceRefused(t *testing.T) {
	for _, s := range []Slice{{}, {Compute: 8, ComputeOf: 7}, {Compute: 0, ComputeOf: 7}, {Compute: 1, ComputeOf: 7, Memory: 2, MemoryOf: 1}} {
		r := usedRecord()
		r.Hardware = []Device{{Product: "chip", Count: 1, Grade: GradeMeasured, Slice: &s}}
		if _, err := r.Encode(); err == nil || !strings.Contains(err.Error(), "slice") {
			t.Errorf("%+v: %v: expected an error on the slice", s, err)
		}
	}
}

// TestDevicesHeld: the same UUID on two ranks, and in two runs one after the
// other, is one device; its time is counted once.
func TestDevicesHeld(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 11, 24, 6, minute, 0, 0, time.UTC) }
	record := func(from, to int, devices ...Device) Record {
		return Record{Period: &Period{at(from), at(to)}, Hardware: devices}
	}
	a, b := Device{Product: "H100", UUID: "GPU-a", Count: 1}, Device{Product: "H100", UUID: "GPU-b", Count: 1}
	slice := Device{Product: "A100", UUID: "MIG-a", Count: 1, Slice: &Slice{Chip: "GPU-c", Compute: 3, ComputeOf: 7}}
	declared := Device{Product: "T4", Count: 4}
	got := DevicesHeld([]Record{
		record(0, 10, a, b), record(0, 10, a, b), record(5, 20, b, a), record(30, 40, a), record(8, 9, a),
		record(0, 10, slice), record(0, 1, declared), record(0, 1, declared), {Hardware: []Device{a}},
	})
	minute := uint64(60_000)
	want := []Held{
		{Product: "A100", Devices: 1, ChipMilliseconds: 257143}, // 600 000 x 3/7, rounded up
		{Product: "H100", Devices: 2, ChipMilliseconds: (20 + 10 + 20) * minute},
		{Product: "T4", Devices: 4, ChipMilliseconds: 8 * minute, Anonymous: 8 * minute},
	}
	if !slices.Equal(got, want) {
		t.Errorf("found %+v, expected %+v", got, want)
	}
}

// TestUseOf: what was sampled never covers more than was held, and a slice is
// held by its share.
func TestUseOf(t *testing.T) {
	start := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	period := &Period{start, start.Add(7 * time.Second)}
	devices := []Device{
		{Product: "H100", UUID: "a", Count: 1, Grade: GradeMeasured}, {Product: "H100", UUID: "b", Count: 1, Grade: GradeMeasured, Slice: &Slice{Compute: 3, ComputeOf: 7}},
		{Product: "T4", Count: 3, Grade: GradeDeclared},
	}
	signal := Signal{Name: "tensor-active", Kind: RateSignal, Source: "gpm", Samples: 1, Covered: 99_999_999, Share: &Share{1, 1, 1}}
	got := UseOf(devices, period, []Use{{Product: "H100", Signals: []Signal{signal}}, {Product: "A100", Signals: []Signal{signal}}})
	if len(got) != 2 || got[0].Devices != 2 || got[0].ChipMilliseconds != 10_000 || len(got[0].Signals) != 1 || got[0].Signals[0].Covered != 10_000 {
		t.Errorf("found %+v", got)
	}
	if got[1].ChipMilliseconds != 21_000 || got[1].Grade != GradeDeclared || got[1].Signals != nil {
		t.Errorf("found %+v", got[1])
	}
	if UseOf(devices, nil, nil) != nil || UseOf(nil, period, nil) != nil {
		t.Error("use without a period, or without devices")
	}
}
