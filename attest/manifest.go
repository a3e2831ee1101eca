package attest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// File is one regular file of a set of weights.
type File struct {
	Name   string `json:"name"`   // relative, slashes, normalised, valid UTF-8
	Size   int64  `json:"size"`   // bytes
	Digest string `json:"digest"` // "sha256:" and 64 lower-case hexadecimal digits
}

// Manifest lists the files of a set of weights, sorted by name as bytes, each
// name once. [NewManifest] makes one; the methods below treat a manifest that
// breaks the rules as having no digest at all.
type Manifest struct {
	Files []File
}

// NewManifest returns the manifest of files, sorted. The error names the file
// whose name or digest breaks a rule, or a name that occurs twice. An empty list
// is an error: the OMS specification refuses an empty model.
func NewManifest(files []File) (Manifest, error) {
	m := Manifest{Files: slices.SortedFunc(slices.Values(files), byName)}
	return m, m.Validate()
}

// Validate returns the first rule that m breaks.
func (m Manifest) Validate() error {
	if len(m.Files) == 0 {
		return fmt.Errorf("weights: no files: expected at least one regular file")
	}
	for i, f := range m.Files {
		if err := f.validate(); err != nil {
			return err
		}
		if i > 0 && f.Name == m.Files[i-1].Name {
			return fmt.Errorf("weights: file %q is listed twice: expected each name once", f.Name)
		}
		if i > 0 && f.Name < m.Files[i-1].Name {
			return fmt.Errorf("weights: file %q stands after %q: expected the names sorted as bytes", f.Name, m.Files[i-1].Name)
		}
	}
	return nil
}

func (f File) validate() error {
	if !ValidName(f.Name) {
		return fmt.Errorf("weights: file name %q: expected a relative, normalised path with slashes in valid UTF-8, without .. and without control characters", clip(f.Name))
	}
	if !ValidDigest(f.Digest) {
		return fmt.Errorf("weights: file %q: digest %q: expected sha256: and 64 lower-case hexadecimal digits", clip(f.Name), clip(f.Digest))
	}
	if f.Size < 0 {
		return fmt.Errorf("weights: file %q: size %d: expected at least 0", clip(f.Name), f.Size)
	}
	return nil
}

// ValidName reports whether name can stand in a manifest: as [ValidPath] has it, and
// without control characters, so that it can be shown as it is.
func ValidName(name string) bool {
	return ValidPath(name) && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 })
}

// ValidPath reports whether name can stand in a model signature: relative, normalised,
// with slashes, without "..", in valid UTF-8 (OMS v1.0, paths). It may hold control
// characters, line feeds among them: [ShownName] is what to print.
func ValidPath(name string) bool {
	if name == "" || name == "." || !utf8.ValidString(name) || path.IsAbs(name) || path.Clean(name) != name || strings.ContainsRune(name, 0) {
		return false
	}
	return name != ".." && !strings.HasPrefix(name, "../")
}

// ShownName is a name as it is shown: itself, or quoted as in Go where it holds what does
// not show itself, a quotation mark or a backslash. No two names are shown alike.
func ShownName(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return r == '"' || r == '\\' || !unicode.IsGraphic(r) }) || !utf8.ValidString(name) {
		return strconv.Quote(name)
	}
	return name
}

// ValidDigest reports whether s is "sha256:" and 64 lower-case hexadecimal
// digits, the one form of a digest in our formats.
func ValidDigest(s string) bool {
	digits, found := strings.CutPrefix(s, "sha256:")
	return found && len(digits) == 64 && strings.Trim(digits, "0123456789abcdef") == ""
}

// Bytes returns the sum of the sizes.
func (m Manifest) Bytes() int64 {
	var sum int64
	for _, f := range m.Files {
		sum += f.Size
	}
	return sum
}

// Root returns the OMS root digest: SHA-256 over the concatenated raw digests of
// the files, sorted by name as bytes (OMS v1.0). It does not bind names; see
// [Manifest.NamesDigest]. It is empty for a manifest that does not validate.
func (m Manifest) Root() string { return m.root(byName) }

// ComponentRoot returns the root digest in the order that Python's
// model_signing signs, which sorts by path component: a/x before a-b/x, where
// byte order has a-b/x first. Both name the same files; a look-up by root digest
// must try both. It is empty for a manifest that does not validate.
func (m Manifest) ComponentRoot() string { return m.root(byComponent) }

func (m Manifest) root(order func(a, b File) int) string {
	if m.Validate() != nil {
		return ""
	}
	h := sha256.New()
	for _, f := range slices.SortedFunc(slices.Values(m.Files), order) {
		raw, _ := hex.DecodeString(strings.TrimPrefix(f.Digest, "sha256:")) // validated above
		h.Write(raw)
	}
	return sum(h)
}

// namesDomain keeps the digest over names apart from any other SHA-256.
const namesDomain = "weighbridge.dev/names/v1\n"

// NamesDigest binds names, sizes and digests of all files: SHA-256 over
// "weighbridge.dev/names/v1" and a line feed, then for each file, sorted by name
// as bytes, its 64 hexadecimal digits, a space, its size, a space, the length of
// its name in bytes, a space, the name and a line feed. The length makes the
// encoding injective. It is empty for a manifest that does not validate.
func (m Manifest) NamesDigest() string {
	if m.Validate() != nil {
		return ""
	}
	h := sha256.New()
	h.Write([]byte(namesDomain))
	for _, f := range m.Files {
		fmt.Fprintf(h, "%s %d %d %s\n", strings.TrimPrefix(f.Digest, "sha256:"), f.Size, len(f.Name), f.Name)
	}
	return sum(h)
}

func sum(h hash.Hash) string { return "sha256:" + hex.EncodeToString(h.Sum(nil)) }

func byName(a, b File) int { return cmp.Compare(a.Name, b.Name) }

// byComponent is the order of Python's PurePosixPath: lists of components,
// compared one by one.
func byComponent(a, b File) int {
	return slices.Compare(strings.Split(a.Name, "/"), strings.Split(b.Name, "/"))
}

// clip shortens a hostile text for an error message.
func clip(s string) string {
	if len(s) > 80 {
		return s[:77] + "..."
	}
	return s
}
