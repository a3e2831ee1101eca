package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
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

// hostile are answers of a registry that wants us to take something for what it is
// not, or to work for ever. Each must end in an error that names the problem, and
// with nothing under its final name.
var hostile = []struct {
	name   string
	part   string // of the path that is answered so
	answer func(w http.ResponseWriter, r *http.Request, right []byte)
	want   string
}{
	{"wrong-bytes", "{weights}", func(w http.ResponseWriter, _ *http.Request, right []byte) {
		wrong := bytes.Clone(right)
		wrong[7] ^= 1
		w.Write(wrong)
	}, "wrong-digest"},
	{"too-short", "{weights}", func(w http.ResponseWriter, _ *http.Request, right []byte) {
		w.(http.Flusher).Flush() // no length
		w.Write(right[:len(right)-1])
	}, "wrong-size"},
	{"too-long", "{weights}", func(w http.ResponseWriter, _ *http.Request, right []byte) {
		w.(http.Flusher).Flush()
		w.Write(append(bytes.Clone(right), 'x'))
	}, "wrong-size"},
	{"length-lies", "{weights}", func(w http.ResponseWriter, _ *http.Request, right []byte) {
		w.Header().Set("Content-Length", fmt.Sprint(len(right)+5))
		w.Write(right)
	}, "Content-Length"},
	{"endless", "{weights}", func(w http.ResponseWriter, r *http.Request, _ []byte) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	}, "wrong-size"},
	{"silent", "{weights}", func(w http.ResponseWriter, r *http.Request, right []byte) {
		w.Write(right[:10])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}, "too slow"},
	{"drop-by-drop", "{weights}", func(w http.ResponseWriter, r *http.Request, right []byte) {
		for _, b := range right {
			if _, err := w.Write([]byte{b}); err != nil || r.Context().Err() != nil {
				return
			}
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	}, "too slow"},
	{"gzip-bomb", "{weights}", func(w http.ResponseWriter, _ *http.Request, right []byte) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(bytes.Repeat([]byte{0x1f}, len(right)))
	}, "wrong-digest"},
	{"blob-gone", "{weights}", func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(http.StatusNotFound) }, "missing"},
	{"manifest-of-another-digest", "/manifests/v1", func(w http.ResponseWriter, _ *http.Request, right []byte) {
		w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
		w.Header().Set("Docker-Content-Digest", digestOf(right))
		w.Header().Set("Content-Length", fmt.Sprint(len(right)))
		w.Write(bytes.Replace(right, []byte("filepath"), []byte("filepaht"), 1))
	}, "calls them"},
	{"manifest-over-4-mib", "/manifests/v1", func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		large := bytes.Repeat([]byte(" "), maxManifest+1)
		w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
		w.Header().Set("Content-Length", fmt.Sprint(len(large)))
		w.Header().Set("Docker-Content-Digest", digestOf(large))
		w.Write(large)
	}, "at most 4194304"},
	{"manifest-of-another-type", "/manifests/v1", func(w http.ResponseWriter, _ *http.Request, right []byte) {
		w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
		w.Header().Set("Docker-Content-Digest", digestOf(right))
		w.Header().Set("Content-Length", fmt.Sprint(len(right)))
		w.Write(right)
	}, "lists manifests of type"},
	{"referrers-loop", "/referrers/", func(w http.ResponseWriter, r *http.Request, _ []byte) {
		w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
		w.Header().Set("Link", "<"+r.URL.Path+`>; rel="next"`)
		fmt.Fprint(w, `{"schemaVersion":2,"manifests":[]}`)
	}, "exceeded 64 pages"},
	{"referrers-elsewhere", "/referrers/", func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
		w.Header().Set("Link", `<http://127.0.0.2:1/v2/x>; rel="next"`)
		fmt.Fprint(w, `{"schemaVersion":2,"manifests":[]}`)
	}, "not the same origin"},
	{"referrers-filtered", "/referrers/", func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
		w.Header().Set("OCI-Filters-Applied", "artifactType")
		fmt.Fprint(w, `{"schemaVersion":2,"manifests":[]}`)
	}, "filtered a list"},
	{"referrers-second-page-fails", "/referrers/", func(w http.ResponseWriter, r *http.Request, _ []byte) {
		if r.URL.RawQuery != "" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
		w.Header().Set("Link", "<"+r.URL.Path+`?page=2>; rel="next"`)
		fmt.Fprint(w, `{"schemaVersion":2,"manifests":[]}`)
	}, "403"},
	{"referrers-endless", "/referrers/", func(w http.ResponseWriter, r *http.Request, _ []byte) {
		w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
		fmt.Fprint(w, `{"schemaVersion":2,"manifests":[`)
		for r.Context().Err() == nil {
			if _, err := fmt.Fprint(w, strings.Repeat(" ", 1<<16)); err != nil {
				return
			}
		}
	}, "failed to decode"},
	{"referrers-too-many", "/referrers/", func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
		var all []string
		for i := range maxReferrers + 1 {
			all = append(all, fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":1}`, ocispec.MediaTypeImageManifest, digestOf(fmt.Append(nil, i))))
		}
		fmt.Fprintf(w, `{"schemaVersion":2,"manifests":[%s]}`, strings.Join(all, ","))
	}, "more than 1024"},
	{"redirects-for-ever", "{weights}", func(w http.ResponseWriter, r *http.Request, _ []byte) {
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	}, "more than 5 redirects"},
	{"redirect-to-plain-http", "{weights}", func(w http.ResponseWriter, r *http.Request, _ []byte) {
		http.Redirect(w, r, "http://weights.example.com/x", http.StatusTemporaryRedirect)
	}, "plain http to weights.example.com"},
}

