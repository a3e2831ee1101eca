package verify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/weighbridge/weighbridge/attest"
)

// TrustedRoot is whom a recipient believes beyond keys: authorities that say when
// (RFC 3161), and for signatures under an identity those that issue certificates
// and keep logs, or an authority of one's own.
type TrustedRoot struct {
	material     root.TrustedMaterial
	certificates []*x509.Certificate // of an authority of one's own
}

// ParseTrustedRoot reads Sigstore's trusted_root.json
// (application/vnd.dev.sigstore.trustedroot+json).
func ParseTrustedRoot(data []byte) (*TrustedRoot, error) {
	if err := attest.ScanJSON(data); err != nil {
		return nil, fmt.Errorf("trusted root: %w; expected Sigstore's trusted_root.json", err)
	}
	read, err := root.NewTrustedRootFromJSON(data)
	if err != nil {
		return nil, fmt.Errorf("trusted root: %.300s; expected Sigstore's trusted_root.json, as `cosign trusted-root create` writes it", plain(err))
	}
	return &TrustedRoot{material: read}, nil
}

// timestampAuthority is the trust in one authority and nothing else.
type timestampAuthority struct {
	root.BaseTrustedMaterial
	authority *root.SigstoreTimestampingAuthority
}

func (t *timestampAuthority) TimestampingAuthorities() []root.TimestampingAuthority {
	return []root.TimestampingAuthority{t.authority}
}

// TimestampRoot trusts one timestamp authority by its certificates: its own first
// (or none of its own: then it stands in the timestamp), those that issued it, the
// root last. A single certificate that signed itself and is no CA is the authority.
func TimestampRoot(chain []*x509.Certificate) (*TrustedRoot, error) {
	if len(chain) == 0 {
		return nil, errors.New("timestamp certificates: none: expected the authority's own, those that issued it, and the root last")
	}
	last := chain[len(chain)-1]
	if err := last.CheckSignature(last.SignatureAlgorithm, last.RawTBSCertificate, last.Signature); err != nil {
		return nil, fmt.Errorf("timestamp certificates: the last (%s) is no root: expected the self-signed root at the end", last.Subject)
	}
	authority := &root.SigstoreTimestampingAuthority{Root: last, URI: chain[0].Subject.String()}
	for _, c := range chain[:len(chain)-1] {
		if c.IsCA {
			authority.Intermediates = append(authority.Intermediates, c)
			continue
		}
		if authority.Leaf != nil {
			return nil, fmt.Errorf("timestamp certificates: two that sign timestamps (%s, %s): name each authority in a file of its own", authority.Leaf.Subject, c.Subject)
		}
		authority.Leaf = c
	}
	return &TrustedRoot{material: &timestampAuthority{authority: authority}}, nil
}

// JoinRoots trusts all that any of the roots does; nil ones are left out. It is nil
// when none is left.
func JoinRoots(roots ...*TrustedRoot) *TrustedRoot {
	var all root.TrustedMaterialCollection
	var certificates []*x509.Certificate
	for _, r := range roots {
		if r != nil {
			all, certificates = append(all, r.material), append(certificates, r.certificates...)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return &TrustedRoot{all, certificates}
}

// Timestamp is a time that somebody other than the signer vouches for.
type Timestamp struct {
	Time      string `json:"time"`      // RFC 3339, UTC
	Authority string `json:"authority"` // as the trusted root or its certificate calls it
	Kind      string `json:"kind"`      // "rfc3161", or "log" for the time at which a log took the entry in
}

// times are the timestamps of a bundle that hold.
type times []Timestamp

// earliest is the first time at which the signature was certainly there.
func (t times) earliest() (time.Time, bool) {
	var first time.Time
	for _, each := range t {
		if at, err := time.Parse(time.RFC3339Nano, each.Time); err == nil && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first, !first.IsZero()
}

// stamps returns the RFC 3161 timestamps of e's signature by authorities of r. One
// that does not hold is an error, as none is where there are some: who holds a
// bundle can always leave them out, and the caller asks for one.
func (r *TrustedRoot) stamps(e *envelope) (times, error) {
	if r == nil || len(r.material.TimestampingAuthorities()) == 0 || e.stamps == 0 {
		return nil, nil
	}
	held, failed, err := verify.VerifySignedTimestamp(&e.bundle, r.material)
	if err == nil && len(held) < e.stamps {
		err = errors.Join(failed...)
	}
	if err != nil {
		return nil, fmt.Errorf("%d of its %d timestamps hold under the authorities trusted here: %s", len(held), e.stamps, plain(err))
	}
	var out times
	for _, t := range held {
		out = append(out, Timestamp{timeText(t.Time.UTC()), t.URI, "rfc3161"})
	}
	return out, nil
}

// timed returns the times of a key's signature, or why it is refused.
func (p Policy) timed(e *envelope) (times, *Problem) {
	const again = "fetch the shipment again; if it is still so, ask the signer for one with a timestamp by an authority that you trust (`weighbridge attest --timestamp-authority`)"
	found, err := p.Root.stamps(e)
	if err != nil {
		return nil, &Problem{CodeTimestamp, err.Error(), again}
	}
	if p.Timestamped && len(found) == 0 {
		return nil, &Problem{CodeTimestamp, fmt.Sprintf("%d timestamps, none of which was verified: expected at least one by an authority trusted here", e.stamps), again}
	}
	return found, nil
}
