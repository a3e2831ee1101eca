package trainer

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func openRoot(t *testing.T) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

// TestRoundTrip: what is written is read back to the last bit, and written again
// it is the same bytes.
func TestRoundTrip(t *testing.T) {
	for name, c := range smallShapes {
		m, root := smallModel(t, c), openRoot(t)
		m.flat[3] = float32(math.Copysign(0, -1))
		m.flat[4] = math.SmallestNonzeroFloat32
		if err := m.Write(root); err != nil {
			t.Fatal(err)
		}
		back, err := Read(root.FS())
		if err != nil {
			t.Fatal(err)
		}
		same := func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }
		if back.Config != c || !slices.EqualFunc(back.flat, m.flat, same) || back.Vocabulary.Decode([]uint16{0, 1, 3}) != "abd" {
			t.Errorf("%s: the model read back differs", name)
		}
		again := openRoot(t)
		if err := back.Write(again); err != nil {
			t.Fatal(err)
		}
		for file, data := range files(t, root) {
			if !bytes.Equal(data.Data, files(t, again)[file].Data) {
				t.Errorf("%s: %s differs when written again", name, file)
			}
		}
	}
}

// files reads a directory; it must hold the three files and nothing else.
func files(t *testing.T, root *os.Root) fstest.MapFS {
	t.Helper()
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		t.Fatal(err)
	}
	all := fstest.MapFS{}
	for _, e := range entries {
		data, err := root.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = &fstest.MapFile{Data: data, Mode: 0o644}
	}
	if len(all) != 3 || all[configName] == nil || all[vocabularyName] == nil || all[weightsName] == nil {
		t.Fatalf("the directory holds %v", entries)
	}
	return all
}

// TestSafetensorsForm: the length, the padding and the header are as the format
// has them, and the values of a tensor stand where its offsets say.
func TestSafetensorsForm(t *testing.T) {
	m := smallModel(t, smallShapes["grouped"])
	var out bytes.Buffer
	if err := writeWeights(&out, m); err != nil {
		t.Fatal(err)
	}
	n := binary.LittleEndian.Uint64(out.Bytes())
	header, values := out.Bytes()[8:8+n], out.Bytes()[8+n:]
	if n%8 != 0 || len(values) != 4*len(m.flat) {
		t.Errorf("header of %d bytes, %d bytes of values for %d weights", n, len(values), len(m.flat))
	}
	const start = `{"__metadata__":{"format":"pt"},"lm_head.weight":{"dtype":"F32","shape":[11,10],"data_offsets":[0,440]},"model.embed_tokens.weight":{`
	if !bytes.HasPrefix(header, []byte(start)) {
		t.Errorf("the header begins %.140q", header)
	}
	var entries map[string]struct {
		Shape   []int `json:"shape"`
		Offsets []int `json:"data_offsets"`
	}
	if err := json.Unmarshal(header, &entries); err != nil {
		t.Fatal(err)
	}
	key := entries["model.layers.1.self_attn.k_proj.weight"]
	first := math.Float32frombits(binary.LittleEndian.Uint32(values[key.Offsets[0]:]))
	if w := bind(m.Config, m.flat).layers[1].key; first != w.data[0] || key.Shape[0] != w.rows || key.Shape[1] != w.cols {
		t.Errorf("layer 1's key weights do not stand where the header says")
	}
}

