package audit

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// Source is where a file is made from. [ledger.Ledger] is one; a checked file is
// no other: it is passed on as it is.
type Source interface {
	Heads(meter.ModelRef) ([]proof.Head, error)
	NoteHeads(log string) ([]proof.Head, error)
	Raw(origin string, size uint64, each func(ledger.Raw) error) error
	Evidence(digest string) (io.ReadCloser, error)
}

// Options say what goes into a file. Model is required.
type Options struct {
	Model     meter.ModelRef
	Models    []meter.ModelRef // of the lineage and the generators it names, the model first
	Notes     []string         // names of logs of notes, such as deliveries and approvals
	Lineage   *Lineage         // left out of the file where a body is withheld
	Tool      Tool
	CreatedAt time.Time
	Rules     string    // digest of the rules among Further
	Further   []Further // sorted by the writer: kind, then name

	// WithholdBody and WithholdEvidence say what is not shown; nil: everything is.
	WithholdBody     func(origin string, index uint64) bool
	WithholdEvidence func(digest string) bool
}

// Further is a file that is given to the writer.
type Further struct {
	Kind, Name string // statements, 0.json
	Data       []byte
}

// readme is the first member: enough to begin with in twenty years.
const readme = `This is an auditor's file of Weighbridge, ` + Schema + `: all that a ledger recorded of a
model and its ancestors, to be checked without that ledger and without Weighbridge.

logs/N/head            the head of a log: origin, number of entries, root of the Merkle tree (RFC 6962) in base64
logs/N/entries-*.jsonl one entry a line: header, salt, body, and the hashes of its inclusion proof. A body that is not
                       there was withheld; its header and proof stay.
evidence/DIGEST        files that records name, by their SHA-256
rules, statements, keys, timestamps
                       the text of the rules, signed statements, whom the exporter trusts, times
manifest.json          the sum of it, and the SHA-256 of every other member

To check an entry: SHA-256 of salt and body is the commitment in the header's fourth line; SHA-256 of a zero byte and the
header is the leaf; leaves give the root as RFC 6962, section 2.1 says. Totals in a body are the sums over the records that
count until then. A checker of 100 lines is possible; one comes with the source of Weighbridge (meter/audit/SPEC.md).
`

// Write writes the auditor's file. The same ledger and options give the same
// bytes. The error names what could not be read; the file is then to be thrown away.
func Write(w io.Writer, from Source, o Options) (Manifest, error) {
	out := writer{tar: tar.NewWriter(w), from: from, o: o,
		manifest: Manifest{Schema: Schema, Model: o.Model, Tool: o.Tool, CreatedAt: o.CreatedAt.UTC(), Lineage: o.Lineage, Rules: o.Rules,
			Logs: []Log{}, Evidence: Evidence{Withheld: []string{}, Missing: []string{}}}}
	if err := out.member(nameReadme, []byte(readme)); err != nil {
		return Manifest{}, err
	}
	for _, model := range o.Models {
		heads, err := from.Heads(model)
		if err != nil {
			return Manifest{}, err
		}
		for _, head := range heads {
			if err := out.log(model, head); err != nil {
				return Manifest{}, err
			}
		}
	}
	for _, name := range o.Notes {
		heads, err := from.NoteHeads(name)
		if err == nil && len(heads) == 0 {
			err = fmt.Errorf("the ledger has no log of notes %q", name)
		}
		if err != nil {
			return Manifest{}, err
		}
		for _, head := range heads {
			if err := out.log("", head); err != nil {
				return Manifest{}, err
			}
		}
	}
	if err := out.evidence(); err != nil {
		return Manifest{}, err
	}
	if err := out.further(); err != nil {
		return Manifest{}, err
	}
	data, err := out.manifest.encode()
	if err == nil {
		err = out.member(nameManifest, data)
	}
	if err != nil {
		return Manifest{}, err
	}
	return out.manifest, out.tar.Close()
}

type writer struct {
	tar      *tar.Writer
	from     Source
	o        Options
	manifest Manifest
	named    []meter.Evidence // by records that are shown, each once
}

// header is the one form of a member's header: nothing in it but name and size.
func header(name string, size int64) *tar.Header {
	return &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: time.Unix(0, 0).UTC(), Format: tar.FormatUSTAR}
}

func (w *writer) member(name string, data []byte) error {
	if err := w.tar.WriteHeader(header(name, int64(len(data)))); err != nil {
		return err
	}
	_, err := w.tar.Write(data)
	sum := sha256.Sum256(data)
	w.noted(name, int64(len(data)), sum[:])
	return err
}

func (w *writer) noted(name string, size int64, sum []byte) {
	w.manifest.Files = append(w.manifest.Files, File{name, size, hex.EncodeToString(sum)})
}

