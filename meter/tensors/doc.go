// Package tensors reads the headers of model weights: which tensors there are,
// of which shape and type, and what the file says about itself. It reads no
// weights.
//
// Two formats are read, as their specifications have them: safetensors
// ([ReadSafetensors], and a directory of shards with a
// model.safetensors.index.json) and GGUF versions 2 and 3 ([ReadGGUF], and split
// files). [ReadDir] finds out which of them a directory holds.
//
// # What is refused
//
// A header is taken from somebody else, so nothing in it is believed: lengths
// are held against the size of the file before anything is allocated, a tensor's
// bytes against its shape and type, its place against the others' (no overlap;
// in safetensors no hole and no rest either). Duplicate names, unknown types,
// unknown fields, shards outside of the directory, a tensor that the index names
// and its shard has not (or the other way round) are errors that name the file
// and the tensor. Limits stand in limits.go.
//
// # Counting
//
// The elements that a file stores are not always the model's parameters: 4-bit
// weights lie packed in pairs or eights, scales and zero points lie beside them,
// some files carry buffers that nobody trained. [Header.Parameters] tells them
// apart and says how many of each there were.
//
// The package is pure but for the files that are handed to it.
package tensors
