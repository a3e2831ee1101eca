// Package ocitest is a registry on loopback for tests: what the OCI distribution
// specification 1.1 says of blobs, mounts, manifests and referrers, as far as the
// clients in this project ask for it, kept in memory. [Registry.Respond] makes it
// hostile. Nothing but tests imports it.
package ocitest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Registry is a registry that listens on 127.0.0.1 until it is closed.
type Registry struct {
	*httptest.Server

	mu        sync.Mutex
	api       bool
	blobs     map[string][]byte            // repository/digest
	manifests map[string]map[string]stored // repository, then tag or digest
	requests  []string                     // "METHOD path", in order
	// answer may answer in the registry's place.
	answer func(w http.ResponseWriter, r *http.Request) bool
}

type stored struct {
	mediaType string
	data      []byte
}

// New starts an empty registry, with the referrers API or without it.
func New(api bool) *Registry {
	s := &Registry{api: api, blobs: map[string][]byte{}, manifests: map[string]map[string]stored{}}
	s.Server = httptest.NewServer(s)
	return s
}

// Host is "127.0.0.1:port", to begin a reference with.
func (s *Registry) Host() string { return strings.TrimPrefix(s.URL, "http://") }

// ServeHTTP implements http.Handler.
func (s *Registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	answer := s.answer
	s.mu.Unlock()
	if answer != nil && answer(w, r) {
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/v2/")
	for _, kind := range []string{"/blobs/uploads/", "/blobs/", "/manifests/", "/referrers/"} {
		if repository, rest, found := strings.Cut(path, kind); found {
			s.serve(w, r, kind, repository, rest)
			return
		}
	}
	w.WriteHeader(http.StatusOK)
}

func (s *Registry) serve(w http.ResponseWriter, r *http.Request, kind, repository, rest string) {
	switch {
	case kind == "/blobs/uploads/":
		s.upload(w, r, repository)
	case kind == "/blobs/":
		s.mu.Lock()
		data, found := s.blobs[repository+"/"+rest]
		s.mu.Unlock()
		if !found {
			http.Error(w, "no such blob", http.StatusNotFound)
			return
		}
		w.Header().Set("Docker-Content-Digest", rest)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	case kind == "/manifests/" && r.Method == http.MethodPut:
		data, _ := io.ReadAll(r.Body)
		s.put(repository, rest, stored{r.Header.Get("Content-Type"), data})
		w.Header().Set("Docker-Content-Digest", digest.FromBytes(data).String())
		w.WriteHeader(http.StatusCreated)
	case kind == "/manifests/":
		s.mu.Lock()
		m, found := s.manifests[repository][rest]
		s.mu.Unlock()
		if !found {
			http.Error(w, "no such manifest", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", m.mediaType)
		w.Header().Set("Docker-Content-Digest", digest.FromBytes(m.data).String())
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(m.data))
	case !s.api:
		http.Error(w, "404 page not found", http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
		json.NewEncoder(w).Encode(s.referrers(repository, rest))
	}
}

func (s *Registry) put(repository, reference string, m stored) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.manifests[repository] == nil {
		s.manifests[repository] = map[string]stored{}
	}
	s.manifests[repository][reference] = m
	s.manifests[repository][digest.FromBytes(m.data).String()] = m
}

func (s *Registry) upload(w http.ResponseWriter, r *http.Request, repository string) {
	mounted := r.URL.Query().Get("mount")
	s.mu.Lock()
	data, found := s.blobs[r.URL.Query().Get("from")+"/"+mounted]
	s.mu.Unlock()
	switch {
	case r.Method == http.MethodPost && mounted != "" && found:
		s.mu.Lock()
		s.blobs[repository+"/"+mounted] = data
		s.mu.Unlock()
		w.Header().Set("Docker-Content-Digest", mounted)
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodPost:
		w.Header().Set("Location", r.URL.Path+"session")
		w.WriteHeader(http.StatusAccepted)
	default:
		data, err := io.ReadAll(r.Body)
		if err != nil || digest.FromBytes(data).String() != r.URL.Query().Get("digest") {
			http.Error(w, "digest invalid", http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		s.blobs[repository+"/"+digest.FromBytes(data).String()] = data
		s.mu.Unlock()
		w.WriteHeader(http.StatusCreated)
	}
}

func (s *Registry) referrers(repository, subject string) ocispec.Index {
	s.mu.Lock()
	defer s.mu.Unlock()
	index := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: []ocispec.Descriptor{}}
	for reference, m := range s.manifests[repository] {
		var manifest ocispec.Manifest
		if digest.Digest(reference).Validate() == nil && json.Unmarshal(m.data, &manifest) == nil && manifest.Subject != nil && manifest.Subject.Digest.String() == subject {
			index.Manifests = append(index.Manifests, ocispec.Descriptor{MediaType: m.mediaType, Digest: digest.Digest(reference), Size: int64(len(m.data))})
		}
	}
	slices.SortFunc(index.Manifests, func(a, b ocispec.Descriptor) int { return strings.Compare(a.Digest.String(), b.Digest.String()) })
	return index
}

// Count says how many requests of the method had part in their path.
func (s *Registry) Count(method, part string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if strings.HasPrefix(r, method+" ") && strings.Contains(r, part) {
			n++
		}
	}
	return n
}

// Respond lets answer see every request first; where it returns true it has
// answered in the registry's place. nil ends that.
func (s *Registry) Respond(answer func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// Manifest returns the bytes under a tag or digest of a repository, nil if there
// are none.
func (s *Registry) Manifest(repository, reference string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.manifests[repository][reference].data
}
