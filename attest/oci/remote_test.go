package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/weighbridge/weighbridge/attest/oci/ocitest"
	"github.com/weighbridge/weighbridge/attest/weights"
)

func newRegistry(t testing.TB, api bool) *ocitest.Registry {
	t.Helper()
	s := ocitest.New(api)
	t.Cleanup(s.Close)
	return s
}

func way() Remote { return Remote{Transport: &http.Transport{}, Patience: 2 * time.Second} }

// cargoed packs the sample with two bundles, one of which has a referrer of its
// own, and something else about the model.
func cargoed(t testing.TB) (weightsDir string, m *Model) {
	t.Helper()
	dir, layout, p := packed(t, sample)
	l := open(t, layout)
	for _, b := range [][]byte{bundleA, bundleB} {
		d, err := l.Attach(context.Background(), Attachment{Subject: p.Manifest, Bundle: b, PredicateType: predicate, Created: moment})
		if err != nil {
			t.Fatal(err)
		}
		foreign(t, layout, d, "application/vnd.example.note", `note about `+d.Digest.String())
	}
	foreign(t, layout, p.Manifest, "application/vnd.example.sbom", "an SBOM")
	return dir, model(t, open(t, layout), "")
}

// foreign adds a manifest about subject that is no bundle, as `oras attach` does.
func foreign(t testing.TB, layout string, subject ocispec.Descriptor, artifactType, content string) {
	t.Helper()
	w, err := openWriter(context.Background(), layout)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	layer := document{ocispec.Descriptor{MediaType: "text/plain", Digest: digest.FromString(content), Size: int64(len(content))}, []byte(content)}
	config := document{ocispec.DescriptorEmptyJSON, ocispec.DescriptorEmptyJSON.Data}
	manifest, err := newDocument(ocispec.MediaTypeImageManifest, ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		ArtifactType: artifactType, Config: config.descriptor, Layers: []ocispec.Descriptor{layer.descriptor},
		Subject: &ocispec.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size}})
	err = errors.Join(err, w.blob(layer), w.blob(config), w.blob(manifest), w.enter(manifest.descriptor, ""))
	if err != nil {
		t.Fatal(err)
	}
}

