package tensors

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"
)

// ggmlType is a type of GGUF by its number: name, elements and bytes of a block
// (ggml.h, enum ggml_type; gguf-py, GGML_QUANT_SIZES).
type ggmlType struct {
	name  string
	sized sized
}

func ggmlTypes() map[uint32]ggmlType {
	return map[uint32]ggmlType{
		0: {"F32", sized{1, 4, 0}}, 1: {"F16", sized{1, 2, 0}}, 2: {"Q4_0", sized{32, 18, 0}}, 3: {"Q4_1", sized{32, 20, 0}}, 6: {"Q5_0", sized{32, 22, 0}},
		7: {"Q5_1", sized{32, 24, 0}}, 8: {"Q8_0", sized{32, 34, 0}}, 10: {"Q2_K", sized{256, 84, 0}}, 11: {"Q3_K", sized{256, 110, 0}},
		12: {"Q4_K", sized{256, 144, 0}}, 13: {"Q5_K", sized{256, 176, 0}}, 14: {"Q6_K", sized{256, 210, 0}}, 15: {"Q8_K", sized{256, 292, 0}},
		16: {"IQ2_XXS", sized{256, 66, 0}}, 17: {"IQ2_XS", sized{256, 74, 0}}, 18: {"IQ3_XXS", sized{256, 98, 0}}, 19: {"IQ1_S", sized{256, 50, 0}},
		20: {"IQ4_NL", sized{32, 18, 0}}, 21: {"IQ3_S", sized{256, 110, 0}}, 22: {"IQ2_S", sized{256, 82, 0}}, 23: {"IQ4_XS", sized{256, 136, 0}},
		24: {"I8", sized{1, 1, 0}}, 25: {"I16", sized{1, 2, 0}}, 26: {"I32", sized{1, 4, 0}}, 27: {"I64", sized{1, 8, 0}}, 28: {"F64", sized{1, 8, 0}},
		29: {"IQ1_M", sized{256, 56, 0}}, 30: {"BF16", sized{1, 2, 0}}, 34: {"TQ1_0", sized{256, 54, 0}}, 35: {"TQ2_0", sized{256, 66, 0}}, 39: {"MXFP4", sized{32, 17, 0}}, 40: {"NVFP4", sized{64, 36, 0}},
	}
}

// The types of metadata values (GGUF specification, gguf_metadata_value_type).
const (
	ggufString = 8
	ggufArray  = 9
)

// ggufWidth is the bytes of a value of fixed width; 0: it has none.
func ggufWidth(kind uint32) int64 {
	widths := [...]int64{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8} // u8 i8 u16 i16 u32 i32 f32 bool string array u64 i64 f64
	if kind >= uint32(len(widths)) {
		return 0
	}
	return widths[kind]
}

// ReadGGUF reads the header of one GGUF file, version 2 or 3, little-endian, of
// the given size in bytes.
func ReadGGUF(r io.ReaderAt, size int64) (Header, error) {
	h, err := readGGUF(io.NewSectionReader(r, 0, size), size)
	if err != nil {
		return Header{}, fmt.Errorf("gguf: %w", err)
	}
	return h, nil
}

// ggufReader reads values one after the other and keeps the first error.
type ggufReader struct {
	r    *bufio.Reader
	at   int64 // bytes read
	size int64 // of the file
	err  error
}

func (g *ggufReader) bytes(n int64) []byte {
	if g.err == nil && (n < 0 || n > g.size-g.at) {
		g.err = fmt.Errorf("%d bytes wanted at %d of a file of %d: it is cut short, or a length in it is wrong", n, g.at, g.size)
	}
	if g.err != nil {
		return make([]byte, min(max(n, 0), 8))
	}
	b := make([]byte, n)
	_, g.err = io.ReadFull(g.r, b)
	g.at += n
	return b
}