func TestHostileRegistry(t *testing.T) {
	if len(hostile) < 20 {
		t.Fatalf("%d vectors", len(hostile))
	}
	_, m := cargoed(t)
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			s := newRegistry(t, true)
			pushed(t, m, s.Host()+"/acme/atlas:v1")
			part, right := h.part, m.cargo()[0].data
			if part == "{weights}" {
				part, right = "/blobs/"+m.layers[shard].Digest.String(), []byte(sample[m.Declared.Files[shard].Name])
			}
			s.Respond(func(w http.ResponseWriter, r *http.Request) bool {
				if strings.Contains(r.URL.Path, part) {
					h.answer(w, r, right)
					return true
				}
				return false
			})
			layout := filepath.Join(t.TempDir(), "layout")
			err := pullInto(s.Host()+"/acme/atlas:v1", layout)
			if err == nil || !strings.Contains(err.Error(), h.want) {
				t.Errorf("got %v; expected %q", err, h.want)
			}
			if _, err := Open(layout); err == nil {
				t.Error("a layout was left that opens")
			}
			if _, err := os.Stat(filepath.Join(layout, blobName(m.layers[shard].Digest.String()))); err == nil && part != "/manifests/v1" {
				t.Error("the wrong blob has a name")
			}
		})
	}
}

func pullInto(reference, layout string) error {
	remote := way()
	remote.Patience = 300 * time.Millisecond
	l, err := OpenRemote(context.Background(), remote, reference)
	if err != nil {
		return err
	}
	defer l.Close()
	_, err = l.Models()[0].Store(context.Background(), layout, TransferOptions{})
	return err
}

