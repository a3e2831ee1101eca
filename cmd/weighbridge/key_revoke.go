package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
)

type keyRevokeFlags struct {
	public, signer, at, reason, list string
	purpose, good, others, author    string // of a meter key, by position
}

type keyRevokeResult struct {
	Schema  string            `json:"schema"`
	List    string            `json:"list"`
	Revoked verify.Revocation `json:"revoked"`
	Entries int               `json:"entries"`
}

func (a *app) keyRevokeCommand() *cobra.Command {
	var f keyRevokeFlags
	cmd := &cobra.Command{
		Use:   "revoke (--public FILE | --signer ID) --reason TEXT (--list FILE | --for meter --good HEADS --author WHO)",
		Short: "Put a key or an identity on a list of revocations, from a time on; revoke a meter key, from a size of the logs on",
		Long: `Revoke puts a key (or an identity, by its id as verify shows it) on a list, which you give to those who verify: verify
--revocations. What was signed before the time of the revocation holds, where a timestamp by an authority that the
recipient trusts shows it; all else by that signer is refused, because whoever has the key now can have made it. Choose
the time from which the key may have been in other hands, not that at which you noticed.

A revocation is never taken back or moved to a later time. The list is not signed, since a stolen key could sign it
too: give it to recipients on the way on which they got the key.

With --for meter the key is one of the ledger's key epochs, and is revoked in the ledger by position, not by time: --good
names the last heads by it that hold, in a file as "ledger head" prints them, or now (those that the logs have), or none.
Heads of no more entries go on holding; later ones, and other roots at these sizes, are refused by all who have the epochs.
Choose heads that you, or somebody else, kept from before the key may have been in other hands. Then begin the next epoch:
key rotate --out FILE.

` + exitCodes,
		Example: `  weighbridge key revoke --public release.key.pub --at 2026-11-20 --reason "laptop stolen" --list revocations.json
  weighbridge key revoke --for meter --public meter.key.pub --good kept.txt --reason "laptop stolen" --author jo@acme.example
  weighbridge verify shipment --key release.key.pub --revocations revocations.json --timestamp-certificate tsa.pem`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			switch {
			case f.purpose != "release" && f.purpose != "meter":
				return usage("--for %q: expected release or meter", f.purpose)
			case f.purpose == "meter" && (f.list != "" || f.at != ""):
				return usage("--for meter: it is revoked in the ledger, by position: leave --list and --at out, and name the last good heads with --good")
			case f.others != "" && f.others != "none":
				return usage("--others %q: expected none", f.others)
			case f.purpose == "meter":
				return a.revokeMeterKey(f)
			case f.good != "" || f.author != "" || f.others != "":
				return usage("--good, --others and --author go with --for meter")
			case f.list == "":
				return usage("--list FILE names the list that the revocation is put on")
			}
			return a.revokeKey(f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.public, "public", "", "the public key (PEM)")
	flags.StringVar(&f.signer, "signer", "", "the id of a key, or an identity as in `ID`: SUBJECT (ISSUER)")
	flags.StringVar(&f.at, "at", "", "the `TIME` from which nothing by it holds (default now)")
	flags.StringVar(&f.reason, "reason", "", "why, for those who are refused")
	flags.StringVar(&f.list, "list", "", "the list; it is made where it is not there")
	flags.StringVar(&f.purpose, "for", "release", "release: a key that signs statements about weights; meter: one that signs the heads of the ledger")
	flags.StringVar(&f.good, "good", "", "with --for meter: the last good `HEADS`, a file, or now, or none")
	flags.StringVar(&f.others, "others", "", "with --good HEADS: none, where logs that it does not name have no good head")
	flags.StringVar(&f.author, "author", "", "with --for meter: who revokes")
	cmd.MarkFlagRequired("reason") // fails only for a flag that was not defined
	return cmd
}

// revocation is what the flags say.
func (a *app) revocation(f keyRevokeFlags) (verify.Revocation, error) {
	r := verify.Revocation{Signer: f.signer, Reason: f.reason, At: a.env.now().UTC().Truncate(time.Second)}
	if (f.public == "") == (f.signer == "") {
		return r, usage("--public FILE or --signer ID, one of them, says whose signatures are revoked")
	}
	if f.public != "" {
		keys, err := readPublicKeys("--public", []string{f.public})
		if err != nil {
			return r, err
		}
		r.Signer = keys[0].ID()
	}
	if f.at == "" {
		return r, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		if at, err := time.Parse(layout, f.at); err == nil {
			r.At = at
			return r, nil
		}
	}
	return r, usage("--at %q: expected a date or a time, as in 2026-11-25 or 2026-11-25T08:00:00Z", f.at)
}

func (a *app) revokeKey(f keyRevokeFlags) error {
	r, err := a.revocation(f)
	if err != nil {
		return err
	}
	list, err := readRevocations("--list", f.list)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if list, err = verify.Revoke(list, r); err != nil {
		return fmt.Errorf("--list %s: %w", f.list, err)
	}
	data, err := verify.EncodeRevocations(list)
	if err != nil {
		return err
	}
	if err := replaceFile(f.list, data); err != nil {
		return err
	}
	r.At = r.At.UTC()
	if a.json {
		return a.printJSON(keyRevokeResult{"weighbridge.dev/key-revoked/v1", f.list, r, len(list)})
	}
	a.printf("revoked %s as of %s: %s\n  list  %s, %d entries (give it to those who verify, on the way on which they got the key)\n",
		printable(r.Signer), r.At.Format(time.RFC3339), printable(r.Reason), f.list, len(list))
	return nil
}

func readRevocations(flag, path string) ([]verify.Revocation, error) {
	data, err := readRegular(path, attest.MaxStatementBytes)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, path, err)
	}
	list, err := verify.ParseRevocations(data)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, path, err)
	}
	return list, nil
}

// replaceFile puts data in the place of a file at once: whoever reads it, also after
// a crash, finds the old or the new one.
func replaceFile(path string, data []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(file.Name()) // gone already where it was renamed
	_, err = file.Write(data)
	if err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return syncDirectory(filepath.Dir(path))
}
