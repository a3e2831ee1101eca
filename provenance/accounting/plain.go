package accounting

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

const plainSchema = "weighbridge.dev/accounting/v1"

// plainColumns are those of our own form.
func plainColumns() []string {
	return []string{"account", "job", "instance", "chip", "chips", "start", "end"}
}

// plainEntry is a row of our own form.
type plainEntry struct {
	Account  string `json:"account"`
	Job      string `json:"job"`
	Instance string `json:"instance"`
	Chip     string `json:"chip"`
	Chips    string `json:"chips"`
	Start    string `json:"start"`
	End      string `json:"end"`
}

func (e plainEntry) use(line int64) (Use, error) {
	rate, err := thousandths(e.Chips)
	if err != nil {
		return Use{}, fmt.Errorf("chips: %w", err)
	}
	start, err := rfc3339(e.Start)
	if err != nil {
		return Use{}, fmt.Errorf("start: %w", err)
	}
	end, err := rfc3339(e.End)
	if err != nil {
		return Use{}, fmt.Errorf("end: %w", err)
	}
	switch {
	case end < start:
		return Use{}, fmt.Errorf("end %s is before start %s: a negative time holds nothing; correct the row", e.End, e.Start)
	case e.Job == "" && e.Instance == "":
		return Use{}, errors.New("neither job nor instance is named: expected one of them, by which a repeated row can be told from a second one")
	case e.Chip == "":
		return Use{}, errors.New("chip is empty: expected the product, as weighbridge hardware list names it, or a name of the chips table")
	}
	// Two jobs on one machine at once hold different chips of it: a bound must not
	// take the one's for the other's.
	var parts []string
	if e.Instance != "" {
		parts = append(parts, "instance "+e.Instance)
	}
	if e.Job != "" {
		parts = append(parts, "job "+e.Job)
	}
	resource := strings.Join(parts, " ")
	return Use{Line: line, Account: e.Account, Job: e.Job, Resource: resource, Instance: e.Instance, Names: []string{e.Chip}, Start: start, End: end, Held: over(rate, end-start)}, nil
}

// readPlain reads our own form, strictly: the first wrong row is an error.
func readPlain(in *bufio.Reader, o ReadOptions, _ *notes, yield func(Use) error) error {
	head, _ := in.Peek(64)
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) {
		return readPlainJSON(in, o, yield)
	}
	return ReadTable(in, o.Name, plainColumns(), func(c []string, line int64) error {
		u, err := plainEntry{c[0], c[1], c[2], c[3], c[4], c[5], c[6]}.use(line)
		if err != nil {
			return err
		}
		return yield(u)
	})
}

// readPlainJSON reads {"schema":..., "entries":[...]}, an entry at a time: in
// this order, with no other key, no key twice and none in another case.
func readPlainJSON(in *bufio.Reader, o ReadOptions, yield func(Use) error) error {
	limit := &recordReader{in: in, left: 2 * MaxRecord}
	dec := json.NewDecoder(limit)
	for _, want := range []json.Token{json.Delim('{'), "schema", plainSchema, "entries", json.Delim('[')} {
		got, err := dec.Token()
		if err != nil || got != want {
			return fmt.Errorf("%s: found %v (%v), expected %v: a document {\"schema\":%q,\"entries\":[...]} in this order", o.Name, got, err, want, plainSchema)
		}
	}
	for number := int64(1); dec.More(); number++ {
		limit.left = 2 * MaxRecord
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return fmt.Errorf("%s: entry %d: %w", o.Name, number, err)
		}
		e, err := plainEntryOf(raw)
		if err != nil {
			return fmt.Errorf("%s: entry %d: %w", o.Name, number, err)
		}
		u, err := e.use(number)
		if err != nil {
			return fmt.Errorf("%s: entry %d: %w", o.Name, number, err)
		}
		if err := yield(u); err != nil {
			return err
		}
	}
	limit.left = 2 * MaxRecord
	for _, want := range []json.Token{json.Delim(']'), json.Delim('}')} {
		if got, err := dec.Token(); err != nil || got != want {
			return fmt.Errorf("%s: after the entries: found %v (%v), expected %v", o.Name, got, err, want)
		}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: bytes after the document", o.Name)
	}
	return nil
}

func plainEntryOf(raw json.RawMessage) (e plainEntry, err error) {
	fields := map[string]*string{"account": &e.Account, "job": &e.Job, "instance": &e.Instance, "chip": &e.Chip, "chips": &e.Chips, "start": &e.Start, "end": &e.End}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return e, fmt.Errorf("found %v, expected an object", token)
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return e, err
		}
		name, _ := key.(string)
		field := fields[name]
		if field == nil {
			return e, fmt.Errorf("key %.40q is unknown or stands there twice: expected account, job, instance, chip, chips, start, end, each once", name)
		}
		delete(fields, name)
		if err := dec.Decode(field); err != nil {
			return e, fmt.Errorf("%s: expected a text in quotation marks: %w", name, err)
		}
		if err := named(name, *field); err != nil {
			return e, err
		}
	}
	return e, nil
}
