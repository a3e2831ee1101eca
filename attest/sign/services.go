package sign

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
)

// Log is a transparency log that takes entries in.
type Log struct {
	URL     string
	Version uint32 // of its interface: 1 or 2
}

// Services are the servers that take part in a signature. The zero value asks none.
type Services struct {
	TimestampAuthorities []string // URLs, with path, of RFC 3161 authorities
	CertificateAuthority string   // URL of a Fulcio
	Logs                 []Log
	Transport            http.RoundTripper // nil: the usual one
}

// ParseSigningConfig reads Sigstore's signing_config.json
// (application/vnd.dev.sigstore.signingconfig.v0.2+json) and chooses of it what is in
// service at now.
func ParseSigningConfig(data []byte, now time.Time) (Services, error) {
	const next = "expected Sigstore's signing config v0.2, as `cosign signing-config create` writes it"
	config, err := root.NewSigningConfigFromJSON(data)
	if err != nil {
		return Services{}, fmt.Errorf("signing config: %.300q; %s", err, next)
	}
	var s Services
	if all := config.FulcioCertificateAuthorityURLs(); len(all) > 0 {
		authority, err := root.SelectService(all, sign.FulcioAPIVersions, now)
		if err != nil {
			return s, fmt.Errorf("signing config: no certificate authority is in service: %w", err)
		}
		s.CertificateAuthority = authority.URL
	}
	if all := config.RekorLogURLs(); len(all) > 0 {
		logs, err := root.SelectServices(all, config.RekorLogURLsConfig(), sign.RekorAPIVersions, now)
		if err != nil {
			return s, fmt.Errorf("signing config: no log is in service: %w", err)
		}
		for _, l := range logs {
			s.Logs = append(s.Logs, Log{l.URL, l.MajorAPIVersion})
		}
	}
	if all := config.TimestampAuthorityURLs(); len(all) > 0 {
		authorities, err := root.SelectServices(all, config.TimestampAuthorityURLsConfig(), sign.TimestampAuthorityAPIVersions, now)
		if err != nil {
			return s, fmt.Errorf("signing config: no timestamp authority is in service: %w", err)
		}
		for _, t := range authorities {
			s.TimestampAuthorities = append(s.TimestampAuthorities, t.URL)
		}
	}
	return s, s.Validate()
}

// Validate returns an error unless every address is an http or https URL of scheme,
// host and path alone. What more a URL can have may be a secret, and addresses are
// shown: no error shows one that has more.
func (s Services) Validate() error {
	all := s.TimestampAuthorities
	if s.CertificateAuthority != "" {
		all = append(all[:len(all):len(all)], s.CertificateAuthority)
	}
	for _, l := range s.Logs {
		all = append(all[:len(all):len(all)], l.URL)
	}
	for _, text := range all {
		if strings.ContainsAny(text, "@?#") {
			return errors.New("an address with a user, password, query or fragment (an @, ? or #), not shown because it may hold a secret: expected http://HOST/PATH or https://HOST/PATH, of a server that takes requests without them")
		}
		if u, err := url.Parse(text); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("address %.200q: expected http://HOST or https://HOST", text)
		}
	}
	return nil
}

// serverTimeout bounds one request to a server.
const serverTimeout = 30 * time.Second

// stamp puts a timestamp by each authority into b. A timestamp is over the
// signature, so it shows that the signature was there at that time.
func (s Services) stamp(ctx context.Context, b *protobundle.Bundle) error {
	for _, address := range s.TimestampAuthorities {
		authority := sign.NewTimestampAuthority(&sign.TimestampAuthorityOptions{URL: address, Timeout: serverTimeout, Transport: s.Transport})
		stamp, err := authority.GetTimestamp(ctx, b.GetDsseEnvelope().Signatures[0].Sig)
		if err != nil {
			return fmt.Errorf("sign: the timestamp authority %s: %w; nothing was signed that leaves without its timestamp", address, short(err))
		}
		material := b.VerificationMaterial
		if material.TimestampVerificationData == nil {
			material.TimestampVerificationData = &protobundle.TimestampVerificationData{}
		}
		material.TimestampVerificationData.Rfc3161Timestamps = append(material.TimestampVerificationData.Rfc3161Timestamps, &protocommon.RFC3161SignedTimestamp{SignedTimestamp: stamp})
	}
	return nil
}

// short is an error of a server in a length that people read.
func short(err error) error {
	const most = 400
	text := strings.Join(strings.Fields(err.Error()), " ")
	if len(text) <= most {
		return err
	}
	return errors.New(text[:most] + " ...")
}
