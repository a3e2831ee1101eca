package oci

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

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
	// 256 MiB of zeros, as many bytes on the way as were promised: unfolded they would be of the
	// wrong size.
	{"gzip-bomb", "{weights}", func(w http.ResponseWriter, _ *http.Request, right []byte) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(append(gzippedZeros(256), right...)[:len(right)])
	}, "wrong-digest"},
	{"gzip-bomb-as-a-manifest", "/manifests/", func(w http.ResponseWriter, _ *http.Request, _ []byte) {
		bomb := gzippedZeros(256)
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
		w.Header().Set("Content-Length", fmt.Sprint(len(bomb)))
		w.Header().Set("Docker-Content-Digest", digestOf(bomb))
		w.Write(bomb)
	}, "not valid UTF-8; expected an OCI image manifest"},
	// Unfolded these would be the right ones, and nobody signed how they were folded.
	{"gzip-of-the-right-bytes", "{weights}", func(w http.ResponseWriter, _ *http.Request, right []byte) {
		w.Header().Set("Content-Encoding", "gzip")
		w.(http.Flusher).Flush()
		w.Write(gzipped(right))
	}, "wrong-size"},
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
			if _, err := os.Stat(filepath.Join(layout, blobName(m.layers[shard].Digest.String()))); err == nil && !strings.HasPrefix(part, "/manifests/") {
				t.Error("the wrong blob has a name")
			}
		})
	}
}

// gzippedZeros is n MiB of zeros, compressed to some thousandth: a member for each, which
// a reader joins (RFC 1952, 2.2), so that it takes no time to make.
func gzippedZeros(n int) []byte { return bytes.Repeat(gzipped(make([]byte, 1<<20)), n) }

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
