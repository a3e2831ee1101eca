package oci

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// vector is one hostile layout: the good shipment of [sample] with one change, and
// what the error must say. Entry 0 is the model (layer 5 is config.json), entry 1
// a bundle about it.
type vector struct {
	name   string
	change func(e *edited)
	want   string
}

// The layers of the sample that vectors change, by their place among its names.
const (
	readme   = 1
	settings = 5
	shard    = 6
)

var weightsBlob = blobName(digestOf([]byte(sample["config.json"])))

// refusedByOpen are layouts that Open must refuse.
var refusedByOpen = []vector{
	// oci-layout
	{"layout-version-unknown", func(e *edited) { e.write("oci-layout", []byte(`{"imageLayoutVersion":"1.1.0"}`)) }, `version "1.1.0"`},
	{"layout-version-missing", func(e *edited) { e.write("oci-layout", []byte(`{}`)) }, `version ""`},
	{"layout-file-missing", func(e *edited) { os.Remove(e.path("oci-layout")) }, "oci-layout: does not exist"},
	{"layout-file-truncated", func(e *edited) { e.write("oci-layout", []byte(`{"imageLayoutVersion":"1.0`)) }, "unexpected EOF"},
	{"layout-file-key-in-another-case", func(e *edited) { e.write("oci-layout", []byte(`{"imagelayoutversion":"1.0.0"}`)) }, `expected it written as "imageLayoutVersion"`},
	{"layout-file-endless", func(e *edited) {
		e.write("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`+strings.Repeat(" ", maxLayoutFile)))
	}, "more than the 4096"},
	// index.json
	{"index-missing", func(e *edited) { os.Remove(e.path("index.json")) }, "index.json: does not exist"},
	{"index-truncated", func(e *edited) { data := e.read("index.json"); e.write("index.json", data[:len(data)/2]) }, "unexpected EOF"},
	{"index-empty", func(e *edited) { e.write("index.json", nil) }, "unexpected EOF"},
	{"index-trailing-bytes", func(e *edited) { e.write("index.json", append(e.read("index.json"), '{', '}')) }, "trailing bytes"},
	{"index-duplicate-key", func(e *edited) {
		e.write("index.json", bytes.Replace(e.read("index.json"), []byte(`{`), []byte(`{"manifests":[],`), 1))
	}, `key "manifests" is written twice`},
	{"index-key-in-another-case", func(e *edited) {
		e.write("index.json", bytes.Replace(e.read("index.json"), []byte(`"manifests"`), []byte(`"Manifests"`), 1))
	}, `key "Manifests"`},
	{"index-schema-version", func(e *edited) { e.index["schemaVersion"] = 1; e.save() }, "schemaVersion 1"},
	{"index-media-type", func(e *edited) { e.index["mediaType"] = "application/json"; e.save() }, `media type "application/json"`},
	{"index-without-manifests", func(e *edited) { e.index["manifests"] = []any{}; e.save() }, "lists no manifest"},
	{"index-manifests-null", func(e *edited) { e.index["manifests"] = nil; e.save() }, "lists no manifest"},
	{"index-too-many", func(e *edited) {
		e.index["manifests"] = slices.Repeat([]any{e.entry(0)}, maxIndexed+1)
		e.save()
	}, "2049 manifests"},
	{"index-over-4-mib", func(e *edited) {
		e.write("index.json", append(e.read("index.json"), bytes.Repeat([]byte(" "), maxIndex)...))
	}, "more than the 4194304"},
	{"index-only-a-bundle", func(e *edited) { e.index["manifests"] = []any{e.entry(1)}; e.save() }, ArtifactTypeBundle},
	{"index-tag-of-two-manifests", func(e *edited) {
		e.entry(1)["annotations"] = object{"org.opencontainers.image.ref.name": "v1"}
		e.save()
	}, `tag "v1" also names`},
	{"index-sizes-overflow", func(e *edited) {
		for i := range 3 {
			e.index["manifests"] = append(e.entries(), object{"mediaType": e.entry(0)["mediaType"], "digest": digestOf([]byte{byte(i)}), "size": int64(1)<<62 + 1<<61})
		}
		e.save()
	}, "manifests of 9223372036854775807"},
	{"index-two-sizes-of-one-manifest", func(e *edited) {
		e.index["manifests"] = append(e.entries(), object{"mediaType": e.entry(0)["mediaType"], "digest": e.entry(0)["digest"], "size": 7})
		e.save()
	}, "size 7"},
	// manifests as blobs
	{"manifest-missing", func(e *edited) { os.Remove(e.path(blobName(e.entry(0)["digest"].(string)))) }, "manifest: blob sha256:"},
	{"manifest-wrong-digest", func(e *edited) {
		name := blobName(e.entry(0)["digest"].(string))
		e.write(name, bytes.Replace(e.read(name), []byte("LICENSE"), []byte("LICENCE"), 1))
	}, ProblemDigest},
	{"manifest-trailing-byte", func(e *edited) {
		name := blobName(e.entry(0)["digest"].(string))
		e.write(name, append(e.read(name), '\n'))
	}, ProblemSize},
	{"manifest-size-too-small", func(e *edited) { e.entry(0)["size"] = 100; e.save() }, ProblemSize},
	{"manifest-size-negative", func(e *edited) { e.entry(0)["size"] = -1; e.save() }, "size -1"},
	{"manifest-size-a-fraction", func(e *edited) { e.entry(0)["size"] = 1.5; e.save() }, "index.json"},
	{"manifest-over-4-mib", func(e *edited) {
		e.manifest(0, nil, func(data []byte) []byte { return append(data, bytes.Repeat([]byte(" "), maxManifest)...) })
	}, ProblemLimit},
	{"manifest-size-of-an-exabyte", func(e *edited) { e.entry(0)["size"] = int64(1) << 60; e.save() }, "manifests of 1152921504606847"},
	{"manifests-too-much-together", func(e *edited) {
		for i := range 17 {
			e.index["manifests"] = append(e.entries(), object{"mediaType": e.entry(0)["mediaType"], "digest": digestOf([]byte{byte(i)}), "size": maxManifest})
		}
		e.save()
	}, "manifests of 713"},
	{"manifest-digest-leaves-the-directory", func(e *edited) { e.entry(0)["digest"] = "sha256:../../../../etc/passwd"; e.save() }, "digest \"sha256:../"},
	{"manifest-digest-upper-case", func(e *edited) {
		e.entry(0)["digest"] = "sha256:" + strings.ToUpper(strings.TrimPrefix(e.entry(0)["digest"].(string), "sha256:"))
		e.save()
	}, "expected sha256: and 64"},
	{"manifest-digest-sha512", func(e *edited) { e.entry(0)["digest"] = "sha512:" + strings.Repeat("0", 128); e.save() }, "expected sha256: and 64"},
	{"manifest-is-an-index", func(e *edited) { e.entry(0)["mediaType"] = "application/vnd.oci.image.index.v1+json"; e.save() }, "lists manifests of type"},
	// manifests as documents
	{"manifest-deep-json", func(e *edited) {
		e.manifest(0, nil, func(data []byte) []byte {
			return append(append(data[:len(data)-1], []byte(`,"x":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000))...), '}')
		})
	}, "nested deeper than 32"},
	{"manifest-duplicate-key", func(e *edited) {
		e.manifest(0, nil, func(data []byte) []byte { return append([]byte(`{"artifactType":"x",`), data[1:]...) })
	}, `key "artifactType" is written twice`},
	{"manifest-duplicate-annotation", func(e *edited) {
		e.manifest(0, nil, func(data []byte) []byte {
			return bytes.Replace(data, []byte(`"annotations":{`), []byte(`"annotations":{"org.cncf.model.filepath":"evil",`), 1)
		})
	}, "is written twice"},
	{"manifest-key-in-another-case", func(e *edited) {
		e.manifest(0, nil, func(data []byte) []byte { return append([]byte(`{"Layers":[],`), data[1:]...) })
	}, `key "Layers"`},
	{"manifest-not-utf8", func(e *edited) {
		e.manifest(0, nil, func(data []byte) []byte { return bytes.Replace(data, []byte("README"), []byte("READM\xff"), 2) })
	}, "not valid UTF-8"},
	{"manifest-trailing-document", func(e *edited) {
		e.manifest(0, nil, func(data []byte) []byte { return append(data, []byte(`{"schemaVersion":2}`)...) })
	}, "trailing bytes"},
	{"manifest-schema-version", func(e *edited) { e.manifest(0, func(m object) { m["schemaVersion"] = 1 }) }, "schemaVersion 1"},
	{"manifest-media-type-absent", func(e *edited) { e.manifest(0, func(m object) { delete(m, "mediaType") }) }, `media type ""`},
	{"manifest-media-type-of-an-index", func(e *edited) {
		e.manifest(0, func(m object) { m["mediaType"] = "application/vnd.oci.image.index.v1+json" })
	}, "as index.json has it"},
	{"manifest-without-artifact-type", func(e *edited) { e.manifest(0, func(m object) { delete(m, "artifactType") }) }, "expected at least one model"},
	{"manifest-artifact-type-legacy", func(e *edited) {
		e.manifest(0, func(m object) { m["artifactType"] = "application/vnd.cnai.model.manifest.v1+json" })
	}, "vnd.cnai.model"},
	{"manifest-layers-null", func(e *edited) { e.manifest(0, func(m object) { m["layers"] = nil }) }, "no files"},
	// layers
	{"layer-gzip", func(e *edited) {
		e.layer(0, shard, func(d object) { d["mediaType"] = "application/vnd.cncf.model.weight.v1.tar+gzip" })
	}, "packed ones"},
	{"layer-tar", func(e *edited) {
		e.layer(0, shard, func(d object) { d["mediaType"] = "application/vnd.cncf.model.weight.v1.tar" })
	}, "packed ones"},
	{"layer-of-a-container", func(e *edited) {
		e.layer(0, shard, func(d object) { d["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip" })
	}, "expected a raw layer"},
	{"layer-size-negative", func(e *edited) { e.layer(0, shard, func(d object) { d["size"] = -5 }) }, "size -5"},
	{"layer-digest-sha512", func(e *edited) {
		e.layer(0, shard, func(d object) { d["digest"] = "sha512:" + strings.Repeat("a", 128) })
	}, "layer 6: digest"},
	{"layer-digest-empty", func(e *edited) { e.layer(0, shard, func(d object) { d["digest"] = "" }) }, "layer 6: digest"},
	{"layer-two-sizes-of-one-digest", func(e *edited) { e.layer(0, 4, func(d object) { d["size"] = 13 }) }, "in another layer of the same digest"},
	{"path-upwards", func(e *edited) { e.layer(0, readme, rename("../README.md")) }, "not a relative, normalised path"},
	{"path-upwards-inside", func(e *edited) { e.layer(0, readme, rename("a/../../README.md")) }, "not a relative, normalised path"},
	{"path-absolute", func(e *edited) { e.layer(0, readme, rename("/etc/passwd")) }, "not a relative, normalised path"},
	{"path-dot", func(e *edited) { e.layer(0, readme, rename(".")) }, "not a relative, normalised path"},
	{"path-not-normalised", func(e *edited) { e.layer(0, readme, rename("./a//b/")) }, "not a relative, normalised path"},
	{"path-backslash", func(e *edited) { e.layer(0, readme, rename(`..\..\autoexec.bat`)) }, "backslash"},
	{"path-control-characters", func(e *edited) { e.layer(0, readme, rename("a\x1b]0;pwned\a")) }, "control characters"},
	{"path-nul", func(e *edited) { e.layer(0, readme, rename("a\x00.md")) }, "control characters"},
	{"path-empty", func(e *edited) { e.layer(0, readme, rename("")) }, "is empty"},
	{"path-too-long", func(e *edited) { e.layer(0, readme, rename(strings.Repeat("d/", 2048)+"f")) }, "longer than 4095"},
	{"path-component-too-long", func(e *edited) { e.layer(0, readme, rename(strings.Repeat("n", 256))) }, "longer than 255"},
	{"path-twice", func(e *edited) { e.layer(0, readme, rename("config.json")) }, "occurs twice"},
	{"path-twice-but-for-case", func(e *edited) { e.layer(0, readme, rename("Config.JSON")) }, "case is ignored"},
	{"path-directory-twice-but-for-case", func(e *edited) { e.layer(0, readme, rename("CODE/README.md")) }, "case is ignored"},
	{"path-file-is-a-directory", func(e *edited) { e.layer(0, readme, rename("config.json/x")) }, "and, in another path, the directory"},
	{"path-absent", func(e *edited) { e.layer(0, readme, func(d object) { delete(d, "annotations") }) }, "no path"},
	{"path-annotations-differ", func(e *edited) { e.layer(0, readme, func(d object) { annotations(d)[annotationTitle] = "readme.md" }) }, `path "README.md" and title "readme.md"`},
	{"path-title-empty", func(e *edited) { e.layer(0, readme, func(d object) { annotations(d)[annotationTitle] = "" }) }, `title ""`},
	// config
	{"config-missing", func(e *edited) {
		e.manifest(0, func(m object) { os.Remove(e.path(blobName(m["config"].(object)["digest"].(string)))) })
	}, "config: blob sha256:"},
	{"config-media-type", func(e *edited) {
		e.manifest(0, func(m object) { m["config"].(object)["mediaType"] = "application/vnd.oci.image.config.v1+json" })
	}, "expected application/vnd.cncf.model.config.v1+json"},
	{"config-too-large", func(e *edited) {
		e.manifest(0, func(m object) { m["config"].(object)["size"] = maxConfig + 1 })
	}, ProblemLimit},
	{"config-not-json", func(e *edited) { e.manifest(0, func(m object) { e.blob(m["config"].(object), []byte("MZ")) }) }, "expected a ModelPack config"},
	{"config-diff-ids-of-others", func(e *edited) {
		e.manifest(0, func(m object) {
			c := m["config"].(object)
			config := e.parse(e.read(blobName(c["digest"].(string))))
			ids := config["modelfs"].(object)["diffIds"].([]any)
			ids[0] = ids[1]
			e.blob(c, e.encode(config))
		})
	}, "modelfs.diffIds"},
	{"config-type", func(e *edited) {
		e.manifest(0, func(m object) {
			e.blob(m["config"].(object), bytes.Replace(e.read(blobName(m["config"].(object)["digest"].(string))), []byte(`"layers"`), []byte(`"tree"`), 1))
		})
	}, `modelfs.type "tree"`},
	// bundles
	{"bundle-missing", func(e *edited) { os.Remove(e.path(blobName(digestOf(bundleA)))) }, "bundle: blob"},
	{"bundle-wrong-digest", func(e *edited) {
		e.write(blobName(digestOf(bundleA)), bytes.Replace(bundleA, []byte(`"a":1`), []byte(`"a":2`), 1))
	}, ProblemDigest},
	{"bundle-over-8-mib", func(e *edited) {
		e.layer(1, 0, func(d object) { e.blob(d, bytes.Repeat([]byte(" "), maxBundle+1)) })
	}, ProblemLimit},
	{"bundle-two-layers", func(e *edited) {
		e.manifest(1, func(m object) { m["layers"] = append(m["layers"].([]any), m["layers"].([]any)...) })
	}, "2 layers"},
	{"bundle-no-layer", func(e *edited) { e.manifest(1, func(m object) { m["layers"] = []any{} }) }, "0 layers"},
	{"bundle-layer-type", func(e *edited) { e.layer(1, 0, func(d object) { d["mediaType"] = "text/plain" }) }, "expected one layer of type"},
	{"bundle-config-type", func(e *edited) {
		e.manifest(1, func(m object) { m["config"].(object)["mediaType"] = "application/json" })
	}, "vnd.oci.empty"},
	{"bundle-subject-of-another-size", func(e *edited) { e.manifest(1, func(m object) { m["subject"].(object)["size"] = 1 }) }, "subject of 1 bytes"},
	{"bundle-subject-of-another-type", func(e *edited) {
		e.manifest(1, func(m object) { m["subject"].(object)["mediaType"] = "application/vnd.oci.image.index.v1+json" })
	}, "as its digest says"},
	{"referrers-too-many", func(e *edited) {
		for i := range maxReferrers {
			e.index["manifests"] = append(e.entries(), object{"mediaType": e.entry(1)["mediaType"], "digest": e.entry(1)["digest"], "size": e.entry(1)["size"]})
			e.manifest(len(e.entries())-1, func(m object) { m["artifactType"], m["n"] = "application/x", i })
		}
	}, "more than 1024 referrers"},
	{"subject-loop", func(e *edited) {
		// Two manifests with each other as subject exist only where a digest is a lie.
		model, bundle := e.entry(0), e.entry(1)
		name := blobName(model["digest"].(string))
		m := e.parse(e.read(name))
		m["subject"] = object{"mediaType": bundle["mediaType"], "digest": bundle["digest"], "size": bundle["size"]}
		e.write(name, e.encode(m))
		model["size"] = len(e.encode(m))
		e.save()
	}, ProblemDigest},
	// the tree
	{"blob-is-a-link", func(e *edited) {
		e.write("../config.json", []byte(sample["config.json"]))
		os.Remove(e.path(weightsBlob))
		os.Symlink("../../../config.json", e.path(weightsBlob))
	}, "is a link"},
	{"manifest-is-a-link-inside", func(e *edited) {
		name := blobName(e.entry(0)["digest"].(string))
		os.Rename(e.path(name), e.path("moved"))
		os.Symlink("../../moved", e.path(name))
	}, "is a link"},
	{"blobs-is-a-link", func(e *edited) {
		os.Rename(e.path("blobs"), e.path("../elsewhere"))
		os.Symlink("../elsewhere", e.path("blobs"))
	}, "is a link"},
	{"index-is-a-link", func(e *edited) {
		os.Rename(e.path("index.json"), e.path("../index.json"))
		os.Symlink("../index.json", e.path("index.json"))
	}, "is a link"},
	{"oci-layout-is-a-link", func(e *edited) {
		os.Rename(e.path("oci-layout"), e.path("../oci-layout"))
		os.Symlink("../oci-layout", e.path("oci-layout"))
	}, "symbolic link"},
	{"unreferenced-link", func(e *edited) { os.Symlink("/etc/passwd", e.path("blobs/sha256/extra")) }, "is a link"},
	{"unreferenced-pipe", func(e *edited) { syscall.Mkfifo(e.path("pipe"), 0o666) }, "is a link, a device or another special file"},
	{"index-is-a-pipe", func(e *edited) { os.Remove(e.path("index.json")); syscall.Mkfifo(e.path("index.json"), 0o666) }, "special file"},
	{"index-is-a-directory", func(e *edited) { os.Remove(e.path("index.json")); os.Mkdir(e.path("index.json"), 0o777) }, "is a directory"},
	{"manifest-is-a-directory", func(e *edited) {
		name := e.path(blobName(e.entry(0)["digest"].(string)))
		os.Remove(name)
		os.Mkdir(name, 0o777)
	}, ProblemType},
}

// refusedByFiles are layouts that open, because the weights are not read yet, and
// fail when they are.
var refusedByFiles = []vector{
	{"weights-wrong-digest", func(e *edited) {
		e.write(weightsBlob, bytes.Replace(e.read(weightsBlob), []byte("llama"), []byte("lemma"), 1))
	}, ProblemDigest},
	{"weights-trailing-byte", func(e *edited) { e.write(weightsBlob, append(e.read(weightsBlob), 0)) }, ProblemSize},
	{"weights-truncated", func(e *edited) { e.write(weightsBlob, e.read(weightsBlob)[1:]) }, ProblemSize},
	{"weights-empty", func(e *edited) { e.write(weightsBlob, nil) }, ProblemSize},
	{"weights-missing", func(e *edited) { os.Remove(e.path(weightsBlob)) }, ProblemMissing},
	{"weights-are-a-directory", func(e *edited) { os.Remove(e.path(weightsBlob)); os.Mkdir(e.path(weightsBlob), 0o777) }, ProblemType},
	{"weights-size-lies", func(e *edited) { e.layer(0, settings, func(d object) { d["size"] = 1 << 40 }) }, ProblemSize},
}

// shipment is the sample with one bundle, writable without touching the weights.
func shipment(t testing.TB) string {
	t.Helper()
	top := t.TempDir()
	dir, layout := write(t, filepath.Join(top, "weights"), sample), filepath.Join(top, "layout")
	p, err := PackOptions{Weights: dir, Files: hash(t, dir), Layout: layout, Reference: "v1"}.pack(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, layout).Attach(context.Background(), Attachment{p.Manifest, bundleA, predicate, moment}); err != nil {
		t.Fatal(err)
	}
	return layout
}

// copied returns a copy of the shipment at layout, to be changed.
func copied(t testing.TB, layout string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "layout")
	if err := os.CopyFS(to, os.DirFS(layout)); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestHostileLayouts: each vector is refused, with an error that names the trouble.
func TestHostileLayouts(t *testing.T) {
	if len(refusedByOpen)+len(refusedByFiles) < 60 {
		t.Fatalf("%d vectors only", len(refusedByOpen)+len(refusedByFiles))
	}
	good := shipment(t)
	for _, v := range refusedByOpen {
		t.Run(v.name, func(t *testing.T) {
			layout := copied(t, good)
			v.change(edit(t, layout))
			l, err := Open(layout)
			if err == nil {
				l.Close()
				t.Fatal("opened")
			}
			var bad *LayoutError
			var blob *BlobError
			if !errors.As(err, &bad) && !errors.As(err, &blob) || !strings.Contains(err.Error(), v.want) {
				t.Errorf("got %v; expected %q in it", err, v.want)
			}
		})
	}
	for _, v := range refusedByFiles {
		t.Run(v.name, func(t *testing.T) {
			layout := copied(t, good)
			v.change(edit(t, layout))
			m := model(t, open(t, layout), "")
			found, err := m.Files(context.Background(), weights.Options{})
			var blob *BlobError
			if !errors.As(err, &blob) || blob.Problem != v.want || blob.Name != "config.json" || blob.Role != RoleWeights {
				t.Errorf("got %v; expected %s of config.json", err, v.want)
			}
			if differences := m.Declared.Compare(found); len(differences) != 1 || differences[0].Name != "config.json" {
				t.Errorf("differences %v; expected config.json only", differences)
			}
			destination := filepath.Join(t.TempDir(), "out")
			if _, err := m.Unpack(context.Background(), destination, UnpackOptions{}); !errors.As(err, &blob) {
				// checkBudget may refuse the size first
				var bad *LayoutError
				if !errors.As(err, &bad) {
					t.Errorf("unpack: %v", err)
				}
			}
			if left, _ := os.ReadDir(filepath.Dir(destination)); len(left) != 0 {
				t.Errorf("unpack left %v", left)
			}
		})
	}
}

// TestUnharmedShipment is the case from which all vectors are made.
func TestUnharmedShipment(t *testing.T) {
	layout := shipment(t)
	e := edit(t, layout)
	e.manifest(0, func(object) {}) // the editor alone changes nothing that matters: the bundle loses its subject
	l := open(t, layout)
	if len(model(t, l, "").Bundles) != 0 || len(l.Skipped()) != 1 {
		t.Errorf("a bundle about other bytes of the manifest was taken: %v", l.Skipped())
	}
	if _, err := model(t, l, "").Files(context.Background(), weights.Options{}); err != nil {
		t.Error(err)
	}
}

// TestSkipped: what is not understood is listed, never counted and never fatal.
func TestSkipped(t *testing.T) {
	layout := shipment(t)
	e := edit(t, layout)
	copyOf := func(i int) int {
		e.index["manifests"] = append(e.entries(), object{"mediaType": e.entry(i)["mediaType"], "digest": e.entry(i)["digest"], "size": e.entry(i)["size"]})
		return len(e.entries()) - 1
	}
	e.manifest(copyOf(1), func(m object) { m["artifactType"] = "application/spdx+json" })
	// An entry of index.json may claim any type; the manifest decides.
	e.entry(2)["artifactType"] = ArtifactTypeBundle
	other := object{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digestOf([]byte("other")), "size": 5}
	e.manifest(copyOf(1), func(m object) { m["subject"] = other })
	e.manifest(copyOf(1), func(m object) { delete(m, "subject") })
	nested := e.encode(object{"schemaVersion": 2, "manifests": e.entries()})
	e.index["manifests"] = append(e.entries(), object{"mediaType": "application/vnd.oci.image.index.v1+json"})
	e.blob(e.entry(5), nested)
	e.save()
	l := open(t, layout)
	m := model(t, l, "")
	if len(m.Bundles) != 1 || len(m.Skipped) != 1 || m.Skipped[0].ArtifactType != "application/spdx+json" || m.Skipped[0].Reason == "" {
		t.Errorf("bundles %d, skipped %v", len(m.Bundles), m.Skipped)
	}
	if len(l.Skipped()) != 3 {
		t.Errorf("skipped %v; expected the bundles about another and about no subject, and the nested index", l.Skipped())
	}
}

// TestOneAnnotation: a model of a tool that writes one of the two paths is read.
func TestOneAnnotation(t *testing.T) {
	for _, without := range []string{annotationPath, annotationTitle} {
		layout := shipment(t)
		edit(t, layout).manifest(0, func(m object) {
			for _, d := range m["layers"].([]any) {
				delete(annotations(d.(object)), without)
			}
		})
		if m := model(t, open(t, layout), ""); len(m.Declared.Files) != len(sample) {
			t.Errorf("without %s: %v", without, m.Declared.Files)
		}
	}
}

// TestAnnotationKeysAreFree: a known field's name in another case is an error in a
// document, not among annotations.
func TestAnnotationKeysAreFree(t *testing.T) {
	layout := shipment(t)
	edit(t, layout).layer(0, readme, func(d object) { annotations(d)["Size"] = "large"; annotations(d)["size"] = "small" })
	open(t, layout)
}