func pushed(t testing.TB, m *Model, to string) Transferred {
	t.Helper()
	done, err := m.Push(context.Background(), way(), to, TransferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func pullModel(t testing.TB, from string) *Model {
	t.Helper()
	l, err := OpenRemote(context.Background(), way(), from)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return model(t, l, "")
}

// digests lists all manifests that travel with m.
func digests(m *Model) (all []string) {
	for _, e := range m.cargo() {
		all = append(all, e.descriptor.Digest.String())
	}
	slices.Sort(all)
	return all
}

// TestTravels: through a registry with the API and one without, into a layout, an
// archive and another registry, everything about the weights stays with them.
func TestTravels(t *testing.T) {
	for _, api := range []bool{true, false} {
		first, second := newRegistry(t, api), newRegistry(t, !api)
		t.Run(fmt.Sprintf("referrers API %v first", api), func(t *testing.T) {
			dir, m := cargoed(t)
			want := digests(m)
			if len(want) != 6 {
				t.Fatalf("cargo %q", want)
			}
			done := pushed(t, m, first.Host()+"/acme/atlas:v1")
			if done.Referrers != 5 || done.Sent != done.Blobs || done.Present != 0 {
				t.Errorf("first push: %+v", done)
			}
			pushed(t, pullModel(t, first.Host()+"/acme/atlas:v1"), second.Host()+"/mirror/atlas:v1")
			remote := pullModel(t, second.Host()+"/mirror/atlas@"+m.Manifest.Digest.String())
			if got := digests(remote); !slices.Equal(got, want) {
				t.Errorf("in the second registry: %q", got)
			}
			found, err := remote.Files(context.Background(), weights.Options{})
			if err != nil || !slices.Equal(found.Files, hash(t, dir).Files) {
				t.Errorf("streamed: %v, %v", found.Files, err)
			}
			layout := filepath.Join(t.TempDir(), "layout")
			if _, err := remote.Store(context.Background(), layout, TransferOptions{Reference: "pulled"}); err != nil {
				t.Fatal(err)
			}
			kept := model(t, open(t, layout), "pulled")
			if !slices.Equal(digests(kept), want) || len(kept.Bundles) != 2 || len(kept.Skipped) != 1 {
				t.Errorf("pulled: %q, %d bundles", digests(kept), len(kept.Bundles))
			}
			archive := filepath.Join(t.TempDir(), "shipment.tar")
			if _, err := kept.Save(context.Background(), archive, TransferOptions{}); err != nil {
				t.Fatal(err)
			}
			l, err := OpenArchive(archive)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if saved := model(t, l, "pulled"); !slices.Equal(digests(saved), want) || !slices.EqualFunc(sorted(saved.Bundles), sorted(m.Bundles), bytes.Equal) {
				t.Errorf("saved: %q", digests(saved))
			}
		})
	}
}

func sorted(bundles []Bundle) (all [][]byte) {
	for _, b := range bundles {
		all = append(all, b.Data)
	}
	slices.SortFunc(all, bytes.Compare)
	return all
}

// TestPushTwice sends nothing the second time, and mounts into a second repository.
func TestPushTwice(t *testing.T) {
	s := newRegistry(t, true)
	_, m := cargoed(t)
	first := pushed(t, m, s.Host()+"/acme/atlas:v1")
	again := pushed(t, m, s.Host()+"/acme/atlas:v1")
	if again.Sent != 0 || again.Present != first.Blobs || again.Bytes != 0 {
		t.Errorf("second push: %+v", again)
	}
	mounted := pushed(t, pullModel(t, s.Host()+"/acme/atlas:v1"), s.Host()+"/other/atlas:v1")
	if mounted.Mounted != first.Blobs || mounted.Sent != 0 {
		t.Errorf("mount: %+v", mounted)
	}
	if n := s.Count("GET", "/blobs/"+string(m.layers[shard].Digest)); n != 0 {
		t.Errorf("the weights were fetched %d times to be mounted", n)
	}
}

// TestMountRefused: a registry that does not mount gets the bytes.
func TestMountRefused(t *testing.T) {
	s := newRegistry(t, true)
	_, m := cargoed(t)
	pushed(t, m, s.Host()+"/acme/atlas:v1")
	s.Respond(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Get("mount") == "" {
			return false
		}
		w.Header().Set("Location", r.URL.Path+"session")
		w.WriteHeader(http.StatusAccepted)
		return true
	})
	done := pushed(t, pullModel(t, s.Host()+"/acme/atlas:v1"), s.Host()+"/other/atlas:v1")
	if done.Mounted != 0 || done.Sent != done.Blobs {
		t.Errorf("got %+v", done)
	}
}

// TestDamagedWeightsAreNotPushed: the registry never has the whole of a wrong blob,
// nor a tag.
func TestDamagedWeightsAreNotPushed(t *testing.T) {
	s := newRegistry(t, true)
	_, m := cargoed(t)
	path := filepath.Join(m.layout.path, blobName(m.layers[shard].Digest.String()))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1
	if err := errors.Join(os.Remove(path), os.WriteFile(path, data, 0o666)); err != nil {
		t.Fatal(err)
	}
	_, err = m.Push(context.Background(), way(), s.Host()+"/acme/atlas:v1", TransferOptions{})
	var bad *BlobError
	if !errors.As(err, &bad) || bad.Problem != ProblemDigest || bad.Name == "" {
		t.Errorf("got %v", err)
	}
	if n := s.Count("PUT", "/manifests/"); n != 0 {
		t.Errorf("%d manifests were pushed", n)
	}
}

// TestPullContinues: what came before the line was cut is kept, and only the rest
// is asked for; a kept part with other bytes is thrown away.
func TestPullContinues(t *testing.T) {
	for name, spoil := range map[string]bool{"good": false, "spoiled": true} {
		t.Run(name, func(t *testing.T) {
			s := newRegistry(t, true)
			_, m := cargoed(t)
			pushed(t, m, s.Host()+"/acme/atlas:v1")
			large := m.layers[shard]
			data := []byte(sample[m.Declared.Files[shard].Name])
			s.Respond(func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, large.Digest.String()) {
					return false
				}
				w.Header().Set("Content-Length", fmt.Sprint(len(data)))
				w.Write(data[:100_000]) // and the connection ends
				return true
			})
			layout := filepath.Join(t.TempDir(), "layout")
			remote := pullModel(t, s.Host()+"/acme/atlas:v1")
			if _, err := remote.Store(context.Background(), layout, TransferOptions{}); err == nil {
				t.Fatal("half a blob was taken for a whole one")
			}
			partial := filepath.Join(layout, ingestDir, partialPrefix+large.Digest.Encoded())
			info, err := os.Stat(partial)
			if err != nil || info.Size() != 100_000 {
				t.Fatalf("kept %v, %v", info, err)
			}
			if _, err := Open(layout); err == nil {
				t.Error("half a layout opens")
			}
			if spoil {
				if err := os.WriteFile(partial, make([]byte, 100_000), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			var ranges []string
			s.Respond(func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, large.Digest.String()) {
					ranges = append(ranges, r.Header.Get("Range"))
				}
				return false
			})
			done, err := remote.Store(context.Background(), layout, TransferOptions{Reference: "v1"})
			if err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf("bytes=100000-%d", len(data)-1); !slices.Contains(ranges, want) {
				t.Errorf("asked for %q, expected %q", ranges, want)
			}
			again, err := remote.Store(context.Background(), layout, TransferOptions{Reference: "v1"})
			if err != nil || again.Sent != 0 || again.Present != done.Blobs {
				t.Errorf("once more: %+v, %v", again, err)
			}
			if _, err := model(t, open(t, layout), "v1").Files(context.Background(), weights.Options{}); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(filepath.Join(layout, ingestDir)); err == nil {
				t.Error("the ingest directory was left")
			}
		})
	}
}

