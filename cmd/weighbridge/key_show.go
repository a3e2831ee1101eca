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
	Private bool   `json:"private"`
	Hint    string `json:"hint"`     // as cosign and attestations name it
	OMSHint string `json:"oms_hint"` // as a model signature names it
}

func (a *app) keyShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show FILE",
		Short: "Say which key a file holds, by all names that bundles and reports give it",
		Long: `Show reads a private or a public key (PEM) and prints its kind, its id as reports have it, and how bundles name it. It
never prints the private key.

` + exitCodes,
		Example: "  weighbridge key show release.key.pub",
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return a.showKey(args[0]) },
	}
}

func (a *app) showKey(path string) error {
	data, err := readRegular(path, maxPolicyKey)
	if err != nil {
		return err
	}
	result := keyShowResult{Schema: "weighbridge.dev/key-shown/v1", Private: bytes.Contains(data, []byte("PRIVATE KEY-----"))}
	if result.Private {
		key, err := a.readKey(path)
		if err != nil {
			return err
		}
		if data, err = key.PublicPEM(); err != nil {
			return err
		}
	}
	key, err := verify.ParsePublicKey(data)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	result.Kind, result.ID = key.Kind(), key.ID()
	result.Hint, result.OMSHint = key.Hints()
	if a.json {
		return a.printJSON(result)
	}
	half := "public"
	if result.Private {
		half = "private"
	}
	a.printf("%s key %s (%s)\n  in attestations and cosign's bundles  %s\n  in model signatures                   %s\n", result.Kind, result.ID, half, result.Hint, result.OMSHint)
	return nil
}
