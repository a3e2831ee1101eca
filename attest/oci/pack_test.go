package oci

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/weights"
)

// sample is a small model with what a real directory holds: settings, a document,
// code, a file in a directory, two files with the same bytes, an empty one.
var sample = map[string]string{
	"model-00001-of-00002.safetensors": strings.Repeat("weights one ", 40000),
	"model-00002-of-00002.safetensors": strings.Repeat("weights two ", 30),
	"config.json":                      `{"model_type":"llama"}`,
	"tokenizer.model":                  "\x00\x01",
	"README.md":                        "# a model",
	"LICENSE":                          "none",
	"code/modeling.py":                 "import torch",
	"code/copy.py":                     "import torch",
	"code/__init__.py":                 "",
	"weird name, <&> ünï.bin":          "x",
}

func write(t testing.TB, dir string, files map[string]string) string {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(content), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func hash(t testing.TB, path string) attest.Manifest {
	t.Helper()
	m, err := weights.Hash(context.Background(), path, weights.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func pack(t testing.TB, o PackOptions) Packed {
	t.Helper()
	p, err := Pack(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func open(t testing.TB, path string) *Layout {
	t.Helper()
	l, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func model(t testing.TB, l *Layout, reference string) *Model {
	t.Helper()
	m, err := l.Model(reference)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// packed hashes and packs files into a new layout, and returns where all is.
func packed(t testing.TB, files map[string]string) (weightsDir, layout string, p Packed) {
	t.Helper()
	top := t.TempDir()
	weightsDir, layout = write(t, filepath.Join(top, "weights"), files), filepath.Join(top, "layout")
	p = pack(t, PackOptions{Weights: weightsDir, Files: hash(t, weightsDir), Layout: layout, Reference: "v1"})
	return weightsDir, layout, p
}

var (
	bundleA = []byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","a":1}`)
	bundleB = []byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","b":2}`)
	moment  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

const predicate = "https://weighbridge.dev/training-compute/v1"

func TestPackThenOpen(t *testing.T) {
	dir, layout, p := packed(t, sample)
	l := open(t, layout)
	m := model(t, l, "")
	want := hash(t, dir)
	if !slices.Equal(m.Declared.Files, want.Files) || m.Manifest.Digest != p.Manifest.Digest || !slices.Equal(m.References, []string{"v1"}) {
		t.Errorf("declared %v under %s %q", m.Declared.Files, m.Manifest.Digest, m.References)
	}
	found, err := m.Files(context.Background(), weights.Options{})
	if err != nil || !slices.Equal(found.Files, want.Files) {
		t.Errorf("found %v, %v", found.Files, err)
	}
	if found.Root() != want.Root() || found.NamesDigest() != want.NamesDigest() {
		t.Error("the digests over the set differ")
	}
	if again := model(t, l, p.Manifest.Digest.String()); again != m {
		t.Error("the digest names another model than the empty reference")
	}
}

// TestLayerTypes: each kind of file has the media type that ModelPack gives it.
func TestLayerTypes(t *testing.T) {
	want := map[string]string{
		"model.safetensors": mediaTypeWeight, "model.gguf": mediaTypeWeight, "pytorch_model.bin": mediaTypeWeight, "optimizer": mediaTypeWeight,
		"config.json": mediaTypeSettings, "model.safetensors.index.json": mediaTypeSettings, "tokenizer.model": mediaTypeSettings, "merges.txt": mediaTypeSettings,
		"README.md": mediaTypeDoc, "LICENSE": mediaTypeDoc, "LICENSE.txt": mediaTypeDoc, "sub/Notice": mediaTypeDoc, "modeling_x.py": mediaTypeCode, "a/b.PY": mediaTypeCode,
	}
	for name, typ := range want {
		if got := layerType(name); got != typ {
			t.Errorf("%s: %s, expected %s", name, got, typ)
		}
	}
}

// TestManifestBytes holds the whole of a small shipment against what ModelPack and
// ORAS expect, byte by byte.
func TestManifestBytes(t *testing.T) {
	_, layout, p := packed(t, map[string]string{"model.safetensors": "w"})
	manifest, err := os.ReadFile(filepath.Join(layout, blobName(p.Manifest.Digest.String())))
	if err != nil {
		t.Fatal(err)
	}
	const w = "sha256:50e721e49c013f00c62cf59f2163542a9d8df02464efeb615d31051b0fddc326"
	const config = `{"descriptor":{},"config":{},"modelfs":{"type":"layers","diffIds":["` + w + `"]}}`
	want := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.cncf.model.manifest.v1+json",` +
		`"config":{"mediaType":"application/vnd.cncf.model.config.v1+json","digest":"sha256:1ef6bc2a1b1bbd9f9d6dcdbbd6ae9d3ddf1a09e83e1cd2a3f0a3a5cd7ab8fb9b","size":` + itoa(len(config)) + `},` +
		`"layers":[{"mediaType":"application/vnd.cncf.model.weight.v1.raw","digest":"` + w + `","size":1,` +
		`"annotations":{"org.cncf.model.filepath":"model.safetensors","org.opencontainers.image.title":"model.safetensors"}}]}`
	want = strings.Replace(want, "sha256:1ef6bc2a1b1bbd9f9d6dcdbbd6ae9d3ddf1a09e83e1cd2a3f0a3a5cd7ab8fb9b", digestOf([]byte(config)), 1)
	if string(manifest) != want {
		t.Errorf("got  %s\nwant %s", manifest, want)
	}
	index, err := os.ReadFile(filepath.Join(layout, "index.json"))
	wantIndex := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"digest":"` + p.Manifest.Digest.String() + `","size":` + itoa(len(want)) + `,"annotations":{"org.opencontainers.image.ref.name":"v1"},"artifactType":"application/vnd.cncf.model.manifest.v1+json"}]}`
	if err != nil || string(index) != wantIndex {
		t.Errorf("got  %s\nwant %s", index, wantIndex)
	}
	var entries []string
	if err := filepath.WalkDir(layout, func(path string, _ os.DirEntry, err error) error { entries = append(entries, path); return err }); err != nil || len(entries) != 8 {
		t.Errorf("%d entries, expected the layout, oci-layout, index.json, blobs, sha256 and 3 blobs: %q", len(entries), entries)
	}
}

// TestDeterministic: the same files give the same manifest digest, wherever they
// lie, whenever they were written, in whichever way they come into the layout;
// Describe knows it before.
func TestDeterministic(t *testing.T) {
	_, _, first := packed(t, sample)
	dir := write(t, t.TempDir(), sample)
	if err := os.Chtimes(filepath.Join(dir, "config.json"), moment, moment); err != nil {
		t.Fatal(err)
	}
	o := PackOptions{Weights: dir, Files: hash(t, dir), Reference: "other"}
	described, err := Describe(o)
	if err != nil {
		t.Fatal(err)
	}
	for name, methods := range map[string][]method{"as-it-comes": {reflink, hardLink}, "link": {hardLink}, "copy": nil} {
		o.Layout = filepath.Join(t.TempDir(), name)
		p, err := o.pack(context.Background(), methods)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(p.Manifest, first.Manifest) || !reflect.DeepEqual(p.Manifest, described) {
			t.Errorf("%s: %v, before %v, described %v", name, p.Manifest, first.Manifest, described)
		}
	}
	o.Created = moment
	if dated, err := Describe(o); err != nil || dated.Digest == described.Digest {
		t.Errorf("a date that is given must be in the digest: %v, %v", dated, err)
	}
}

// TestWaysIn: a link is the same file, a copy is another, and both hold the bytes;
// nothing is stored twice.
func TestWaysIn(t *testing.T) {
	dir := write(t, t.TempDir(), sample)
	o := PackOptions{Weights: dir, Files: hash(t, dir)}
	distinctFiles := len(sample) - 1 // two are the same
	for name, c := range map[string]struct {
		methods []method
		same    bool
	}{"link": {[]method{hardLink}, true}, "copy": {nil, false}} {
		o.Layout = filepath.Join(t.TempDir(), name)
		p, err := o.pack(context.Background(), c.methods)
		if err != nil {
			t.Fatal(err)
		}
		if p.Linked+p.Copied != distinctFiles || (p.Linked > 0) != c.same || (p.BytesCopied > 0) == c.same {
			t.Errorf("%s: %+v", name, p)
		}
		original, _ := os.Stat(filepath.Join(dir, "config.json"))
		stored, err := os.Stat(filepath.Join(o.Layout, blobName(digestOf([]byte(sample["config.json"])))))
		if err != nil || os.SameFile(original, stored) != c.same {
			t.Errorf("%s: the blob is the file itself: %v, %v", name, os.SameFile(original, stored), err)
		}
		again, err := o.pack(context.Background(), c.methods)
		if err != nil || again.Present != distinctFiles || again.BytesCopied != 0 {
			t.Errorf("%s again: %+v, %v", name, again, err)
		}
		if _, err := model(t, open(t, o.Layout), "").Files(context.Background(), weights.Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCopyRepairs: a blob that is there with other bytes is not taken for granted.
func TestCopyRepairs(t *testing.T) {
	dir, layout, _ := packed(t, sample)
	blob := filepath.Join(layout, blobName(digestOf([]byte(sample["config.json"]))))
	if err := errors.Join(os.Remove(blob), os.WriteFile(blob, []byte(`{"model_type":"qwen2"}`), 0o666)); err != nil {
		t.Fatal(err)
	}
	for name, methods := range map[string][]method{"copy": nil, "link": {hardLink}} {
		o := PackOptions{Weights: dir, Files: hash(t, dir), Layout: layout}
		if _, err := o.pack(context.Background(), methods); err != nil {
			t.Fatal(err)
		}
		if _, err := model(t, open(t, layout), "").Files(context.Background(), weights.Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// overwrite changes the first byte of a file in place.
func overwrite(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte("!"), 0)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestEditedInPlace is the caveat of hard links: the shipment changes with the
// file, and says so.
func TestEditedInPlace(t *testing.T) {
	dir := write(t, t.TempDir(), sample)
	o := PackOptions{Weights: dir, Files: hash(t, dir), Layout: filepath.Join(t.TempDir(), "layout")}
	if _, err := o.pack(context.Background(), []method{hardLink}); err != nil {
		t.Fatal(err)
	}
	overwrite(t, filepath.Join(dir, "config.json"))
	m := model(t, open(t, o.Layout), "")
	found, err := m.Files(context.Background(), weights.Options{})
	var bad *BlobError
	if !errors.As(err, &bad) || bad.Problem != ProblemDigest || bad.Name != "config.json" || bad.Role != RoleWeights || bad.Found == bad.Expected {
		t.Errorf("got %v", err)
	}
	if differences := m.Declared.Compare(found); len(differences) != 1 || differences[0].Kind != attest.Changed || differences[0].Name != "config.json" {
		t.Errorf("differences %v", differences)
	}
}

// TestAsItComes holds on every file system: no second copy of the weights is
// written beside them where they can be linked, and what was cloned instead does not
// change with the original.
func TestAsItComes(t *testing.T) {
	dir, layout, p := packed(t, sample)
	t.Logf("%+v", p)
	if p.Copied != 0 || p.BytesCopied != 0 || p.Reflinked+p.Linked != len(sample)-1 {
		t.Errorf("packed %+v; expected no copy in one file system", p)
	}
	overwrite(t, filepath.Join(dir, "config.json"))
	_, err := model(t, open(t, layout), "").Files(context.Background(), weights.Options{})
	if p.Reflinked > 0 && err != nil || p.Linked > 0 && err == nil {
		t.Errorf("packed %+v, then edited in place: %v", p, err)
	}
}

// TestWeightsChangedSinceHash: the size is checked always, the bytes where they
// are read.
func TestWeightsChangedSinceHash(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		methods []method
	}{
		"size-linked": {"of another size than before", []method{hardLink}}, "size-copied": {"of another size than before", nil}, "bytes-copied": {`{"model_type":"gpt2x"}`, nil},
	} {
		dir := write(t, t.TempDir(), sample)
		o := PackOptions{Weights: dir, Files: hash(t, dir), Layout: filepath.Join(t.TempDir(), "layout")}
		write(t, dir, map[string]string{"config.json": c.content})
		_, err := o.pack(context.Background(), c.methods)
		var changed *weights.ChangedError
		if !errors.As(err, &changed) || !strings.HasSuffix(changed.Path, "config.json") {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := Open(o.Layout); err == nil {
			t.Errorf("%s: a failed packing left a layout that opens", name)
		}
	}
}

func TestPackRefuses(t *testing.T) {
	dir := write(t, t.TempDir(), sample)
	files := hash(t, dir)
	full := write(t, t.TempDir(), map[string]string{"thesis.doc": "x"})
	otherVersion := write(t, t.TempDir(), map[string]string{"oci-layout": `{"imageLayoutVersion":"2.0.0"}`, "index.json": "{}"})
	damaged := write(t, t.TempDir(), map[string]string{"oci-layout": `{"imageLayoutVersion":"1.0.0"}`, "index.json": "{"})
	file := filepath.Join(write(t, t.TempDir(), map[string]string{"f": "x"}), "f")
	blobsLink := write(t, t.TempDir(), map[string]string{"oci-layout": `{"imageLayoutVersion":"1.0.0"}`})
	if err := os.Symlink(dir, filepath.Join(blobsLink, "blobs")); err != nil {
		t.Fatal(err)
	}
	named := func(names ...string) attest.Manifest {
		var m attest.Manifest
		for _, n := range names {
			m.Files = append(m.Files, attest.File{Name: n, Size: 1, Digest: digestOf([]byte("x"))})
		}
		return m
	}
	out := filepath.Join(t.TempDir(), "layout")
	for _, c := range []struct {
		name string
		o    PackOptions
		want string
	}{
		{"not-empty", PackOptions{Weights: dir, Files: files, Layout: full}, "thesis.doc"},
		{"another-version", PackOptions{Weights: dir, Files: files, Layout: otherVersion}, "2.0.0"},
		{"damaged-index", PackOptions{Weights: dir, Files: files, Layout: damaged}, "index.json"},
		{"a-file", PackOptions{Weights: dir, Files: files, Layout: file}, "not a directory"},
		{"blobs-is-a-link", PackOptions{Weights: dir, Files: files, Layout: blobsLink}, "blobs"},
		{"inside-the-weights", PackOptions{Weights: dir, Files: files, Layout: filepath.Join(dir, "new", "layout")}, "beside the weights"},
		{"is-the-weights", PackOptions{Weights: dir, Files: files, Layout: dir}, "beside the weights"},
		{"around-the-weights", PackOptions{Weights: dir, Files: files, Layout: filepath.Dir(dir)}, "beside the weights"},
		{"no-files", PackOptions{Weights: dir, Layout: out}, "no files"},
		{"no-weights", PackOptions{Weights: filepath.Join(dir, "nowhere"), Files: files, Layout: out}, "does not exist"},
		{"missing-file", PackOptions{Weights: dir, Files: named("nowhere"), Layout: out}, "nowhere"},
		{"bad-reference", PackOptions{Weights: dir, Files: files, Layout: out, Reference: "v 1"}, "reference"},
		{"reference-is-a-digest", PackOptions{Weights: dir, Files: files, Layout: out, Reference: digestOf([]byte("x"))}, "reference"},
		{"backslash", PackOptions{Weights: dir, Files: named(`a\b`), Layout: out}, "backslash"},
		{"case", PackOptions{Weights: dir, Files: named("A", "a"), Layout: out}, "case"},
		{"case-of-a-directory", PackOptions{Weights: dir, Files: named("Code/x", "code/y"), Layout: out}, "case"},
		{"file-and-directory", PackOptions{Weights: dir, Files: named("a", "a/b"), Layout: out}, "directory"},
		{"long-component", PackOptions{Weights: dir, Files: named(strings.Repeat("a", 256)), Layout: out}, "255"},
		{"too-many-files", PackOptions{Weights: dir, Files: many(20_000), Layout: out}, "4194304"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Pack(context.Background(), c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, expected %q in it", err, c.want)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(full, "blobs")); err == nil {
		t.Error("something was written into a foreign directory")
	}
}

func many(n int) attest.Manifest {
	var files []attest.File
	for i := range n {
		files = append(files, attest.File{Name: "shard-" + itoa(i), Size: 1, Digest: digestOf([]byte(itoa(i)))})
	}
	m, _ := attest.NewManifest(files)
	return m
}

// TestSingleFile ships one file under its own name.
func TestSingleFile(t *testing.T) {
	path := filepath.Join(write(t, t.TempDir(), map[string]string{"model.gguf": "g", "other": "o"}), "model.gguf")
	layout := filepath.Join(t.TempDir(), "layout")
	pack(t, PackOptions{Weights: path, Files: hash(t, path), Layout: layout})
	m := model(t, open(t, layout), "")
	if len(m.Declared.Files) != 1 || m.Declared.Files[0].Name != "model.gguf" {
		t.Errorf("declared %v", m.Declared.Files)
	}
}

// TestExtend: a second model enters a layout; bytes they share are there once; a
// tag moves to the model packed last, and the first is still there by digest.
func TestExtend(t *testing.T) {
	_, layout, first := packed(t, sample)
	changed := map[string]string{"config.json": sample["config.json"], "model.safetensors": "fine-tuned"}
	dir := write(t, t.TempDir(), changed)
	second := pack(t, PackOptions{Weights: dir, Files: hash(t, dir), Layout: layout, Reference: "v2"})
	l := open(t, layout)
	if len(l.Models()) != 2 || model(t, l, "v1").Manifest.Digest != first.Manifest.Digest || model(t, l, "v2").Manifest.Digest != second.Manifest.Digest {
		t.Errorf("models %v", l.Models())
	}
	if _, err := l.Model(""); err == nil || !strings.Contains(err.Error(), "v2") || !strings.Contains(err.Error(), first.Manifest.Digest.String()) {
		t.Errorf("two models and no reference: %v", err)
	}
	pack(t, PackOptions{Weights: dir, Files: hash(t, dir), Layout: layout, Reference: "v1"})
	l = open(t, layout)
	if m := model(t, l, "v1"); m.Manifest.Digest != second.Manifest.Digest || !slices.Equal(m.References, []string{"v2", "v1"}) {
		t.Errorf("v1 is %s with %q", m.Manifest.Digest, m.References)
	}
	if m := model(t, l, first.Manifest.Digest.String()); len(m.References) != 0 {
		t.Errorf("the first model has %q", m.References)
	}
}

func TestAttach(t *testing.T) {
	_, layout, p := packed(t, sample)
	l := open(t, layout)
	attach := func(a Attachment) ocispec.Descriptor {
		t.Helper()
		d, err := l.Attach(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first := attach(Attachment{p.Manifest, bundleA, predicate, moment})
	if again := attach(Attachment{p.Manifest, bundleA, predicate, moment}); again.Digest != first.Digest {
		t.Error("the same attachment is two")
	}
	attach(Attachment{p.Manifest, bundleB, predicate, time.Time{}})
	for _, m := range []*Model{model(t, l, "v1"), model(t, open(t, layout), "v1")} {
		if len(m.Bundles) != 2 || string(m.Bundles[0].Data) != string(bundleA) || string(m.Bundles[1].Data) != string(bundleB) || m.Bundles[0].PredicateType != predicate {
			t.Errorf("bundles %v", m.Bundles)
		}
	}
	data, err := os.ReadFile(filepath.Join(layout, blobName(first.Digest.String())))
	want := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json",` +
		`"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},` +
		`"layers":[{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","digest":"` + digestOf(bundleA) + `","size":` + itoa(len(bundleA)) + `}],` +
		`"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"` + p.Manifest.Digest.String() + `","size":` + itoa(int(p.Manifest.Size)) + `},` +
		`"annotations":{"dev.sigstore.bundle.content":"dsse-envelope","dev.sigstore.bundle.predicateType":"` + predicate + `","org.opencontainers.image.created":"2026-11-23T12:00:00Z"}}`
	if err != nil || string(data) != want {
		t.Errorf("got  %s\nwant %s", data, want)
	}
}

func TestAttachRefuses(t *testing.T) {
	_, layout, p := packed(t, sample)
	l := open(t, layout)
	before, _ := os.ReadFile(filepath.Join(layout, "index.json"))
	other := p.Manifest
	other.Digest = "sha256:" + "00000000000000000000000000000000" + "00000000000000000000000000000000"
	for name, a := range map[string]Attachment{
		"another-subject": {other, bundleA, predicate, moment}, "no-subject": {ocispec.Descriptor{}, bundleA, predicate, moment},
		"empty": {p.Manifest, nil, predicate, moment}, "not-json": {p.Manifest, []byte("x"), predicate, moment},
		"too-large": {p.Manifest, []byte(`"` + strings.Repeat("x", maxBundle) + `"`), predicate, moment},
	} {
		if _, err := l.Attach(context.Background(), a); err == nil {
			t.Errorf("%s was attached", name)
		}
	}
	if after, _ := os.ReadFile(filepath.Join(layout, "index.json")); string(after) != string(before) {
		t.Error("index.json changed")
	}
}

// TestAttachAtOnce: many writers at once on one layout lose nothing of each other.
func TestAttachAtOnce(t *testing.T) {
	_, layout, p := packed(t, sample)
	const writers = 16
	errs := make(chan error, writers)
	for i := range writers {
		go func() {
			l, err := Open(layout)
			if err == nil {
				data, _ := json.Marshal(map[string]int{"bundle": i})
				_, err = l.Attach(context.Background(), Attachment{p.Manifest, data, predicate, moment})
				err = errors.Join(err, l.Close())
			}
			errs <- err
		}()
	}
	for range writers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if m := model(t, open(t, layout), ""); len(m.Bundles) != writers {
		t.Errorf("%d bundles of %d", len(m.Bundles), writers)
	}
}

// TestPackCancelled leaves nothing that opens, and a later Pack completes it.
func TestPackCancelled(t *testing.T) {
	dir := write(t, t.TempDir(), sample)
	o := PackOptions{Weights: dir, Files: hash(t, dir), Layout: filepath.Join(t.TempDir(), "layout")}
	ctx, cancel := context.WithCancel(context.Background())
	o.Progress = func(int64) { cancel() }
	if _, err := o.pack(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if _, err := Open(o.Layout); err == nil || !strings.Contains(err.Error(), "pack again") {
		t.Errorf("got %v", err)
	}
	o.Progress = nil
	pack(t, o)
	if _, err := model(t, open(t, o.Layout), "").Files(context.Background(), weights.Options{}); err != nil {
		t.Error(err)
	}
}
