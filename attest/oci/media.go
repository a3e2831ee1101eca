package oci

import (
	"path"
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Media and artifact types: CNCF ModelPack (modelpack/model-spec, specs-go/v1) and
// Sigstore (cosign, specs/BUNDLE_SPEC.md).
const (
	ArtifactTypeModel  = "application/vnd.cncf.model.manifest.v1+json"
	ArtifactTypeBundle = "application/vnd.dev.sigstore.bundle.v0.3+json"

	mediaTypeModelConfig = "application/vnd.cncf.model.config.v1+json"
	mediaTypeWeight      = "application/vnd.cncf.model.weight.v1.raw"
	mediaTypeSettings    = "application/vnd.cncf.model.weight.config.v1.raw"
	mediaTypeDoc         = "application/vnd.cncf.model.doc.v1.raw"
	mediaTypeCode        = "application/vnd.cncf.model.code.v1.raw"
	mediaTypeDataset     = "application/vnd.cncf.model.dataset.v1.raw"
)

// Annotations: ModelPack's path of a layer's file, and those of cosign v3 on a
// bundle's manifest.
const (
	annotationPath          = "org.cncf.model.filepath"
	annotationTitle         = ocispec.AnnotationTitle
	annotationBundleContent = "dev.sigstore.bundle.content"
	annotationPredicateType = "dev.sigstore.bundle.predicateType"
	contentDSSE             = "dsse-envelope"
)

// rawLayers are the layer types that are read: a packed layer's digest is not its
// file's, and unpacking is where archives attack.
var rawLayers = []string{mediaTypeWeight, mediaTypeSettings, mediaTypeDoc, mediaTypeCode, mediaTypeDataset}

// Extensions and names by the kind of layer, in lower case. What is in no list is
// weights, the kind that no tool leaves out.
var (
	settingsNames      = []string{"tokenizer.model", "merges.txt", "vocab.txt", "modelfile"}
	settingsExtensions = []string{".json", ".jsonl", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".jinja", ".tiktoken"}
	docNames           = []string{"license", "licence", "notice", "readme", "copying", "usage_policy"}
	docExtensions      = []string{".md", ".txt", ".rst", ".pdf", ".html", ".png", ".jpg", ".jpeg", ".svg"}
	codeExtensions     = []string{".py", ".ipynb", ".sh", ".c", ".cc", ".cpp", ".cu", ".h", ".go", ".rs", ".js"}
)

// layerType returns the ModelPack media type of the raw layer for a file.
func layerType(name string) string {
	base := strings.ToLower(path.Base(name))
	extension := path.Ext(base)
	stem := strings.TrimSuffix(base, extension)
	switch {
	case slices.Contains(settingsNames, base), slices.Contains(settingsExtensions, extension):
		return mediaTypeSettings
	case slices.Contains(docNames, stem), slices.Contains(docExtensions, extension):
		return mediaTypeDoc
	case slices.Contains(codeExtensions, extension):
		return mediaTypeCode
	}
	return mediaTypeWeight
}
