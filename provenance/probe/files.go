package probe

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

const (
	maxAttribute = 4 << 10  // one page, the most that an attribute of sysfs has
	maxTable     = 16 << 20 // /proc/cpuinfo of some thousands of processors
)

// read returns at most limit bytes of a file; more is an error.
func (r *reader) read(name string, limit int64) ([]byte, error) {
	file, err := r.host.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes", name, limit)
	}
	return data, nil
}

// optional returns the one line of a file that need not be there, or "".
func (r *reader) optional(name string) string {
	data, err := r.read(name, maxAttribute)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.note("unreadable", "/%s: %v", name, err)
		}
		return ""
	}
	return printable(strings.TrimSpace(string(data)), 256)
}

// line returns the one line of a file that should be there; "" with a finding
// when it cannot be read or is empty.
func (r *reader) line(name, what string) string {
	data, err := r.read(name, maxAttribute)
	text := printable(strings.TrimSpace(string(data)), 256)
	switch {
	case err != nil:
		r.note(what+"-unknown", "/%s: %v", name, err)
	case text == "":
		r.note(what+"-unknown", "/%s is empty", name)
	}
	return text
}

// fields returns the "name: value" lines of a file, first values winning.
func fields(data []byte) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(string(data)) {
		name, value, ok := strings.Cut(line, ":")
		name = strings.TrimSpace(name)
		if _, seen := found[name]; ok && !seen {
			found[name] = printable(strings.TrimSpace(value), 256)
		}
	}
	return found
}