// TestReferrersAtOnce: many clients push different bundles about one model to a
// registry without the referrers API at the same time; none is lost.
func TestReferrersAtOnce(t *testing.T) {
	s := newRegistry(t, false)
	dir := write(t, filepath.Join(t.TempDir(), "weights"), map[string]string{"w": "1"})
	files := hash(t, dir)
	const clients = 6
	models := make([]*Model, clients)
	for i := range models {
		layout := filepath.Join(t.TempDir(), "layout")
		p := pack(t, PackOptions{Weights: dir, Files: files, Layout: layout})
		l := open(t, layout)
		if _, err := l.Attach(context.Background(), Attachment{p.Manifest, fmt.Appendf(nil, `{"n":%d}`, i), predicate, moment}); err != nil {
			t.Fatal(err)
		}
		models[i] = model(t, l, "")
	}
	var group sync.WaitGroup
	for _, m := range models {
		group.Go(func() {
			if _, err := m.Push(context.Background(), way(), s.Host()+"/acme/w:v1", TransferOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := pullModel(t, s.Host()+"/acme/w:v1"); len(got.Bundles) != clients {
		t.Errorf("%d bundles of %d", len(got.Bundles), clients)
	}
	var index ocispec.Index
	data := s.Manifest("acme/w", fallbackTag(models[0].Manifest.Digest))
	if err := json.Unmarshal(data, &index); err != nil || len(index.Manifests) != clients {
		t.Fatalf("%d listed, %v", len(index.Manifests), err)
	}
	for _, d := range index.Manifests { // cosign's and oras's readers look here
		if d.ArtifactType != ArtifactTypeBundle || d.Annotations[annotationPredicateType] != predicate {
			t.Errorf("listed as %+v", d)
		}
	}
}

// TestFallbackIsReadBesideTheAPI: what a client without the API wrote is found.
func TestFallbackIsReadBesideTheAPI(t *testing.T) {
	s := newRegistry(t, false)
	_, m := cargoed(t)
	pushed(t, m, s.Host()+"/acme/atlas:v1")
	s.Respond(func(w http.ResponseWriter, r *http.Request) bool { // an API that came later and knows nothing
		if !strings.Contains(r.URL.Path, "/referrers/") {
			return false
		}
		w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
		fmt.Fprint(w, `{"schemaVersion":2,"manifests":[]}`)
		return true
	})
	if got := pullModel(t, s.Host()+"/acme/atlas:v1"); len(got.Bundles) != 2 {
		t.Errorf("%d bundles", len(got.Bundles))
	}
}

// TestDanglingReferrer: one that is listed and gone is named as not carried, and the
// rest is read.
func TestDanglingReferrer(t *testing.T) {
	s := newRegistry(t, true)
	_, m := cargoed(t)
	pushed(t, m, s.Host()+"/acme/atlas:v1")
	gone := m.Bundles[0].Manifest.Digest.String()
	s.Respond(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/manifests/"+gone) {
			w.WriteHeader(http.StatusNotFound)
			return true
		}
		return false
	})
	got := pullModel(t, s.Host()+"/acme/atlas:v1")
	if left := got.NotCarried(); len(got.Bundles) != 1 || len(left) != 2 || left[0].Digest != gone { // its own referrer is about nothing now
		t.Errorf("%d bundles, left %v", len(got.Bundles), left)
	}
}

func TestIsReference(t *testing.T) {
	for s, want := range map[string]bool{
		"registry.example.com/acme/atlas:1": true, "localhost/a": true, "127.0.0.1:5000/a@sha256:" + strings.Repeat("0", 64): true,
		"shipment": false, "./shipment": false, "../a/b": false, "/abs/path": false, "dir/sub": false, "shipment.tar": false, "registry.example.com/Upper": false, "": false,
	} {
		if got := IsReference(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// TestLargeFiles are named before anything is sent.
func TestLargeFiles(t *testing.T) {
	_, m := cargoed(t)
	if got := m.LargeFiles(); got != nil {
		t.Errorf("got %q", got)
	}
	m.Declared.Files[shard].Size = largeLayer + 1
	if got := m.LargeFiles(); len(got) != 1 || !strings.Contains(got[0], m.Declared.Files[shard].Name) {
		t.Errorf("got %q", got)
	}
}