func (g *ggufReader) skip(n int64) {
	if g.err == nil && (n < 0 || n > g.size-g.at) {
		g.err = fmt.Errorf("%d bytes wanted at %d of a file of %d: it is cut short, or a length in it is wrong", n, g.at, g.size)
	}
	if g.err == nil {
		_, g.err = io.CopyN(io.Discard, g.r, n)
		g.at += n
	}
}

func (g *ggufReader) u32() uint32 { return binary.LittleEndian.Uint32(g.bytes(4)) }
func (g *ggufReader) u64() uint64 { return binary.LittleEndian.Uint64(g.bytes(8)) }

// count reads a number that is limited, of things that take some bytes each.
func (g *ggufReader) count(what string, limit uint64, each int64) uint64 {
	n := g.u64()
	if g.err == nil && (n > limit || int64(n) > (g.size-g.at)/each) {
		g.err = fmt.Errorf("%d %s: expected at most %d, and to lie in the file", n, what, limit)
	}
	if g.err != nil {
		return 0
	}
	return n
}

func (g *ggufReader) text(what string, limit uint64) string {
	b := g.bytes(int64(g.count("bytes of "+what, limit, 1)))
	if g.err != nil {
		return ""
	}
	return string(b)
}

func readGGUF(r io.Reader, size int64) (Header, error) {
	g := &ggufReader{r: bufio.NewReader(r), size: size}
	if magic := string(g.bytes(4)); g.err != nil || magic != "GGUF" {
		return Header{}, fmt.Errorf("the first bytes are %.4q, expected \"GGUF\"", magic)
	}
	if version := g.u32(); g.err == nil && version != 2 && version != 3 {
		return Header{}, fmt.Errorf("version %d: expected 2 or 3 (little-endian)", version)
	}
	list, entries := g.count("tensors", maxTensors, 8), g.count("metadata entries", maxMetadata, 12)
	h := Header{Format: "gguf", Metadata: map[string]string{}}
	for range entries {
		g.entry(h.Metadata)
	}
	var places []place
	types, seen := ggmlTypes(), map[string]bool{}
	for range list {
		t, p := g.tensor(types)
		if g.err == nil && seen[t.Name] {
			g.err = fmt.Errorf("tensor %q stands twice", clip(t.Name))
		}
		if g.err != nil {
			return Header{}, g.err
		}
		seen[t.Name] = true
		h.Tensors, places = append(h.Tensors, t), append(places, p)
	}
	if g.err != nil {
		return Header{}, g.err
	}
	return h, g.checkData(h, places)
}

// checkData holds the tensors' places against the aligned data that follows.
func (g *ggufReader) checkData(h Header, places []place) error {
	alignment := uint64(32)
	if text, stated := h.Metadata["general.alignment"]; stated {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil || n == 0 || n%8 != 0 {
			return fmt.Errorf("general.alignment %q: expected a multiple of 8", clip(text))
		}
		alignment = n
	}
	for i, p := range places {
		if p.begin%alignment != 0 {
			return fmt.Errorf("tensor %q: begins at %d, expected a multiple of %d", clip(h.Tensors[i].Name), p.begin, alignment)
		}
	}
	start := (uint64(g.at) + alignment - 1) / alignment * alignment
	data := uint64(0)
	if start <= uint64(g.size) {
		data = uint64(g.size) - start
	}
	return checkPlaces(h.Tensors, places, data, false)
}

func (g *ggufReader) entry(into map[string]string) {
	key := g.text("a key", math.MaxUint16)
	kind := g.u32()
	value := g.value(kind, 0)
	if g.err != nil {
		return
	}
	if _, twice := into[key]; twice || key == "" || !utf8.ValidString(key) {
		g.err = fmt.Errorf("metadata key %q: expected UTF-8 text that stands once", clip(key))
		return
	}
	into[key] = describe(value)
}