// TestWriteRefuses: two models never mix, and a failed write leaves nothing that
// looks like a model.
func TestWriteRefuses(t *testing.T) {
	m := smallModel(t, smallShapes["tied"])
	for _, name := range []string{configName, vocabularyName, weightsName} {
		root := openRoot(t)
		if err := root.WriteFile(name, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := m.Write(root); err == nil || !strings.Contains(err.Error(), "already holds "+name+"; name an empty directory") {
			t.Errorf("over %s: %v", name, err)
		}
		if data, err := root.ReadFile(name); string(data) != "mine" {
			t.Errorf("%s now holds %q: %v", name, data, err)
		}
	}
	root := openRoot(t)
	broken := errors.New("no space left")
	if err := writeFile(root, weightsName, func(w io.Writer) error {
		w.Write(make([]byte, 100))
		return broken
	}); !errors.Is(err, broken) {
		t.Errorf("error %v, expected %v", err, broken)
	}
	if entries, err := fs.ReadDir(root.FS(), "."); err != nil || len(entries) != 0 {
		t.Errorf("a failed write left %v: %v", entries, err)
	}
}

// vector is one way in which a stored model can be wrong.
type vector struct {
	name, file string
	change     func([]byte) []byte
	want       string
}

func replace(old, new string) func([]byte) []byte {
	return func(data []byte) []byte { return bytes.Replace(data, []byte(old), []byte(new), 1) }
}

// inHeader changes the header and corrects the length before it.
func inHeader(change func([]byte) []byte) func([]byte) []byte {
	return func(data []byte) []byte {
		n := binary.LittleEndian.Uint64(data)
		header := change(bytes.Clone(data[8 : 8+n]))
		for len(header)%8 != 0 {
			header = append(header, ' ')
		}
		out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
		return slices.Concat(out, header, data[8+n:])
	}
}

func cut(n int) func([]byte) []byte  { return func(data []byte) []byte { return data[:len(data)-n] } }
func keep(n int) func([]byte) []byte { return func(data []byte) []byte { return data[:n] } }
func tail(s string) func([]byte) []byte {
	return func(data []byte) []byte { return append(bytes.Clone(data), s...) }
}

func lastValue(bits uint32) func([]byte) []byte {
	return func(data []byte) []byte {
		return binary.LittleEndian.AppendUint32(bytes.Clone(data[:len(data)-4]), bits)
	}
}

func headerLength(n uint64) func([]byte) []byte {
	return func(data []byte) []byte { return append(binary.LittleEndian.AppendUint64(nil, n), data[8:]...) }
}

const normEntry = `,"model.norm.weight":{"dtype":"F32","shape":[10],`

var vectors = []vector{
	{"empty", weightsName, keep(0), "the header's length: the file ends too early"},
	{"cut-in-length", weightsName, keep(5), "the header's length: the file ends too early"},
	{"cut-in-header", weightsName, keep(100), "the file ends too early"},
	{"cut-after-header", weightsName, cut(4 * 2550), "value 0 of 2550: the file ends too early"},
	{"cut-in-last-value", weightsName, cut(1), "value 2549 of 2550: the file ends too early"},
	{"trailing-bytes", weightsName, tail("\x00"), "bytes after the last tensor"},
	{"length-of-everything", weightsName, headerLength(math.MaxUint64), "the header is 18446744073709551615 bytes long"},
	{"length-over-limit", weightsName, headerLength(maxHeader + 8), "the header is 1048584 bytes long"},
	{"length-unaligned", weightsName, headerLength(1001), "expected a multiple of 8"},
	{"length-short", weightsName, headerLength(64), "not a JSON object"},
	{"length-zero", weightsName, headerLength(0), "not a JSON object"},
	{"header-list", weightsName, inHeader(func([]byte) []byte { return []byte("[1]") }), "not a JSON object"},
	{"header-null", weightsName, inHeader(func([]byte) []byte { return []byte("null") }), "tensor lm_head.weight is missing"},
	{"header-deep", weightsName, inHeader(func([]byte) []byte { return bytes.Repeat([]byte("["), 20000) }), "not a JSON object"},
	{"header-trailing", weightsName, inHeader(replace("}}", "}}{}")), "not a JSON object"},
	{"tensor-missing", weightsName, inHeader(replace("model.norm.weight", "model.morn.weight")), "tensor model.norm.weight is missing"},
	{"tensor-extra", weightsName, inHeader(replace(normEntry, `,"model.more":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`+normEntry)), "tensor model.more is not one of this model"},
	{"tensor-twice", weightsName, inHeader(replace(normEntry, `,"model.norm.weight":0`+normEntry)), "differs from what this trainer writes"},
	{"tensor-null", weightsName, inHeader(replace(normEntry+`"data_offsets":[10160,10200]}`, `,"model.norm.weight":null`)), `dtype "", expected F32`},
	{"other-type", weightsName, inHeader(replace(`"F32"`, `"F16"`)), `tensor lm_head.weight: dtype "F16", expected F32`},
	{"other-shape", weightsName, inHeader(replace(`[11,10]`, `[10,11]`)), `shape [10 11], expected [11 10]`},
	{"negative-shape", weightsName, inHeader(replace(`[11,10]`, `[-11,-10]`)), `shape [-11 -10]`},
	{"huge-shape", weightsName, inHeader(replace(`[11,10]`, `[99999999999999999999,1]`)), "cannot unmarshal number"},
	{"offsets-overlap", weightsName, inHeader(replace(`[440,880]`, `[0,440]`)), "data_offsets [0 440], expected [440 880]"},
	{"offsets-backwards", weightsName, inHeader(replace(`[440,880]`, `[880,440]`)), "data_offsets [880 440]"},
	{"unknown-field", weightsName, inHeader(replace(`"dtype":"F32",`, `"dtype":"F32","note":1,`)), "differs from what this trainer writes"},
	{"key-in-another-case", weightsName, inHeader(replace(`"dtype"`, `"Dtype"`)), "differs from what this trainer writes"},
	{"other-metadata", weightsName, inHeader(replace(`"pt"`, `"tf"`)), `found "tf\"}`},
	{"no-metadata", weightsName, inHeader(replace(`"__metadata__":{"format":"pt"},`, ``)), "differs from what this trainer writes"},
	{"spaces-inside", weightsName, inHeader(replace(`:`, `: `)), "differs from what this trainer writes"},
	{"spaces-after", weightsName, inHeader(tail("        ")), "differs from what this trainer writes"},
	{"not-a-number", weightsName, lastValue(0x7fc00000), "value 2549 of 2550 is NaN"},
	{"infinite", weightsName, lastValue(0xff800000), "value 2549 of 2550 is -Inf"},

	{"empty-config", configName, keep(0), "not a config.json of this trainer: EOF"},
	{"cut-config", configName, cut(30), "not a config.json of this trainer: unexpected EOF"},
	{"trailing-config", configName, tail("{}"), "differs from what this trainer writes"},
	{"no-last-line-feed", configName, cut(1), "differs from what this trainer writes"},
	{"unknown-setting", configName, replace(`"attention_bias"`, `"attention_dias"`), `unknown field "attention_dias"`},
	{"other-setting", configName, replace(`"mlp_bias": false`, `"mlp_bias": true`), `found "true`},
	{"setting-twice", configName, replace(`"mlp_bias": false,`, `"mlp_bias": false, "mlp_bias": false,`), "differs from what this trainer writes"},
	{"setting-in-another-case", configName, replace(`"hidden_size"`, `"Hidden_size"`), "differs from what this trainer writes"},
	{"other-model", configName, replace(`"model_type": "llama"`, `"model_type": "gpt2"`), `model_type "gpt2"`},
	{"other-precision", configName, replace(`"float32"`, `"bfloat16"`), `torch_dtype "bfloat16"`},
	{"fraction", configName, replace(`"hidden_size": 10`, `"hidden_size": 10.5`), "cannot unmarshal number 10.5"},
	{"huge", configName, replace(`"hidden_size": 10`, `"hidden_size": 1000000`), "hidden_size is 1000000, expected 1 to 1024"},
	{"negative", configName, replace(`"num_hidden_layers": 2`, `"num_hidden_layers": -2`), "num_hidden_layers is -2"},
	{"too-many-parameters", configName, func(d []byte) []byte {
		return replace(`"intermediate_size": 14`, `"intermediate_size": 4096`)(replace(`"hidden_size": 10`, `"hidden_size": 1024`)(d))
	}, "parameters, expected at most 16777216"},
	{"odd-head", configName, replace(`"head_dim": 6`, `"head_dim": 7`), "head_dim is 7, expected an even number"},
	{"heads-that-do-not-share", configName, replace(`"num_key_value_heads": 2`, `"num_key_value_heads": 3`), "3 does not divide num_attention_heads 4"},
	{"no-epsilon", configName, replace(`"rms_norm_eps": 0.00001`, `"rms_norm_eps": 0`), "rms_norm_eps is 0"},
	{"theta-below-one", configName, replace(`"rope_theta": 100`, `"rope_theta": 0.5`), "rope_theta is 0.5"},
	{"shape-of-another-file", configName, replace(`"hidden_size": 10`, `"hidden_size": 12`), "tensor lm_head.weight: shape [11 10], expected [11 12]"},
	{"vocabulary-of-another-size", configName, replace(`"vocab_size": 11`, `"vocab_size": 12`), "11 characters, expected vocab_size 12"},

	{"empty-vocabulary", vocabularyName, keep(0), "not an object from characters to numbers"},
	{"null-vocabulary", vocabularyName, func([]byte) []byte { return []byte("null\n") }, "0 different characters"},
	{"two-characters", vocabularyName, replace(`"a"`, `"ab"`), `key "ab", expected one character`},
	{"no-character", vocabularyName, replace(`"a"`, `""`), `key "", expected one character`},
	{"half-a-character", vocabularyName, replace(`"a"`, `"\ud800"`), "expected one character"},
	{"not-utf-8", vocabularyName, replace(`"a"`, "\"\xff\""), "expected one character"},
	{"number-twice", vocabularyName, replace(`"b": 1`, `"b": 0`), "differs from what this trainer writes"},
	{"number-missing", vocabularyName, replace(`"b": 1`, `"b": 20`), "differs from what this trainer writes"},
	{"not-in-order", vocabularyName, replace(`"a": 0`, `"z": 0`), "differs from what this trainer writes"},
	{"character-twice", vocabularyName, replace(`"b": 1`, `"a": 0`), "differs from what this trainer writes"},
	{"trailing-vocabulary", vocabularyName, tail("1"), "not an object from characters to numbers"},
	{"fraction-number", vocabularyName, replace(`"b": 1`, `"b": 1.5`), "not an object from characters to numbers"},
}

// TestReadRefuses goes through the vectors: each is the good model with one change,
// and each is refused with words that name the file and the fault.
func TestReadRefuses(t *testing.T) {
	root := openRoot(t)
	if err := smallModel(t, smallShapes["grouped"]).Write(root); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		dir := files(t, root)
		good := dir[v.file].Data
		dir[v.file] = &fstest.MapFile{Data: v.change(bytes.Clone(good)), Mode: 0o644}
		if bytes.Equal(dir[v.file].Data, good) {
			t.Errorf("%s changed nothing", v.name)
		}
		_, err := Read(dir)
		if err == nil || !strings.Contains(err.Error(), v.want) || !strings.Contains(err.Error(), "reading the model's ") {
			t.Errorf("%s: %v, expected %q", v.name, err, v.want)
		}
	}
	t.Logf("%d vectors", len(vectors))
	if len(vectors) < 50 {
		t.Error("most vectors are gone")
	}
}

