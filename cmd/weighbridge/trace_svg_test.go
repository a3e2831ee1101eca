package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

func position(t *testing.T, low, high string) fdp.Position {
	t.Helper()
	ops := func(s string) meter.Ops {
		o, err := meter.ParseOps(s)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	p := fdp.Position{Regime: "us-4e091", Quantity: "operations", Comparison: ">=", Threshold: ops("1e26"), Interval: meter.Unbounded(ops(low))}
	if high != "" {
		p.High = meter.Known(ops(high))
	}
	return p
}

// TestBar: what surely counts, what may, and the threshold at its place.
func TestBar(t *testing.T) {
	for _, c := range []struct{ low, high, want string }{
		{"0", "0", "[        | ]"},
		{"1", "1e20", "[        | ]"},
		{"1e24", "1e24", "[####    | ]"},
		{"1e24", "1e25", "[####==  | ]"},
		{"1e24", "", "[####====|=>"},
		{"1e26", "1e26", "[########| ]"},
		{"2e27", "2e27", "[########|#>"},
		{"0", "", "[========|=>"},
	} {
		if got := bar(position(t, c.low, c.high), 10); got != c.want {
			t.Errorf("%s to %s: %s, expected %s", c.low, c.high, got, c.want)
		}
	}
}

// TestSVG: well-formed, the same twice, bounded for a long lineage, and no name in
// it is markup.
func TestSVG(t *testing.T) {
	r := traceResult{Model: "acme/atlas@0", Regimes: []fdp.Position{position(t, "1e24", "1e25"), position(t, "1e24", "")}, Missing: []meter.ModelRef{"<script>&/x@1"}}
	for i := range 500 {
		next := meter.Parent{Model: meter.ModelRef(fmt.Sprintf("acme/atlas@%d", i+1)), Relation: meter.Continues}
		r.Lineage = append(r.Lineage, traceModel{Model: meter.ModelRef(fmt.Sprintf("acme/atlas@%d", i)), Known: true, Parents: []meter.Parent{next}})
	}
	picture := r.svg()
	if again := r.svg(); !bytes.Equal(picture, again) {
		t.Error("two pictures of one trace differ")
	}
	if len(picture) > 64<<10 || bytes.Contains(picture, []byte("<script>")) || !bytes.Contains(picture, []byte("more lines: --json lists every model")) {
		t.Errorf("%d bytes: %.300s", len(picture), picture)
	}
	elements := 0
	for decoder := xml.NewDecoder(bytes.NewReader(picture)); ; elements++ {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if elements < 100 || !strings.HasPrefix(string(picture), `<svg xmlns="http://www.w3.org/2000/svg"`) {
		t.Errorf("%d elements", elements)
	}
}
