package estimate

import (
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// A run that went on past its schedule is counted at the schedule's last length.
func TestCovering(t *testing.T) {
	s, err := ParseSchedule("64:100,128:50")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ tokens, last uint64 }{{1, 1}, {100, 100}, {101, 1}, {150, 50}, {151, 51}, {1000, 900}} {
		parts, err := s.Covering(meter.NewOps(c.tokens)).Stretches(meter.NewOps(c.tokens))
		if err != nil || parts[len(parts)-1].Tokens != meter.NewOps(c.last) {
			t.Errorf("%d tokens: %v, %v, expected %d in the last part", c.tokens, parts, err, c.last)
		}
	}
	if _, err := s.Stretches(meter.NewOps(151)); err == nil {
		t.Error("more tokens than the schedule covers were divided without being told")
	}
}