// TestReadRefusesFiles: what is no regular file of a sensible size is not opened.
func TestReadRefusesFiles(t *testing.T) {
	root := openRoot(t)
	if err := smallModel(t, smallShapes["grouped"]).Write(root); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(fstest.MapFS){
		"file does not exist":          func(d fstest.MapFS) { delete(d, weightsName) },
		"expected a regular file":      func(d fstest.MapFS) { d[configName] = &fstest.MapFile{Mode: fs.ModeDir} },
		"expected at most 65536":       func(d fstest.MapFS) { d[configName] = &fstest.MapFile{Data: make([]byte, 65537)} },
		"p---------, expected a regul": func(d fstest.MapFS) { d[vocabularyName] = &fstest.MapFile{Mode: fs.ModeNamedPipe} },
	} {
		dir := files(t, root)
		change(dir)
		if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, expected %q", err, name)
		}
	}
}

// FuzzReadWeights: whatever is accepted is what the writer writes.
func FuzzReadWeights(f *testing.F) {
	m := smallModel(f, smallShapes["shortest-context"])
	var good bytes.Buffer
	if err := writeWeights(&good, m); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	for _, change := range []func([]byte) []byte{tail("x"), cut(1), keep(4), headerLength(0), lastValue(0x7fc00000), inHeader(replace("F32", "F16")), inHeader(tail("        "))} {
		f.Add(change(bytes.Clone(good.Bytes())))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		flat, err := readWeights(bytes.NewReader(data), m.Config)
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := writeWeights(&again, &Model{Config: m.Config, flat: flat}); err != nil || !bytes.Equal(again.Bytes(), data) {
			t.Errorf("accepted %d bytes that the writer would not write: %v", len(data), err)
		}
	})
}

