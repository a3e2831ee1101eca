package main

import (
	"bytes"
	"encoding/xml"
	"fmt"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// The measures of the picture, in its own units.
const (
	svgWidth, svgLine, svgMargin = 1120, 20, 24
	svgBarAt, svgBarWidth        = 360, 500
	svgModels                    = 60 // lines of the tree; a lineage may have 100 000
)

// svg draws the lineage as a tree and each regime as a bar against its threshold:
// one document, self-contained, the same for the same trace.
func (r traceResult) svg() []byte {
	d := &drawing{}
	d.text(svgMargin, "title", fmt.Sprintf("%s: a lineage of %d model(s)", r.Model, len(r.Lineage)))
	d.skip()
	for _, t := range r.Activities {
		d.text(svgMargin, "", fmt.Sprintf("%s: %s, of it own %s", t.Activity, t.Interval, t.Own))
	}
	d.skip()
	r.drawTree(d)
	d.skip()
	for _, p := range r.Regimes {
		d.position(p)
	}
	d.text(svgMargin, "small", "Bars: a ten-thousandth of the threshold to ten times it, logarithmic. Dark: surely counts. Light: perhaps. The line: the threshold.")
	for _, m := range r.Missing[:min(len(r.Missing), 10)] {
		d.text(svgMargin, "small", fmt.Sprintf("Nothing is recorded of %s: no upper bound.", m))
	}
	if more := len(r.Missing) - 10; more > 0 {
		d.text(svgMargin, "small", fmt.Sprintf("and of %d more.", more))
	}
	return d.document()
}

// drawing is the picture so far, from the top down.
type drawing struct {
	body bytes.Buffer
	y    int
}

func (d *drawing) skip() { d.y += svgLine / 2 }

func (d *drawing) text(x int, class, text string) {
	d.y += svgLine
	fmt.Fprintf(&d.body, `<text x="%d" y="%d"`, x, d.y)
	if class != "" {
		fmt.Fprintf(&d.body, ` class="%s"`, class)
	}
	d.body.WriteByte('>')
	xml.EscapeText(&d.body, []byte(printable(text))) // bytes.Buffer never fails
	d.body.WriteString("</text>\n")
}

func (d *drawing) document() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`+"\n", svgWidth, d.y+svgMargin, svgWidth, d.y+svgMargin)
	out.WriteString("<style>text{font:13px monospace;fill:#222}.title{font:bold 16px monospace}.small{font:11px monospace;fill:#555}.model{font:12px monospace}</style>\n")
	fmt.Fprintf(&out, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", svgWidth, d.y+svgMargin)
	out.Write(d.body.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// drawTree draws the models as they stand in the text: a model met before is named
// only.
func (r traceResult) drawTree(d *drawing) {
	t := svgTree{d, r.index(), map[meter.ModelRef]bool{}, svgModels, 0}
	t.draw(r.Model, "", 0, d.y+svgLine)
	if t.left > 0 {
		d.text(svgMargin, "small", fmt.Sprintf("and %d more lines: --json lists every model", t.left))
	}
}

type svgTree struct {
	*drawing
	lines map[meter.ModelRef]traceModel
	shown map[meter.ModelRef]bool
	room  int
	left  int // lines that did not fit
}

func (t *svgTree) draw(model meter.ModelRef, relation meter.Relation, depth, parentY int) {
	if t.room == 0 || depth > maxTreeDepth {
		t.left++
		return
	}
	t.room--
	x := svgMargin + 18*depth
	line, label := t.lines[model], string(model)
	if relation != "" {
		label += fmt.Sprintf(" (%s)", relation)
	}
	switch {
	case t.shown[model]:
		label += ", above"
	case !line.Known:
		label += "  nothing is recorded"
	default:
		label += "  " + line.Interval.String()
	}
	t.text(x, "model", label)
	y := t.y
	if depth > 0 {
		fmt.Fprintf(&t.body, `<path d="M%d %d V%d H%d" fill="none" stroke="#999"/>`+"\n", x-12, parentY+4, y-4, x-3)
	}
	if t.shown[model] {
		return
	}
	t.shown[model] = true
	for _, p := range line.Parents {
		t.draw(p.Model, p.Relation, depth+1, y)
	}
}

// position draws one regime: a bar from nothing to low, a lighter one on to high,
// and the threshold as a line.
func (d *drawing) position(p fdp.Position) {
	d.text(svgMargin, "", fmt.Sprintf("%s  %s %s", p.Regime, p.Comparison, p.Threshold.Short()))
	y, low, high := d.y-12, barPosition(p.Low, p.Threshold), 1.0
	if p.High.Known {
		high = max(barPosition(p.High.Ops, p.Threshold), low)
	}
	x := func(at float64) float64 { return svgBarAt + at*svgBarWidth }
	fmt.Fprintf(&d.body, `<rect x="%d" y="%d" width="%d" height="14" fill="none" stroke="#999"/>`+"\n", svgBarAt, y, svgBarWidth)
	fmt.Fprintf(&d.body, `<rect x="%d" y="%d" width="%.1f" height="14" fill="#2b6cb0"/>`+"\n", svgBarAt, y, low*svgBarWidth)
	fmt.Fprintf(&d.body, `<rect x="%.1f" y="%d" width="%.1f" height="14" fill="#bcd4ee"/>`+"\n", x(low), y, (high-low)*svgBarWidth)
	if !p.High.Known {
		fmt.Fprintf(&d.body, `<path d="M%d %d l8 7 l-8 7 z" fill="#bcd4ee"/>`+"\n", svgBarAt+svgBarWidth, y)
	}
	at := x(barBelow / (barBelow + barAbove))
	fmt.Fprintf(&d.body, `<path d="M%.1f %d V%d" stroke="#c53030" stroke-width="2"/>`+"\n", at, y-3, y+17)
	d.y += 4
	d.text(svgMargin+18, "small", fmt.Sprintf("%s that count %s: %s; %s", p.Quantity, p.Interval.Beside(p.Threshold), p.ThresholdVerdict, leftOf(p)))
}
