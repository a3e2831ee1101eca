package tensors

// Limits of a header. They are above any published model.
const (
	maxHeaderBytes = 100_000_000 // of a safetensors header: the format's own limit
	maxIndexBytes  = 64 << 20
	maxTensors     = 1 << 20
	maxNameBytes   = 1 << 10
	maxDimensions  = 16
	maxMetadata    = 1 << 16 // entries
	maxShards      = 1 << 12

	maxGGUFString  = 1 << 24 // bytes of a value: chat templates are long
	maxGGUFArray   = 1 << 26 // elements: vocabularies are long
	maxGGUFNesting = 4
	maxKept        = 1 << 12 // bytes of a metadata value that are kept
)
