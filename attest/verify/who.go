package verify

import (
	"errors"
	"fmt"
)

// trusts reports whether anybody is named.
func (p Policy) trusts() bool { return len(p.Keys)+len(p.Identities) > 0 }

func (p Policy) validateIdentities() error {
	for _, i := range p.Identities {
		if err := i.Validate(); err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		if _, err := p.Root.options(); err != nil && !p.Root.Vouches(i.Issuer) {
			return fmt.Errorf("verify: the policy names an identity: %w; name the Sigstore's trusted_root.json with --trusted-root FILE, or your own authority's root with --certificate-root FILE", err)
		}
	}
	if len(p.Root.RootNames()) > 0 && p.Now.IsZero() {
		return errors.New("verify: the policy trusts certificates of an authority of one's own and says no time: without one nobody knows which have ended")
	}
	if p.Timestamped && (p.Root == nil || len(p.Root.material.TimestampingAuthorities()) == 0) {
		return errors.New("verify: the policy asks for timestamps and trusts no authority that makes them: name one with --timestamp-certificate FILE or --trusted-root FILE")
	}
	return nil
}

// unknownSigner is a bundle that nobody of the policy signed.
type unknownSigner struct {
	bundle int
	who    string // what the bundle says of it, for people
}

// stranger says, of a bundle by nobody of the policy, whose it claims to be.
func stranger(e *envelope) string {
	if e.certificate == nil {
		return "no key that was named signed it"
	}
	return fmt.Sprintf("its certificate names %.200q, who is nobody of the policy", claimedBy(e.certificate).ID())
}

// signer returns the id of who of the policy signed e, "" for nobody, with the
// times that others vouch for.
func (p Policy) signer(e *envelope) (string, times, *Problem) {
	if e.certificate != nil {
		identity, at, known, problem := p.identity(e)
		if problem != nil || !known {
			return "", nil, problem
		}
		if problem = p.revoked(identity.ID(), at); problem == nil {
			problem = p.revoked(keyOf(e.certificate), at)
		}
		return identity.ID(), at, problem
	}
	key := e.signedBy(p.Keys)
	if key == nil && e.hinted(p.Keys) {
		return "", nil, &Problem{CodeBadSignature, "gives the id of a key that was named, but that key did not sign these bytes: the bundle was altered after it was signed",
			"do not use the shipment; fetch it again from its sender over another way"}
	}
	if key == nil {
		return "", nil, nil
	}
	at, problem := p.timed(e)
	if problem == nil {
		problem = p.revoked(key.ID(), at)
	}
	return key.ID(), at, problem
}

// signed reports whether somebody of the policy signed e.
func (p Policy) signed(e *envelope) bool {
	who, _, problem := p.signer(e)
	return who != "" && problem == nil
}

// count keeps what the reader is told of logs and times.
func (v *verification) count(e *envelope, at times) {
	switch {
	case len(at) == 0 && e.entries+e.stamps > 0, e.certificate == nil && e.entries > 0:
		v.logs++
	}
	if len(at) == 0 {
		v.untimed++
	}
}
