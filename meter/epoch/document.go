package epoch

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter/canonical"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// DocumentSchema names the encoding of a [Document].
const DocumentSchema = "weighbridge.dev/key-epochs/v1"

// MaxDocument bounds an encoded document, in bytes.
const MaxDocument = 64 << 20

// Document is a log of epochs for somebody without the ledger: every note, and of
// the heads that they name those of some logs, each proved. It names no other log.
type Document struct {
	Schema string         `json:"schema"`
	Origin string         `json:"origin"`
	Notes  []documentNote `json:"notes"`
}

type documentNote struct {
	Header string       `json:"header"`
	Salt   string       `json:"salt"` // hexadecimal
	Body   string       `json:"body"`
	Heads  []provenHead `json:"heads"`
}

// provenHead is a head with its place in the tree of a [Boundary].
type provenHead struct {
	Origin string   `json:"origin"`
	Size   uint64   `json:"size"`
	Root   string   `json:"root"` // base64
	Index  uint64   `json:"index"`
	Hashes []string `json:"hashes"` // base64
}

func (p provenHead) head() (proof.Head, error) {
	root, err := proof.ParseHash(p.Root)
	return proof.Head{Origin: p.Origin, Size: p.Size, Root: root}, err
}

// NewDocument makes a document of a whole log of epochs. It shows the heads of the
// logs that wanted says yes to.
func NewDocument(origin string, notes []Stored, wanted func(origin string) bool) (Document, error) {
	d := Document{Schema: DocumentSchema, Origin: origin, Notes: []documentNote{}}
	for i, n := range notes {
		heads, err := provenHeads(n.Heads, wanted)
		if err != nil {
			return Document{}, fmt.Errorf("%s entry %d: its heads: %w", origin, i, err)
		}
		d.Notes = append(d.Notes, documentNote{string(n.Header), hex.EncodeToString(n.Salt), string(n.Body), heads})
	}
	_, err := d.History()
	return d, err
}

func provenHeads(text string, wanted func(origin string) bool) ([]provenHead, error) {
	out := []provenHead{}
	if text == "" {
		return out, nil
	}
	heads, err := proof.ParseHeads(text)
	if err != nil {
		return nil, err
	}
	var tree proof.Tree
	for _, h := range heads {
		tree.Add([]byte(h.String()))
	}
	for i, h := range heads {
		if !wanted(h.Origin) {
			continue
		}
		hashes, err := tree.Inclusion(uint64(i))
		if err != nil {
			return nil, err
		}
		p := provenHead{h.Origin, h.Size, base64.StdEncoding.EncodeToString(h.Root[:]), uint64(i), []string{}}
		for _, hash := range hashes {
			p.Hashes = append(p.Hashes, base64.StdEncoding.EncodeToString(hash))
		}
		out = append(out, p)
	}
	return out, nil
}

// Encode is the one encoding of a document: JSON indented by two spaces.
func (d Document) Encode() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(d)
	return b.Bytes(), err
}

// ParseDocument reads a document in its one encoding, and holds it to SPEC.md.
func ParseDocument(data []byte) (Document, History, error) {
	fail := func(err error) (Document, History, error) {
		return Document{}, History{}, fmt.Errorf("key epochs: %w", err)
	}
	if len(data) > MaxDocument {
		return fail(fmt.Errorf("%d bytes: expected at most %d", len(data), MaxDocument))
	}
	var d Document
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return fail(err)
	}
	again, err := d.Encode()
	switch {
	case err != nil:
		return fail(err)
	case d.Schema != DocumentSchema:
		return fail(fmt.Errorf("schema %.60q: expected %s", d.Schema, DocumentSchema))
	}
	if err := canonical.Compare(data, again); err != nil {
		return fail(err)
	}
	h, err := d.History()
	if err != nil {
		return fail(err)
	}
	return d, h, nil
}

// History reads the notes of a document. The error is an [*Error].
func (d Document) History() (History, error) {
	h := History{Origin: d.Origin}
	if _, name, ok := proof.ParseOrigin(d.Origin); !ok || name != Log {
		return h, &Error{CodeUnreadable, d.Origin, 0, "expected the origin of a log " + Log}
	}
	if len(d.Notes) == 0 {
		return h, &Error{CodeChain, d.Origin, 0, "there is no note: expected the first epoch"}
	}
	for _, n := range d.Notes {
		refuse := func(code string, err error) (History, error) { return h, &Error{code, d.Origin, h.Size, err.Error()} }
		salt, err := hex.DecodeString(n.Salt)
		if err != nil || hex.EncodeToString(salt) != n.Salt {
			return refuse(CodeUnreadable, errors.New("salt: expected lower-case hexadecimal digits"))
		}
		e, err := h.open([]byte(n.Header), salt, []byte(n.Body))
		if err != nil {
			return refuse(CodeUnreadable, err)
		}
		if !slices.IsSortedFunc(n.Heads, func(a, b provenHead) int { return strings.Compare(a.Origin, b.Origin) }) {
			return refuse(CodeHeads, errors.New("the heads are not sorted by origin"))
		}
		for _, p := range n.Heads {
			head, err := e.step.boundary().proven(p)
			if err != nil {
				return refuse(CodeHeads, err)
			}
			if len(e.heads) > 0 && e.heads[len(e.heads)-1].Origin == head.Origin {
				return refuse(CodeHeads, fmt.Errorf("%s stands twice", head.Origin))
			}
			e.heads = append(e.heads, head)
		}
		if wrong := h.add(e); wrong != nil {
			return h, wrong
		}
	}
	return h, nil
}
