package main

import (
	"math"
	"strings"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// The scale of a bar: logarithmic, from a ten-thousandth of the threshold to ten
// times it, so that thresholds of every size stand at the same place. It is a
// picture; nothing is decided by it.
const (
	barBelow = 4.0 // powers of ten below the threshold
	barAbove = 1.0 // and above it
)

// barWidth is that of a bar in text.
const barWidth = 50

const barScale = "bars: a ten-thousandth of the threshold to ten times it, logarithmic; # surely counts, = perhaps, | the threshold, > without an upper bound"

// barPosition is where a number stands on the scale, from 0 to 1.
func barPosition(n, threshold meter.Ops) float64 {
	if n.IsZero() || threshold.IsZero() {
		return 0
	}
	at := (math.Log10(float(n)) - math.Log10(float(threshold)) + barBelow) / (barBelow + barAbove)
	return min(max(at, 0), 1)
}

func float(n meter.Ops) float64 {
	f, _ := n.Big().Float64()
	return f
}

// onScale reports whether anything of a position is on the scale.
func onScale(p fdp.Position) bool { return !p.High.Known || barPosition(p.High.Ops, p.Threshold) > 0 }

// bar draws a position against its threshold in so many characters.
func bar(p fdp.Position, width int) string {
	low := int(barPosition(p.Low, p.Threshold) * float64(width))
	high, unbounded := width, !p.High.Known
	if !unbounded {
		high = max(int(barPosition(p.High.Ops, p.Threshold)*float64(width)), low)
	}
	cells := []byte(strings.Repeat("#", low) + strings.Repeat("=", high-low) + strings.Repeat(" ", width-high))
	mark := int(barBelow / (barBelow + barAbove) * float64(width))
	cells[min(mark, width-1)] = '|'
	end := "]"
	if unbounded || high == width && barPosition(p.High.Ops, p.Threshold) == 1 {
		end = ">"
	}
	return "[" + string(cells) + end
}
