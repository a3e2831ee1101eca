package signtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
)

// certificateRequest is what Fulcio is asked: a key with a proof that the asker has it,
// as sigstore-go does, or a certificate request (PKCS#10), as sigstore-python does.
type certificateRequest struct {
	PublicKeyRequest struct {
		PublicKey         struct{ Content string }
		ProofOfPossession []byte
	}
	CertificateSigningRequest []byte // PEM
}

// requestedKey is the key that a certificate is asked for, whose owner showed that he
// has it.
func requestedKey(body []byte, email string) (crypto.PublicKey, error) {
	var request certificateRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	if len(request.CertificateSigningRequest) > 0 {
		block, _ := pem.Decode(request.CertificateSigningRequest)
		if block == nil {
			return nil, errors.New("no certificate request")
		}
		asked, err := x509.ParseCertificateRequest(block.Bytes)
		if err != nil {
			return nil, err
		}
		return asked.PublicKey, asked.CheckSignature()
	}
	block, _ := pem.Decode([]byte(request.PublicKeyRequest.PublicKey.Content))
	if block == nil {
		return nil, errors.New("no public key")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte(email))
	if public, ok := key.(*ecdsa.PublicKey); !ok || !ecdsa.VerifyASN1(public, digest[:], request.PublicKeyRequest.ProofOfPossession) {
		return nil, errors.New("the proof of possession does not hold")
	}
	return key, nil
}
