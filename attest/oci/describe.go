package oci

import (
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/weighbridge/weighbridge/attest"
)

// Description is what the ModelPack config says about a model. All fields are
// optional, and part of the manifest's digest where they are given.
type Description struct {
	Name, Version, Vendor, Family, Revision string   // descriptor.*
	Licenses                                []string // descriptor.licenses, SPDX identifiers
	Architecture                            string   // config.architecture: "transformer"
	Format                                  string   // config.format: "safetensors"
	ParamSize                               string   // config.paramSize: "6.7B"
	Precision                               string   // config.precision: "bf16"
}

// modelConfig is the ModelPack config, application/vnd.cncf.model.config.v1+json
// (modelpack/model-spec, schema/config-schema.json): all three keys are required,
// and of modelfs both.
type modelConfig struct {
	Descriptor configDescriptor `json:"descriptor"`
	Config     configModel      `json:"config"`
	ModelFS    modelFS          `json:"modelfs"`
}

type configDescriptor struct {
	CreatedAt *time.Time `json:"createdAt,omitempty"`
	Family    string     `json:"family,omitempty"`
	Name      string     `json:"name,omitempty"`
	Version   string     `json:"version,omitempty"`
	Revision  string     `json:"revision,omitempty"`
	Vendor    string     `json:"vendor,omitempty"`
	Licenses  []string   `json:"licenses,omitempty"`
}

type configModel struct {
	Architecture string `json:"architecture,omitempty"`
	Format       string `json:"format,omitempty"`
	ParamSize    string `json:"paramSize,omitempty"`
	Precision    string `json:"precision,omitempty"`
}

type modelFS struct {
	Type    string          `json:"type"`
	DiffIDs []digest.Digest `json:"diffIds"`
}

// document is one small blob: its bytes and what describes them.
type document struct {
	descriptor ocispec.Descriptor
	data       []byte
}

func newDocument(mediaType string, value any) (document, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return document{}, err
	}
	return document{ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}, data}, nil
}

// Describe returns the descriptor of the manifest that [Pack] will write for o,
// and so the digest that a statement about the shipment names, without touching
// any file. Weights and Layout may be empty.
func Describe(o PackOptions) (ocispec.Descriptor, error) {
	manifest, _, err := o.documents()
	return manifest.descriptor, err
}

// reference is the grammar of org.opencontainers.image.ref.name (image-spec v1.1,
// annotations.md): ref = component ("/" component)*, component = alphanum
// (separator alphanum)*, separator = [-._:@+] | "--".
var reference = regexp.MustCompile(`^[A-Za-z0-9]+((--|[-._:@+])[A-Za-z0-9]+)*(/[A-Za-z0-9]+((--|[-._:@+])[A-Za-z0-9]+)*)*$`)

// validReference also refuses a digest, which would not be a name of its own.
func validReference(s string) bool {
	return len(s) <= 255 && reference.MatchString(s) && !attest.ValidDigest(s)
}

// documents returns the manifest and the config of the model.
func (o PackOptions) documents() (manifest, config document, err error) {
	if err := o.check(); err != nil {
		return manifest, config, err
	}
	if config, err = newDocument(mediaTypeModelConfig, o.config()); err != nil {
		return manifest, config, err
	}
	m := ocispec.Manifest{
		Versioned:    specs.Versioned{SchemaVersion: 2},
		MediaType:    ocispec.MediaTypeImageManifest,
		ArtifactType: ArtifactTypeModel,
		Config:       config.descriptor,
		Layers:       make([]ocispec.Descriptor, len(o.Files.Files)),
	}
	if !o.Created.IsZero() {
		m.Annotations = map[string]string{ocispec.AnnotationCreated: o.Created.UTC().Format(time.RFC3339)}
	}
	for i, f := range o.Files.Files {
		m.Layers[i] = layer(f)
	}
	if manifest, err = newDocument(m.MediaType, m); err != nil {
		return manifest, config, err
	}
	manifest.descriptor.ArtifactType = m.ArtifactType
	if manifest.descriptor.Size > maxManifest || config.descriptor.Size > maxConfig {
		return manifest, config, &LayoutError{Found: fmt.Sprintf("%d files make a manifest of %d bytes", len(m.Layers), manifest.descriptor.Size),
			Expected: fmt.Sprintf("at most %d, more than which registries need not take", maxManifest), Next: "put small files together before packing"}
	}
	return manifest, config, nil
}

func (o PackOptions) check() error {
	if err := o.Files.Validate(); err != nil {
		return err
	}
	if o.Reference != "" && !validReference(o.Reference) {
		return &LayoutError{Found: fmt.Sprintf("reference %q", clip(o.Reference)), Expected: "letters and digits, with single . - _ : @ + / between them"}
	}
	names := make([]string, len(o.Files.Files))
	for i, f := range o.Files.Files {
		names[i] = f.Name
	}
	if err := checkNames(names); err != nil {
		return &LayoutError{Found: err.Error(), Expected: "paths that can be unpacked on every system", Next: "rename the file"}
	}
	return nil
}

func (o PackOptions) config() modelConfig {
	d := o.Description
	c := modelConfig{
		Descriptor: configDescriptor{Family: d.Family, Name: d.Name, Version: d.Version, Revision: d.Revision, Vendor: d.Vendor, Licenses: d.Licenses},
		Config:     configModel{Architecture: d.Architecture, Format: d.Format, ParamSize: d.ParamSize, Precision: d.Precision},
		ModelFS:    modelFS{Type: "layers"},
	}
	if !o.Created.IsZero() {
		created := o.Created.UTC().Truncate(time.Second)
		c.Descriptor.CreatedAt = &created
	}
	for _, f := range o.Files.Files {
		c.ModelFS.DiffIDs = append(c.ModelFS.DiffIDs, digest.Digest(f.Digest))
	}
	return c
}

func layer(f attest.File) ocispec.Descriptor {
	return ocispec.Descriptor{
		MediaType:   layerType(f.Name),
		Digest:      digest.Digest(f.Digest),
		Size:        f.Size,
		Annotations: map[string]string{annotationPath: f.Name, annotationTitle: f.Name},
	}
}
