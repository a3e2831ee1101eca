package proof

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// The names of the two encodings.
const (
	InclusionSchema   = "weighbridge.dev/inclusion-proof/v1"
	ConsistencySchema = "weighbridge.dev/consistency-proof/v1"
)

// MaxBytes bounds an encoded proof: a tree of 2^64 entries has at most 64 hashes
// on a path, and a header is less than a kilobyte.
const MaxBytes = 16 << 10

type headJSON struct {
	Origin string `json:"origin"`
	Size   uint64 `json:"size"`
	Root   string `json:"root"` // base64
}

type inclusionJSON struct {
	Schema string   `json:"schema"`
	Head   headJSON `json:"head"`
	Header string   `json:"header"`
	Hashes []string `json:"hashes"`
}

type consistencyJSON struct {
	Schema string   `json:"schema"`
	Old    headJSON `json:"old"`
	New    headJSON `json:"new"`
	Hashes []string `json:"hashes"`
}

// MarshalJSON returns the one encoding of p but for white space.
func (p Inclusion) MarshalJSON() ([]byte, error) {
	return json.Marshal(inclusionJSON{InclusionSchema, p.Head.json(), string(p.Header), texts(p.Hashes)})
}

// MarshalJSON returns the one encoding of p but for white space.
func (p Consistency) MarshalJSON() ([]byte, error) {
	return json.Marshal(consistencyJSON{ConsistencySchema, p.Old.json(), p.New.json(), texts(p.Hashes)})
}

// Parse reads an encoded proof, and returns the one that it is; the other is nil.
// White space between its tokens may be any; unknown keys, keys written twice or
// in another order or case, and trailing bytes are errors.
func Parse(data []byte) (*Inclusion, *Consistency, error) {
	if len(data) > MaxBytes {
		return nil, nil, fmt.Errorf("proof of %d bytes: expected at most %d", len(data), MaxBytes)
	}
	var kind struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &kind); err != nil {
		return nil, nil, fmt.Errorf("proof: %w; expected what weighbridge ledger prove printed", err)
	}
	switch kind.Schema {
	case InclusionSchema:
		p, err := parseInclusion(data)
		return p, nil, err
	case ConsistencySchema:
		p, err := parseConsistency(data)
		return nil, p, err
	}
	return nil, nil, fmt.Errorf("proof: schema %.60q: expected %s or %s", kind.Schema, InclusionSchema, ConsistencySchema)
}

func parseInclusion(data []byte) (*Inclusion, error) {
	var raw inclusionJSON
	if err := decode(data, &raw); err != nil {
		return nil, err
	}
	head, err := raw.Head.parse("head")
	if err != nil {
		return nil, err
	}
	hashes, err := parseHashes(raw.Hashes)
	if err != nil {
		return nil, err
	}
	if _, err := ParseHeader([]byte(raw.Header)); err != nil {
		return nil, fmt.Errorf("proof: %w", err)
	}
	p := &Inclusion{head, []byte(raw.Header), hashes}
	return p, sameText(data, p)
}

func parseConsistency(data []byte) (*Consistency, error) {
	var raw consistencyJSON
	if err := decode(data, &raw); err != nil {
		return nil, err
	}
	before, err := raw.Old.parse("old")
	if err != nil {
		return nil, err
	}
	after, err := raw.New.parse("new")
	if err != nil {
		return nil, err
	}
	hashes, err := parseHashes(raw.Hashes)
	if err != nil {
		return nil, err
	}
	p := &Consistency{before, after, hashes}
	return p, sameText(data, p)
}

func decode(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return fmt.Errorf("proof: %w", err)
	}
	return nil
}

// sameText holds what was read, without its white space, against its encoding.
func sameText(data []byte, p json.Marshaler) error {
	var found bytes.Buffer
	if err := json.Compact(&found, data); err != nil {
		return fmt.Errorf("proof: %w", err)
	}
	want, err := p.MarshalJSON()
	if err != nil {
		return err
	}
	if !bytes.Equal(found.Bytes(), want) {
		return fmt.Errorf("proof: not in its one encoding (a key twice or in another order or case, or a value written another way): found %.200q, expected %.200q", found.Bytes(), want)
	}
	return nil
}

func (h Head) json() headJSON {
	return headJSON{h.Origin, h.Size, base64.StdEncoding.EncodeToString(h.Root[:])}
}

func (h headJSON) parse(name string) (Head, error) {
	root, err := ParseHash(h.Root)
	if err != nil {
		return Head{}, fmt.Errorf("proof: %s: root: %w", name, err)
	}
	return Head{h.Origin, h.Size, root}, nil
}

func texts(hashes [][sha256.Size]byte) []string {
	out := make([]string, len(hashes))
	for i, h := range hashes {
		out[i] = base64.StdEncoding.EncodeToString(h[:])
	}
	return out
}

func parseHashes(texts []string) ([][sha256.Size]byte, error) {
	out := make([][sha256.Size]byte, len(texts))
	for i, text := range texts {
		var err error
		if out[i], err = ParseHash(text); err != nil {
			return nil, fmt.Errorf("proof: hashes[%d]: %w", i, err)
		}
	}
	return out, nil
}
