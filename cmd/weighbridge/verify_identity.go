package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
)

// identityFlags say which identities may sign, and whom the recipient believes
// about identities and times.
type identityFlags struct {
	subjects  []string
	issuer    string
	root      string
	authority string // file with the certificates of an authority of one's own
	stamps    []string
	must      bool
	revoked   string
}

func (f *identityFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.subjects, "identity", nil, "who may sign without a key, exactly as the certificate names him (e-mail address, URI); repeatable")
	flags.StringVar(&f.issuer, "issuer", "", "with --identity: `URL` of the identity provider that vouches for it, exactly (with --certificate-root: the name of the root, where there are several)")
	flags.StringVar(&f.authority, "certificate-root", "", "certificates (PEM) of a certificate authority of your own, those between it and the signers too: trusted for --identity, and with --signature for all that it issued")
	flags.StringVar(&f.root, "trusted-root", "", "Sigstore's trusted_root.json: whose certificates, logs and timestamps are believed")
	flags.StringArrayVar(&f.stamps, "timestamp-certificate", nil, "certificates (PEM) of a timestamp authority: its own first, the root last; every signature must then carry a timestamp; repeatable")
	flags.StringVar(&f.revoked, "revocations", "", "list `FILE` of revoked signers (see key revoke): what they signed before holds where a timestamp shows it")
	flags.BoolVar(&f.must, "require-timestamp", false, "refuse signatures without a verified timestamp of an authority")
}

// named reports whether somebody is trusted by these flags.
func (f identityFlags) named() bool { return len(f.subjects) > 0 }

// check refuses flags that do not go together.
func (f identityFlags) check(policy bool) error {
	switch {
	case policy && (f.named() || f.root != "" || len(f.stamps) > 0):
		return usage("--policy names whom to trust: put identities and trusted_root there, and leave out --identity, --trusted-root and --timestamp-certificate")
	case f.named() && f.authority == "" && (f.issuer == "" || f.root == ""):
		return usage("--identity needs --issuer URL and --trusted-root FILE (or --certificate-root FILE): who vouches for the identity, and whom you believe about it")
	case f.issuer != "" && !f.named():
		return usage("--issuer goes with --identity: an issuer alone would let everybody sign who has an account there")
	case f.must && !policy && f.root == "" && len(f.stamps) == 0:
		return usage("--require-timestamp needs an authority that you trust: --timestamp-certificate FILE or --trusted-root FILE")
	}
	return nil
}

// policy adds what the flags say to p.
func (f identityFlags) policy(p *verify.Policy) error {
	if f.revoked != "" {
		list, err := readRevocations("--revocations", f.revoked)
		if err != nil {
			return usage("%w", err)
		}
		p.Revocations = list
	}
	p.Timestamped = f.must || len(f.stamps) > 0
	var roots []*verify.TrustedRoot
	if f.root != "" {
		root, err := readTrustedRoot(f.root)
		if err != nil {
			return usage("--trusted-root: %w", err)
		}
		roots = append(roots, root)
	}
	for _, path := range f.stamps {
		chain, err := readCertificates("--timestamp-certificate", path)
		if err != nil {
			return usage("%w", err)
		}
		root, err := verify.TimestampRoot(chain)
		if err != nil {
			return usage("--timestamp-certificate %s: %w", path, err)
		}
		roots = append(roots, root)
	}
	authority, err := f.ownAuthority()
	if err != nil {
		return err
	}
	p.Root = verify.JoinRoots(append(roots, authority)...)
	issuer := f.issuer
	if authority != nil {
		if issuer, err = f.ownIssuer(authority); err != nil {
			return err
		}
	}
	for _, subject := range f.subjects {
		p.Identities = append(p.Identities, verify.Identity{Subject: subject, Issuer: issuer})
	}
	return nil
}

// ownAuthority is the authority of --certificate-root; nil without.
func (f identityFlags) ownAuthority() (*verify.TrustedRoot, error) {
	if f.authority == "" {
		return nil, nil
	}
	certificates, err := readCertificates("--certificate-root", f.authority)
	if err != nil {
		return nil, usage("%w", err)
	}
	root, err := verify.CertificateRoot(certificates)
	if err != nil {
		return nil, usage("--certificate-root %s: %w", f.authority, err)
	}
	return root, nil
}

// ownIssuer is the root that vouches for the identities: the one named, or the
// only one there is.
func (f identityFlags) ownIssuer(authority *verify.TrustedRoot) (string, error) {
	names := authority.RootNames()
	switch {
	case f.issuer == "" && len(names) == 1:
		return names[0], nil
	case f.issuer != "" && f.root != "" || slices.Contains(names, f.issuer):
		return f.issuer, nil
	}
	return "", usage("--certificate-root %s holds the roots %s: name with --issuer the one that vouches for the identity, exactly; found %q", f.authority, strings.Join(names, "; "), f.issuer)
}

func readTrustedRoot(path string) (*verify.TrustedRoot, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > attest.MaxStatementBytes {
		err = fmt.Errorf("%s: %d bytes: expected at most %d", path, info.Size(), attest.MaxStatementBytes)
	}
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	root, err := verify.ParseTrustedRoot(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return root, nil
}
