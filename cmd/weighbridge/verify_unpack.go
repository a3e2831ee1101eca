package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/oci"
	"github.com/weighbridge/weighbridge/attest/weights"
)

// unpackFlags ask for the files of a shipment under their names, once all of it
// has verified.
type unpackFlags struct {
	to     string
	staged *oci.Staged // what was written, and has not got its name yet
	failed error       // why it could not be written, which says nothing against the shipment
}

func (u *unpackFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&u.to, "unpack", "", "for a shipment: when everything verified, write the files under their names into `DIR`, which must not exist yet")
}

func (u *unpackFlags) wanted() bool { return u != nil && u.to != "" }

// checkUnpack refuses what does not go with --unpack, and a place where nothing can
// be written, before anything is read.
func (f verifyFlags) checkUnpack(target string) error {
	switch {
	case !f.unpack.wanted():
		return nil
	case f.part.given():
		return usage("--unpack writes the whole model: it does not go with --partial or --file")
	case f.out != "":
		return usage("--unpack does not go with --out: keep the shipment first (--out DIR), then verify DIR with --unpack")
	case f.signature != "" || !isShipment(target):
		return usage("--unpack is for a shipment: %s is no layout, archive or name in a registry; files in a plain directory have their names", printable(target))
	}
	if _, err := os.Lstat(f.unpack.to); err == nil {
		return fmt.Errorf("--unpack %s: exists; expected a directory that does not: name another; nothing is overwritten", f.unpack.to)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--unpack: %w", err)
	}
	parent := filepath.Dir(filepath.Clean(f.unpack.to))
	if info, err := os.Stat(parent); err != nil || !info.IsDir() {
		return fmt.Errorf("--unpack %s: %s is no directory: expected one that exists, in which it can be made", f.unpack.to, parent)
	}
	return nil
}

// interruptible ends at the first interruption, so that what is written by then is
// removed; without --unpack there is nothing to remove.
func (u *unpackFlags) interruptible(ctx context.Context, e environment) (context.Context, context.CancelFunc) {
	if !u.wanted() {
		return ctx, func() {}
	}
	return e.interrupts(ctx)
}

// stage writes the files beside where they go, each hashed as it is written. Of a
// shipment on disk that is damaged, all the damage is found.
func (u *unpackFlags) stage(ctx context.Context, m *oci.Model, o weights.Options, remote bool) (attest.Manifest, error) {
	var err error
	var blob *oci.BlobError
	u.staged, err = m.Stage(ctx, u.to, oci.UnpackOptions{Workers: o.Workers, Progress: o.Progress})
	switch {
	case errors.As(err, &blob) && !remote:
		return m.Files(ctx, o)
	case errors.As(err, &blob):
		return attest.Manifest{}, blob
	}
	u.failed = err
	return m.Declared, err
}

// unpackResult says whether the files were written.
type unpackResult struct {
	Directory string `json:"directory"`
	Written   bool   `json:"written"`
}

// finish gives the files their names if everything verified. A policy that warns
// does not change that: files are used long after its warning has scrolled away.
func (u *unpackFlags) finish(ctx context.Context, r *verifyResult) error {
	switch {
	case !u.wanted():
		return nil
	case ctx.Err() != nil:
		return errors.Join(fmt.Errorf("interrupted: nothing was unpacked, and %s does not exist", u.to), u.discard())
	case u.failed != nil:
		return fmt.Errorf("--unpack %s: %w", u.to, u.failed)
	}
	r.Unpacked = &unpackResult{Directory: u.to}
	if !r.OK || u.staged == nil {
		return u.discard()
	}
	if err := u.staged.Reveal(); err != nil {
		return err
	}
	r.Unpacked.Written = true
	return nil
}

func (u *unpackFlags) discard() error {
	if u.staged == nil {
		return nil
	}
	return u.staged.Discard()
}

// printUnpacked says where the files are, or that there are none.
func (a *app) printUnpacked(u *unpackResult) {
	switch {
	case u == nil:
	case u.Written:
		a.printf("  unpacked %s\n", printable(u.Directory))
	default:
		a.printf("  nothing unpacked: %s is written only when everything verified, whatever the policy's mode\n", printable(u.Directory))
	}
}