func (w *writer) log(model meter.ModelRef, head proof.Head) error {
	at := Log{Directory: fmt.Sprintf("%s%04d", dirLogs, len(w.manifest.Logs)), Model: model, Origin: head.Origin, Size: head.Size}
	if err := w.member(at.Directory+"/head", []byte(head.String())); err != nil {
		return err
	}
	var t proof.Tree
	if err := w.from.Raw(head.Origin, head.Size, func(r ledger.Raw) error { t.Add(r.Header); return nil }); err != nil {
		return err
	}
	if t.RootAt(head.Size) != head.Root {
		return fmt.Errorf("%s: its entries do not give the root of its head; run weighbridge check", head.Origin)
	}
	var chunk []byte
	index := uint64(0)
	flush := func() error {
		name := fmt.Sprintf("%s/entries-%06d.jsonl", at.Directory, (index-1)/chunkSize)
		data := chunk
		chunk = nil
		return w.member(name, data)
	}
	err := w.from.Raw(head.Origin, head.Size, func(r ledger.Raw) error {
		line, err := w.line(&at, &t, index, r)
		if err != nil {
			return err
		}
		chunk = append(chunk, line...)
		if index++; index%chunkSize == 0 {
			return flush()
		}
		return nil
	})
	if err == nil && len(chunk) > 0 {
		err = flush()
	}
	if at.Withheld > 0 && model != "" {
		w.manifest.Lineage = nil
	}
	w.manifest.Logs = append(w.manifest.Logs, at)
	return err
}

func (w *writer) line(at *Log, t *proof.Tree, index uint64, r ledger.Raw) ([]byte, error) {
	line := entryLine{Header: string(r.Header), Proof: []string{}}
	hashes, err := t.Inclusion(index)
	if err != nil {
		return nil, err
	}
	for _, h := range hashes {
		line.Proof = append(line.Proof, base64.StdEncoding.EncodeToString(h))
	}
	if w.o.WithholdBody != nil && w.o.WithholdBody(at.Origin, index) {
		at.Withheld++
		return encodeLine(line)
	}
	salt, body := hex.EncodeToString(r.Salt), string(r.Body)
	line.Salt, line.Body = &salt, &body
	named, err := evidenceIn(at.Model != "", r.Body)
	if err != nil {
		return nil, fmt.Errorf("%s entry %d: %w", at.Origin, index, err)
	}
	for _, e := range named {
		if !slices.ContainsFunc(w.named, func(have meter.Evidence) bool { return have.Digest == e.Digest }) {
			w.named = append(w.named, e)
		}
	}
	return encodeLine(line)
}

// evidenceIn is what the body of a record or of a note names.
func evidenceIn(records bool, body []byte) ([]meter.Evidence, error) {
	if !records {
		note, err := entry.ParseNoteBody(body)
		return note.Evidence, err
	}
	entry, err := ledger.ParseBody(body)
	if err != nil {
		return nil, err
	}
	return evidenceOf(entry), nil
}

// evidenceOf is what an entry names.
func evidenceOf(e ledger.Entry) []meter.Evidence {
	switch {
	case e.Record != nil:
		return e.Record.Evidence
	case e.Correction.Record != nil:
		return e.Correction.Record.Evidence
	}
	return nil
}

func (w *writer) evidence() error {
	slices.SortFunc(w.named, func(a, b meter.Evidence) int { return compareText(a.Digest, b.Digest) })
	for _, e := range w.named {
		if w.o.WithholdEvidence != nil && w.o.WithholdEvidence(e.Digest) {
			w.manifest.Evidence.Withheld = append(w.manifest.Evidence.Withheld, e.Digest)
			continue
		}
		found, err := w.from.Evidence(e.Digest)
		if errors.Is(err, fs.ErrNotExist) {
			w.manifest.Evidence.Missing = append(w.manifest.Evidence.Missing, e.Digest)
			continue
		}
		if err != nil {
			return err
		}
		if err := w.stream(dirEvidence+e.Digest[len("sha256:"):], e, found); err != nil {
			return err
		}
	}
	return nil
}

// stream copies evidence; its reader fails where the bytes are not those of the
// digest.
func (w *writer) stream(name string, e meter.Evidence, from io.ReadCloser) error {
	defer from.Close()
	if err := w.tar.WriteHeader(header(name, e.Size)); err != nil {
		return err
	}
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(w.tar, sum), from)
	if err == nil && size != e.Size {
		err = fmt.Errorf("evidence %s has %d bytes: the record says %d", e.Digest, size, e.Size)
	}
	w.noted(name, size, sum.Sum(nil))
	return err
}

func (w *writer) further() error {
	sorted := slices.Clone(w.o.Further)
	slices.SortFunc(sorted, func(a, b Further) int {
		if k := slices.Index(Kinds(), a.Kind) - slices.Index(Kinds(), b.Kind); k != 0 {
			return k
		}
		return compareText(a.Name, b.Name)
	})
	for i, f := range sorted {
		if !slices.Contains(Kinds(), f.Kind) || !validName(f.Name) || i > 0 && f.Kind == sorted[i-1].Kind && f.Name == sorted[i-1].Name {
			return fmt.Errorf("file %q of kind %q: expected one of %v, and each name once, of letters, digits, points, hyphens and underscores", f.Name, f.Kind, Kinds())
		}
		if len(f.Data) > maxFile {
			return fmt.Errorf("%s/%s has %d bytes: expected at most %d", f.Kind, f.Name, len(f.Data), maxFile)
		}
		if err := w.member(f.Kind+"/"+f.Name, f.Data); err != nil {
			return err
		}
	}
	return nil
}
