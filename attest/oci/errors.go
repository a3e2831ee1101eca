package oci

import (
	"fmt"
	"strings"
)

// LayoutError says what is wrong with a layout, a manifest in it, or what was to
// be written into it.
type LayoutError struct {
	Path     string // the layout, as the caller named it; empty where no layout is concerned
	Where    string // "index.json", "manifest sha256:...", "layer 3 of ..."
	Found    string
	Expected string // empty where Found says it all
	Next     string // what to do; empty where nothing is known
}

func (e *LayoutError) Error() string {
	var b strings.Builder
	b.WriteString("layout")
	if e.Path != "" {
		fmt.Fprintf(&b, " %q", e.Path)
	}
	if e.Where != "" {
		fmt.Fprintf(&b, ": %s", e.Where)
	}
	fmt.Fprintf(&b, ": %s", e.Found)
	if e.Expected != "" {
		fmt.Fprintf(&b, "; expected %s", e.Expected)
	}
	if e.Next != "" {
		fmt.Fprintf(&b, ": %s", e.Next)
	}
	return b.String()
}

// The problems of a blob.
const (
	ProblemMissing    = "missing"      // no file of that name under blobs
	ProblemType       = "not-a-file"   // a link, a directory, a device
	ProblemSize       = "wrong-size"   // shorter, or with bytes behind the end
	ProblemDigest     = "wrong-digest" // other bytes
	ProblemLimit      = "too-large"    // its descriptor states more than is read of its role
	ProblemChanged    = "changed"      // written to while it was read
	ProblemUnreadable = "unreadable"   // the file system refuses it
)

// The roles of a blob.
const (
	RoleWeights  = "weights"
	RoleManifest = "manifest"
	RoleConfig   = "config"
	RoleBundle   = "bundle"
)

// BlobError says that the bytes of a blob are not those that its descriptor
// promises. Nothing of the blob was used.
type BlobError struct {
	Digest   string // as the descriptor has it
	Role     string // RoleWeights, RoleManifest, RoleConfig or RoleBundle
	Name     string // the weights file that it holds; empty in the other roles
	Problem  string // one of the Problem constants
	Expected string // the digest, size or kind that the descriptor promises
	Found    string
}

func (e *BlobError) Error() string {
	what := e.Role
	if e.Name != "" {
		what = fmt.Sprintf("weights file %q", e.Name)
	}
	next := "get the shipment again from where it came"
	if e.Role == RoleWeights && e.Problem == ProblemDigest {
		next += "; if it was packed on this machine, the weights were edited in place since then: hash and pack them again"
	}
	return fmt.Sprintf("%s: blob %s: %s: found %s; expected %s: %s", what, e.Digest, e.Problem, e.Found, e.Expected, next)
}
