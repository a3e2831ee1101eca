package sign

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/weighbridge/weighbridge/attest"
)

// Keyless signs in the name of an identity, without a key that anybody keeps: a key
// pair made in memory, for which a Fulcio issues a certificate of some minutes
// against a token of an OpenID Connect issuer. A log and a timestamp authority then
// show that it signed in that time.
type Keyless struct {
	pair        *sign.EphemeralKeypair
	token       string
	subject     string
	issuer      string
	services    Services
	trusted     root.TrustedMaterial
	certificate []byte // once it has been issued
}

// NewKeyless reads an identity token and asks nobody for anything yet. trustedRoot,
// Sigstore's trusted_root.json, may be empty; with it each bundle is verified before
// it is returned.
func NewKeyless(token string, s Services, trustedRoot []byte) (*Keyless, error) {
	k := &Keyless{token: strings.TrimSpace(token), services: s}
	if err := k.readToken(); err != nil {
		return nil, err
	}
	if err := s.keyless(); err != nil {
		return nil, err
	}
	if len(trustedRoot) > 0 {
		trusted, err := root.NewTrustedRootFromJSON(trustedRoot)
		if err != nil {
			return nil, fmt.Errorf("trusted root: %w; expected Sigstore's trusted_root.json", short(err))
		}
		k.trusted = trusted
	}
	pair, err := sign.NewEphemeralKeypair(nil) // ECDSA P-256
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	k.pair = pair
	return k, nil
}

// keyless returns why a keyless signature by these services could never be verified.
func (s Services) keyless() error {
	if s.CertificateAuthority == "" {
		return errors.New("keyless: no certificate authority: name a Fulcio with --fulcio-url, or a Sigstore with --signing-config")
	}
	timed := len(s.TimestampAuthorities) > 0
	for _, l := range s.Logs {
		if l.Version != 1 && l.Version != 2 {
			return fmt.Errorf("keyless: log %s: its interface has version %d: expected 1 or 2", l.URL, l.Version)
		}
		timed = timed || l.Version == 1
	}
	if !timed {
		return errors.New("keyless: nobody would say when it was signed, and the certificate lasts some minutes only: name an authority with --timestamp-authority, or a --signing-config with one (a log of version 2 gives no time)")
	}
	return nil
}

// readToken reads whom the token names. Whether it is genuine, the certificate
// authority judges.
func (k *Keyless) readToken() error {
	const next = "expected a JSON Web Token of your identity provider, for the audience sigstore"
	parts := strings.Split(k.token, ".")
	if len(parts) != 3 {
		return fmt.Errorf("identity token: %d parts between points: %s", len(parts), next)
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return fmt.Errorf("identity token: its second part is not base64url: %s", next)
	}
	var claims struct {
		Issuer  string `json:"iss"`
		Subject string `json:"sub"`
		Email   string `json:"email"`
	}
	if err := json.Unmarshal(body, &claims); err != nil || claims.Issuer == "" || claims.Subject == "" && claims.Email == "" {
		return fmt.Errorf("identity token: it names no issuer and subject: %s", next)
	}
	k.issuer, k.subject = claims.Issuer, claims.Subject
	if claims.Email != "" {
		k.subject = claims.Email
	}
	return nil
}

// ID names the identity as attest/verify does.
func (k *Keyless) ID() string { return k.subject + " (" + k.issuer + ")" }

// Logs are the addresses of the logs that every signature will go to.
func (k *Keyless) Logs() []string {
	var all []string
	for _, l := range k.services.Logs {
		all = append(all, l.URL)
	}
	return all
}

// CertificateAuthority is the address of who is shown the token.
func (k *Keyless) CertificateAuthority() string { return k.services.CertificateAuthority }

// Sign is as [Key.Sign].
func (k *Keyless) Sign(ctx context.Context, payload []byte) ([]byte, error) {
	if _, err := attest.ParseStatement(payload); err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	bundle, err := k.bundle(ctx, payload)
	if err != nil {
		return nil, err
	}
	return layout(protojson.Marshal(bundle))
}

// SignModel is as [Key.SignModel] with the Sigstore method of OMS v1.0, which has
// no chain and at least one log.
func (k *Keyless) SignModel(ctx context.Context, m attest.ModelSignature, chain []*x509.Certificate) ([]byte, error) {
	if len(chain) > 0 {
		return nil, errors.New("sign: a keyless signature gets its certificate from the authority: leave --certificate out")
	}
	if len(k.services.Logs) == 0 {
		return nil, errors.New("sign: OMS v1.0 has keyless signatures in a log: name one with --rekor-url, or a --signing-config with one")
	}
	payload, err := m.Encode()
	if err != nil {
		return nil, err
	}
	bundle, err := k.bundle(ctx, payload)
	if err != nil {
		return nil, err
	}
	return layout(protojson.Marshal(bundle))
}

// GetCertificate is sigstore-go's CertificateProvider: one certificate for all that
// k signs.
func (k *Keyless) GetCertificate(ctx context.Context, pair sign.Keypair, o *sign.CertificateProviderOptions) ([]byte, error) {
	if k.certificate != nil {
		return k.certificate, nil
	}
	fulcio := sign.NewFulcio(&sign.FulcioOptions{BaseURL: strings.TrimSuffix(k.services.CertificateAuthority, "/"), Timeout: serverTimeout, Transport: k.services.Transport})
	der, err := fulcio.GetCertificate(ctx, pair, o)
	if err != nil {
		return nil, fmt.Errorf("the certificate authority %s: %w", k.services.CertificateAuthority, short(err))
	}
	k.certificate = der
	return der, nil
}

func (k *Keyless) bundle(ctx context.Context, payload []byte) (*protobundle.Bundle, error) {
	o := sign.BundleOptions{Context: ctx, CertificateProvider: k, CertificateProviderOptions: &sign.CertificateProviderOptions{IDToken: k.token}, TrustedRoot: k.trusted}
	for _, address := range k.services.TimestampAuthorities {
		o.TimestampAuthorities = append(o.TimestampAuthorities, sign.NewTimestampAuthority(&sign.TimestampAuthorityOptions{URL: address, Timeout: serverTimeout, Transport: k.services.Transport}))
	}
	for _, l := range k.services.Logs {
		o.TransparencyLogs = append(o.TransparencyLogs, sign.NewRekor(&sign.RekorOptions{BaseURL: strings.TrimSuffix(l.URL, "/"), Version: l.Version, Timeout: serverTimeout}))
	}
	bundle, err := sign.Bundle(&sign.DSSEData{Data: payload, PayloadType: attest.PayloadType}, k.pair, o)
	if err != nil {
		return nil, fmt.Errorf("sign: keyless as %s: %w", k.ID(), short(err))
	}
	return bundle, nil
}
