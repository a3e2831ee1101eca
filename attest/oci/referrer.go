package oci

import (
	"context"
	"errors"
	"fmt"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Bundle is a Sigstore bundle about a model: its bytes are those that the layout's
// digests promise, no more. Nothing in it was verified.
type Bundle struct {
	Manifest      ocispec.Descriptor // of the referrer
	Data          []byte             // the bundle, JSON
	PredicateType string             // what an annotation claims; the signed payload decides
}

// refer adds the manifest e to the model that it has as its subject, and reports
// whether there is one.
func (l *Layout) refer(ctx context.Context, models []*Model, e *entry) (bool, error) {
	subject := e.manifest.Subject
	if subject == nil {
		return false, nil
	}
	for _, m := range models {
		if m.Manifest.Digest != subject.Digest {
			continue
		}
		if subject.Size != m.Manifest.Size || subject.MediaType != m.Manifest.MediaType {
			return true, l.fail(e.where(), fmt.Sprintf("subject of %d bytes and type %q", subject.Size, clip(subject.MediaType)),
				fmt.Sprintf("%d and %s, as its digest says", m.Manifest.Size, m.Manifest.MediaType))
		}
		if len(m.Bundles)+len(m.Skipped) == maxReferrers {
			return true, l.fail("manifest "+m.Manifest.Digest.String(), fmt.Sprintf("more than %d referrers", maxReferrers), "at most so many")
		}
		return true, l.attachTo(ctx, m, e)
	}
	return false, nil
}

func (l *Layout) attachTo(ctx context.Context, m *Model, e *entry) error {
	if e.manifest.ArtifactType != ArtifactTypeBundle {
		m.Skipped = append(m.Skipped, Skipped{e.descriptor.Digest.String(), e.manifest.ArtifactType, "is not a Sigstore bundle v0.3"})
		return nil
	}
	bundle, err := l.bundle(ctx, e)
	if err != nil {
		return err
	}
	total := int64(len(bundle.Data))
	for _, b := range m.Bundles {
		total += int64(len(b.Data))
	}
	if total > maxBundles {
		return l.fail(e.where(), fmt.Sprintf("bundles of %d bytes together", total), fmt.Sprintf("at most %d for one model", maxBundles))
	}
	m.Bundles = append(m.Bundles, bundle)
	return nil
}

// bundle reads the one layer of a bundle's manifest. Its config has no meaning and
// is checked as far as it is there.
func (l *Layout) bundle(ctx context.Context, e *entry) (Bundle, error) {
	m := e.manifest
	if len(m.Layers) != 1 || m.Layers[0].MediaType != ArtifactTypeBundle {
		return Bundle{}, l.fail(e.where(), fmt.Sprintf("%d layers, or one of another type", len(m.Layers)), "one layer of type "+ArtifactTypeBundle)
	}
	if m.Config.MediaType != ocispec.MediaTypeEmptyJSON {
		return Bundle{}, l.fail(e.where()+": config", fmt.Sprintf("media type %q", clip(m.Config.MediaType)), ocispec.MediaTypeEmptyJSON)
	}
	if err := errors.Join(l.checkDescriptor(e.where()+": config", m.Config), l.checkDescriptor(e.where()+": layer 0", m.Layers[0])); err != nil {
		return Bundle{}, err
	}
	if _, err := l.readBlob(ctx, m.Config, RoleConfig, maxConfig); err != nil {
		return Bundle{}, err
	}
	data, err := l.readBlob(ctx, m.Layers[0], RoleBundle, maxBundle)
	return Bundle{Manifest: e.descriptor, Data: data, PredicateType: m.Annotations[annotationPredicateType]}, err
}
