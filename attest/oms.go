package attest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/meter/canonical"
)

// TypeOMS is the predicate type of an OpenSSF Model Signing signature
// (model-signing-spec v1.0).
const TypeOMS = "https://model_signing/signature/v1.0"

// The ways in which OMS takes a model apart, and the hashes it knows.
const (
	MethodFiles  = "files"
	MethodShards = "shards"
	HashSHA256   = "sha256"
	HashBLAKE2b  = "blake2b"
	HashBLAKE3   = "blake3"
)

// MaxResources bounds the resources of a signature: some 80 bytes each, within
// [MaxStatementBytes].
const MaxResources = 100_000

// Serialization says how the resources of an OMS signature were made of a model.
type Serialization struct {
	Method        string   `json:"method"`    // MethodFiles or MethodShards
	HashType      string   `json:"hash_type"` // one of the Hash constants
	AllowSymlinks bool     `json:"allow_symlinks"`
	IgnorePaths   []string `json:"ignore_paths,omitempty"` // relative, exact, besides the default ones
	ShardSize     int64    `json:"shard_size,omitempty"`   // bytes; with MethodShards only
}

// Resource is a file of a model, or a shard of one ("path:start:end", end
// exclusive), under the hash of its serialization.
type Resource struct {
	Name      string `json:"name"`
	Algorithm string `json:"algorithm"`
	Digest    string `json:"digest"` // lower-case hexadecimal digits
}

// ModelSignature is the statement of an OMS signature.
type ModelSignature struct {
	Name          string // of the model, as information
	Root          string // "sha256:..." over the resources' digests as listed
	Serialization Serialization
	Resources     []Resource // as listed
}

// NewModelSignature returns the statement for resources, in the order of the
// specification: names as bytes.
func NewModelSignature(name string, s Serialization, resources []Resource) (ModelSignature, error) {
	sorted := slices.SortedFunc(slices.Values(resources), func(a, b Resource) int { return cmp.Compare(a.Name, b.Name) })
	m := ModelSignature{Name: name, Serialization: s, Resources: sorted}
	m.Root = listedRoot(sorted)
	return m, m.validate()
}

// listedRoot is SHA-256 over the raw digests in listed order, whatever their hash (OMS
// v1.0, subject).
func listedRoot(resources []Resource) string {
	h := sha256.New()
	for _, r := range resources {
		raw, _ := hex.DecodeString(r.Digest) // validated where it matters
		h.Write(raw)
	}
	return sum(h)
}

// Encode returns the in-toto statement, JSON without white space.
func (m ModelSignature) Encode() ([]byte, error) {
	if err := m.validate(); err != nil {
		return nil, err
	}
	type predicate struct {
		Serialization Serialization `json:"serialization"`
		Resources     []Resource    `json:"resources"`
	}
	return canonical.Encode(struct {
		Type          string    `json:"_type"`
		Subjects      []Subject `json:"subject"`
		PredicateType string    `json:"predicateType"`
		Predicate     predicate `json:"predicate"`
	}{StatementType, []Subject{{m.Name, map[string]string{"sha256": strings.TrimPrefix(m.Root, "sha256:")}}}, TypeOMS, predicate{m.Serialization, m.Resources}})
}

