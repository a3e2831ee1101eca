package sign

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/weighbridge/weighbridge/attest"
)

// SignModel returns the OpenSSF Model Signing signature (v1.0) of m, the content of
// a model.sig: with the key method, or, where chain is not empty, with the
// certificate method. chain is the certificate of k, then those that issued it, up
// to but without the root. The specification knows ECDSA keys only.
func (k *Key) SignModel(ctx context.Context, m attest.ModelSignature, chain []*x509.Certificate) ([]byte, error) {
	if k.Kind() == Ed25519 {
		return nil, errors.New("sign: the key is Ed25519: a model signature (OMS v1.0) takes ECDSA P-256, P-384 or P-521; make one with `weighbridge key generate --kind ecdsa-p256`")
	}
	if err := k.certified(chain); err != nil {
		return nil, err
	}
	payload, err := m.Encode()
	if err != nil {
		return nil, err
	}
	bundle, err := k.bundle(ctx, payload, k.pemHint())
	if err != nil {
		return nil, err
	}
	if len(chain) > 0 {
		bundle.VerificationMaterial.Content = chainOf(chain)
	}
	return layout(protojson.Marshal(bundle))
}

// pemHint names the key as OMS v1.0 has it: the hexadecimal SHA-256 of the PEM.
func (k *Key) pemHint() string {
	sum := sha256.Sum256(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.spki}))
	return hex.EncodeToString(sum[:])
}

// certified returns an error unless the first certificate is of k and may sign, as
// recipients will ask.
func (k *Key) certified(chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return nil
	}
	public, ok := chain[0].PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(k.public) {
		return fmt.Errorf("sign: the first certificate (%s) is of another key: expected the one of the private key first, then those that issued it", chain[0].Subject)
	}
	if chain[0].KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return fmt.Errorf("sign: the certificate (%s) is not for digital signatures: ask its issuer for one with that key usage", chain[0].Subject)
	}
	for _, c := range chain {
		if bytes.Equal(c.RawSubject, c.RawIssuer) { // protobuf-specs: no root in a bundle
			return fmt.Errorf("sign: the certificate %s is self-signed: leave the root out; recipients have it from elsewhere, or it proves nothing", c.Subject)
		}
	}
	return nil
}

func chainOf(chain []*x509.Certificate) *protobundle.VerificationMaterial_X509CertificateChain {
	all := &protocommon.X509CertificateChain{}
	for _, c := range chain {
		all.Certificates = append(all.Certificates, &protocommon.X509Certificate{RawBytes: c.Raw})
	}
	return &protobundle.VerificationMaterial_X509CertificateChain{X509CertificateChain: all}
}
