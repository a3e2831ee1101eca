package accounting

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// recordReader bounds what encoding/csv may take for one row: an open quotation
// mark would otherwise swallow the rest of a file.
type recordReader struct {
	in   io.Reader
	left int
}

var errLongRow = fmt.Errorf("a row is longer than %d bytes: look for a quotation mark that is not closed", MaxRecord)

func (r *recordReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, errLongRow
	}
	n, err := r.in.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}

// rows reads RFC 4180 CSV under a header, a row at a time. The cells do not stay.
type rows struct {
	csv    *csv.Reader
	limit  *recordReader
	name   string
	column map[string]int // by lower-case name
	cells  []string
	line   int64
}

func newRows(in *bufio.Reader, name string) (*rows, error) {
	limit := &recordReader{in: in, left: 2 * MaxRecord}
	r := &rows{csv: csv.NewReader(limit), limit: limit, name: name, column: map[string]int{}}
	r.csv.ReuseRecord = true
	header, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: it is empty: expected a table whose first line names its columns", name)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: header: %w", name, err)
	}
	for i, cell := range header {
		cell = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(cell, "\ufeff")))
		if _, twice := r.column[cell]; twice {
			return nil, fmt.Errorf("%s: header: the column %.40q stands there twice", name, cell)
		}
		r.column[strings.Clone(cell)] = i
	}
	return r, nil
}

// next reads a row; io.EOF ends them. A *csv.ParseError is of one row.
func (r *rows) next() error {
	r.limit.left = 2 * MaxRecord
	cells, err := r.csv.Read()
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse):
		r.line = int64(parse.Line)
		return err
	case err != nil:
		return err
	}
	line, _ := r.csv.FieldPos(0) // there is none where a row was refused
	r.cells, r.line = cells, int64(line)
	return nil
}

// cell returns a column's value, "" where there is none.
func (r *rows) cell(column string) string {
	if i, found := r.column[column]; found && i < len(r.cells) {
		return strings.TrimSpace(r.cells[i])
	}
	return ""
}

// ReadTable reads a table of our own, whose header is exactly the columns, and
// gives each row's cells to f. Every error names the file and the line.
func ReadTable(in io.Reader, name string, columns []string, f func(cells []string, line int64) error) error {
	r, err := newRows(bufio.NewReader(in), name)
	if err != nil {
		return err
	}
	r.csv.ReuseRecord = false
	for i, want := range columns {
		if at, found := r.column[want]; !found || at != i || len(r.column) != len(columns) {
			return fmt.Errorf("%s: header: expected the columns %s", name, strings.Join(columns, ","))
		}
	}
	for {
		err := r.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if i := slices.IndexFunc(r.cells, func(c string) bool { return named("cell", c) != nil || c != strings.TrimSpace(c) }); i >= 0 {
			return fmt.Errorf("%s: column %s: %.40q: expected UTF-8 without control characters or spaces around it, at most %d bytes", where(name, r.line), columns[i], r.cells[i], maxName)
		}
		if err := f(r.cells, r.line); err != nil {
			return fmt.Errorf("%s: %w", where(name, r.line), err)
		}
	}
}
