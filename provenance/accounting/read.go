package accounting

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// ReadOptions say how a file is to be read.
type ReadOptions struct {
	Name string // of the file, for errors and findings
	// Zone is that of times that a source writes without one, as sacct and dcgmi
	// do. Nil is UTC.
	Zone *time.Location
}

func (o ReadOptions) zone() *time.Location {
	if o.Zone == nil {
		return time.UTC
	}
	return o.Zone
}

// Read reads one source, whose kind its first bytes tell, and gives each row to
// yield. A row of a foreign source that cannot be used is a finding, and the rest
// is read; the first wrong byte of our own form is an error. An error of yield
// ends the reading.
func Read(r io.Reader, o ReadOptions, yield func(Use) error) (Kind, []Finding, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(32 << 10)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return "", nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	kind, err := kindOf(head)
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", o.Name, err)
	}
	read := map[Kind]func(*bufio.Reader, ReadOptions, *notes, func(Use) error) error{
		Plain: readPlain, Slurm: readSlurm, FOCUS: readFOCUS, OpenCost: readOpenCost, DCGM: readDCGM,
	}[kind]
	n := &notes{}
	err = read(in, o, n, func(u Use) error {
		u.Kind, u.File = kind, o.Name
		return yield(u)
	})
	return kind, n.findings(), err
}

const dcgmMark = "Successfully retrieved statistics for job:"

// kindOf tells the kind from a file's first bytes.
func kindOf(head []byte) (Kind, error) {
	text := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\ufeff")))
	first, _, _ := bytes.Cut(text, []byte("\n"))
	header := strings.ToLower(string(first))
	switch {
	case len(text) == 0:
		return "", errors.New("the file is empty: expected " + expectedKinds)
	case text[0] == '{' && bytes.Contains(text, []byte(plainSchema)):
		return Plain, nil
	case text[0] == '{' && bytes.Contains(text, []byte(`"data"`)):
		return OpenCost, nil
	case bytes.Contains(text, []byte(dcgmMark)):
		return DCGM, nil
	case strings.Contains(header, "alloctres") && strings.Contains(header, "|"):
		return Slurm, nil
	case strings.Contains(header, "chargeperiodstart") && strings.Contains(header, ","):
		return FOCUS, nil
	case strings.TrimSpace(string(first)) == strings.Join(plainColumns(), ","):
		return Plain, nil
	}
	return "", fmt.Errorf("the first line is %.80q: expected %s", first, expectedKinds)
}

const expectedKinds = "the header of our own form (account,job,instance,chip,chips,start,end), of sacct -P with AllocTRES, or of a FOCUS export; " +
	"or the JSON of OpenCost's allocation API, or what dcgmi stats -j ID -v prints"

// lines gives each line without its end to f, with its number; one that is
// longer than a row may be is a finding. f gets bytes that do not stay.
func lines(in *bufio.Reader, n *notes, name string, f func(line []byte, number int64) error) error {
	var long bool
	for number := int64(1); ; {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			if !long {
				n.add("row-unread", "%s: longer than %d bytes: left out", where(name, number), in.Size())
			}
			long = true
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return fmt.Errorf("%s: %w", where(name, number), err)
		}
		if !long && len(bytes.TrimSpace(line)) > 0 {
			if err := f(bytes.TrimRight(line, "\r\n"), number); err != nil {
				return err
			}
		}
		long = false
		if err != nil {
			return nil
		}
		number++
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
