package oci

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Attachment is a bundle to attach to a model.
type Attachment struct {
	Subject       ocispec.Descriptor // [Model.Manifest] or [Packed.Manifest]
	Bundle        []byte             // Sigstore bundle v0.3, JSON, around a DSSE envelope
	PredicateType string             // of the statement in it, repeated in an annotation
	Created       time.Time          // repeated in an annotation, to the second; none if zero
}

// Attach writes a bundle as a referrer of a model of the layout, laid out as cosign
// v3 does (specs/BUNDLE_SPEC.md): an image manifest of artifact type Sigstore
// bundle, with the empty config, one layer and the model as its subject. It
// returns the referrer's descriptor. The same attachment twice is one referrer.
// When it returns without an error the bundle is on disk, and the models of l show
// it.
func (l *Layout) Attach(ctx context.Context, a Attachment) (ocispec.Descriptor, error) {
	m, err := l.attachable(a)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	documents, err := a.documents(m.Manifest)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	referrer := documents[len(documents)-1].descriptor
	w, err := openWriter(ctx, l.path)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	defer w.close()
	for _, d := range documents {
		if err := w.blob(d); err != nil {
			return ocispec.Descriptor{}, err
		}
	}
	if err := w.enter(referrer, ""); err != nil {
		return ocispec.Descriptor{}, err
	}
	return referrer, l.load(ctx)
}

// attachable returns the model that a is about, if a can be attached to it.
func (l *Layout) attachable(a Attachment) (*Model, error) {
	if l.root == nil {
		return nil, &LayoutError{Path: l.path, Found: "is no layout directory", Expected: "one, to write to", Next: "pull or load the shipment, attach, and push or save it again"}
	}
	i := slices.IndexFunc(l.models, func(m *Model) bool { return m.Manifest.Digest == a.Subject.Digest })
	if i < 0 {
		return nil, &LayoutError{Path: l.path, Found: fmt.Sprintf("no model with the subject's digest %q", clip(a.Subject.Digest.String())), Next: "pack the model into this layout first"}
	}
	if !json.Valid(a.Bundle) || len(a.Bundle) > maxBundle {
		return nil, &LayoutError{Path: l.path, Found: fmt.Sprintf("a bundle of %d bytes", len(a.Bundle)), Expected: fmt.Sprintf("JSON of at most %d", maxBundle)}
	}
	if m := l.models[i]; len(m.Bundles)+len(m.Skipped) >= maxReferrers {
		return nil, l.fail("manifest "+m.Manifest.Digest.String(), fmt.Sprintf("has %d referrers", maxReferrers), "fewer, to attach one more")
	}
	return l.models[i], nil
}

// documents returns the blobs of the attachment, its manifest last.
func (a Attachment) documents(subject ocispec.Descriptor) ([]document, error) {
	bundle := document{ocispec.Descriptor{MediaType: ArtifactTypeBundle, Digest: digest.FromBytes(a.Bundle), Size: int64(len(a.Bundle))}, a.Bundle}
	config := document{ocispec.DescriptorEmptyJSON, ocispec.DescriptorEmptyJSON.Data}
	config.descriptor.Data = nil // cosign does not inline it
	annotations := map[string]string{annotationBundleContent: contentDSSE, annotationPredicateType: a.PredicateType}
	if !a.Created.IsZero() {
		annotations[ocispec.AnnotationCreated] = a.Created.UTC().Format(time.RFC3339)
	}
	manifest, err := newDocument(ocispec.MediaTypeImageManifest, ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: ArtifactTypeBundle,
		Config:       config.descriptor,
		Layers:       []ocispec.Descriptor{bundle.descriptor},
		Subject:      &ocispec.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size},
		Annotations:  annotations,
	})
	// For those who list referrers without reading manifests (image-spec v1.1: an
	// index entry carries its manifest's artifact type and annotations).
	manifest.descriptor.ArtifactType, manifest.descriptor.Annotations = ArtifactTypeBundle, annotations
	return []document{config, bundle, manifest}, err
}
