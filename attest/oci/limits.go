package oci

// Limits on what is read, in one place. All are checked before memory or time is
// spent on the bytes in question.
const (
	// maxManifest: registries need not take more (distribution-spec v1.1, "Pushing
	// Manifests": at least 4 MiB), and oras-go reads no more.
	maxManifest = 4 << 20
	// maxManifests is for all manifests of a layout together: they are held parsed.
	maxManifests = 64 << 20
	// maxIndex is for index.json; 2 KiB for each of the manifests it may list.
	maxIndex = 4 << 20
	// maxIndexed is how many entries index.json may have.
	maxIndexed = 2048
	// maxConfig: the config lists a digest of 71 bytes for each layer.
	maxConfig = 4 << 20
	// maxBundle: a bundle is about a kilobyte, and a determination with its facts and
	// rules some hundred.
	maxBundle = 8 << 20
	// maxBundles is for all bundles of one model together: they are held in memory.
	maxBundles = 64 << 20
	// maxReferrers is for one model.
	maxReferrers = 1024
	// maxLayers is for one model. (A manifest of maxManifest bytes holds some 10 000.)
	maxLayers = 100_000
	// maxEntries below a layout directory, referenced or not.
	maxEntries = 1 << 20
	// maxLayoutFile is for oci-layout, which holds one version.
	maxLayoutFile = 4 << 10
	// maxPath and maxComponent are for a file's path in bytes: what Linux takes.
	maxPath, maxComponent = 4095, 255
)
