package oci

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest/weights"
)

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