// value reads a value and returns it as text; a list is described.
func (g *ggufReader) value(kind uint32, depth int) string {
	switch {
	case g.err != nil:
		return ""
	case kind == ggufString:
		return g.text("a value", maxGGUFString)
	case kind == ggufArray:
		return g.array(depth)
	case ggufWidth(kind) == 0:
		g.err = fmt.Errorf("metadata type %d is not known", kind)
		return ""
	}
	return number(kind, g.bytes(ggufWidth(kind)))
}

func (g *ggufReader) array(depth int) string {
	kind := g.u32()
	width := ggufWidth(kind)
	n := g.count("elements of a list", maxGGUFArray, max(width, 8*b2i(width == 0)))
	switch {
	case g.err != nil:
	case width != 0:
		g.skip(int64(n) * width)
	case kind != ggufString && kind != ggufArray:
		g.err = fmt.Errorf("metadata type %d is not known", kind)
	case depth == maxGGUFNesting:
		g.err = errors.New("lists within lists, too deep")
	default:
		for i := uint64(0); i < n && g.err == nil; i++ {
			if kind == ggufString {
				g.skip(int64(g.count("bytes of a value", maxGGUFString, 1)))
				continue
			}
			g.array(depth + 1)
		}
	}
	return fmt.Sprintf("(list of %d)", n)
}

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// number prints a value of fixed width.
func number(kind uint32, b []byte) string {
	var wide [8]byte
	copy(wide[:], b)
	n := binary.LittleEndian.Uint64(wide[:])
	switch kind {
	case 1:
		return strconv.FormatInt(int64(int8(n)), 10)
	case 3:
		return strconv.FormatInt(int64(int16(n)), 10)
	case 5:
		return strconv.FormatInt(int64(int32(n)), 10)
	case 11:
		return strconv.FormatInt(int64(n), 10)
	case 6:
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(n))), 'g', -1, 32)
	case 12:
		return strconv.FormatFloat(math.Float64frombits(n), 'g', -1, 64)
	case 7:
		return strconv.FormatBool(n != 0)
	}
	return strconv.FormatUint(n, 10)
}

func (g *ggufReader) tensor(types map[uint32]ggmlType) (Tensor, place) {
	t := Tensor{Name: g.text("a tensor's name", maxNameBytes)}
	dimensions := g.u32()
	if g.err == nil && dimensions > maxDimensions {
		g.err = fmt.Errorf("tensor %q: %d dimensions, expected at most %d", clip(t.Name), dimensions, maxDimensions)
	}
	if g.err == nil {
		g.err = checkName(t.Name)
	}
	for i := uint32(0); i < dimensions && g.err == nil; i++ {
		t.Shape = append(t.Shape, g.u64())
	}
	number, offset := g.u32(), g.u64()
	if g.err != nil {
		return t, place{}
	}
	end, err := t.measure(types, number, offset)
	if err != nil {
		g.err = fmt.Errorf("tensor %q: %w", clip(t.Name), err)
	}
	return t, place{offset, end}
}

// measure fills in what follows from type and shape, and returns where the
// bytes end.
func (t *Tensor) measure(types map[uint32]ggmlType, number uint32, offset uint64) (end uint64, err error) {
	typ, known := types[number]
	if !known {
		return 0, fmt.Errorf("type %d is not known", number)
	}
	t.Type = typ.name
	if t.Elements, err = elements(t.Shape); err != nil {
		return 0, err
	}
	row := uint64(1)
	if len(t.Shape) > 0 {
		row = t.Shape[0]
	}
	if row%typ.sized.block != 0 {
		return 0, fmt.Errorf("rows of %d, which %s does not divide into blocks of %d", row, t.Type, typ.sized.block)
	}
	if t.Bytes, err = typ.sized.size(t.Elements); err != nil {
		return 0, err
	}
	if offset > math.MaxInt64 {
		return 0, fmt.Errorf("begins at %d: it does not lie in the file", offset)
	}
	return offset + t.Bytes, nil
}
