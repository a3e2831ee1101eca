package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/oci"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/attest/weights"
)

// partFlags ask for some of the files only. Which ones were checked stands in the
// result.
type partFlags struct {
	partial bool
	names   []string
}

func (p *partFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(&p.partial, "partial", false, "check the files that are at hand against the signed list, when others are not there")
	flags.StringArrayVar(&p.names, "file", nil, "check this `NAME` of the weights alone, as --partial does; repeatable")
}

func (p partFlags) given() bool { return p.partial || len(p.names) > 0 }

func (p partFlags) verify(in verify.Input, policy verify.Policy) (verify.Result, error) {
	if p.given() {
		return verify.Only(in, policy)
	}
	return verify.Verify(in, policy)
}

// hash hashes what is at hand of a directory, or the files that were named.
func (p partFlags) hash(ctx context.Context, dir string, o weights.Options) (attest.Manifest, error) {
	if len(p.names) == 0 {
		return weights.Hash(ctx, dir, o)
	}
	var files []attest.File
	for _, name := range p.names {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return attest.Manifest{}, fmt.Errorf("--file %q: expected the path of a file inside %s", name, dir)
		}
		one, err := weights.Hash(ctx, filepath.Join(dir, filepath.FromSlash(name)), weights.Options{})
		if err != nil {
			return attest.Manifest{}, fmt.Errorf("--file: %w", err)
		}
		if len(one.Files) != 1 {
			return attest.Manifest{}, fmt.Errorf("--file %q: a directory of %d files: expected one file; name each", name, len(one.Files))
		}
		files = append(files, attest.File{Name: name, Size: one.Files[0].Size, Digest: one.Files[0].Digest})
	}
	return attest.NewManifest(files)
}

// of is the part of a model's files that was asked for.
func (p partFlags) of(m *oci.Model) (*oci.Model, error) {
	if len(p.names) == 0 {
		return m, nil
	}
	for _, name := range p.names {
		if !slices.ContainsFunc(m.Declared.Files, func(f attest.File) bool { return f.Name == name }) {
			return nil, fmt.Errorf("--file %q: the shipment has no such file", name)
		}
	}
	return m.Only(func(name string) bool { return slices.Contains(p.names, name) }), nil
}

func (p partFlags) files(ctx context.Context, m *oci.Model, err error) (attest.Manifest, error) {
	if err != nil {
		return attest.Manifest{}, err
	}
	return m.Files(ctx, weights.Options{})
}

// present leaves out, where a part was asked for, that blobs of weights are not
// there. What is there and damaged stays.
func (p partFlags) present(err error) error {
	if !p.given() {
		return err
	}
	return errors.Join(slices.DeleteFunc(slices.Clone(unjoin(err)), func(each error) bool {
		var blob *oci.BlobError
		return errors.As(each, &blob) && blob.Problem == oci.ProblemMissing && blob.Role == oci.RoleWeights
	})...)
}
