//go:build cgo

package pkcs11

import (
	"crypto"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	api "github.com/miekg/pkcs11"
)

// Of PKCS#11 v3.0, which the library does not name yet.
const (
	keyTypeEdwards = 0x00000040 // CKK_EC_EDWARDS
	signEdDSA      = 0x00001057 // CKM_EDDSA
)

// Key is a private key in a token, for signing.
type Key struct {
	module  *api.Ctx
	slot    uint
	token   string // its label
	session api.SessionHandle
	pin     string // for keys that want it before each signature

	use       sync.Mutex // a session does one thing at a time
	private   api.ObjectHandle
	edwards   bool
	everyTime bool // CKA_ALWAYS_AUTHENTICATE
	public    crypto.PublicKey
}

// Public returns the public half, as the token showed it.
func (k *Key) Public() crypto.PublicKey { return k.public }

// Close logs out and ends the use of the module.
func (k *Key) Close() {
	k.module.CloseAllSessions(k.slot)
	k.module.Finalize()
	k.module.Destroy()
	k.pin = ""
}

// Sign signs a digest with ECDSA, in ASN.1 DER, or a message with Ed25519. Randomness
// is the token's own.
func (k *Key) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	k.use.Lock()
	defer k.use.Unlock()
	raw, err := k.raw(digest)
	switch {
	case errors.Is(err, api.Error(api.CKR_PIN_INCORRECT)) || errors.Is(err, api.Error(api.CKR_PIN_LOCKED)):
		return nil, k.wrongPIN()
	case err != nil:
		return nil, fmt.Errorf("token %q: signing: %w", k.token, err)
	case k.edwards:
		return raw, nil
	}
	return derSignature(raw)
}

func (k *Key) raw(digest []byte) ([]byte, error) {
	mechanism := api.NewMechanism(api.CKM_ECDSA, nil)
	if k.edwards {
		mechanism = api.NewMechanism(signEdDSA, nil)
	}
	if err := k.module.SignInit(k.session, []*api.Mechanism{mechanism}, k.private); err != nil {
		return nil, err
	}
	if k.everyTime {
		if err := k.module.Login(k.session, api.CKU_CONTEXT_SPECIFIC, k.pin); err != nil {
			return nil, err
		}
	}
	return k.module.Sign(k.session, digest)
}

// findKey finds the one private key that u names, and its public half.
func (k *Key) findKey(u *URI) error {
	template := []*api.Attribute{api.NewAttribute(api.CKA_CLASS, api.CKO_PRIVATE_KEY)}
	everything := template
	if u.Object != "" {
		template = append(template, api.NewAttribute(api.CKA_LABEL, u.Object))
	}
	if len(u.ID) > 0 {
		template = append(template, api.NewAttribute(api.CKA_ID, u.ID))
	}
	found, err := k.find(template)
	switch {
	case err != nil:
		return fmt.Errorf("token %q: looking for the key: %w", k.token, err)
	case len(found) == 0:
		all, _ := k.find(everything) // the answer is only for people
		if len(all) == 0 {
			return fmt.Errorf("token %q has no private key: make or import one with the tool of its maker, or pkcs11-tool", k.token)
		}
		return fmt.Errorf("token %q: no private key matches %s: there is %s", k.token, u, listed(k.names(all)))
	case len(found) > 1:
		return fmt.Errorf("token %q: several private keys match %s: %s; name one by both object= and id=", k.token, u, listed(k.names(found)))
	}
	k.private = found[0]
	return k.describe()
}

// find returns the objects that match. A module that goes on and on is refused.
func (k *Key) find(template []*api.Attribute) ([]api.ObjectHandle, error) {
	const most, atOnce = 10_000, 100
	if err := k.module.FindObjectsInit(k.session, template); err != nil {
		return nil, err
	}
	var all []api.ObjectHandle
	for {
		found, _, err := k.module.FindObjects(k.session, atOnce)
		if all = append(all, found...); len(all) > most {
			err = fmt.Errorf("more than %d objects", most)
		}
		if err != nil || len(found) == 0 {
			return all, errors.Join(err, k.module.FindObjectsFinal(k.session))
		}
	}
}

// names tells keys apart for people.
func (k *Key) names(all []api.ObjectHandle) []string {
	var names []string
	for _, object := range all {
		one := &URI{Object: string(k.attribute(object, api.CKA_LABEL)), ID: k.attribute(object, api.CKA_ID)}
		names = append(names, one.String()[len(Scheme):])
	}
	return names
}

// attribute is empty where the object has none of the kind.
func (k *Key) attribute(object api.ObjectHandle, kind uint) []byte {
	found, err := k.module.GetAttributeValue(k.session, object, []*api.Attribute{api.NewAttribute(kind, nil)})
	if err != nil || len(found) != 1 {
		return nil
	}
	return found[0].Value
}

// number is a CK_ULONG: of the machine's word and order.
func number(value []byte) (uint64, bool) {
	switch len(value) {
	case 8:
		return binary.NativeEndian.Uint64(value), true
	case 4:
		return uint64(binary.NativeEndian.Uint32(value)), true
	}
	return 0, false
}

// describe reads which kind the key is of, and its public half.
func (k *Key) describe() error {
	kind, known := number(k.attribute(k.private, api.CKA_KEY_TYPE))
	k.edwards = kind == keyTypeEdwards
	switch {
	case known && kind == api.CKK_RSA:
		return fmt.Errorf("token %q: the key is of the kind RSA: expected ECDSA P-256, P-384, P-521 or Ed25519; make one of these in the token", k.token)
	case !known || kind != api.CKK_EC && !k.edwards:
		return fmt.Errorf("token %q: the key is of the kind %#x (CKA_KEY_TYPE): expected ECDSA P-256, P-384, P-521 or Ed25519; make one of these in the token", k.token, kind)
	}
	always := k.attribute(k.private, api.CKA_ALWAYS_AUTHENTICATE)
	k.everyTime = len(always) == 1 && always[0] != 0
	return k.findPublic()
}
