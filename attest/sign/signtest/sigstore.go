// Package signtest is a Sigstore on loopback for tests: a certificate authority
// (Fulcio's interface) with a certificate log, a transparency log (Rekor's second
// interface) and an RFC 3161 timestamp authority, each with keys made at start.
// Identity tokens are believed as they are. Nothing but tests imports it.
package signtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sigstore/sigstore-go/pkg/root"
)

// Sigstore listens on 127.0.0.1 until it is closed.
type Sigstore struct {
	*httptest.Server

	// Change alters a certificate before it is issued; nil: none.
	Change func(c *x509.Certificate)
	// Unlogged issues certificates without the certificate log's word.
	Unlogged bool

	now   func() time.Time
	mu    sync.Mutex
	asked []string
	ca    authority
	tsa   authority
	ct    *ecdsa.PrivateKey
	log   *ecdsa.PrivateKey
	body  [][]byte // entries of the log
}

// authority is a root and who it lets sign.
type authority struct {
	root, leaf *x509.Certificate
	rootKey    *ecdsa.PrivateKey
	key        *ecdsa.PrivateKey
}

// New starts one whose clock is now.
func New(now func() time.Time) (*Sigstore, error) {
	s := &Sigstore{now: now}
	for _, key := range []**ecdsa.PrivateKey{&s.ct, &s.log, &s.ca.rootKey, &s.tsa.rootKey, &s.tsa.key} {
		made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		*key = made
	}
	var err error
	if s.ca.root, err = s.rootOf("test certificate authority", s.ca.rootKey); err != nil {
		return nil, err
	}
	if s.tsa.root, err = s.rootOf("test timestamp root", s.tsa.rootKey); err != nil {
		return nil, err
	}
	if s.tsa.leaf, err = s.stamper(); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v2/signingCert", s.serve(s.issue))
	mux.HandleFunc("POST /api/v2/log/entries", s.serve(s.enter))
	mux.HandleFunc("POST /api/v1/timestamp", s.serve(s.stamp))
	s.Server = httptest.NewServer(mux)
	return s, nil
}

// serve answers with what f returns.
func (s *Sigstore) serve(f func(r *http.Request, body []byte) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = append(s.asked, r.URL.Path)
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		var answer []byte
		if err == nil {
			answer, err = f(r, body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if r.URL.Path == "/api/v2/log/entries" {
			w.WriteHeader(http.StatusCreated)
		}
		w.Write(answer)
	}
}

// Asked are the paths of the requests, in order.
func (s *Sigstore) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.asked...)
}

// TimestampURL is the address of the timestamp authority.
func (s *Sigstore) TimestampURL() string { return s.URL + "/api/v1/timestamp" }

// TimestampCertificates are those of the timestamp authority, its root last.
func (s *Sigstore) TimestampCertificates() []byte {
	var out []byte
	for _, c := range []*x509.Certificate{s.tsa.leaf, s.tsa.root} {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

// Token is an identity token for an e-mail address. Its signature is no signature.
func (s *Sigstore) Token(email, issuer string) string {
	claims, _ := json.Marshal(map[string]any{"iss": issuer, "sub": "subject-of-" + email, "email": email, "email_verified": true, "aud": "sigstore"}) // strings always marshal
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"none"}`)) + "." + part(claims) + "." + part([]byte("x"))
}

// SigningConfig is the signing_config.json of this Sigstore.
func (s *Sigstore) SigningConfig() ([]byte, error) {
	service := func(path string, version uint32) []root.Service {
		return []root.Service{{URL: s.URL + path, MajorAPIVersion: version, ValidityPeriodStart: s.now().Add(-time.Hour), Operator: "test"}}
	}
	any1 := root.ServiceConfiguration{Selector: 2} // ANY
	config, err := root.NewSigningConfig(root.SigningConfigMediaType02, service("", 1), nil, service("", 2), any1, service("/api/v1/timestamp", 1), any1)
	if err != nil {
		return nil, err
	}
	return config.MarshalJSON()
}

// TrustedRoot is the trusted_root.json of this Sigstore.
func (s *Sigstore) TrustedRoot() ([]byte, error) {
	since := s.now().Add(-24 * time.Hour)
	logs := func(key *ecdsa.PrivateKey) (map[string]*root.TransparencyLog, error) {
		id, err := keyID(key)
		return map[string]*root.TransparencyLog{hex.EncodeToString(id): {BaseURL: s.URL, ID: id, ValidityPeriodStart: since, HashFunc: crypto.SHA256,
			PublicKey: key.Public(), SignatureHashFunc: crypto.SHA256}}, err
	}
	ct, err := logs(s.ct)
	if err != nil {
		return nil, err
	}
	entries, err := logs(s.log)
	if err != nil {
		return nil, err
	}
	all, err := root.NewTrustedRoot(root.TrustedRootMediaType01,
		[]root.CertificateAuthority{&root.FulcioCertificateAuthority{Root: s.ca.root, URI: s.URL, ValidityPeriodStart: since}}, ct,
		[]root.TimestampingAuthority{&root.SigstoreTimestampingAuthority{Root: s.tsa.root, Leaf: s.tsa.leaf, URI: s.TimestampURL(), ValidityPeriodStart: since}}, entries)
	if err != nil {
		return nil, err
	}
	return all.MarshalJSON()
}

// keyID names a log: the SHA-256 of its public key's DER (RFC 6962, 3.2).
func keyID(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	sum := sha256.Sum256(der)
	return sum[:], err
}

// stamp answers an RFC 3161 request.
func (s *Sigstore) stamp(_ *http.Request, body []byte) ([]byte, error) {
	request, err := timestamp.ParseRequest(body)
	if err != nil {
		return nil, err
	}
	answer := timestamp.Timestamp{HashAlgorithm: request.HashAlgorithm, HashedMessage: request.HashedMessage, Nonce: request.Nonce, Time: s.now(), Policy: []int{1, 3, 6, 1, 4, 1, 57264, 2}}
	return answer.CreateResponseWithOpts(s.tsa.leaf, s.tsa.key, crypto.SHA256)
}

// issue answers a request for a certificate.
func (s *Sigstore) issue(r *http.Request, body []byte) ([]byte, error) {
	parts := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("no token")
	}
	var claims struct{ Iss, Email string }
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &claims); err != nil || claims.Email == "" {
		return nil, fmt.Errorf("token: %w", err)
	}
	key, err := requestedKey(body, claims.Email)
	if err != nil {
		return nil, err
	}
	der, err := s.certify(claims.Email, claims.Iss, key)
	if err != nil {
		return nil, err
	}
	var chain []string
	for _, each := range [][]byte{der, s.ca.root.Raw} {
		chain = append(chain, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: each})))
	}
	return json.Marshal(map[string]any{"signedCertificateEmbeddedSct": map[string]any{"chain": map[string]any{"certificates": chain}}})
}
