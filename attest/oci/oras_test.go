package oci

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/file"
	"oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/registry"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// TestOrasReads: an independent reader finds the model by its tag, the bundle as
// its referrer, and pulls the files under their names.
func TestOrasReads(t *testing.T) {
	ctx := context.Background()
	layout := shipment(t)
	m := model(t, open(t, layout), "")
	store, err := oci.NewFromFS(ctx, os.DirFS(layout))
	if err != nil {
		t.Fatal(err)
	}
	d, err := store.Resolve(ctx, "v1")
	if err != nil || d.Digest != m.Manifest.Digest || d.ArtifactType != ArtifactTypeModel {
		t.Fatalf("v1 is %v, %v", d, err)
	}
	referrers, err := registry.Referrers(ctx, store, d, ArtifactTypeBundle)
	if err != nil || len(referrers) != 1 || referrers[0].Digest != m.Bundles[0].Manifest.Digest || referrers[0].Annotations[annotationPredicateType] != predicate {
		t.Errorf("referrers %v, %v", referrers, err)
	}
	bundle, err := content.Successors(ctx, store, referrers[0])
	if err != nil || !slices.ContainsFunc(bundle, func(d ocispec.Descriptor) bool { return d.Digest.String() == digestOf(bundleA) }) {
		t.Errorf("successors %v, %v", bundle, err)
	}
	out := filepath.Join(t.TempDir(), "out")
	files, err := file.New(out)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	if _, err := oras.Copy(ctx, store, "v1", files, "v1", oras.DefaultCopyOptions); err != nil {
		t.Fatal(err)
	}
	if got := hash(t, out); !slices.Equal(got.Files, m.Declared.Files) {
		t.Errorf("pulled %v", got.Files)
	}
}

// TestOrasWrites: a layout that oras-go wrote, with its own index.json, is read,
// and extended without a loss; a bundle that its tools attach is found.
func TestOrasWrites(t *testing.T) {
	ctx := context.Background()
	ours := shipment(t)
	theirs := filepath.Join(t.TempDir(), "theirs")
	source, err := oci.NewFromFS(ctx, os.DirFS(ours))
	if err != nil {
		t.Fatal(err)
	}
	target, err := oci.New(theirs)
	if err != nil {
		t.Fatal(err)
	}
	d, err := oras.ExtendedCopy(ctx, source, "v1", target, "mirror/v1", oras.DefaultExtendedCopyOptions)
	if err != nil {
		t.Fatal(err)
	}
	attached, err := oras.PackManifest(ctx, target, oras.PackManifestVersion1_1, ArtifactTypeBundle, oras.PackManifestOptions{
		Subject: &d, Layers: []ocispec.Descriptor{push(t, target, ArtifactTypeBundle, bundleB)},
		ManifestAnnotations: map[string]string{annotationBundleContent: contentDSSE, annotationPredicateType: predicate},
	})
	if err != nil {
		t.Fatal(err)
	}
	m := model(t, open(t, theirs), "mirror/v1")
	data := []string{}
	for _, b := range m.Bundles {
		data = append(data, string(b.Data))
	}
	slices.Sort(data)
	if !slices.Equal(data, []string{string(bundleA), string(bundleB)}) {
		t.Errorf("bundles %q (attached %s)", data, attached.Digest)
	}
	if _, err := m.Files(ctx, weights.Options{}); err != nil {
		t.Error(err)
	}
	dir := write(t, t.TempDir(), map[string]string{"w": "another model"})
	pack(t, PackOptions{Weights: dir, Files: hash(t, dir), Layout: theirs, Reference: "another"})
	if l := open(t, theirs); len(l.Models()) != 2 || len(model(t, l, "mirror/v1").Bundles) != 2 {
		t.Errorf("after extending: %v", l.Models())
	}
}

func push(t *testing.T, store *oci.Store, mediaType string, data []byte) ocispec.Descriptor {
	t.Helper()
	d, err := oras.PushBytes(context.Background(), store, mediaType, data)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
