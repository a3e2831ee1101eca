package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest/oci"
	"github.com/weighbridge/weighbridge/attest/weights"
	"github.com/weighbridge/weighbridge/meter"
)

// shipmentFlags say which model of a shipment is meant and how registries are reached.
type shipmentFlags struct {
	reference string
	plainHTTP bool
	maxLayer  int64 // of push; 0: not stated
}

func (f *shipmentFlags) add(cmd *cobra.Command) {
	f.addReference(cmd)
	f.addPlain(cmd)
}

func (f *shipmentFlags) addReference(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.reference, "reference", "", "for a layout or archive with several models: which one, by name, tag or digest")
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
func (a *app) transfer(ctx context.Context, did, from, to string, f shipmentFlags, move func(*oci.Model, oci.TransferOptions) (oci.Transferred, error)) error {
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
	if err := f.refuseLarge(model); err != nil {
		return err
	}
	o, end := a.watched("moving the weights", weights.Options{})
	if o.Total != nil {
		o.Total(model.Declared.Bytes())
	}
	done, err := move(model, oci.TransferOptions{Progress: o.Progress})
	end()
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

// refuseLarge names the files that the registry would refuse, all of them.
func (f shipmentFlags) refuseLarge(m *oci.Model) error {
	var large []string
	for _, file := range m.Declared.Files {
		if f.maxLayer > 0 && file.Size > f.maxLayer {
			large = append(large, fmt.Sprintf("%s (%d bytes)", printable(file.Name), file.Size))
		}
	}
	if f.maxLayer < 0 {
		return usage("--max-layer-size %d: expected a number of bytes", f.maxLayer)
	}
	if large == nil {
		return nil
	}
	return fmt.Errorf("push: over %d bytes, the largest layer as --max-layer-size says: %s; nothing was sent: split these files before they are signed (safetensors shards), "+
		"or take a registry with a higher limit, or an archive (`weighbridge save`)", f.maxLayer, strings.Join(large, ", "))
}

// manyLayers is the smallest limit that was seen (ECR).
const manyLayers = 500

func transferFindings(m *oci.Model) []meter.Finding {
	findings := []meter.Finding{}
	for _, message := range m.LargeFiles() {
		findings = append(findings, meter.Finding{Code: "large-layer", Message: message})
	}
	if n := len(m.Declared.Files); n > manyLayers {
		findings = append(findings, meter.Finding{Code: "many-layers", Message: fmt.Sprintf("%d files are as many layers: some registries take no more than %d in a manifest; merge small files before they are signed", n, manyLayers)})
	}
	for _, s := range m.NotCarried() {
		findings = append(findings, meter.Finding{Code: "not-carried", Message: fmt.Sprintf("manifest %s (%.80q) stays behind: %s", s.Digest, s.ArtifactType, s.Reason)})
	}
	return findings
}
