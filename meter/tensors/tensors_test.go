package tensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// safetensorsOf writes a file of a header and that many bytes of data.
func safetensorsOf(header string, data int) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), make([]byte, data)...)
}

func readST(data []byte) (Header, error) {
	return ReadSafetensors(bytes.NewReader(data), int64(len(data)))
}
func readGG(data []byte) (Header, error) { return ReadGGUF(bytes.NewReader(data), int64(len(data))) }

func contents(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// text lists the tensors in the order of their names.
func (h Header) text() string {
	var words []string
	for _, t := range h.Tensors {
		words = append(words, fmt.Sprintln(t.Name, t.Type, t.Shape, t.Elements, t.Bytes))
	}
	slices.Sort(words)
	return strings.Join(words, "")
}

// TestRealFiles: files that the formats' own Python libraries wrote.
func TestRealFiles(t *testing.T) {
	for _, c := range []struct {
		file, want, key, value string
		params                 uint64
	}{
		{"real.safetensors", "model.embed_tokens.weight BF16 [16 8] 128 256\nmodel.layers.0.mlp.up_proj.weight F8_E4M3 [12 8] 96 96\nmodel.norm.weight F32 [8] 8 32\nscalar I64 [] 1 8\n",
			"format", "pt", 233},
		{"real.gguf", "blk.0.ffn_down.weight Q4_0 [64 4] 256 144\nblk.0.ffn_up.weight Q8_0 [64 4] 256 272\noutput_norm.weight F32 [64] 64 256\ntoken_embd.weight F32 [64 16] 1024 4096\n",
			"tokenizer.ggml.tokens", "(list of 3)", 1600},
	} {
		h, err := ReadDir(fstest.MapFS{c.file: {Data: contents(t, c.file)}})
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		if got := h.text(); got != c.want {
			t.Errorf("%s:\n%swant\n%s", c.file, got, c.want)
		}
		if h.Metadata[c.key] != c.value || h.Parameters(nil).Total != c.params || h.Tensors[0].File != c.file || !slices.Equal(h.Files, []string{c.file}) {
			t.Errorf("%s: %q, %+v, %+v", c.file, h.Metadata, h.Parameters(nil), h.Files)
		}
	}
	h, err := readGG(contents(t, "real.gguf"))
	if err != nil || h.Metadata["llama.context_length"] != "64" || h.Metadata["llama.rope.freq_base"] != "10000" || h.Metadata["general.architecture"] != "llama" {
		t.Errorf("%q %v", h.Metadata, err)
	}
}

const one = `{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}`

// TestSafetensorsRefusals changes one thing in a good file.
func TestSafetensorsRefusals(t *testing.T) {
	if _, err := readST(safetensorsOf(one+"   ", 24)); err != nil {
		t.Fatalf("the good file: %v", err)
	}
	tensor := func(dtype, shape, offsets string) string {
		return fmt.Sprintf(`{"a":{"dtype":%s,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "expected 8 bytes of header length"},
		{"cut in the length", []byte{1, 0, 0}, "expected 8 bytes"},
		{"header longer than the file", safetensorsOf(one, 24)[:40], "cut short"},
		{"header above the limit", append(binary.LittleEndian.AppendUint64(nil, maxHeaderBytes+1), make([]byte, 100)...), "at most 100000000"},
		{"header length negative as a signed number", append(binary.LittleEndian.AppendUint64(nil, 1<<63), '{', '}'), "at most 100000000"},
		{"no object", safetensorsOf("[1]", 0), "does not begin an object"},
		{"not UTF-8", safetensorsOf("{\"\xff\":1}", 0), "UTF-8"},
		{"space before the object", safetensorsOf(" {}", 0), "does not begin an object"},
		{"text after the object", safetensorsOf(one+"x", 24), "follow the object"},
		{"cut object", safetensorsOf(one[:30], 24), "a"},
		{"data cut", safetensorsOf(one, 23), `tensor "a": bytes 0 to 24 of 23`},
		{"data too long", safetensorsOf(one, 25), "1 bytes follow the last tensor"},
		{"data without a tensor", safetensorsOf("{}", 4), "4 bytes follow"},
		{"unknown type", safetensorsOf(tensor(`"F12"`, "[6]", "[0,24]"), 24), `dtype "F12" is not known`},
		{"type in another case", safetensorsOf(tensor(`"f32"`, "[6]", "[0,24]"), 24), "not known"},
		{"bytes that are not the shape's", safetensorsOf(tensor(`"F32"`, "[5]", "[0,24]"), 24), "24 bytes, but F32 of shape [5] takes 20"},
		{"negative dimension", safetensorsOf(tensor(`"F32"`, "[-6]", "[0,24]"), 24), "-6"},
		{"fraction", safetensorsOf(tensor(`"F32"`, "[6.0]", "[0,24]"), 24), "6.0"},
		{"shape null", safetensorsOf(tensor(`"F32"`, "null", "[0,24]"), 24), "shape"},
		{"too many dimensions", safetensorsOf(tensor(`"F32"`, "[6"+strings.Repeat(",1", 20)+"]", "[0,24]"), 24), "at most 16"},
		{"elements above 64 bits", safetensorsOf(tensor(`"F32"`, "[4294967296,4294967296,2]", "[0,24]"), 24), "more elements than 64 bits"},
		{"bytes above 64 bits", safetensorsOf(tensor(`"F32"`, "[4294967296,4294967295]", "[0,24]"), 24), "no whole number of bytes in range"},
		{"half a byte", safetensorsOf(tensor(`"F4"`, "[3]", "[0,1]"), 1), "no whole number of bytes"},
		{"offsets backwards", safetensorsOf(tensor(`"F32"`, "[6]", "[24,0]"), 24), "data_offsets"},
		{"one offset", safetensorsOf(tensor(`"F32"`, "[6]", "[24]"), 24), "data_offsets"},
		{"unknown field", safetensorsOf(`{"a":{"dtype":"F32","shape":[6],"data_offsets":[0,24],"x":1}}`, 24), `unknown field "x"`},
		{"field twice", safetensorsOf(`{"a":{"dtype":"F32","dtype":"F32","shape":[6],"data_offsets":[0,24]}}`, 24), `"dtype" stands twice`},
		{"tensor twice", safetensorsOf(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), `tensor "a" stands twice`},
		{"overlap", safetensorsOf(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3), "are another's"},
		{"the same bytes twice", safetensorsOf(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 2), "are another's"},
		{"hole", safetensorsOf(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}`, 3), "a hole before it"},
		{"no name", safetensorsOf(`{"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), "tensor name"},
		{"name with a control character", safetensorsOf(`{"a\u0007":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), "tensor name"},
		{"name too long", safetensorsOf(`{"`+strings.Repeat("a", 2000)+`":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 1), "1 to 1024 bytes"},
		{"metadata a number", safetensorsOf(`{"__metadata__":{"a":1}}`, 0), "expected a string"},
		{"metadata key twice", safetensorsOf(`{"__metadata__":{"a":"1","a":"2"}}`, 0), "stands twice"},
		{"metadata a list", safetensorsOf(`{"__metadata__":[]}`, 0), "expected an object"},
		{"a GGUF file", contents(t, "real.gguf"), "another format"},
	} {
		h, err := readST(c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) || len(h.Tensors) != 0 {
			t.Errorf("%s: %v %v, want %q", c.name, h.Tensors, err, c.want)
		}
	}
}

// gguf writes a file piece by piece.
type ggufFile struct{ bytes.Buffer }

func (g *ggufFile) put(values ...any) *ggufFile {
	for _, v := range values {
		if text, ok := v.(string); ok {
			binary.Write(g, binary.LittleEndian, uint64(len(text)))
			g.WriteString(text)
			continue
		}
		binary.Write(g, binary.LittleEndian, v) // into memory: no error
	}
	return g
}

func ggufHead(version uint32, tensors, entries uint64) *ggufFile {
	g := &ggufFile{}
	g.WriteString("GGUF")
	return g.put(version, tensors, entries)
}

// data pads to the alignment and adds bytes.
func (g *ggufFile) data(n int) []byte {
	g.Write(make([]byte, (32-g.Len()%32)%32+n))
	return g.Bytes()
}

// TestGGUFRefusals changes one thing in a good file.
func TestGGUFRefusals(t *testing.T) {
	tensor := func(name string, dims []uint64, kind uint32, offset uint64) *ggufFile {
		return ggufHead(3, 1, 1).put("general.name", uint32(8), "x", name, uint32(len(dims)), dims, kind, offset)
	}
	if h, err := readGG(tensor("a", []uint64{32, 2}, 2, 0).data(36)); err != nil || h.Tensors[0].Type != "Q4_0" || h.Tensors[0].Elements != 64 {
		t.Fatalf("the good file: %v %v", h, err)
	}
	nested := ggufHead(3, 0, 1).put("k", uint32(9))
	for range 10 {
		nested.put(uint32(9), uint64(1))
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, `expected "GGUF"`},
		{"another magic", []byte("GGML\x03\x00\x00\x00"), `expected "GGUF"`},
		{"version 1", ggufHead(1, 0, 0).data(0), "version 1"},
		{"big-endian", ggufHead(3<<24, 0, 0).data(0), "version 50331648"},
		{"more tensors than the file can hold", ggufHead(3, 1<<19, 0).data(0), "524288 tensors"},
		{"more tensors than the limit", ggufHead(3, 1<<62, 0).data(0), "tensors: expected at most"},
		{"more entries than the limit", ggufHead(3, 0, 1<<40).data(0), "metadata entries"},
		{"cut", tensor("a", []uint64{32}, 0, 0).data(0)[:60], "cut short"},
		{"key longer than the file", ggufHead(3, 0, 1).put(uint64(1 << 40)).data(64), "bytes of a key"},
		{"key twice", ggufHead(3, 0, 2).put("k", uint32(0), uint8(1), "k", uint32(0), uint8(1)).data(0), "stands once"},
		{"unknown kind of value", ggufHead(3, 0, 1).put("k", uint32(99), uint64(1)).data(0), "type 99 is not known"},
		{"unknown kind in a list", ggufHead(3, 0, 1).put("k", uint32(9), uint32(99), uint64(1), uint64(1)).data(0), "type 99 is not known"},
		{"list longer than the file", ggufHead(3, 0, 1).put("k", uint32(9), uint32(10), uint64(1<<25)).data(0), "elements of a list"},
		{"list in list in list", nested.data(200), "too deep"},
		{"alignment not a number", ggufHead(3, 0, 1).put("general.alignment", uint32(8), "x").data(0), "general.alignment"},
		{"alignment 0", ggufHead(3, 0, 1).put("general.alignment", uint32(4), uint32(0)).data(0), "general.alignment"},
		{"unknown type", tensor("a", []uint64{32}, 77, 0).data(200), "type 77 is not known"},
		{"rows that are no blocks", tensor("a", []uint64{33}, 2, 0).data(200), "blocks of 32"},
		{"too many dimensions", tensor("a", make([]uint64, 20), 0, 0).data(200), "20 dimensions"},
		{"elements above 64 bits", tensor("a", []uint64{1 << 40, 1 << 40}, 0, 0).data(200), "more elements than 64 bits"},
		{"bytes above a file", tensor("a", []uint64{1 << 62}, 0, 0).data(200), "more bytes than a file"},
		{"offset not aligned", tensor("a", []uint64{2}, 0, 8).data(200), "multiple of 32"},
		{"offset above a file", tensor("a", []uint64{2}, 0, 1<<63).data(200), "does not lie in the file"},
		{"data cut", tensor("a", []uint64{64}, 0, 0).data(255), "does not lie in the file"},
		{"no name", tensor("", []uint64{2}, 0, 0).data(200), "tensor name"},
		{"tensor twice", ggufHead(3, 2, 0).put("a", uint32(1), uint64(1), uint32(0), uint64(0), "a", uint32(1), uint64(1), uint32(0), uint64(32)).data(64), "stands twice"},
		{"overlap", ggufHead(3, 2, 0).put("a", uint32(1), uint64(16), uint32(0), uint64(0), "b", uint32(1), uint64(1), uint32(0), uint64(32)).data(64), "are another's"},
		{"a safetensors file", contents(t, "real.safetensors"), `expected "GGUF"`},
	} {
		h, err := readGG(c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) || len(h.Tensors) != 0 {
			t.Errorf("%s: %v %v, want %q", c.name, h.Tensors, err, c.want)
		}
	}
}

func shard(name string) []byte {
	return safetensorsOf(fmt.Sprintf(`{"__metadata__":{"from":%q},%q:{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}`, name, name), 3)
}

func index(t testing.TB, where map[string]string) []byte {
	t.Helper()
	data, err := json.Marshal(map[string]any{"metadata": map[string]any{"total_size": 6}, "weight_map": where})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestDirectories: which files of a directory are the weights, and which
// directories are refused.
func TestDirectories(t *testing.T) {
	type files = map[string][]byte
	both := map[string]string{"a": "m-1.safetensors", "b": "m-2.safetensors"}
	gguf := ggufHead(3, 1, 0).put("a", uint32(1), uint64(1), uint32(0), uint64(0)).data(32)
	other := ggufHead(3, 1, 0).put("b", uint32(1), uint64(2), uint32(0), uint64(0)).data(32)
	for _, c := range []struct {
		name  string
		files files
		want  string // names of tensors, or of the refusal
	}{
		{"sharded", files{indexName: index(t, both), "m-1.safetensors": shard("a"), "m-2.safetensors": shard("b"), "x.safetensors": nil}, "a b"},
		{"one file", files{"weights.safetensors": shard("a"), "config.json": []byte("{}")}, "a"},
		{"model beside an adapter", files{"model.safetensors": shard("a"), "adapter_model.safetensors": shard("b")}, "a"},
		{"one GGUF", files{"x.gguf": gguf}, "a"},
		{"split GGUF", files{"x-00001-of-00002.gguf": gguf, "x-00002-of-00002.gguf": other}, "a b"},
		{"nothing", files{"config.json": []byte("{}")}, ErrNoWeights.Error()},
		{"another format", files{"model.bin": []byte("x")}, ErrNoWeights.Error()},
		{"two files without an index", files{"a.safetensors": shard("a"), "b.safetensors": shard("b")}, "expected the index"},
		{"a part of a split GGUF missing", files{"x-00001-of-00003.gguf": gguf, "x-00003-of-00003.gguf": other}, "expected one model"},
		{"two GGUF models", files{"x.gguf": gguf, "y.gguf": other}, "expected one model"},
		{"the same tensor in two parts", files{"x-00001-of-00002.gguf": gguf, "x-00002-of-00002.gguf": gguf}, "lies in"},
		{"a shard missing", files{indexName: index(t, both), "m-1.safetensors": shard("a")}, "m-2.safetensors"},
		{"a tensor missing from its shard", files{indexName: index(t, both), "m-1.safetensors": shard("a"), "m-2.safetensors": safetensorsOf("{}", 0)}, `tensor "b" is not in m-2.safetensors`},
		{"a tensor that the index does not name", files{indexName: index(t, map[string]string{"a": "m-1.safetensors", "b": "m-1.safetensors"}), "m-1.safetensors": shard("x")}, `tensor "x"`},
		{"a tensor in another shard", files{indexName: index(t, both), "m-1.safetensors": shard("b"), "m-2.safetensors": shard("a")}, "says it lies in"},
		{"a shard above the directory", files{indexName: index(t, map[string]string{"a": "../m.safetensors"})}, "beside the index"},
		{"a shard below the directory", files{indexName: index(t, map[string]string{"a": "x/m.safetensors"})}, "beside the index"},
		{"a shard with an absolute path", files{indexName: index(t, map[string]string{"a": "/m.safetensors"})}, "beside the index"},
		{"a shard of another format", files{indexName: index(t, map[string]string{"a": "m.bin"})}, "beside the index"},
		{"an index of nothing", files{indexName: index(t, map[string]string{})}, "weight_map"},
		{"an index that is no object", files{indexName: []byte("[]")}, "expected an object"},
		{"an index that names a tensor twice", files{indexName: []byte(`{"weight_map":{"a":"m.safetensors","a":"m.safetensors"}}`)}, "stands twice"},
		{"an index with two maps", files{indexName: []byte(`{"weight_map":{"a":"m.safetensors"},"weight_map":{"b":"m.safetensors"}}`)}, "weight_map stands twice"},
		{"a damaged file", files{"model.safetensors": shard("a")[:30]}, "model.safetensors: header of"},
	} {
		dir := fstest.MapFS{}
		for name, data := range c.files {
			dir[name] = &fstest.MapFile{Data: data}
		}
		h, err := ReadDir(dir)
		var names []string
		for _, tensor := range h.Tensors {
			names = append(names, tensor.Name)
		}
		got := strings.Join(names, " ")
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != c.want || !strings.Contains(got, c.want) {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if _, err := ReadDir(fstest.MapFS{}); !errors.Is(err, ErrNoWeights) {
		t.Error(err)
	}
}

// TestParameters: what quantizers store, counted as what it unpacks to.
func TestParameters(t *testing.T) {
	tensor := func(name, typ string, shape ...uint64) Tensor {
		n, err := elements(shape)
		if err != nil {
			t.Fatal(err)
		}
		return Tensor{Name: name, Type: typ, Shape: shape, Elements: n}
	}
	for _, c := range []struct {
		name string
		list []Tensor
		want Parameters
	}{
		{"plain", []Tensor{tensor("a.weight", "BF16", 64, 32), tensor("a.bias", "BF16", 64)}, Parameters{Total: 2112, Stored: 2112}},
		{"GPTQ, 4 bit, 64 in, 32 out", []Tensor{tensor("a.qweight", "I32", 8, 32), tensor("a.scales", "F16", 1, 32), tensor("a.qzeros", "I32", 1, 4), tensor("a.g_idx", "I32", 64)},
			Parameters{Total: 2048, Stored: 256 + 32 + 4 + 64, Packed: 256, Companions: 100}},
		{"GPTQ, 8 bit", []Tensor{tensor("a.qweight", "I32", 16, 32), tensor("a.scales", "F16", 1, 32), tensor("a.g_idx", "I32", 64)}, Parameters{Total: 2048, Stored: 512 + 96, Packed: 512, Companions: 96}},
		{"AWQ, 4 bit, 64 in, 32 out", []Tensor{tensor("a.qweight", "I32", 64, 4), tensor("a.scales", "F16", 1, 32), tensor("a.qzeros", "I32", 1, 4)}, Parameters{Total: 2048, Stored: 256 + 36, Packed: 256, Companions: 36}},
		{"bitsandbytes, 64 x 32", []Tensor{tensor("a.weight", "U8", 1024, 1), tensor("a.weight.absmax", "F32", 32), tensor("a.weight.quant_map", "F32", 16), tensor("a.weight.quant_state.bitsandbytes__nf4", "U8", 90)},
			Parameters{Total: 2048, Stored: 1024 + 138, Packed: 1024, Companions: 138}},
		{"MXFP4", []Tensor{tensor("e.down_proj_blocks", "U8", 4, 8, 2, 16), tensor("e.down_proj_scales", "U8", 4, 8, 2), tensor("e.down_proj_bias", "BF16", 4, 8)},
			Parameters{Total: 2048 + 32, Stored: 1024 + 64 + 32, Packed: 1024, Companions: 64}},
		{"compressed-tensors", []Tensor{tensor("a.weight_packed", "I32", 64, 4), tensor("a.weight_scale", "BF16", 64, 1), tensor("a.weight_shape", "I64", 2)}, Parameters{Total: 2048, Stored: 256 + 66, Packed: 256, Companions: 66}},
		{"FP8 with scales of blocks", []Tensor{tensor("a.weight", "F8_E4M3", 64, 32), tensor("a.weight_scale_inv", "F32", 1, 1)}, Parameters{Total: 2048, Stored: 2049, Companions: 1}},
		{"8-bit weights that nobody packed", []Tensor{tensor("a.weight", "U8", 64, 32)}, Parameters{Total: 2048, Stored: 2048}},
		{"buffers of old checkpoints", []Tensor{tensor("h.0.attn.bias", "F32", 1, 1, 8, 8), tensor("h.0.attn.masked_bias", "F32"), tensor("rotary.inv_freq", "F32", 4), tensor("h.0.attn.c_attn.bias", "F32", 24)},
			Parameters{Total: 24, Stored: 93, Buffers: 69}},
	} {
		if got := (Header{Tensors: c.list}).Parameters(nil); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	kept := Header{Tensors: []Tensor{tensor("a", "F32", 3), tensor("b", "F32", 5)}}.Parameters(func(t Tensor) bool { return t.Name == "b" })
	if kept.Total != 5 {
		t.Errorf("%+v", kept)
	}
}
