package entry

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

func record(run string, operations uint64) meter.Record {
	return meter.Record{
		Schema: meter.RecordSchema, Model: "acme/atlas@1", Run: run, Activity: meter.Pretraining, Weights: meter.WeightsKept,
		Operations: meter.Exact(meter.NewOps(operations)), Method: meter.NoMethod, Grade: meter.GradeDeclared, Outcome: meter.Stated,
	}
}

func entries(t *testing.T) []Entry {
	t.Helper()
	a, b, again := record("a", 5), record("b", 7), record("a", 6)
	fix := Correction{CorrectionSchema, Supersede, "acme/atlas@1", "a", 0, 0, "one too few", "jo", time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC), &again}
	return []Entry{{Index: 0, Record: &a}, {Index: 1, Record: &b}, {Index: 2, Correction: &fix}}
}

func none(uint64) bool { return false }

// TestNet: what counts stands where it was first recorded, as its last correction
// tells it; a correction of nothing is damage.
func TestNet(t *testing.T) {
	log := entries(t)
	net, err := Net(log, none)
	if err != nil || len(net) != 2 || net[0].Operations.Low != meter.NewOps(6) || net[1].Run != "b" {
		t.Fatal(net, err)
	}
	net, err = Net(log, func(i uint64) bool { return i == 0 })
	if err != nil || len(net) != 1 || net[0].Run != "b" {
		t.Error(net, err)
	}
	if net, err := Net(log[1:], none); err == nil {
		t.Error("a correction of an entry that is not there", net)
	}
}

// TestBody: a body is read back, and only in its one encoding.
func TestBody(t *testing.T) {
	for _, e := range entries(t) {
		kind, content, err := "record", []byte(nil), error(nil)
		if e.Record != nil {
			content, err = e.Record.Encode()
		} else {
			kind = "correction"
			content, err = e.Correction.Encode()
		}
		if err != nil {
			t.Fatal(err)
		}
		body := EncodeBody(kind, content, []Total{{meter.Pretraining, meter.Exact(meter.NewOps(5)), 1, meter.GradeDeclared}})
		read, err := ParseBody(body)
		if err != nil || (read.Record == nil) != (e.Record == nil) || len(read.Totals) != 1 {
			t.Fatalf("%s: %v", body, err)
		}
		for _, bad := range []string{"", string(body) + " ", strings.Replace(string(body), `"low"`, `"LOW"`, 1), strings.Replace(string(body), `"records":1`, `"records":1.0`, 1)} {
			if _, err := ParseBody([]byte(bad)); err == nil {
				t.Errorf("%q was read", bad)
			}
		}
	}
	if !slices.Equal([]bool{OneLine("a", 1), OneLine("", 1), OneLine("ab", 1), OneLine("a\nb", 9)}, []bool{true, false, false, false}) {
		t.Error("one line")
	}
}
