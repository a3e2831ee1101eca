package tensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// ErrNoWeights reports a directory without weights in a format that is read.
var ErrNoWeights = errors.New("no weights in safetensors or GGUF")

const indexName = "model.safetensors.index.json"

// ReadDir reads the headers of the weights in the root of a directory: the
// shards that a model.safetensors.index.json names, else model.safetensors, else
// the one *.safetensors there is, else the one *.gguf or all parts of a split
// one. Several candidates of which none is named are an error; so is
// [ErrNoWeights].
func ReadDir(dir fs.FS) (Header, error) {
	if _, err := fs.Stat(dir, indexName); err == nil {
		return readIndexed(dir)
	}
	names, err := weightFiles(dir)
	if err != nil {
		return Header{}, err
	}
	var h Header
	for i, name := range names {
		part, err := readFile(dir, name)
		if err != nil {
			return Header{}, err
		}
		if i == 0 {
			h = part
			continue
		}
		h.Files, h.Tensors = append(h.Files, part.Files...), append(h.Tensors, part.Tensors...)
	}
	return h, h.checkTwice()
}

// weightFiles are the files that hold the weights.
func weightFiles(dir fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, err
	}
	found := map[string][]string{}
	for _, e := range entries {
		if !e.IsDir() {
			found[path.Ext(e.Name())] = append(found[path.Ext(e.Name())], e.Name())
		}
	}
	switch safetensors, gguf := found[".safetensors"], found[".gguf"]; {
	case slices.Contains(safetensors, "model.safetensors"):
		return []string{"model.safetensors"}, nil
	case len(safetensors) == 1:
		return safetensors, nil
	case len(safetensors) > 1:
		return nil, fmt.Errorf("%d files *.safetensors (%s, ...) and no %s: expected the index that belongs to them, or one file", len(safetensors), safetensors[0], indexName)
	case len(gguf) > 0:
		return gguf, checkSplit(gguf)
	}
	return nil, ErrNoWeights
}

// checkSplit accepts one file, or all parts of one: name-00001-of-00003.gguf.
func checkSplit(names []string) error {
	if len(names) == 1 {
		return nil
	}
	parts := regexp.MustCompile(`^(.+)-(\d{5})-of-(\d{5})\.gguf$`)
	first := parts.FindStringSubmatch(names[0])
	for i, name := range names {
		m := parts.FindStringSubmatch(name)
		if m == nil || m[1] != first[1] || m[2] != fmt.Sprintf("%05d", i+1) || m[3] != fmt.Sprintf("%05d", len(names)) {
			return fmt.Errorf("%d files *.gguf, and %s is not part %d of %d of %s: expected one model", len(names), name, i+1, len(names), names[0])
		}
	}
	return nil
}

// readFile reads one file by its extension.
func readFile(dir fs.FS, name string) (Header, error) {
	file, err := dir.Open(name)
	if err != nil {
		return Header{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return Header{}, err
	}
	read := readSafetensors
	if path.Ext(name) == ".gguf" {
		read = readGGUF
	}
	h, err := read(file, info.Size())
	if err != nil {
		return Header{}, fmt.Errorf("%s: %w", name, err)
	}
	h.Files = []string{name}
	for i := range h.Tensors {
		h.Tensors[i].File = name
	}
	return h, nil
}

func readIndexed(dir fs.FS) (Header, error) {
	where, err := readIndex(dir)
	if err != nil {
		return Header{}, fmt.Errorf("%s: %w", indexName, err)
	}
	h := Header{Format: "safetensors", Metadata: map[string]string{}, Files: slices.Sorted(maps.Keys(invert(where)))}
	for _, name := range h.Files {
		shard, err := readFile(dir, name)
		if err != nil {
			return Header{}, fmt.Errorf("%w (named by %s)", err, indexName)
		}
		for _, t := range shard.Tensors {
			if where[t.Name] != name {
				return Header{}, fmt.Errorf("%s: tensor %q: %s says it lies in %q", name, clip(t.Name), indexName, clip(where[t.Name]))
			}
		}
		h.Tensors = append(h.Tensors, shard.Tensors...)
		maps.Copy(h.Metadata, shard.Metadata)
	}
	if err := h.checkTwice(); err != nil {
		return Header{}, err
	}
	held := map[string]bool{}
	for _, t := range h.Tensors {
		held[t.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(where)) {
		if !held[name] {
			return Header{}, fmt.Errorf("%s: tensor %q is not in %s: the index belongs to other weights, or a shard was replaced", indexName, clip(name), clip(where[name]))
		}
	}
	return h, nil
}

func invert(where map[string]string) map[string]bool {
	files := map[string]bool{}
	for _, file := range where {
		files[file] = true
	}
	return files
}

// readIndex returns in which file each tensor lies.
func readIndex(dir fs.FS) (map[string]string, error) {
	file, err := dir.Open(indexName)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxIndexBytes+1))
	if err != nil || len(text) > maxIndexBytes {
		return nil, fmt.Errorf("%d bytes or more: expected at most %d: %v", len(text), maxIndexBytes, err)
	}
	where, found := map[string]string{}, false
	err = eachField(text, func(key string, value json.RawMessage) error {
		if key != "weight_map" {
			return nil // "metadata" and what others may add
		}
		if found {
			return errors.New("weight_map stands twice")
		}
		found = true
		return readWeightMap(value, where)
	})
	switch files := invert(where); {
	case err != nil:
		return nil, err
	case len(where) == 0:
		return nil, errors.New("no weight_map that names a tensor")
	case len(files) > maxShards:
		return nil, fmt.Errorf("%d files: expected at most %d", len(files), maxShards)
	}
	return where, nil
}

func readWeightMap(value json.RawMessage, where map[string]string) error {
	return eachField(value, func(name string, raw json.RawMessage) error {
		var file string
		_, twice := where[name]
		switch {
		case json.Unmarshal(raw, &file) != nil || !fs.ValidPath(file) || strings.ContainsAny(file, `/\`) || path.Ext(file) != ".safetensors":
			return fmt.Errorf("weight_map: %q: found %s, expected the name of a .safetensors file beside the index", clip(name), clip(string(raw)))
		case twice:
			return fmt.Errorf("weight_map: %q stands twice", clip(name))
		case len(where) == maxTensors:
			return fmt.Errorf("weight_map: more than %d tensors", maxTensors)
		}
		where[name] = file
		return checkName(name)
	})
}

func (h Header) checkTwice() error {
	in := map[string]string{}
	for _, t := range h.Tensors {
		if other, twice := in[t.Name]; twice {
			return fmt.Errorf("tensor %q lies in %s and in %s", clip(t.Name), other, t.File)
		}
		in[t.Name] = t.File
	}
	return nil
}
