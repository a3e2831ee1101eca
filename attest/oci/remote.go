package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"
)

// Remote says how registries are reached. Nothing is asked of the network unless
// one is named.
type Remote struct {
	// Transport carries the requests; a copy of it is used. Required: this package
	// does not open connections on its own account.
	Transport *http.Transport
	// PlainHTTP allows http without TLS to any host. To loopback it is always used.
	PlainHTTP bool
	// Config is the path of a docker config file with credentials or helpers; none if
	// empty or not there.
	Config string
	// Patience is how long a registry may stay silent, or send or take less than a
	// kibibyte a second, before it is given up; 0 means a minute.
	Patience time.Duration
}

const (
	defaultPatience = time.Minute
	minimumRate     = 1 << 10 // bytes a second
	maxRedirects    = 5
	maxPages        = 64 // of referrers
)

// IsReference reports whether s can only be the name of a repository in a registry:
// a host with a dot, a port or the name localhost, a slash, a repository, and maybe
// a tag or a digest.
func IsReference(s string) bool {
	ref, err := registry.ParseReference(s)
	return err == nil && (strings.ContainsAny(ref.Registry, ".:") || ref.Registry == "localhost") && ref.Registry != "." && ref.Registry != ".."
}

// RegistryError says what went wrong between us and a registry.
type RegistryError struct {
	Reference string // as the caller named it
	Doing     string // "reading the manifest"
	Err       error
	Next      string // what to do
}

func (e *RegistryError) Error() string {
	s := fmt.Sprintf("registry %s: %s: %v", e.Reference, e.Doing, e.Err)
	if e.Next != "" {
		s += ": " + e.Next
	}
	return s
}

func (e *RegistryError) Unwrap() error { return e.Err }

// repository returns a client for the repository that reference names.
func (r Remote) repository(reference string) (*remote.Repository, error) {
	ref, err := registry.ParseReference(reference)
	if err != nil {
		return nil, &RegistryError{reference, "reading the reference", err, "name HOST/REPOSITORY:TAG or HOST/REPOSITORY@DIGEST"}
	}
	if r.Transport == nil {
		return nil, &RegistryError{reference, "connecting", errors.New("there is no way to the network"), ""}
	}
	client, err := r.client(ref)
	if err != nil {
		return nil, &RegistryError{reference, "reading credentials", err, "correct the docker config file, or name another with DOCKER_CONFIG"}
	}
	repository := &remote.Repository{Reference: ref, Client: client, PlainHTTP: r.PlainHTTP || loopback(ref.Host()),
		ReferrerListMaxPages: maxPages, MaxMetadataBytes: maxIndex, SkipReferrersGC: true}
	// What lists a referrer, we see to ourselves: see list.go.
	return repository, repository.SetReferrersCapability(true)
}

func (r Remote) client(ref registry.Reference) (*auth.Client, error) {
	patience := r.Patience
	if patience <= 0 {
		patience = defaultPatience
	}
	transport := r.Transport.Clone()
	transport.DisableCompression = true            // bytes are counted and hashed as they come; nothing unfolds
	transport.ResponseHeaderTimeout = 5 * patience // a registry may hash a large blob before it answers
	transport.TLSHandshakeTimeout = patience
	transport.DialContext = (&net.Dialer{Timeout: patience}).DialContext
	client := &auth.Client{
		Client: &http.Client{Transport: &retry.Transport{Base: &guard{transport, r.PlainHTTP, patience}, Policy: retryPolicy}, CheckRedirect: checkRedirect},
		Cache:  auth.NewCache(), ClientID: "weighbridge",
	}
	if loopback(ref.Host()) {
		client.BlockedRealmPrefixes = []netip.Prefix{} // its token server is on loopback too
	}
	if r.Config == "" {
		return client, nil
	}
	store, err := credentials.NewStore(r.Config, credentials.StoreOptions{})
	if err != nil {
		return nil, err
	}
	client.Credential = credentials.Credential(store)
	return client, nil
}

// retryPolicy is oras-go's with fewer attempts.
func retryPolicy() retry.Policy {
	return &retry.GenericPolicy{Retryable: retry.DefaultPredicate, Backoff: retry.ExponentialBackoff(250*time.Millisecond, 2, 0.1), MinWait: 200 * time.Millisecond, MaxWait: 3 * time.Second, MaxRetry: 3}
}

// checkRedirect bounds the hops. That credentials stay with the host they are for
// is oras-go's auth.Client's work; that nothing falls back to plain http, guard's.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return fmt.Errorf("more than %d redirects, the last to %s", maxRedirects, req.URL.Redacted())
	}
	if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return fmt.Errorf("a redirect from https to %s", req.URL.Redacted())
	}
	return nil
}

// loopback reports whether host, with or without a port, is this machine.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && address.IsLoopback()
}

// guard is the one way out: it refuses plain http, lists that were filtered though
// nobody asked, and peers that are too slow.
type guard struct {
	base     http.RoundTripper
	plain    bool
	patience time.Duration
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !g.plain && !loopback(req.URL.Host) {
		return nil, fmt.Errorf("plain %s to %s: what is sent could be read and changed on the way; use --plain-http if that is meant", req.URL.Scheme, req.URL.Host)
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	req = req.Clone(ctx)
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = &paced{body: req.Body, ctx: ctx, cancel: cancel, patience: g.patience, end: func() {}}
	}
	resp, err := g.base.RoundTrip(req)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		cancel(nil)
		return nil, err
	}
	if filters := resp.Header.Get("OCI-Filters-Applied"); filters != "" {
		resp.Body.Close()
		cancel(nil)
		return nil, fmt.Errorf("%s: the registry filtered a list by %q though nobody asked: some of what is about the weights is hidden", req.URL.Redacted(), clip(filters))
	}
	resp.Body = &paced{body: resp.Body, ctx: ctx, cancel: cancel, patience: g.patience, end: func() { cancel(nil) }}
	return resp, nil
}

// paced is a body with a look at its pace: from the first read on, so that nobody
// is blamed for the time in which nobody asked.
type paced struct {
	body     io.ReadCloser
	ctx      context.Context // of the request
	cancel   context.CancelCauseFunc
	patience time.Duration
	end      func() // when the body is closed

	bytes atomic.Int64
	mu    sync.Mutex
	timer *time.Timer // nil before the first read, and behind the end
	done  bool
}

func (p *paced) Read(b []byte) (int, error) {
	p.arm()
	n, err := p.body.Read(b)
	p.bytes.Add(int64(n))
	if err == nil {
		return n, nil
	}
	p.stop()
	if cause := context.Cause(p.ctx); err != io.EOF && cause != nil {
		err = cause
	}
	return n, err
}

// Close ends the body.
func (p *paced) Close() error {
	p.stop()
	err := p.body.Close()
	p.end()
	return err
}

func (p *paced) arm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer == nil && !p.done {
		p.timer = time.AfterFunc(p.patience, p.look)
	}
}

func (p *paced) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = true
	if p.timer != nil {
		p.timer.Stop()
	}
}

// look ends the request when too little came since the last look.
func (p *paced) look() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done {
		return
	}
	if n := p.bytes.Swap(0); n < int64(p.patience.Seconds()*minimumRate) {
		p.cancel(fmt.Errorf("the registry is too slow: %d bytes in %s, expected at least %d a second", n, p.patience, minimumRate))
		return
	}
	p.timer.Reset(p.patience)
}
