//go:build cgo

package pkcs11

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"

	api "github.com/miekg/pkcs11"
)

// findPublic looks for the public half where tokens keep it: in a public key of the
// same id (of the same label where there is no id), in a certificate of that id, or
// with the private key itself. Whether it is the half of the private key shows with
// the first signature, which is verified with it.
func (k *Key) findPublic() error {
	same := api.NewAttribute(api.CKA_ID, k.attribute(k.private, api.CKA_ID))
	if len(same.Value) == 0 {
		same = api.NewAttribute(api.CKA_LABEL, k.attribute(k.private, api.CKA_LABEL))
	}
	for _, place := range []struct {
		class uint
		read  func(api.ObjectHandle) (crypto.PublicKey, error)
	}{{api.CKO_PUBLIC_KEY, k.readPoint}, {api.CKO_CERTIFICATE, k.readCertificate}} {
		found, err := k.find([]*api.Attribute{api.NewAttribute(api.CKA_CLASS, place.class), same})
		if err != nil {
			return fmt.Errorf("token %q: looking for the public half: %w", k.token, err)
		}
		if len(found) > 0 {
			return k.agree(found, place.read)
		}
	}
	public, err := k.readPoint(k.private)
	if err != nil {
		return fmt.Errorf("token %q: no public key and no certificate has the id of the private key: put one of them beside it", k.token)
	}
	k.public = public
	return nil
}

// agree takes the public key that all of found hold.
func (k *Key) agree(found []api.ObjectHandle, read func(api.ObjectHandle) (crypto.PublicKey, error)) error {
	for _, object := range found {
		public, err := read(object)
		if err != nil {
			return fmt.Errorf("token %q: the public half of the key: %w", k.token, err)
		}
		if first, ok := k.public.(interface{ Equal(crypto.PublicKey) bool }); ok && !first.Equal(public) {
			return fmt.Errorf("token %q: %d public keys have the id of the private key and differ: give each pair an id of its own", k.token, len(found))
		}
		k.public = public
	}
	return nil
}

func (k *Key) readPoint(object api.ObjectHandle) (crypto.PublicKey, error) {
	params, point := k.attribute(object, api.CKA_EC_PARAMS), k.attribute(object, api.CKA_EC_POINT)
	if len(params) == 0 || len(point) == 0 {
		return nil, errors.New("the token does not show its curve and point")
	}
	if k.edwards {
		return edPublicKey(params, point)
	}
	return ecPublicKey(params, point)
}

func (k *Key) readCertificate(object api.ObjectHandle) (crypto.PublicKey, error) {
	certificate, err := x509.ParseCertificate(k.attribute(object, api.CKA_VALUE))
	if err != nil {
		return nil, err
	}
	return certificate.PublicKey, nil
}
