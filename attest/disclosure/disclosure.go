package disclosure

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// The reserved keys (RFC 9901, sections 4.1.1, 4.2.4).
const (
	KeyDigests   = "_sd"     // array of digests in an object
	KeyAlgorithm = "_sd_alg" // names the hash, at the top only
	KeyElement   = "..."     // the one key of an array element that is a digest
)

// Algorithm is the one hash that is used, by its name in the IANA registry of
// Named Information Hash Algorithms.
const Algorithm = "sha-256"

// MaxBytes bounds the text of one disclosure, MaxCount how many are opened at
// once, maxDepth how deep what they hold may nest.
const (
	MaxBytes = 1 << 20
	MaxCount = 1 << 16
	maxDepth = 64
)

// Disclosure is a member of an object, or an element of an array, with its salt.
type Disclosure struct {
	Salt    string
	Name    string // of the member; "" for an element
	Element bool
	Value   json.RawMessage // as it stands in the text
	Text    string          // base64url without padding: what is hashed and shown
}

// Digest returns the base64url of the SHA-256 over the ASCII bytes of a
// disclosure's text (RFC 9901, section 4.2.3).
func Digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Parse reads the text of a disclosure. Any JSON that holds an array of two or
// three elements is one (section 4.2.1 leaves its spelling to the issuer); the
// digest fixes the spelling that was chosen.
func Parse(text string) (Disclosure, error) {
	if len(text) > MaxBytes {
		return Disclosure{}, fmt.Errorf("disclosure of %d bytes: expected at most %d", len(text), MaxBytes)
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return Disclosure{}, fmt.Errorf("disclosure %.40q: expected base64url without padding", text)
	}
	var parts []json.RawMessage
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&parts); err != nil || len(parts) < 2 || len(parts) > 3 {
		return Disclosure{}, fmt.Errorf("disclosure %.40q: expected a JSON array of salt, name and value, or of salt and value", text)
	}
	if _, err := dec.Token(); err != io.EOF {
		return Disclosure{}, fmt.Errorf("disclosure %.40q: something follows the JSON array", text)
	}
	d := Disclosure{Element: len(parts) == 2, Value: parts[len(parts)-1], Text: text}
	if !isString(parts[0], &d.Salt) {
		return Disclosure{}, fmt.Errorf("disclosure %.40q: expected a salt, which is a string", text)
	}
	if d.Element {
		return d, nil
	}
	if !isString(parts[1], &d.Name) {
		return Disclosure{}, fmt.Errorf("disclosure %.40q: expected a name, which is a string", text)
	}
	if d.Name == KeyDigests || d.Name == KeyElement || d.Name == KeyAlgorithm { // section 7.1, step 3.3.2.2, and the third, which never stands elsewhere
		return Disclosure{}, fmt.Errorf("disclosure of %q: the name is reserved", d.Name)
	}
	return d, nil
}

func isString(raw json.RawMessage, to *string) bool {
	return len(raw) > 0 && raw[0] == '"' && json.Unmarshal(raw, to) == nil
}

// decode reads JSON into maps, slices and numbers as they were written.
func decode(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var v any
	err := dec.Decode(&v)
	return v, err
}
