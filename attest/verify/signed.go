package verify

import (
	"errors"

	"github.com/weighbridge/weighbridge/attest"
)

// Signed is a statement that somebody of a policy signed, and nothing else: it was
// compared with no weights.
type Signed struct {
	Statement  attest.Statement
	Signer     string      // id of the key or identity
	Timestamps []Timestamp // that hold under the policy's root
}

// Open verifies who signed one bundle under p, with its times and revocations, and
// reads its statement. What else p asks for of statements and weights it does not
// look at.
func (p Policy) Open(bundle []byte) (Signed, error) {
	if err := p.validate(); err != nil {
		return Signed{}, err
	}
	e, problem := openBundle(bundle)
	if problem != nil {
		return Signed{}, errors.New("bundle: " + problem.Message)
	}
	who, at, problem := p.signer(&e)
	switch {
	case problem != nil:
		return Signed{}, errors.New("bundle: " + problem.Message)
	case who == "":
		return Signed{}, errors.New("bundle: " + stranger(&e))
	}
	s, err := attest.ParseStatement(e.payload)
	return Signed{s, who, at}, err
}

// ValidBundle returns an error unless data is a bundle around one statement that a
// key or a certificate signs. Nothing of it is verified.
func ValidBundle(data []byte) error {
	if _, problem := openBundle(data); problem != nil {
		return errors.New(problem.Message)
	}
	return nil
}