// ParseModelSignature reads the payload of an OMS signature whose signature has
// been verified, as the specification has it: one subject, whose digest is that of
// the resources listed; in the predicate nothing but serialization and resources.
func ParseModelSignature(payload []byte) (ModelSignature, error) {
	s, err := ParseStatement(payload)
	if err != nil {
		return ModelSignature{}, err
	}
	fail := func(format string, args ...any) (ModelSignature, error) {
		return ModelSignature{}, fmt.Errorf("model signature: "+format, args...)
	}
	switch {
	case s.PredicateType != TypeOMS:
		return fail("predicate type %q: expected %s", clip(s.PredicateType), TypeOMS)
	case s.Type != StatementType:
		return fail("_type %q: expected %s", clip(s.Type), StatementType)
	case len(s.Subjects) != 1:
		return fail("%d subjects: expected exactly one", len(s.Subjects))
	}
	fields, err := object(s.Raw)
	if err != nil {
		return fail("predicate: %w", err)
	}
	for key := range fields {
		if key != "serialization" && key != "resources" {
			return fail("predicate: field %q: expected serialization and resources only", clip(key))
		}
	}
	m := ModelSignature{Name: s.Subjects[0].Name, Root: s.Subjects[0].SHA256()}
	if m.Serialization, err = parseSerialization(fields["serialization"]); err != nil {
		return fail("serialization: %w", err)
	}
	if m.Resources, err = parseResources(fields["resources"]); err != nil {
		return fail("resources: %w", err)
	}
	return m, m.validate()
}

// parseSerialization takes fields that it does not know for ones of a later
// version, which may change what the resources mean: they are refused.
func parseSerialization(raw json.RawMessage) (Serialization, error) {
	fields, err := object(raw)
	if err != nil {
		return Serialization{}, err
	}
	for key := range fields {
		if !slices.Contains([]string{"method", "hash_type", "allow_symlinks", "ignore_paths", "shard_size"}, key) {
			return Serialization{}, fmt.Errorf("field %q is not known: verify with a newer weighbridge", clip(key))
		}
	}
	var s Serialization
	shard := fields["shard_size"] // Python's protobuf writes it as 1000000000.0
	delete(fields, "shard_size")
	rest, err := json.Marshal(fields)
	if err == nil {
		err = json.Unmarshal(rest, &s)
	}
	if err != nil || shard == nil {
		return s, err
	}
	size, err := strconv.ParseFloat(string(shard), 64)
	if err != nil || size != math.Trunc(size) || size < 1 || size > 1<<53 {
		return s, fmt.Errorf("shard_size %.40s: expected a whole number of bytes", shard)
	}
	s.ShardSize = int64(size)
	return s, nil
}

