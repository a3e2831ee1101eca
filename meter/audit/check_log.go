package audit

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// logCheck is one log while it is read.
type logCheck struct {
	directory string // 0000
	head      proof.Head
	model     meter.ModelRef
	tree      proof.Tree
	proofs    [][][sha256.Size]byte // as the lines give them, held against the tree at the end
	withheld  uint64
	chunks    int
	bad       bool // no further line of it is read

	entries map[uint64]*told  // by index of the first entry of a record
	slot    map[uint64]uint64 // entry that counts until it is corrected -> that index
	known   map[string]*told  // by run and sequence
	order   []uint64          // of the first entries
	sums    ledger.NetSums    // of the records that count
}

// told is what a log says of one record: its first form, and what counts now.
type told struct {
	run         string
	sequence    uint64
	first       []byte // canonical encoding
	counts      *meter.Record
	corrections int
	final       bool // voided
}

var logNames = regexp.MustCompile(`^(\d{4})/(head|entries-(\d{6})\.jsonl)$`)

func (c *checker) logMember(name string, h *tar.Header, in io.Reader) error {
	parts := logNames.FindStringSubmatch(name)
	if parts == nil {
		return errors.New("a name that the format does not have")
	}
	data, err := limited(in, h.Size, maxChunk)
	if err != nil {
		return err
	}
	if parts[2] == "head" {
		if parts[1] != fmt.Sprintf("%04d", len(c.logs)) {
			return fmt.Errorf("expected logs/%04d next", len(c.logs))
		}
		return c.openLog(parts[1], h.Name, data)
	}
	if len(c.logs) == 0 || c.logs[len(c.logs)-1].directory != parts[1] {
		return errors.New("entries without the head of their log before them")
	}
	g := c.logs[len(c.logs)-1]
	if parts[3] != fmt.Sprintf("%06d", g.chunks) {
		c.report.problem("entry-missing", h.Name, "expected entries-%06d.jsonl next", g.chunks)
		g.bad = true
	}
	g.chunks++
	c.lines(g, h.Name, data)
	return nil
}

func (c *checker) openLog(directory, name string, data []byte) error {
	g := &logCheck{directory: directory, entries: map[uint64]*told{}, slot: map[uint64]uint64{}, known: map[string]*told{}, sums: ledger.NewNetSums()}
	c.logs = append(c.logs, g)
	heads, err := proof.ParseHeads(string(data))
	if err != nil || len(heads) != 1 {
		c.report.problem("head", name, "expected the three lines of one checkpoint body: %v", err)
		g.bad = true
		return nil
	}
	g.head = heads[0]
	g.model, err = modelOf(g.head.Origin) // "" of a log of notes
	if err != nil || c.report.trees[g.head.Origin] != nil {
		c.report.problem("head", name, "origin %.200q: expected that of a log of records or of notes, each once", g.head.Origin)
		g.bad = true
	}
	c.report.trees[g.head.Origin] = &g.tree
	return nil
}

var originForm = regexp.MustCompile(`^weighbridge\.dev/log/[0-9a-f]{32}/(.+)$`)

func modelOf(origin string) (meter.ModelRef, error) {
	parts := originForm.FindStringSubmatch(origin)
	if parts == nil {
		return "", errors.New("no origin of a log")
	}
	if !strings.Contains(parts[1], "@") {
		return "", ledger.ValidNoteLog(parts[1])
	}
	return meter.ParseModel(parts[1])
}

func (c *checker) lines(g *logCheck, name string, data []byte) {
	if !bytes.HasSuffix(data, []byte("\n")) || bytes.Count(data, []byte("\n")) > chunkSize {
		c.report.problem("entry-unreadable", name, "expected 1 to %d lines, each ended by a line feed", chunkSize)
		g.bad = true
	}
	for line := range bytes.Lines(data) {
		if g.bad {
			return
		}
		index := g.tree.Size()
		where := fmt.Sprintf("%s entry %d", g.head.Origin, index)
		if index >= g.head.Size {
			c.report.problem("entry-extra", where, "the head says %d entries", g.head.Size)
			g.bad = true
			return
		}
		if code, err := c.line(g, index, line); err != nil {
			c.report.problem(code, where, "%v", err)
			g.bad = code == "entry-unreadable" || code == "header-differs"
		}
	}
}

