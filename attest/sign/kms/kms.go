// Package kms signs with a key in a key service, through Sigstore's plugins: a
// program sigstore-kms-NAME speaks for the keys NAME://REFERENCE. It is started once
// a question, with the question as an argument, the bytes to be signed on its
// standard input and the answer, one JSON document, on its standard output (protocol
// v1 of sigstore/pkg/signature/kms/cliplugin, whose types are used here).
//
// The library's own client is not used, because it takes an answer of any length and
// ends the process when one lacks what was asked for. A plugin is trusted with
// nothing: its signature is verified by attest/sign with the public key that it gave
// first, and whose key that is, the recipients decide.
package kms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin/common"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin/encoding"
	"github.com/sigstore/sigstore/pkg/signature/options"
)

// MaxAnswer bounds what a plugin may answer, in bytes: a public key or a signature,
// or an error.
const MaxAnswer = 64 << 10

// ParseName reads NAME://REFERENCE: the program's name, without a directory, and the
// reference that it is given. ok is false for any other text.
func ParseName(text string) (program, reference string, ok bool) {
	name, reference, found := strings.Cut(text, "://")
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("+-._", r)
	}
	if !found || name == "" || strings.ContainsFunc(name, func(r rune) bool { return !plain(r) }) {
		return "", "", false
	}
	return cliplugin.PluginBinaryPrefix + name, reference, true
}

// Ask starts the program with arguments, gives it the message, and returns what it
// answered: at most [MaxAnswer] bytes, in a time that has an end.
type Ask func(arguments []string, message []byte) (answer []byte, err error)

// Key is a private key in a key service.
type Key struct {
	ask       Ask
	reference string
	public    crypto.PublicKey
	hash      crypto.Hash // that goes with the key's curve
}

// Open asks for the public key of reference.
func Open(reference string, ask Ask) (*Key, error) {
	k := &Key{ask: ask, reference: reference, hash: crypto.SHA256}
	answer, err := k.answer(nil, &common.MethodArgs{
		MethodName: common.PublicKeyMethodName,
		PublicKey:  &common.PublicKeyArgs{PublicKeyOptions: encoding.PackPublicKeyOptions(nil)},
	})
	if err != nil {
		return nil, err
	}
	if answer.PublicKey == nil {
		return nil, errors.New("the plugin's answer has no publicKey, which was asked for")
	}
	if k.public, err = parsePublic(answer.PublicKey.PublicKeyPEM); err != nil {
		return nil, err
	}
	if key, ok := k.public.(*ecdsa.PublicKey); ok {
		switch key.Curve.Params().BitSize {
		case 384:
			k.hash = crypto.SHA384
		case 521:
			k.hash = crypto.SHA512
		}
	}
	return k, nil
}

func parsePublic(text []byte) (crypto.PublicKey, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("the plugin's public key: expected one PEM block, PUBLIC KEY")
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the plugin's public key: %w", err)
	}
	return public, nil
}

// Public returns the public key that the service gave when it was opened.
func (k *Key) Public() crypto.PublicKey { return k.public }

// SignMessage lets the service sign message, with the hash that goes with the key's
// curve. Randomness is the service's own.
func (k *Key) SignMessage(_ io.Reader, message []byte, _ crypto.SignerOpts) ([]byte, error) {
	return k.sign(message)
}

// Sign is as SignMessage for what was hashed already.
func (k *Key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.sign(nil, options.WithDigest(digest), options.WithCryptoSignerOpts(opts.HashFunc()))
}

func (k *Key) sign(message []byte, how ...signature.SignOption) ([]byte, error) {
	answer, err := k.answer(message, &common.MethodArgs{
		MethodName:  common.SignMessageMethodName,
		SignMessage: &common.SignMessageArgs{SignOptions: encoding.PackSignOptions(how)},
	})
	if err != nil {
		return nil, err
	}
	if answer.SignMessage == nil || len(answer.SignMessage.Signature) == 0 {
		return nil, errors.New("the plugin's answer has no signature, which was asked for")
	}
	return answer.SignMessage.Signature, nil
}

// answer asks one question.
func (k *Key) answer(message []byte, method *common.MethodArgs) (*common.PluginResp, error) {
	question, err := json.Marshal(common.PluginArgs{MethodArgs: method, InitOptions: &common.InitOptions{
		ProtocolVersion: common.ProtocolVersion, KeyResourceID: k.reference, HashFunc: k.hash, RPCOptions: encoding.PackRPCOptions(nil),
	}})
	if err != nil {
		return nil, err
	}
	text, err := k.ask([]string{common.ProtocolVersion, string(question)}, message)
	if err != nil {
		return nil, err
	}
	var answer common.PluginResp
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, fmt.Errorf("the plugin's answer is no JSON document of the protocol (%s): %w", common.ProtocolVersion, err)
	}
	if answer.ErrorMessage != "" {
		return nil, fmt.Errorf("the plugin says: %s", short(answer.ErrorMessage))
	}
	return &answer, nil
}

// short is what a plugin says, in a length that people read.
func short(text string) string {
	const most = 400
	if text = strings.Join(strings.Fields(text), " "); len(text) > most {
		return text[:most] + " ..."
	}
	return text
}