// parseResources reads each resource; fields that are not known are passed over, as
// the specification says.
func parseResources(raw json.RawMessage) ([]Resource, error) {
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil || len(elements) > MaxResources {
		return nil, fmt.Errorf("expected a list of 1 to %d", MaxResources)
	}
	resources := make([]Resource, len(elements))
	for i, element := range elements {
		fields, err := object(element)
		for key, to := range map[string]*string{"name": &resources[i].Name, "algorithm": &resources[i].Algorithm, "digest": &resources[i].Digest} {
			if err == nil {
				*to, err = text(fields, key)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return resources, nil
}

func (m ModelSignature) validate() error {
	if err := m.Serialization.validate(); err != nil {
		return fmt.Errorf("model signature: serialization: %w", err)
	}
	if len(m.Resources) == 0 || len(m.Resources) > MaxResources {
		return fmt.Errorf("model signature: %d resources: expected 1 to %d: an empty model is not signed", len(m.Resources), MaxResources)
	}
	if m.Name == "" {
		return fmt.Errorf("model signature: the subject has no name")
	}
	seen := map[string]bool{}
	for _, r := range m.Resources {
		if err := m.Serialization.validResource(r); err != nil {
			return fmt.Errorf("model signature: resource %q: %w", clip(r.Name), err)
		}
		if seen[r.Name] {
			return fmt.Errorf("model signature: resource %q is listed twice", clip(r.Name))
		}
		seen[r.Name] = true
	}
	if root := listedRoot(m.Resources); root != m.Root {
		return fmt.Errorf("model signature: the subject is %q, the resources listed give %s", clip(m.Root), root)
	}
	return nil
}

func (s Serialization) validate() error {
	switch {
	case s.Method != MethodFiles && s.Method != MethodShards:
		return fmt.Errorf("method %q: expected %s or %s", clip(s.Method), MethodFiles, MethodShards)
	case s.digestLength() == 0:
		return fmt.Errorf("hash_type %q: expected %s, %s or %s", clip(s.HashType), HashSHA256, HashBLAKE2b, HashBLAKE3)
	case (s.Method == MethodShards) != (s.ShardSize > 0):
		return fmt.Errorf("shard_size %d with method %s: expected one with %s, and only there", s.ShardSize, s.Method, MethodShards)
	}
	for _, p := range s.IgnorePaths {
		if !ValidPath(strings.TrimSuffix(p, "/")) {
			return fmt.Errorf("ignore_paths: %q: expected relative paths that stay inside", clip(p))
		}
	}
	return nil
}

// digestLength is that of a digest in bytes, 0 for a hash that is not known.
func (s Serialization) digestLength() int {
	switch s.HashType {
	case HashSHA256, HashBLAKE3:
		return 32
	case HashBLAKE2b:
		return 64
	}
	return 0
}

// Algorithm is what a resource calls its hash. With shards Python's model_signing
// adds their size and reads nothing else; the bare name is read here too.
func (s Serialization) Algorithm() string {
	if s.Method == MethodShards {
		return fmt.Sprintf("%s-sharded-%d", s.HashType, s.ShardSize)
	}
	return s.HashType
}

func (s Serialization) validResource(r Resource) error {
	if r.Algorithm != s.HashType && r.Algorithm != s.Algorithm() {
		return fmt.Errorf("algorithm %q: expected %s", clip(r.Algorithm), s.Algorithm())
	}
	if len(r.Digest) != 2*s.digestLength() || strings.Trim(r.Digest, "0123456789abcdef") != "" {
		return fmt.Errorf("digest %q: expected %d lower-case hexadecimal digits", clip(r.Digest), 2*s.digestLength())
	}
	name, _, ok := r.File(s)
	if !ok || !ValidPath(name) {
		return fmt.Errorf("expected a relative path without .. (with shards path:start:end)")
	}
	return nil
}

// File returns the path of the file that r is, or is a shard of, and the shard's
// range: the last two numbers behind colons, because a path may hold colons.
func (r Resource) File(s Serialization) (path string, span [2]int64, ok bool) {
	if s.Method != MethodShards {
		return r.Name, span, true
	}
	path = r.Name
	for i := 1; i >= 0; i-- {
		at := strings.LastIndexByte(path, ':')
		if at < 0 {
			return "", span, false
		}
		n, err := strconv.ParseUint(path[at+1:], 10, 63)
		if err != nil || strconv.FormatUint(n, 10) != path[at+1:] {
			return "", span, false
		}
		span[i], path = int64(n), path[:at]
	}
	return path, span, span[0] < span[1] && span[1]-span[0] <= s.ShardSize
}

// Order names the order in which m lists its resources: "bytes", as the
// specification has it; "components", as Python's model_signing sorts (paths part
// by part, shards by number); "both", where they do not differ; else "unknown".
// The root digest depends on it.
func (m ModelSignature) Order() string {
	spec := slices.IsSortedFunc(m.Resources, func(a, b Resource) int { return cmp.Compare(a.Name, b.Name) })
	python := slices.IsSortedFunc(m.Resources, func(a, b Resource) int {
		left, from, _ := a.File(m.Serialization)
		right, to, _ := b.File(m.Serialization)
		return cmp.Or(slices.Compare(strings.Split(left, "/"), strings.Split(right, "/")), slices.Compare(from[:], to[:]))
	})
	switch {
	case spec && python:
		return "both"
	case spec:
		return "bytes"
	case python:
		return "components"
	}
	return "unknown"
}

// Compare returns what the resources found have otherwise than those signed, sorted
// by name: missing, extra, changed, renamed. Sizes are not known of either.
func (m ModelSignature) Compare(found []Resource) []Difference {
	return Manifest{files(m.Resources)}.Compare(Manifest{files(found)})
}

func files(resources []Resource) []File {
	all := make([]File, len(resources))
	for i, r := range resources {
		all[i] = File{Name: r.Name, Digest: r.Digest}
	}
	slices.SortFunc(all, byName)
	return all
}
