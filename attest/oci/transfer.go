package oci

import (
	"fmt"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// largeLayer is the size from which registries refuse a layer: the smallest limit
// seen is 10 GB (GHCR, Harbor; Google's is 10 GiB, Quay takes 20 GB a request).
const largeLayer = 10_000_000_000

// TransferOptions are the options of [Model.Store], [Model.Save] and [Model.Push].
// The zero value is a sensible choice.
type TransferOptions struct {
	// Reference is the tag that the model gets in a layout or an archive; where it is
	// empty the model keeps those it has.
	Reference string
	Workers   int               // blobs at once; 0 or less means 4
	Progress  func(bytes int64) // as in weights.Options
}

func (o TransferOptions) workers() int {
	if o.Workers <= 0 {
		return 4
	}
	return o.Workers
}

// Transferred is what a transfer did. Manifests are not counted among the blobs.
type Transferred struct {
	Manifest  ocispec.Descriptor // of the model
	Referrers int                // manifests about it, or about one of those
	Blobs     int                // distinct blobs of all manifests
	Sent      int                // blobs that were sent or written
	Present   int                // blobs that were there already
	Mounted   int                // blobs that the registry took over from another repository
	Bytes     int64              // bytes of the blobs that were sent or written
}

// piece is one blob that travels.
type piece struct {
	descriptor ocispec.Descriptor
	role       string
	name       string // of the weights file
}

// cargo returns the manifests that travel with m: its own, then those about it,
// those about these, and so on. None stands before the one that it is about.
func (m *Model) cargo() []*entry {
	var all []*entry
	for _, e := range m.layout.entries {
		if e.descriptor.Digest == m.Manifest.Digest {
			all = append(all, e)
		}
	}
	for i := 0; i < len(all); i++ {
		for _, e := range m.layout.entries {
			about := e.manifest.Subject != nil && e.manifest.Subject.Digest == all[i].descriptor.Digest
			if about && !slices.Contains(all, e) {
				all = append(all, e)
			}
		}
	}
	return all
}

// pieces returns the blobs of all manifests of the cargo, each digest once: what
// is small before the weights, so that a reader in order meets the claims first.
func (m *Model) pieces(cargo []*entry) ([]piece, error) {
	var all []piece
	seen := map[string]bool{}
	add := func(e *entry, d ocispec.Descriptor, role, name string) error {
		if seen[d.Digest.String()] {
			return nil
		}
		seen[d.Digest.String()] = true
		all = append(all, piece{ocispec.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size}, role, name})
		return m.layout.checkDescriptor(e.where(), d)
	}
	for _, e := range cargo {
		if err := add(e, e.manifest.Config, RoleConfig, ""); err != nil {
			return nil, err
		}
		for _, d := range e.manifest.Layers {
			if e.descriptor.Digest == m.Manifest.Digest {
				continue
			}
			if err := add(e, d, RoleBundle, ""); err != nil {
				return nil, err
			}
		}
	}
	for i, d := range m.layers {
		if err := add(cargo[0], d, RoleWeights, m.Declared.Files[i].Name); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// listing is the entry of index.json, or of a referrers index, for the manifest e:
// its artifact type and annotations are those in the manifest, never those that
// another index gave it (image-spec v1.1, "Guidelines for Artifact Usage").
func (e *entry) listing() ocispec.Descriptor {
	d := ocispec.Descriptor{MediaType: e.descriptor.MediaType, Digest: e.descriptor.Digest, Size: e.descriptor.Size, ArtifactType: e.manifest.ArtifactType}
	if d.ArtifactType == "" && e.manifest.Subject != nil {
		d.ArtifactType = e.manifest.Config.MediaType // distribution-spec v1.1, "Listing Referrers"
	}
	if e.manifest.Subject != nil {
		d.Annotations = e.manifest.Annotations
	}
	return d
}

// NotCarried lists the manifests that a transfer of m leaves behind: those that
// are no OCI image manifest, or about nothing that travels.
func (m *Model) NotCarried() []Skipped {
	cargo := m.cargo()
	var left []Skipped
	for _, s := range m.layout.skipped {
		if !slices.ContainsFunc(cargo, func(e *entry) bool { return e.descriptor.Digest.String() == s.Digest }) {
			left = append(left, s)
		}
	}
	return left
}

// LargeFiles names the files that are larger than what some registries take as one
// layer, with the limit: before hours of sending, not after.
func (m *Model) LargeFiles() []string {
	var large []string
	for _, f := range m.Declared.Files {
		if f.Size > largeLayer {
			large = append(large, fmt.Sprintf("%s has %d bytes: several registries refuse a layer over %d; save it to an archive, or split the file before it is signed", f.Name, f.Size, int64(largeLayer)))
		}
	}
	return large
}
