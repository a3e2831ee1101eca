package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest/oci"
	"github.com/weighbridge/weighbridge/meter"
)

// shipmentFlags say which model of a shipment is meant and how registries are reached.
type shipmentFlags struct {
	reference string
	plainHTTP bool
}

func (f *shipmentFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.reference, "reference", "", "for a layout or archive with several models: which one, by name, tag or digest")
	f.addPlain(cmd)
}

func (f *shipmentFlags) addPlain(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.plainHTTP, "plain-http", false, "reach registries by http without TLS (to this machine itself that is always so)")
}

// model is the one that is meant; a model's name stands for its tag.
func (f shipmentFlags) model(layout *oci.Layout) (*oci.Model, error) {
	wanted := f.reference
	if model, err := meter.ParseModel(wanted); err == nil {
		wanted = reference(model)
	}
	return layout.Model(wanted)
}

// isRemote reports whether target is a name in a registry and nothing on disk.
func isRemote(target string) bool {
	_, err := os.Lstat(target)
	return err != nil && oci.IsReference(target)
}

// isShipment reports whether target is a layout, an archive or in a registry.
func isShipment(target string) bool {
	return oci.IsLayout(target) || oci.IsArchive(target) || isRemote(target)
}

func (a *app) remote(f shipmentFlags) oci.Remote {
	return oci.Remote{Transport: a.env.network, PlainHTTP: f.plainHTTP, Config: a.env.dockerConfig()}
}

// openShipment opens a layout directory, an archive or what a registry holds. What
// exists on disk is meant before a name in a registry.
func (a *app) openShipment(ctx context.Context, target string, f shipmentFlags) (*oci.Layout, error) {
	_, err := os.Lstat(target)
	switch {
	case oci.IsLayout(target):
		return oci.Open(target)
	case oci.IsArchive(target):
		return oci.OpenArchive(target)
	case isRemote(target):
		return oci.OpenRemote(ctx, a.remote(f), target)
	case err != nil:
		return nil, fmt.Errorf("%s: does not exist, and is no name in a registry: expected a layout directory, an archive, or HOST/REPOSITORY:TAG", target)
	}
	return nil, fmt.Errorf("%s: is neither an OCI image layout nor an archive of one: pack weights with `weighbridge attest`", target)
}

type transferResult struct {
	Schema    string          `json:"schema"`
	From      string          `json:"from"`
	To        string          `json:"to"`
	Manifest  string          `json:"manifest"`
	Referrers int             `json:"referrers"` // manifests about the model that travelled with it
	Blobs     int             `json:"blobs"`
	Sent      int             `json:"sent"`    // blobs sent or written
	Present   int             `json:"present"` // blobs that were there
	Mounted   int             `json:"mounted"` // blobs the registry took from another repository
	Bytes     int64           `json:"bytes"`   // of the blobs sent or written
	Findings  []meter.Finding `json:"findings"`
}

// transfer opens the shipment at from, lets move take the model to its new place,
// and says what came of it. did is the word for it.
func (a *app) transfer(ctx context.Context, did, from, to string, f shipmentFlags, move func(*oci.Model) (oci.Transferred, error)) error {
	layout, err := a.openShipment(ctx, from, f)
	if err != nil {
		return err
	}
	defer layout.Close()
	model, err := f.model(layout)
	if err != nil {
		return err
	}
	findings := transferFindings(model)
	for _, finding := range findings { // before hours of sending
		fmt.Fprintf(a.env.stderr, "weighbridge: %s: %s\n", finding.Code, finding.Message)
	}
	done, err := move(model)
	if err != nil {
		return err
	}
	result := transferResult{"weighbridge.dev/transfer/v1", from, to, done.Manifest.Digest.String(), done.Referrers, done.Blobs, done.Sent, done.Present, done.Mounted, done.Bytes, findings}
	if a.json {
		return a.printJSON(result)
	}
	a.printf("%s %s to %s\n  manifest  %s\n  with      %d manifests about it\n  blobs     %d: %d moved (%d bytes), %d were there, %d mounted\n",
		did, from, to, result.Manifest, result.Referrers, result.Blobs, result.Sent, result.Bytes, result.Present, result.Mounted)
	if result.Referrers == 0 {
		a.printf("  nothing is attested of these weights: `weighbridge verify` will refuse them\n")
	}
	return nil
}

func transferFindings(m *oci.Model) []meter.Finding {
	findings := []meter.Finding{}
	for _, message := range m.LargeFiles() {
		findings = append(findings, meter.Finding{Code: "large-layer", Message: message})
	}
	for _, s := range m.NotCarried() {
		findings = append(findings, meter.Finding{Code: "not-carried", Message: fmt.Sprintf("manifest %s (%.80q) stays behind: %s", s.Digest, s.ArtifactType, s.Reason)})
	}
	return findings
}
