package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/proof"
)

type keyRotateFlags struct {
	key, out, use   string
	author, purpose string
}

// keyRotateResult is what key rotate prints.
type keyRotateResult struct {
	Schema string `json:"schema"`
	Origin string `json:"origin"` // of the log of key epochs
	Epoch  uint64 `json:"epoch"`
	ID     string `json:"id"`
	Key    string `json:"key"`
	Public string `json:"public,omitempty"` // file; a token or a service has none
	Before string `json:"before,omitempty"` // id of the key that it replaces
	Logs   int    `json:"logs"`             // whose heads it begins with
	New    bool   `json:"new"`              // false where the key had begun this epoch before
}

func (a *app) keyRotateCommand() *cobra.Command {
	var f keyRotateFlags
	cmd := &cobra.Command{
		Use:   "rotate [--key OLD] (--out NEW | --use NEW)",
		Short: "Begin the next epoch of the meter's keys: make a key, and have the old one hand over to it",
		Long: `Rotate makes the next meter key, and writes into the ledger that it takes over from the old one at the heads that all
logs have now, signed by both keys. From then on "ledger head --sign" takes only the new key. What the old key signed up
to these heads goes on being right; a later head by it is refused by everybody who has the epochs (key show --for meter
--json). In a ledger without epochs the old key's is epoch 0; without --key the new key's is.

The new key is on the disk before the ledger names it, so whatever ends the command, one key holds. Where the key was
made and its epoch did not begin, go on with --use NEW in place of --out NEW. After a revocation no key hands over:
leave --key out, and give the new public key to those who verify on the way on which they got the first.

Keys that release weights stand in no ledger. To replace one make another (key generate), give its public key to
recipients, who may name both (verify --key OLD --key NEW), and revoke the old one with the time of its last use.

` + exitCodes,
		Example: "  weighbridge key rotate --key meter.key --out meter-2.key\n  weighbridge key rotate --key meter.key --use made-elsewhere.key",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			switch {
			case f.purpose != "meter":
				return usage("--for %q: only the meter's keys have epochs; to replace a key that releases weights: key generate, give both public keys to recipients (verify --key), then key revoke the old one", f.purpose)
			case (f.out == "") == (f.use == ""):
				return usage("--out NEW or --use NEW, one of them, names the key of the next epoch")
			}
			if err := keyFile(f.out); err != nil {
				return err
			}
			return a.rotateKey(f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.key, "key", "", "the meter `KEY` that holds now (Ed25519, PEM)")
	flags.StringVar(&f.out, "out", "", "the new private key's `FILE`; nothing is overwritten")
	flags.StringVar(&f.use, "use", "", "an existing Ed25519 key's `FILE` as the new one")
	flags.StringVar(&f.author, "author", "", "who does this (default: the id of the key that hands over)")
	flags.StringVar(&f.purpose, "for", "meter", "meter: the only keys that have epochs")
	return cmd
}

func (a *app) rotateKey(f keyRotateFlags) error {
	var before *sign.Key
	if f.key != "" {
		var err error
		if before, err = a.readKey("--key", f.key); err != nil {
			return err
		}
		if _, err := before.NoteKey(); err != nil {
			return fmt.Errorf("--key %s: %w", keyName(f.key), err)
		}
	}
	var next *sign.Key
	if f.use != "" { // a token may ask for its PIN, which nobody else should wait for
		var err error
		if next, err = a.readKey("--use", f.use); err != nil {
			return err
		}
	}
	var result keyRotateResult
	err := a.writing(func(l *ledger.Ledger) (err error) {
		result, err = a.rotateIn(l, f, before, next)
		return err
	})
	if err != nil {
		return err
	}
	return a.print(result)
}

// beginEpochs makes the key of the ledger's first epoch.
func (a *app) beginEpochs(out string) error {
	var result keyRotateResult
	err := a.writing(func(l *ledger.Ledger) error {
		held, err := readKeyEpochs(l)
		if current, any := held.own.Current(); err == nil && any {
			err = fmt.Errorf("--begin: the ledger has epochs already, the newest is epoch %d by %s: begin the next with `weighbridge key rotate`", current.Number, proof.KeyID(current.Key))
		}
		if err == nil {
			result, err = a.rotateIn(l, keyRotateFlags{out: out}, nil, nil)
		}
		return err
	})
	if err != nil {
		return err
	}
	return a.print(result)
}

// rotateIn does everything while no other process can write to the ledger, so
// that the heads which it signs are those at which the key takes over.
func (a *app) rotateIn(l *ledger.Ledger, f keyRotateFlags, before, next *sign.Key) (keyRotateResult, error) {
	held, err := readKeyEpochs(l)
	if err != nil {
		return keyRotateResult{}, err
	}
	r := rotation{ledger: l, history: held.own, author: f.author, now: a.env.now().UTC()}
	path := f.use
	if f.use != "" {
		if done, is := r.begun(next); is {
			return keyRotateResult{Schema: rotatedSchema, Origin: r.history.Origin, Epoch: done.Number, ID: next.ID(), Key: keyName(f.use), Public: publicFile(f.use)}, nil
		}
		if err := r.allowed(before, keyName(f.key)); err != nil {
			return keyRotateResult{}, err
		}
		r.next = next
		if err := publicBeside(next, path); err != nil {
			return keyRotateResult{}, err
		}
	} else {
		if err := r.allowed(before, keyName(f.key)); err != nil {
			return keyRotateResult{}, err
		}
		path = f.out
		r.next, _, err = makeKey(path, sign.Ed25519)
		if errors.Is(err, os.ErrExist) {
			err = fmt.Errorf("%w; a key that is there, and that no epoch names yet, becomes the next one with --use %s", err, path)
		}
		if err != nil {
			return keyRotateResult{}, err
		}
	}
	result, err := r.write(before)
	if _, begun := r.begun(r.next); err != nil && f.out != "" && !begun {
		err = fmt.Errorf("%w; %s is made and begins no epoch yet, the key before it holds: go on with --use %s in place of --out", err, path, path)
	}
	result.Key, result.Public = keyName(path), publicFile(path)
	return result, err
}

// publicFile is where the public half of a key is: beside a file, and in no file of
// a token or a service.
func publicFile(path string) string {
	if elsewhere(path) {
		return ""
	}
	return path + ".pub"
}

// publicBeside writes the public half of a key in a file beside it where it is not
// there.
func publicBeside(key *sign.Key, path string) error {
	if elsewhere(path) {
		return nil
	}
	public, err := key.PublicPEM()
	if err != nil {
		return err
	}
	found, err := os.ReadFile(path + ".pub")
	switch {
	case errors.Is(err, os.ErrNotExist):
		return writeNew(path+".pub", public, 0o644)
	case err == nil && !bytes.Equal(found, public):
		return fmt.Errorf("%s.pub is the public half of another key than %s: move it away", path, path)
	}
	return err
}

const rotatedSchema = "weighbridge.dev/key-rotated/v1"

// String is the result for people.
func (r keyRotateResult) String() string {
	var b strings.Builder
	if !r.New {
		fmt.Fprintf(&b, "%s is the key of epoch %d already: nothing is left to do\n", r.ID, r.Epoch)
		return b.String()
	}
	fmt.Fprintf(&b, "epoch %d of the meter's keys began, at the heads of %s\n  key     %s\n  private %s (keep it where the meter runs)\n", r.Epoch, plural(r.Logs, "log"), r.ID, r.Key)
	if r.Public != "" {
		fmt.Fprintf(&b, "  public  %s (give it to those who verify)\n", r.Public)
	} else {
		b.WriteString("  public  `weighbridge key show KEY --out FILE` writes it (give it to those who verify)\n")
	}
	if r.Before != "" {
		fmt.Fprintf(&b, "  before  %s: what it signed up to these heads goes on being right, and it signs no more\n", r.Before)
	}
	b.WriteString("weighbridge key show --for meter --json writes the epochs for those who verify\n")
	return b.String()
}
