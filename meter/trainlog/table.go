package trainlog

import (
	"bytes"
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// table reads rows under a header, as in CSV (RFC 4180, one line a row).
type table struct {
	separator byte
	trailing  bool     // each line ends with a separator, as those of sacct -p do
	columns   []string // in lower case; nil before the header
	cells     [][]byte
}

func (t *table) clone() table {
	return table{separator: t.separator, trailing: t.trailing, columns: slices.Clone(t.columns)}
}

// marks are those of the header, and then every line.
func (t *table) marks(header ...string) []string {
	if t.columns != nil {
		return []string{""}
	}
	return header
}

// header reads a line that has all the columns named.
func (t *table) header(l line, columns ...string) bool {
	if l.text == nil || !bytes.Contains(bytes.ToLower(l.text), []byte(columns[0])) {
		return false
	}
	var names []string
	for _, cell := range t.split(l.text) {
		names = append(names, string(bytes.ToLower(bytes.TrimPrefix(bytes.TrimSpace(cell), []byte("\ufeff")))))
	}
	for _, want := range columns {
		if !slices.Contains(names, want) {
			return false
		}
	}
	if n := len(names); names[n-1] == "" {
		t.trailing, names = true, names[:n-1]
	}
	if len(names) > maxColumns || len(l.text) > MaxLine/4 {
		return false
	}
	t.columns = names
	return true
}

const maxColumns = 512

// row is one line under a header.
type row struct{ table *table }

// row splits a line; it reports false before the header and for a line with
// another number of cells, as one that was cut off has.
func (t *table) row(l line) (row, bool) {
	if t.columns == nil || l.text == nil || len(bytes.TrimSpace(l.text)) == 0 {
		return row{}, false
	}
	t.cells = t.split(l.text)
	return row{t}, len(t.cells) == len(t.columns) && (l.whole || len(t.cells[len(t.cells)-1]) > 0)
}

// cell returns a column's value, without white space; nil when there is none.
func (r row) cell(column string) []byte {
	if i := slices.Index(r.table.columns, column); i >= 0 {
		return bytes.TrimSpace(r.table.cells[i])
	}
	return nil
}

// split divides a line at its separators, those in quotation marks left out.
func (t *table) split(text []byte) [][]byte {
	cells := t.cells[:0]
	for at := 0; at <= len(text); {
		cell, next := t.next(text, at)
		cells = append(cells, cell)
		at = next
	}
	if n := len(cells); t.trailing && len(cells[n-1]) == 0 {
		cells = cells[:n-1]
	}
	return cells
}

func (t *table) next(text []byte, at int) (cell []byte, next int) {
	if t.separator == ',' && at < len(text) && text[at] == '"' {
		for end := at + 1; end < len(text); end++ {
			if text[end] != '"' {
				continue
			}
			if end+1 < len(text) && text[end+1] == '"' {
				end++
				continue
			}
			after := end + 1
			if after < len(text) && text[after] == t.separator {
				return text[at+1 : end], after + 1
			}
			return text[at+1 : end], len(text) + 1
		}
	}
	if i := bytes.IndexByte(text[at:], t.separator); i >= 0 {
		return text[at : at+i], at + i + 1
	}
	return text[at:], len(text) + 1
}

func opsOf(n uint64) meter.Ops { return meter.NewOps(n) }
