package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/sign"
)

// signer signs a payload into a bundle: a key, or an identity without one.
type signer interface {
	ID() string
	Sign(ctx context.Context, payload []byte) ([]byte, error)
	SignModel(ctx context.Context, m attest.ModelSignature, chain []*x509.Certificate) ([]byte, error)
}

// signerFlags say who signs, and which servers take part. None does unless it is
// named.
type signerFlags struct {
	key     string
	chain   string // file with the certificates that go with the key
	keyless bool
	token   string
	config  string
	fulcio  string
	rekor   []string
	stamps  []string
	root    string
}

func (f *signerFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.key, "key", "", "private key that signs: a PEM file, pkcs11:... in a token, NAME://... in a key service (see key generate)")
	flags.StringVar(&f.chain, "certificate", "", "with --key: the certificate (PEM) that your own certificate authority gave it, which goes with the signatures; for sign, those that issued it after it")
	flags.StringArrayVar(&f.stamps, "timestamp-authority", nil, "`URL` of an RFC 3161 authority that is asked when the signature was made; repeatable")
	flags.BoolVar(&f.keyless, "keyless", false, "sign as the identity of --identity-token instead of with a key; says before where that is published")
	flags.StringVar(&f.token, "identity-token", "", "with --keyless: `FILE` with a token of your identity provider, for the audience sigstore")
	flags.StringVar(&f.config, "signing-config", "", "with --keyless: `FILE` that names the servers of a Sigstore (signing_config.json)")
	flags.StringVar(&f.fulcio, "fulcio-url", "", "with --keyless: `URL` of the certificate authority")
	flags.StringArrayVar(&f.rekor, "rekor-url", nil, "with --keyless: `URL` of a log (Rekor, version 2 of its interface); repeatable")
}

// addRoot is for commands where --trusted-root is not about whom to verify.
func (f *signerFlags) addRoot(flags *pflag.FlagSet) {
	flags.StringVar(&f.root, "trusted-root", "", "with --keyless: verify each signature under this trusted_root.json before anything is written")
}

// check refuses flags that do not go together.
func (f signerFlags) check() error {
	servers := f.config != "" || f.fulcio != "" || len(f.rekor) > 0
	switch {
	case f.keyless && f.chain != "":
		return usage("--keyless gets its certificate from the authority: leave out --certificate")
	case f.keyless && f.key != "":
		return usage("--keyless signs without a key: leave out --key")
	case !f.keyless && f.key == "":
		return usage("--key FILE (or --keyless) is required: who signs?")
	case !f.keyless && (servers || f.token != "" || f.root != ""):
		return usage("--identity-token, --signing-config, --fulcio-url, --rekor-url and --trusted-root are for --keyless: a key signs without them")
	case f.keyless && f.token == "":
		return usage("--keyless needs --identity-token FILE: a token of your identity provider says who you are")
	case f.keyless && !servers:
		return usage("--keyless needs the servers of a Sigstore: --signing-config FILE, or --fulcio-url and --rekor-url; none is asked unless it is named")
	case f.config != "" && (f.fulcio != "" || len(f.rekor) > 0):
		return usage("--signing-config names the servers: leave out --fulcio-url and --rekor-url")
	}
	return nil
}

// signer is who signs. For an identity it says first what will be published where.
func (a *app) signer(f signerFlags) (signer, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.keyless {
		return a.keyless(f)
	}
	key, err := a.readKey("--key", f.key)
	if err != nil {
		return nil, err
	}
	if key, err = key.Timestamped(f.stamps, a.env.network); err != nil {
		return nil, usage("--timestamp-authority: %w", err)
	}
	return key, nil
}

// statementSigner is who signs statements, with its certificate where it has one.
func (a *app) statementSigner(f signerFlags) (signer, error) {
	s, err := a.signer(f)
	if err != nil || f.chain == "" {
		return s, err
	}
	chain, err := readCertificates("--certificate", f.chain)
	if err != nil {
		return nil, usage("%w", err)
	}
	if len(chain) != 1 {
		return nil, usage("--certificate %s: found %d certificates, expected yours alone: a bundle has no room for those that issued it; give them to the recipients with the root", f.chain, len(chain))
	}
	key, ok := s.(*sign.Key)
	if !ok {
		return nil, usage("--certificate goes with --key")
	}
	return key.Certified(chain[0])
}

func (a *app) keyless(f signerFlags) (signer, error) {
	services, err := a.services(f)
	if err != nil {
		return nil, err
	}
	token, err := readRegular(f.token, maxKeyFile)
	if err != nil {
		return nil, usage("--identity-token %s: %w", f.token, err)
	}
	var root []byte
	if f.root != "" {
		if root, err = readRegular(f.root, attest.MaxStatementBytes); err != nil {
			return nil, usage("--trusted-root %s: %w", f.root, err)
		}
	}
	k, err := sign.NewKeyless(string(token), services, root)
	if err != nil {
		return nil, usage("%w", err)
	}
	fmt.Fprintf(a.env.stderr, "weighbridge: signing as %s: the token is shown to %s\n", printable(k.ID()), k.CertificateAuthority())
	if logs := k.Logs(); len(logs) > 0 {
		fmt.Fprintf(a.env.stderr, "weighbridge: this identity, the digest of each statement and its signature go into the log %s: whoever can read it reads them, and nothing is ever taken out\n", strings.Join(logs, ", "))
	}
	return k, nil
}

func (a *app) services(f signerFlags) (sign.Services, error) {
	s := sign.Services{CertificateAuthority: f.fulcio}
	if f.config != "" {
		data, err := os.ReadFile(f.config)
		if err != nil {
			return s, usage("--signing-config: %w", err)
		}
		if s, err = sign.ParseSigningConfig(data, a.env.now()); err != nil {
			return s, usage("--signing-config %s: %w", f.config, err)
		}
	}
	for _, address := range f.rekor {
		s.Logs = append(s.Logs, sign.Log{URL: address, Version: 2})
	}
	s.TimestampAuthorities = append(s.TimestampAuthorities, f.stamps...)
	s.Transport = a.env.network
	if err := s.Validate(); err != nil {
		return s, usage("--fulcio-url, --rekor-url, --timestamp-authority: %w", err)
	}
	return s, nil
}
