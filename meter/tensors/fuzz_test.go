package tensors

import (
	"math/bits"
	"testing"
	"testing/fstest"
)

// sound fails where an accepted header says more than the file can hold.
func sound(t *testing.T, h Header, size int) {
	t.Helper()
	var total uint64
	for _, tensor := range h.Tensors {
		n, err := elements(tensor.Shape)
		sum, carry := bits.Add64(total, tensor.Bytes, 0)
		if total = sum; err != nil || carry != 0 || n != tensor.Elements || checkName(tensor.Name) != nil {
			t.Fatalf("%+v: %v", tensor, err)
		}
	}
	if total > uint64(size) {
		t.Fatalf("tensors of %d bytes in a file of %d", total, size)
	}
	if p := h.Parameters(nil); p.Total > 32*p.Stored {
		t.Fatalf("%+v", p)
	}
}

// FuzzSafetensors: no input panics, and what is accepted lies in the file.
func FuzzSafetensors(f *testing.F) {
	f.Add(contents(f, "real.safetensors"))
	f.Add(safetensorsOf(one, 24))
	f.Add(safetensorsOf(`{"__metadata__":{"a":"1"}}`, 0))
	f.Fuzz(func(t *testing.T, data []byte) {
		if h, err := readST(data); err == nil {
			sound(t, h, len(data))
		}
	})
}

// FuzzGGUF is the same for the other format.
func FuzzGGUF(f *testing.F) {
	f.Add(contents(f, "real.gguf"))
	f.Add(ggufHead(3, 1, 1).put("k", uint32(9), uint32(8), uint64(1), "x", "a", uint32(1), uint64(1), uint32(0), uint64(0)).data(32))
	f.Fuzz(func(t *testing.T, data []byte) {
		if h, err := readGG(data); err == nil {
			sound(t, h, len(data))
		}
	})
}

// FuzzIndex: no index names a file outside of its directory.
func FuzzIndex(f *testing.F) {
	f.Add(index(f, map[string]string{"a": "m.safetensors"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := ReadDir(fstest.MapFS{indexName: {Data: data}, "m.safetensors": {Data: shard("a")}})
		if err == nil && (len(h.Tensors) != 1 || h.Files[0] != "m.safetensors") {
			t.Fatalf("%+v", h)
		}
	})
}
