package signtest

import (
	"context"
	"crypto"
	"errors"
	"io"
	"os"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin/handler"
)

// Plugin is the program sigstore-kms-disk, a key service whose keys are files: it
// speaks for keys disk://FILE in the protocol of Sigstore's plugins, by Sigstore's own
// handler. arguments are the program's, its name first.
func Plugin(arguments []string, stdin io.Reader, stdout io.Writer) error {
	asked, err := handler.GetPluginArgs(arguments)
	if err != nil {
		return handler.WriteErrorResponse(stdout, err)
	}
	key, err := readDiskKey(asked.InitOptions.KeyResourceID, asked.InitOptions.HashFunc)
	if err != nil {
		return handler.WriteErrorResponse(stdout, err)
	}
	_, err = handler.Dispatch(stdout, stdin, asked, key)
	return err
}

// diskKey is a key in a file, with what a key service can do beside signing.
type diskKey struct {
	signature.SignerVerifier
	private crypto.Signer
	hash    crypto.Hash
}

func readDiskKey(path string, hash crypto.Hash) (*diskKey, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	parsed, err := cryptoutils.UnmarshalPEMToPrivateKey(data, cryptoutils.SkipPassword)
	if err != nil {
		return nil, err
	}
	private, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, errors.New("the key does not sign")
	}
	both, err := signature.LoadSignerVerifier(parsed, hash)
	return &diskKey{both, private, hash}, err
}

func (*diskKey) CreateKey(context.Context, string) (crypto.PublicKey, error) {
	return nil, errors.New("no keys are made here")
}

func (k *diskKey) CryptoSigner(context.Context, func(error)) (crypto.Signer, crypto.SignerOpts, error) {
	return k.private, k.hash, nil
}

func (*diskKey) SupportedAlgorithms() []string { return []string{"ecdsa-p256-sha256"} }

func (*diskKey) DefaultAlgorithm() string { return "ecdsa-p256-sha256" }
