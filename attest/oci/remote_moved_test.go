package oci

import (
	"bytes"
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// TestTagMoved: attack 9 of the threat model, a tag that the registry moves to other
// weights between the look at it and the pull. Whenever it moves, the manifest, the
// bundles, the hashes and the bytes that are kept are those of one digest, and the tag is
// asked for once.
func TestTagMoved(t *testing.T) {
	_, first := cargoed(t)
	_, otherLayout, _ := packed(t, map[string]string{"model.bin": "other weights", "config.json": "{}"})
	other := model(t, open(t, otherLayout), "")
	for _, c := range []struct {
		name  string
		after int32 // requests for the tag that are answered with the first model
		want  *Model
	}{
		{"after it was looked up", 1, first},
		{"never", 1000, first},
		{"before it was looked up", 0, other},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newRegistry(t, true)
			reference := s.Host() + "/acme/atlas:v1"
			pushed(t, first, reference)
			pushed(t, other, s.Host()+"/acme/atlas:v2")
			var asked atomic.Int32
			s.Respond(func(_ http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, "/manifests/v1") && asked.Add(1) > c.after {
					r.URL.Path = strings.Replace(r.URL.Path, "/v1", "/v2", 1)
				}
				return false
			})
			remote := pullModel(t, reference)
			if remote.Manifest.Digest != c.want.Manifest.Digest || !slices.Equal(digests(remote), digests(c.want)) {
				t.Fatalf("it is about %s, expected %s", remote.Manifest.Digest, c.want.Manifest.Digest)
			}
			streamed, err := remote.Files(context.Background(), weights.Options{})
			if err != nil || !slices.Equal(streamed.Files, c.want.Declared.Files) {
				t.Errorf("hashed on the way: %v, %v", streamed.Files, err)
			}
			layout := filepath.Join(t.TempDir(), "layout")
			if _, err := remote.Store(context.Background(), layout, TransferOptions{Reference: "pulled"}); err != nil {
				t.Fatal(err)
			}
			kept := model(t, open(t, layout), "pulled")
			found, err := kept.Files(context.Background(), weights.Options{})
			if err != nil || kept.Manifest.Digest != c.want.Manifest.Digest || !slices.Equal(found.Files, c.want.Declared.Files) || !slices.Equal(digests(kept), digests(c.want)) {
				t.Errorf("kept: %s, %v, %v", kept.Manifest.Digest, found.Files, err)
			}
			if n := asked.Load(); n != 1 {
				t.Errorf("the tag was asked for %d times: each could be answered with another manifest", n)
			}
		})
	}
}

// TestDigestMoved: a registry that answers the digest, too, with other bytes after it was
// looked up by the tag.
func TestDigestMoved(t *testing.T) {
	_, first := cargoed(t)
	_, otherLayout, _ := packed(t, map[string]string{"model.bin": "other weights", "config.json": "{}"})
	for _, c := range []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request, right []byte) bool
		says   string
	}{
		{"the manifest of another model", func(_ http.ResponseWriter, r *http.Request, _ []byte) bool {
			r.URL.Path = "/v2/acme/atlas/manifests/v2"
			return false
		}, "mismatch Content-Length"},
		{"a manifest of the same size", func(w http.ResponseWriter, _ *http.Request, right []byte) bool {
			w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
			w.Header().Set("Docker-Content-Digest", first.Manifest.Digest.String())
			w.Write(bytes.Replace(right, []byte("filepath"), []byte("filepaht"), 1))
			return true
		}, "wrong-digest"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newRegistry(t, true)
			pushed(t, first, s.Host()+"/acme/atlas:v1")
			pushed(t, model(t, open(t, otherLayout), ""), s.Host()+"/acme/atlas:v2")
			right := s.Manifest("acme/atlas", "v1")
			s.Respond(func(w http.ResponseWriter, r *http.Request) bool {
				return strings.HasSuffix(r.URL.Path, "/manifests/"+first.Manifest.Digest.String()) && c.answer(w, r, right)
			})
			layout := filepath.Join(t.TempDir(), "layout")
			err := pullInto(s.Host()+"/acme/atlas:v1", layout)
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), first.Manifest.Digest.String()) {
				t.Errorf("got %v; expected %q", err, c.says)
			}
			if _, err := Open(layout); err == nil {
				t.Error("a layout was left that opens")
			}
		})
	}
}