// line reads one entry. The error comes with its code.
func (c *checker) line(g *logCheck, index uint64, data []byte) (string, error) {
	var line entryLine
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&line); err != nil {
		return "entry-unreadable", err
	}
	if again, err := encodeLine(line); err != nil || !bytes.Equal(again, data) || (line.Salt == nil) != (line.Body == nil) {
		return "entry-unreadable", errors.New("not in its one encoding, or a body without its salt")
	}
	h, err := proof.ParseHeader([]byte(line.Header))
	if err != nil {
		return "header-differs", err
	}
	if h.Origin != g.head.Origin || h.Index != index {
		return "header-differs", fmt.Errorf("it is entry %d of %.200q", h.Index, h.Origin)
	}
	g.tree.Add([]byte(line.Header))
	hashes, err := decodeHashes(line.Proof)
	if err != nil {
		return "proof-differs", err
	}
	g.proofs = append(g.proofs, hashes)
	if line.Body == nil {
		g.withheld++
		return "", nil
	}
	salt, err := hex.DecodeString(*line.Salt)
	if err != nil || len(salt) != 32 || hex.EncodeToString(salt) != *line.Salt {
		return "entry-unreadable", errors.New("salt: expected 64 lower-case hexadecimal digits")
	}
	if proof.Commit(salt, []byte(*line.Body)) != h.Commitment {
		return "header-differs", errors.New("the body is not the one that the header commits to")
	}
	if g.model == "" {
		return c.note([]byte(*line.Body))
	}
	entry, err := ledger.ParseBody([]byte(*line.Body))
	if err != nil {
		return "body-unreadable", err
	}
	entry.Index = index
	for _, e := range evidenceOf(entry) {
		c.named[e.Digest] = e.Size
	}
	return c.entry(g, entry)
}

// note reads the body of a note. It enters no total.
func (c *checker) note(body []byte) (string, error) {
	note, err := entry.ParseNoteBody(body)
	for _, e := range note.Evidence {
		c.named[e.Digest] = e.Size
	}
	return "body-unreadable", err
}

func decodeHashes(texts []string) ([][sha256.Size]byte, error) {
	out := [][sha256.Size]byte{}
	for _, text := range texts {
		hash, err := proof.ParseHash(text)
		if err != nil {
			return nil, fmt.Errorf("hash: %w", err)
		}
		out = append(out, hash)
	}
	return out, nil
}

// entry takes an entry into account, and compares the totals that stand in it with
// the sum over the records that count, as long as no body was withheld.
func (c *checker) entry(g *logCheck, e ledger.Entry) (string, error) {
	code, err := "", error(nil)
	if e.Record != nil {
		code, err = g.record(e)
	} else {
		code, err = g.correct(e)
	}
	if err != nil || g.withheld > 0 {
		return code, err
	}
	if found := g.sums.Differ(e.Totals); found != "" {
		return "totals-differ", errors.New(found)
	}
	return "", nil
}

func key(run string, sequence uint64) string { return fmt.Sprintf("%s\x00%d", run, sequence) }

func (g *logCheck) record(e ledger.Entry) (string, error) {
	r := e.Record
	if r.Model != g.model {
		return "header-differs", fmt.Errorf("a record of %s", r.Model)
	}
	if g.known[key(r.Run, r.Sequence)] != nil {
		return "counted-twice", fmt.Errorf("record %s/%d stands in an earlier entry too", r.Run, r.Sequence)
	}
	first, err := r.Encode()
	g.entries[e.Index] = &told{run: r.Run, sequence: r.Sequence, first: first, counts: r}
	g.known[key(r.Run, r.Sequence)] = g.entries[e.Index]
	g.slot[e.Index] = e.Index
	g.order = append(g.order, e.Index)
	g.sums.Add(r)
	return "body-unreadable", err
}

func (g *logCheck) correct(e ledger.Entry) (string, error) {
	k := e.Correction
	at, found := g.slot[k.Entry]
	if !found && g.withheld > 0 {
		return "", nil // what it corrects may be withheld
	}
	if !found {
		return "correction", fmt.Errorf("it corrects entry %d, which holds no record that counts", k.Entry)
	}
	t := g.entries[at]
	switch {
	case t.final:
		return "correction", fmt.Errorf("it corrects entry %d, which holds no record that counts", k.Entry)
	case k.Model != g.model || k.Run != t.run || k.Sequence != t.sequence:
		return "correction", fmt.Errorf("it names %s/%d, and entry %d is %s/%d", k.Run, k.Sequence, k.Entry, t.run, t.sequence)
	}
	delete(g.slot, k.Entry)
	g.slot[e.Index] = at
	g.sums.Remove(t.counts)
	if k.Record != nil {
		g.sums.Add(k.Record)
	}
	t.counts, t.corrections, t.final = k.Record, t.corrections+1, k.Record == nil
	return "", nil
}

// counting are the records of the log that count, in their order.
func (g *logCheck) counting() []meter.Record {
	var out []meter.Record
	for _, at := range g.order {
		if t := g.entries[at]; t.counts != nil {
			out = append(out, *t.counts)
		}
	}
	return out
}

func ledgerTotals(sums []meter.ActivityTotal) []ledger.Total {
	out := []ledger.Total{}
	for _, s := range sums {
		out = append(out, ledger.Total(s))
	}
	return out
}