// TestCredentials: those of the docker config file go to their registry and to no
// host that it redirects to.
func TestCredentials(t *testing.T) {
	s := newRegistry(t, true)
	_, m := cargoed(t)
	pushed(t, m, s.Host()+"/acme/atlas:v1")
	var leaked []string
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leaked = append(leaked, r.Header.Get("Authorization"))
		w.Write([]byte(sample[m.Declared.Files[shard].Name]))
	}))
	defer elsewhere.Close()
	s.Respond(func(w http.ResponseWriter, r *http.Request) bool {
		if user, password, _ := r.BasicAuth(); user != "lab" || password != "secret" {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		if strings.HasSuffix(r.URL.Path, m.layers[shard].Digest.String()) {
			http.Redirect(w, r, elsewhere.URL+"/blob", http.StatusTemporaryRedirect)
			return true
		}
		return false
	})
	reference := s.Host() + "/acme/atlas:v1"
	_, err := OpenRemote(context.Background(), way(), reference)
	if err == nil || !strings.Contains(err.Error(), "docker login") {
		t.Errorf("without credentials: %v", err)
	}
	config := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(config, fmt.Appendf(nil, `{"auths":{%q:{"auth":"bGFiOnNlY3JldA=="}}}`, s.Host()), 0o600); err != nil {
		t.Fatal(err)
	}
	remote := way()
	remote.Config = config
	l, err := OpenRemote(context.Background(), remote, reference)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Models()[0].Files(context.Background(), weights.Options{}); err != nil {
		t.Error(err)
	}
	if !slices.Equal(leaked, []string{""}) {
		t.Errorf("sent to another host: %q", leaked)
	}
}

// TestPlainHTTP is refused to any other machine, before a connection is opened.
func TestPlainHTTP(t *testing.T) {
	for host, want := range map[string]bool{"127.0.0.1:5000": true, "[::1]:5000": true, "localhost:5000": true, "localhost": true,
		"registry.example.com": false, "127.0.0.1.example.com": false, "10.0.0.1:5000": false} {
		if loopback(host) != want {
			t.Errorf("%s: %v", host, !want)
		}
	}
	g := &guard{base: http.DefaultTransport, patience: time.Second}
	req := httptest.NewRequest(http.MethodGet, "http://registry.example.com/v2/", nil)
	if _, err := g.RoundTrip(req); err == nil || !strings.Contains(err.Error(), "--plain-http") {
		t.Errorf("got %v", err)
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

// TestBearerToken: a registry that sends its clients to a token server, as the large
// ones do: push and pull ask there with the credentials, and nowhere else.
func TestBearerToken(t *testing.T) {
	s := newRegistry(t, true)
	_, m := cargoed(t)
	var scopes []string
	s.Respond(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" {
			user, password, _ := r.BasicAuth()
			if user != "lab" || password != "secret" {
				w.WriteHeader(http.StatusUnauthorized)
				return true
			}
			scopes = append(scopes, r.URL.Query()["scope"]...)
			fmt.Fprint(w, `{"token":"granted"}`)
			return true
		}
		if r.Header.Get("Authorization") == "Bearer granted" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+s.URL+`/token",service="registry",scope="repository:acme/atlas:pull"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	config := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(config, fmt.Appendf(nil, `{"auths":{%q:{"auth":"bGFiOnNlY3JldA=="}}}`, s.Host()), 0o600); err != nil {
		t.Fatal(err)
	}
	with := way()
	with.Config = config
	if _, err := m.Push(context.Background(), with, s.Host()+"/acme/atlas:v1", TransferOptions{Workers: 1}); err != nil {
		t.Fatal(err)
	}
	l, err := OpenRemote(context.Background(), with, s.Host()+"/acme/atlas:v1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Models()[0].Files(context.Background(), weights.Options{}); err != nil || len(l.Models()[0].Bundles) != 2 {
		t.Errorf("%d bundles, %v", len(l.Models()[0].Bundles), err)
	}
	if !slices.Contains(scopes, "repository:acme/atlas:pull,push") {
		t.Errorf("asked for %q", scopes)
	}
	if _, err := m.Push(context.Background(), way(), s.Host()+"/acme/atlas:v2", TransferOptions{}); err == nil || !strings.Contains(err.Error(), "docker login") {
		t.Errorf("without credentials: %v", err)
	}
}