// FuzzParseConfig: a config.json that is accepted has a shape that can be trained
// and is the one encoding of it.
func FuzzParseConfig(f *testing.F) {
	for _, c := range smallShapes {
		data, err := c.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		for _, change := range []func([]byte) []byte{tail("{}"), cut(30), replace("false", "true"), replace("llama", "gpt2"), replace(`"head_dim"`, `"Head_dim"`)} {
			f.Add(change(bytes.Clone(data)))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseConfig(data)
		if err != nil {
			return
		}
		if again, err := c.Encode(); err != nil || !bytes.Equal(again, data) || c.check() != nil {
			t.Errorf("accepted %q, which is not how %+v is written: %v", data, c, err)
		}
	})
}

// FuzzParseVocabulary: an accepted vocabulary numbers its characters one after
// the other, and encodes and decodes its own characters.
func FuzzParseVocabulary(f *testing.F) {
	for _, text := range []string{"ab", letters, "\n\t \"\\<é漢\u2028", pretraining} {
		v, err := NewVocabulary(text)
		if err != nil {
			f.Fatal(err)
		}
		data, err := v.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, bad := range []string{"", "null", "{}", `{"a":0,"a":1}`, `{"ab":0}`} {
		f.Add([]byte(bad))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := parseVocabulary(data)
		if err != nil {
			return
		}
		all := string(v.characters)
		tokens, err := v.Encode(all)
		if err != nil || v.Decode(tokens) != all || int(tokens[len(tokens)-1]) != v.Size()-1 {
			t.Errorf("accepted %q, but %q does not come back: %v", data, all, err)
		}
		if again, err := v.encode(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("accepted %q, which is written %q: %v", data, again, err)
		}
	})
}
