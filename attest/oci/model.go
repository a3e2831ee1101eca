package oci

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/weighbridge/weighbridge/attest"
)

// Model is one model of a layout, with what was found about it.
type Model struct {
	Manifest   ocispec.Descriptor // its digest is the subject of statements about the shipment
	References []string           // the tags that index.json gives it
	// Declared lists the files as the manifest's layers describe them. Only
	// [Model.Files] says what is really there.
	Declared attest.Manifest
	Bundles  []Bundle  // Sigstore bundles whose manifest names this one as its subject
	Skipped  []Skipped // other referrers of this model

	layout *Layout
	layers []ocispec.Descriptor // as Declared.Files, index by index
}

func (m *Model) named(reference string) bool {
	if attest.ValidDigest(reference) {
		return m.Manifest.Digest.String() == reference
	}
	return slices.Contains(m.References, reference)
}

// entry is a manifest of index.json that was read and verified.
type entry struct {
	descriptor ocispec.Descriptor
	references []string
	manifest   ocispec.Manifest
	data       []byte // as it was read
}

func (e *entry) where() string { return "manifest " + e.descriptor.Digest.String() }

// read reads what index.json lists, sorts it into models and referrers, and ties
// the referrers to their models by the subject in their manifests.
func (l *Layout) read(ctx context.Context, index ocispec.Index) error {
	entries, skipped, err := l.readEntries(ctx, index)
	if err != nil {
		return err
	}
	var models []*Model
	var others []*entry
	for _, e := range entries {
		if e.manifest.ArtifactType != ArtifactTypeModel {
			others = append(others, e)
			continue
		}
		m, err := l.model(ctx, e)
		if err != nil {
			return err
		}
		models = append(models, m)
	}
	if len(models) == 0 {
		return l.noModel(others, skipped)
	}
	for _, e := range others {
		about, err := l.refer(ctx, models, e)
		if err != nil {
			return err
		}
		if !about {
			skipped = append(skipped, Skipped{e.descriptor.Digest.String(), e.manifest.ArtifactType, "its subject is no model of this layout"})
		}
	}
	l.models, l.entries, l.skipped = models, entries, skipped
	return nil
}

func (l *Layout) noModel(others []*entry, skipped []Skipped) error {
	var types []string
	for _, e := range others {
		types = append(types, fmt.Sprintf("%q", clip(e.manifest.ArtifactType)))
	}
	for _, s := range skipped {
		types = append(types, fmt.Sprintf("%q", clip(s.ArtifactType)))
	}
	found := "lists no manifest"
	if len(types) > 0 {
		found = "lists manifests of type " + strings.Join(slices.Compact(slices.Sorted(slices.Values(types))), ", ") + " only"
	}
	return &LayoutError{Path: l.path, Where: indexFile, Found: found, Expected: "at least one model, " + ArtifactTypeModel}
}

// readEntries reads the manifests that index.json lists, each once.
func (l *Layout) readEntries(ctx context.Context, index ocispec.Index) (entries []*entry, skipped []Skipped, err error) {
	if err := l.checkEntries(index); err != nil {
		return nil, nil, err
	}
	tags, byDigest := map[string]digest.Digest{}, map[digest.Digest]*entry{}
	for i, d := range index.Manifests {
		where := fmt.Sprintf("%s: entry %d", indexFile, i)
		tag, tagged := d.Annotations[ocispec.AnnotationRefName]
		if other, taken := tags[tag]; tagged && taken && other != d.Digest {
			return nil, nil, l.fail(where, fmt.Sprintf("tag %q also names %s", clip(tag), other), "one manifest for each tag")
		}
		e := byDigest[d.Digest]
		switch {
		case d.MediaType != ocispec.MediaTypeImageManifest:
			skipped = append(skipped, Skipped{d.Digest.String(), d.MediaType, "is not an OCI image manifest"})
			continue
		case e == nil:
			e, err = l.entry(ctx, d)
			if i > 0 && l.dangling(err) {
				skipped = append(skipped, Skipped{d.Digest.String(), "", "the registry lists it as a referrer, and does not have it"})
				continue
			}
			if err != nil {
				return nil, nil, err
			}
			entries, byDigest[d.Digest] = append(entries, e), e
		case e.descriptor.Size != d.Size:
			return nil, nil, l.fail(where, fmt.Sprintf("size %d, and %d in another entry", d.Size, e.descriptor.Size), "one size for each manifest")
		}
		if tagged {
			tags[tag] = d.Digest
			e.references = append(e.references, tag)
		}
	}
	return entries, skipped, nil
}

// dangling reports whether a manifest that a registry lists is gone from it, as
// after its cleaning: nothing was there that could be believed. In a layout or an
// archive, which are one piece, it is damage.
func (l *Layout) dangling(err error) bool {
	var bad *BlobError
	_, isRemote := l.source.(*repositorySource)
	return isRemote && errors.As(err, &bad) && bad.Problem == ProblemMissing && bad.Role == RoleManifest
}

// checkEntries looks at the descriptors of index.json before anything is read.
func (l *Layout) checkEntries(index ocispec.Index) error {
	seen := map[digest.Digest]bool{}
	var total int64
	for i, d := range index.Manifests {
		if err := l.checkDescriptor(fmt.Sprintf("%s: entry %d", indexFile, i), d); err != nil {
			return err
		}
		if !seen[d.Digest] {
			total = saturated(total, d.Size)
		}
		seen[d.Digest] = true
	}
	if total > maxManifests {
		return l.fail(indexFile, fmt.Sprintf("manifests of %d bytes together", total), fmt.Sprintf("at most %d", maxManifests))
	}
	return nil
}

