package sign

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sigstore/sigstore/pkg/cryptoutils"
)

// ErrPassword is returned by [ParseKey] for a key that is encrypted, and by
// [ParseEncryptedKey] for one that the password does not open.
var ErrPassword = errors.New("the password is missing or wrong")

// encryptedBlocks are the PEM types that a password opens: PKCS#8 (RFC 5958), and
// what `cosign generate-key-pair` writes, now and before.
var encryptedBlocks = []string{"ENCRYPTED PRIVATE KEY", "ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY"}

// IsEncrypted reports whether data is a private key that needs a password.
func IsEncrypted(data []byte) bool {
	block, err := onlyBlock(data)
	return err == nil && slices.Contains(encryptedBlocks, block.Type)
}

// ParseEncryptedKey reads one private key as [ParseKey] does, but encrypted: PKCS#8,
// or a key of `cosign generate-key-pair`. The password may be empty, as cosign's
// may; a wrong one gives [ErrPassword].
func ParseEncryptedKey(data, password []byte) (*Key, error) {
	if !IsEncrypted(data) {
		return ParseKey(data)
	}
	parsed, err := cryptoutils.UnmarshalPEMToPrivateKey(data, cryptoutils.StaticPasswordFunc(password))
	if err != nil {
		text := strings.ReplaceAll(err.Error(), "\n", " ")
		return nil, fmt.Errorf("private key: it is encrypted: %w (%.120s)", ErrPassword, text)
	}
	return newKey(parsed)
}
