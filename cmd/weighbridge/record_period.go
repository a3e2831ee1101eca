package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/meter"
)

// parsePeriod reads "START/END", each a date (its first instant, UTC) or a time.
// What lies ahead of now has not been done.
func parsePeriod(text string, now time.Time) (*meter.Period, error) {
	if text == "" {
		return nil, nil
	}
	first, last, found := strings.Cut(text, "/")
	if !found {
		return nil, usage("--period: found %q, expected START/END, as in 2026-01-01/2026-03-31", text)
	}
	start, err := parseTime(first)
	if err != nil {
		return nil, usage("--period: %w", err)
	}
	end, err := parseTime(last)
	if err != nil {
		return nil, usage("--period: %w", err)
	}
	switch {
	case end.Before(start):
		return nil, usage("--period: %s is before %s: expected START/END", last, first)
	case end.After(now):
		return nil, usage("--period: %s is in the future (now is %s): expected the time of work that was done", last, now.UTC().Format(time.RFC3339))
	}
	return &meter.Period{Start: start, End: end}, nil
}

func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("time %q: expected a date (2026-03-31) or an RFC 3339 time (2026-03-31T12:00:00Z)", text)
}