// entry reads and verifies one manifest. What index.json says about it beyond
// digest and size is not kept.
func (l *Layout) entry(ctx context.Context, d ocispec.Descriptor) (*entry, error) {
	data, err := l.readBlob(ctx, d, RoleManifest, maxManifest)
	if err != nil {
		return nil, err
	}
	e := &entry{descriptor: ocispec.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size}, data: data}
	if err := decode(data, &e.manifest); err != nil {
		return nil, l.fail(e.where(), err.Error(), "an OCI image manifest")
	}
	m := e.manifest
	switch {
	case m.SchemaVersion != 2:
		return nil, l.fail(e.where(), fmt.Sprintf("schemaVersion %d", m.SchemaVersion), "2")
	case m.MediaType != d.MediaType:
		// image-spec v1.1 lets mediaType be absent; the same bytes could then be served
		// as an index (CVE-2021-41190).
		return nil, l.fail(e.where(), fmt.Sprintf("media type %q", clip(m.MediaType)), d.MediaType+", as index.json has it")
	case len(m.Layers) > maxLayers:
		return nil, l.fail(e.where(), fmt.Sprintf("%d layers", len(m.Layers)), fmt.Sprintf("at most %d", maxLayers))
	}
	e.descriptor.ArtifactType = m.ArtifactType
	return e, nil
}

// model checks all that a model's manifest says about its files.
func (l *Layout) model(ctx context.Context, e *entry) (*Model, error) {
	files, layers, err := l.files(e)
	if err != nil {
		return nil, err
	}
	declared, err := attest.NewManifest(files)
	if err != nil {
		return nil, l.fail(e.where(), err.Error(), "a model with files")
	}
	m := &Model{Manifest: e.descriptor, References: e.references, Declared: declared, layout: l}
	for _, f := range declared.Files {
		m.layers = append(m.layers, layers[f.Name])
	}
	return m, l.checkConfig(ctx, e)
}

// files returns the files that the layers are, and the layers by name.
func (l *Layout) files(e *entry) (files []attest.File, layers map[string]ocispec.Descriptor, err error) {
	var names []string
	layers = map[string]ocispec.Descriptor{}
	sizes := map[digest.Digest]int64{}
	for i, d := range e.manifest.Layers {
		where := fmt.Sprintf("%s: layer %d", e.where(), i)
		name, err := l.layerName(where, d)
		if err != nil {
			return nil, nil, err
		}
		if size, known := sizes[d.Digest]; known && size != d.Size {
			return nil, nil, l.fail(where, fmt.Sprintf("size %d, and %d in another layer of the same digest", d.Size, size), "one size for each digest")
		}
		names, sizes[d.Digest], layers[name] = append(names, name), d.Size, d
		files = append(files, attest.File{Name: name, Size: d.Size, Digest: d.Digest.String()})
	}
	if err := checkNames(names); err != nil {
		return nil, nil, l.fail(e.where(), err.Error(), "paths that can be unpacked on every system, each once")
	}
	return files, layers, nil
}

// layerName checks a layer's descriptor and returns the path of its file. Where a
// writer gave one of the two annotations only, that one counts.
func (l *Layout) layerName(where string, d ocispec.Descriptor) (string, error) {
	if err := l.checkDescriptor(where, d); err != nil {
		return "", err
	}
	if !slices.Contains(rawLayers, d.MediaType) {
		return "", l.fail(where, fmt.Sprintf("media type %q", clip(d.MediaType)), "a raw layer of a ModelPack model; packed ones (tar, gzip, zstd) are not read")
	}
	name, hasPath := d.Annotations[annotationPath]
	title, hasTitle := d.Annotations[annotationTitle]
	switch {
	case !hasPath && !hasTitle:
		return "", l.fail(where, "no path", fmt.Sprintf("the annotations %s and %s", annotationPath, annotationTitle))
	case hasPath && hasTitle && name != title:
		return "", l.fail(where, fmt.Sprintf("path %q and title %q", clip(name), clip(title)), "the two to be equal, or two tools would unpack two things")
	case !hasPath:
		name = title
	}
	if problem := checkName(name); problem != "" {
		return "", l.fail(where, fmt.Sprintf("path %q: %s", clip(name), problem), "a path that can be unpacked on every system")
	}
	return name, nil
}

// checkConfig reads the model's config: its diffIds must be the layers, which are
// not packed.
func (l *Layout) checkConfig(ctx context.Context, e *entry) error {
	where, d := e.where()+": config", e.manifest.Config
	if d.MediaType != mediaTypeModelConfig {
		return l.fail(where, fmt.Sprintf("media type %q", clip(d.MediaType)), mediaTypeModelConfig)
	}
	if err := l.checkDescriptor(where, d); err != nil {
		return err
	}
	data, err := l.readBlob(ctx, d, RoleConfig, maxConfig)
	if err != nil {
		return err
	}
	var config modelConfig
	if err := decode(data, &config); err != nil {
		return l.fail(where, err.Error(), "a ModelPack config")
	}
	if config.ModelFS.Type != "layers" {
		return l.fail(where, fmt.Sprintf("modelfs.type %q", clip(config.ModelFS.Type)), `"layers"`)
	}
	same := slices.EqualFunc(config.ModelFS.DiffIDs, e.manifest.Layers, func(id digest.Digest, d ocispec.Descriptor) bool { return id == d.Digest })
	if !same {
		return l.fail(where, fmt.Sprintf("%d modelfs.diffIds that are not the layers' digests", len(config.ModelFS.DiffIDs)), "those of the raw layers, in their order")
	}
	return nil
}
