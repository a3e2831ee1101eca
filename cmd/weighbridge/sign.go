package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/attest/weights"
)

type signFlags struct {
	signer  signerFlags
	out     string
	hash    string
	shard   int64
	ignore  []string
	links   bool
	readAll bool
}

type signResult struct {
	Schema        string `json:"schema"`
	Signature     string `json:"signature"` // the file written
	Root          string `json:"root"`      // OMS root digest, as listed
	ComponentRoot string `json:"component_root,omitempty"`
	Resources     int    `json:"resources"`
	Method        string `json:"method"`
	Hash          string `json:"hash"`
	Signer        string `json:"signer"`
}

func (a *app) signCommand() *cobra.Command {
	var f signFlags
	cmd := &cobra.Command{
		Use:   "sign DIR (--key FILE | --keyless) --out model.sig",
		Short: "Sign a directory of weights as OpenSSF Model Signing has it",
		Long: `Sign reads every file of the weights once and writes an OpenSSF Model Signing signature (v1.0) over them: who has
the public key can verify it with this program, with model_signing or with cosign. It says which files these are, and
nothing of how they were made; that is what attest states. Nothing is sent anywhere unless a server is named: an
authority that says when (--timestamp-authority), or a Sigstore (--keyless).

With --certificate the signature carries your certificate and those that issued it (PEM, yours first, without the
root), and recipients need the root.

` + exitCodes,
		Example: "  weighbridge sign weights --key release.key --out model.sig\n  weighbridge verify weights --signature model.sig --key release.key.pub",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.sign(cmd.Context(), args[0], f) },
	}
	flags := cmd.Flags()
	f.signer.add(flags)
	f.signer.addRoot(flags)
	flags.StringVar(&f.out, "out", "model.sig", "file to write; it must not exist")
	flags.StringVar(&f.hash, "hash", attest.HashSHA256, "hash of the files: sha256, blake2b or blake3")
	flags.BoolVar(&f.links, "allow-symlinks", false, "let symbolic links inside DIR stand for the files that they lead to (recorded in the signature)")
	flags.BoolVar(&f.readAll, "no-digest-cache", false, "read every byte again, also of files that did not change since they were last hashed")
	flags.Int64Var(&f.shard, "shard-size", 0, "sign shards of so many bytes instead of whole files")
	flags.StringArrayVar(&f.ignore, "ignore", nil, "leave this path out (relative to DIR, exact; recorded in the signature); repeatable")
	return cmd
}

func (f signFlags) serialization(dir string) (attest.Serialization, error) {
	s := attest.Serialization{Method: attest.MethodFiles, HashType: f.hash, AllowSymlinks: f.links, IgnorePaths: append([]string{}, f.ignore...)}
	if f.shard != 0 {
		s.Method, s.ShardSize = attest.MethodShards, f.shard
	}
	s.IgnorePaths = append(s.IgnorePaths, insideOnly(dir, f.out)...) // a signature is not part of what it signs
	if known := []string{attest.HashSHA256, attest.HashBLAKE2b, attest.HashBLAKE3}; !slices.Contains(known, f.hash) {
		return s, usage("--hash %q: expected %s", f.hash, strings.Join(known, ", "))
	}
	if f.shard < 0 {
		return s, usage("--shard-size %d: expected a number of bytes", f.shard)
	}
	return s, nil
}

func (a *app) sign(ctx context.Context, dir string, f signFlags) error {
	s, err := f.serialization(dir)
	if err != nil {
		return err
	}
	key, err := a.signer(f.signer)
	if err != nil {
		return err
	}
	var chain []*x509.Certificate
	if f.signer.chain != "" {
		if chain, err = readCertificates("--certificate", f.signer.chain); err != nil {
			return err
		}
	}
	o, done := a.watched("reading the weights", weights.Options{Cache: a.digestCache(f.readAll)})
	resources, empty, err := weights.Resources(ctx, dir, s, o)
	done()
	if err != nil {
		return err
	}
	if len(empty) > 0 {
		return fmt.Errorf("%s has no bytes (one of %d): a signature by shards lists no such file, and whoever verifies it could not tell it from one that was added; sign whole files (without --shard-size), or leave it out with --ignore", attest.ShownName(filepath.Join(dir, empty[0])), len(empty))
	}
	model, err := attest.NewModelSignature(modelName(dir), s, resources)
	if err != nil {
		return err
	}
	signature, err := key.SignModel(ctx, model, chain)
	if err != nil {
		return err
	}
	if err := writeNew(f.out, append(signature, '\n'), 0o644); err != nil {
		return err
	}
	result := signResult{Schema: "weighbridge.dev/signed/v1", Signature: f.out, Root: model.Root, Resources: len(resources), Method: s.Method, Hash: s.HashType, Signer: key.ID()}
	if a.json {
		return a.printJSON(result)
	}
	a.printf("signed %s: %d resources (%s, %s)\n  signature  %s\n  OMS root   %s\n  signer     %s\n", dir, result.Resources, result.Method, result.Hash, result.Signature, result.Root, result.Signer)
	return nil
}

// modelName is the base name of the directory, which is information only.
func modelName(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil && filepath.Base(abs) != string(filepath.Separator) {
		return filepath.Base(abs)
	}
	return "model"
}

func readCertificates(flag, path string) ([]*x509.Certificate, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	all, err := verify.ParseCertificates(data)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, path, err)
	}
	return all, nil
}
