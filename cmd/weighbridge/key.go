package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/weighbridge/weighbridge/attest/sign"
)

type keyResult struct {
	Schema string `json:"schema"`
	Kind   string `json:"kind"`
	ID     string `json:"id"` // sha256 of the public key's DER encoding
	Key    string `json:"key"`
	Public string `json:"public"`
}

func (a *app) keyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "key",
		Short:   "Make, show, replace and revoke the keys that attestations and the ledger's heads are signed with",
		Example: "  weighbridge key generate --out release.key",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.keyGenerateCommand(), a.keyShowCommand(), a.keyRotateCommand(), a.keyRevokeCommand())
	return cmd
}

func (a *app) keyGenerateCommand() *cobra.Command {
	var out, kind, purpose string
	var begin bool
	cmd := &cobra.Command{
		Use:   "generate --out FILE",
		Short: "Make a key pair: FILE for you alone, FILE.pub for everybody who verifies",
		Long: `Generate makes a key pair and writes the private key (PKCS#8, PEM) to FILE with permissions 0600 and the public
key to FILE.pub. It never overwrites a file. Anybody who reads FILE can sign in your name.

Attestations by ecdsa-p256 and ed25519 keys are read by cosign too (3.1.3 reads none by the larger curves); model
signatures (` + "`weighbridge sign`" + `) take the three ECDSA kinds. Keys that others made, also those of cosign and those under a
password (PKCS#8), sign as well: the password comes from $WEIGHBRIDGE_PASSWORD, $COSIGN_PASSWORD or the terminal.

With --for meter --begin the ledger records the key as the first of its epochs; key rotate begins the next.

A key may also stay where it is; ` + "`weighbridge key show`" + ` writes its public half. In a PKCS#11 token it is named by a URI (RFC 7512),
pkcs11:token=LABEL;object=LABEL?module-path=FILE, where FILE is the library of the token's maker ($COSIGN_PKCS11_MODULE_PATH
where it is left out); the PIN comes from pin-source=FILE in the URI, $WEIGHBRIDGE_PIN, $COSIGN_PKCS11_PIN or the terminal, and is
tried once. In a key service it is NAME://REFERENCE, and the program sigstore-kms-NAME on $PATH, one of Sigstore's plugins, is
asked. ECDSA (P-256, P-384, P-521) and Ed25519 keys sign; each signature is verified before it is written.

` + exitCodes,
		Example: "  weighbridge key generate --out release.key\n  weighbridge key generate --out release.key --kind ed25519\n  weighbridge key generate --for meter --begin --out meter.key",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch chosen := cmd.Flags().Changed("kind"); {
			case purpose != "release" && purpose != "meter":
				return usage("--for %q: expected release or meter", purpose)
			case purpose == "meter" && chosen && kind != sign.Ed25519:
				return usage("--for meter: heads are signed with ed25519 (C2SP signed notes): leave out --kind")
			case purpose == "meter":
				kind = sign.Ed25519
			case begin:
				return usage("--begin: only the meter's keys have epochs: add --for meter")
			}
			if err := keyFile(out); err != nil {
				return err
			}
			if begin {
				return a.beginEpochs(out)
			}
			return a.generateKey(out, kind)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "the private key's file")
	cmd.Flags().StringVar(&kind, "kind", "ecdsa-p256", "ecdsa-p256, ecdsa-p384, ecdsa-p521 or ed25519")
	cmd.Flags().StringVar(&purpose, "for", "release", "release: signs statements about weights; meter: signs the heads of the ledger (ledger head --sign)")
	cmd.Flags().BoolVar(&begin, "begin", false, "with --for meter: the key is that of the ledger's first epoch, and signs its heads until key rotate")
	cmd.MarkFlagRequired("out") // fails only for a flag that was not defined
	return cmd
}

func (a *app) generateKey(out, kind string) error {
	key, kind, err := makeKey(out, kind)
	if err != nil {
		return err
	}
	result := keyResult{"weighbridge.dev/key/v1", kind, key.ID(), out, out + ".pub"}
	if a.json {
		return a.printJSON(result)
	}
	a.printf("made %s key %s\n  private %s (keep it to yourself)\n  public  %s (give it to those who verify)\n", result.Kind, result.ID, result.Key, result.Public)
	return nil
}

// makeKey makes a key pair in two files, of which neither may be there yet.
func makeKey(out, kind string) (*sign.Key, string, error) {
	private, err := sign.GenerateKey(kind)
	if err != nil {
		return nil, kind, usage("--kind: %w", err)
	}
	key, err := sign.ParseKey(private)
	if err != nil {
		return nil, kind, err
	}
	public, err := key.PublicPEM()
	if err != nil {
		return nil, kind, err
	}
	if err := writeNew(out, private, 0o600); err != nil {
		return nil, kind, err
	}
	if err := writeNew(out+".pub", public, 0o644); err != nil {
		return nil, kind, errors.Join(err, os.Remove(out))
	}
	return key, kind, nil
}

// writeNew writes a file that must not exist yet. It has its name only when all
// of it is on the disk: a full disk leaves nothing behind.
func writeNew(path string, data []byte, mode os.FileMode) error {
	if _, err := os.Lstat(path); err == nil {
		return takenError{path}
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(file.Name()) // gone already where it was renamed
	_, err = file.Write(data)
	if err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close()); err == nil {
		err = renameNew(file.Name(), path)
	}
	switch {
	case errors.Is(err, os.ErrExist):
		return takenError{path}
	case err != nil:
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return syncDirectory(filepath.Dir(path))
}

// takenError is that a file which is to be made is there already.
type takenError struct{ path string }

func (e takenError) Error() string {
	return e.path + " exists: nothing is overwritten; name another file or move it away"
}

// Is reports that it is a file that exists.
func (e takenError) Is(target error) bool { return target == os.ErrExist }

// renameNew renames without overwriting; where the file system cannot
// (renameat2(2): EINVAL), a hard link does the same.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return os.Link(from, to)
	}
	return err
}

func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
