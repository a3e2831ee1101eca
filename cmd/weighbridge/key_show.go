package main

import (
	"bytes"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest/verify"
)

type keyShowResult struct {
	Schema  string `json:"schema"`
	Kind    string `json:"kind"`
	ID      string `json:"id"`
	Private bool   `json:"private"`          // the private half is in the file that was named
	Hint    string `json:"hint"`             // as cosign and attestations name it
	OMSHint string `json:"oms_hint"`         // as a model signature names it
	Public  string `json:"public,omitempty"` // the file that was written

	half string // where the private half is, for people
}

func (a *app) keyShowCommand() *cobra.Command {
	var out, purpose string
	cmd := &cobra.Command{
		Use:   "show KEY | show --for meter [LOG]",
		Short: "Say which key a file, a token or a key service holds; or which meter keys the ledger had, and up to where each is right",
		Long: `Show reads a private or a public key (PEM), or asks a token or a key service for the public half of a key
(see key generate for how they are named), and prints its kind, its id as reports have it, and how bundles name it. It never
prints a private key. With --out it writes the public key, for those who verify.

With --for meter it shows the key epochs of the ledger instead. With --json they are a document for those who verify signed
heads without the ledger (ledger prove --verify --epochs): it shows the heads of LOG alone, where one is named, and then
names no other log.

` + exitCodes,
		Example: "  weighbridge key show release.key.pub\n" +
			"  weighbridge key show 'pkcs11:token=release;object=signing?module-path=/usr/lib/softhsm/libsofthsm2.so' --out release.pub\n" +
			"  weighbridge key show --for meter acme/atlas@1 --json > epochs.json",
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			switch {
			case purpose == "meter" && out != "":
				return usage("--out goes with a key; the key epochs as a document: --json")
			case purpose == "meter":
				return a.showEpochs(args)
			case purpose != "":
				return usage("--for %q: expected meter, or none and a key", purpose)
			case len(args) == 0:
				return usage("expected a key, or --for meter for the key epochs of the ledger")
			}
			return a.showKey(args[0], out)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "write the public key (PEM) to this file, which must not exist")
	cmd.Flags().StringVar(&purpose, "for", "", "meter: the key epochs of the ledger")
	return cmd
}

// publicHalf is the public key of what was named, as PEM, and where its private half
// is: "private" in the file itself, "token or service", or "public" where only the
// public half is at hand.
func (a *app) publicHalf(name string) (public []byte, half string, err error) {
	half = "token or service"
	if !elsewhere(name) {
		data, err := readRegular(name, maxKeyFile)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", name, err)
		}
		if !bytes.Contains(data, []byte("PRIVATE KEY-----")) {
			return data, "public", nil
		}
		half = "private"
	}
	key, err := a.readKey("key", name)
	if err != nil {
		return nil, "", err
	}
	public, err = key.PublicPEM()
	return public, half, err
}

func (a *app) showKey(name, out string) error {
	data, half, err := a.publicHalf(name)
	if err != nil {
		return err
	}
	key, err := verify.ParsePublicKey(data)
	if err != nil && !elsewhere(name) { // whose names may hold a PIN
		err = fmt.Errorf("%s: %w", name, err)
	}
	if err != nil {
		return err
	}
	if out != "" {
		if err := writeNew(out, data, 0o644); err != nil {
			return err
		}
	}
	result := keyShowResult{Schema: "weighbridge.dev/key-shown/v1", Private: half == "private", Kind: key.Kind(), ID: key.ID(), Public: out, half: half}
	result.Hint, result.OMSHint = key.Hints()
	return a.print(result)
}

// String is the result for people.
func (r keyShowResult) String() string {
	text := fmt.Sprintf("%s key %s (%s)\n  in attestations and cosign's bundles  %s\n  in model signatures                   %s\n", r.Kind, r.ID, r.half, r.Hint, r.OMSHint)
	if r.Public != "" {
		text += fmt.Sprintf("  public  %s (give it to those who verify)\n", r.Public)
	}
	return text
}
