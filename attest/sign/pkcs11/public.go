package pkcs11

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// curves are the named curves of RFC 5480 by the DER of their object identifier, as
// CKA_EC_PARAMS holds it.
func curves() map[string]elliptic.Curve {
	return map[string]elliptic.Curve{
		"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07": elliptic.P256(), // 1.2.840.10045.3.1.7
		"\x06\x05\x2b\x81\x04\x00\x22":             elliptic.P384(), // 1.3.132.0.34
		"\x06\x05\x2b\x81\x04\x00\x23":             elliptic.P521(), // 1.3.132.0.35
	}
}

// edwards25519 are the two ways in which PKCS#11 v3.0 (section 6.3.5) names the
// curve: RFC 8410's object identifier, and a PrintableString.
func edwards25519(params []byte) bool {
	return bytes.Equal(params, []byte("\x06\x03\x2b\x65\x70")) || bytes.Equal(params, []byte("\x13\x0cedwards25519"))
}

// ecPublicKey reads CKA_EC_PARAMS and CKA_EC_POINT of an ECDSA key.
func ecPublicKey(params, point []byte) (crypto.PublicKey, error) {
	curve, known := curves()[string(params)]
	if !known {
		return nil, fmt.Errorf("its curve (%.40x) is none of P-256, P-384, P-521", params)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, unwrapped(point, 1+2*((curve.Params().BitSize+7)/8)))
	if err != nil {
		return nil, fmt.Errorf("its public point: %w", err)
	}
	return public, nil
}

// edPublicKey reads the same of an Edwards key.
func edPublicKey(params, point []byte) (crypto.PublicKey, error) {
	if !edwards25519(params) {
		return nil, fmt.Errorf("its curve (%.40x) is not edwards25519", params)
	}
	raw := unwrapped(point, ed25519.PublicKeySize)
	if len(raw) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("its public point has %d bytes, expected %d", len(raw), ed25519.PublicKeySize)
	}
	return ed25519.PublicKey(raw), nil
}

// unwrapped is a point of size bytes: as the specification has it in an OCTET STRING,
// or bare, as some tokens give it.
func unwrapped(point []byte, size int) []byte {
	var inner []byte
	if rest, err := asn1.Unmarshal(point, &inner); err == nil && len(rest) == 0 && len(inner) == size {
		return inner
	}
	return point
}

// derSignature turns the two numbers that a token gives, each of half the length,
// into ASN.1 DER.
func derSignature(raw []byte) ([]byte, error) {
	if len(raw) == 0 || len(raw)%2 != 0 {
		return nil, errors.New("the token's signature has no two halves")
	}
	half := len(raw) / 2
	return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(raw[:half]), new(big.Int).SetBytes(raw[half:])})
}
