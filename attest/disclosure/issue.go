package disclosure

import (
	"encoding/base64"
	"fmt"
	"io"
	"slices"

	"github.com/weighbridge/weighbridge/meter/canonical"
)

// saltBytes is 128 bits, as section 4.2.1 recommends: without a salt a hidden
// number is found by trying the likely ones.
const saltBytes = 16

// Padding: every list of digests has at least one decoy and a number of entries
// that is a multiple of these, so that its length does not tell what it holds
// (section 4.2.5).
const (
	padObject = 4
	padArray  = 8
)

// Issued is a disclosure that was made, for its holder.
type Issued struct {
	Field string `json:"field"` // the word under which a holder chooses it
	Path  string `json:"path"`  // where the value stands
	Text  string `json:"disclosure"`
}

// Issuer hides parts of one JSON tree of map[string]any and []any. Equal values
// never have equal digests: each has a salt of its own.
type Issuer struct {
	Random io.Reader // 128 bits are read for each salt, 256 for each decoy
	Made   []Issued
	err    error
}

// Member is a member of an object that is to be hidden.
type Member struct {
	Field string // see [Issued]
	Name  string
	Value any
}

// Hide adds the digests of members to object, at path, in an order that does not
// tell theirs.
func (i *Issuer) Hide(object map[string]any, path string, members []Member) {
	if len(members) == 0 {
		return
	}
	var digests []string
	for _, m := range members {
		text := i.text(m.Name, m.Value)
		digests = append(digests, Digest(text))
		i.Made = append(i.Made, Issued{m.Field, join(path, m.Name), text})
	}
	for len(digests) == len(members) || len(digests)%padObject != 0 {
		digests = append(digests, i.decoy())
	}
	slices.Sort(digests)
	object[KeyDigests] = digests
}

// HideElements returns the array that stands for elements, each hidden by itself.
func (i *Issuer) HideElements(field, path string, elements []any) []any {
	var digests []string
	for at, value := range elements {
		text := i.text("", value)
		digests = append(digests, Digest(text))
		i.Made = append(i.Made, Issued{field, fmt.Sprintf("%s[%d]", path, at), text})
	}
	for len(digests) == len(elements) || len(digests)%padArray != 0 {
		digests = append(digests, i.decoy()) // after the elements: an array keeps its order (section 4.2.4.2)
	}
	array := make([]any, len(digests))
	for at, digest := range digests {
		array[at] = map[string]any{KeyElement: digest}
	}
	return array
}

// Err returns the first failure to read random bytes or to encode a value.
// Nothing that was made may be used then.
func (i *Issuer) Err() error { return i.err }

func (i *Issuer) text(name string, value any) string {
	parts := []any{i.random(saltBytes), value}
	if name != "" {
		parts = []any{parts[0], name, value}
	}
	data, err := canonical.Encode(parts)
	i.fail(err)
	return base64.RawURLEncoding.EncodeToString(data)
}

// decoy is the digest of random bytes: nobody holds its disclosure.
func (i *Issuer) decoy() string { return Digest(i.random(32)) }

func (i *Issuer) random(n int) string {
	bytes := make([]byte, n)
	_, err := io.ReadFull(i.Random, bytes)
	i.fail(err)
	return base64.RawURLEncoding.EncodeToString(bytes)
}

func (i *Issuer) fail(err error) {
	if i.err == nil && err != nil {
		i.err = fmt.Errorf("selective disclosure: %w", err)
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
