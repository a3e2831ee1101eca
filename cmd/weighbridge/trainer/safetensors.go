package trainer

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
)

// The safetensors format: the header's length as eight little-endian bytes, a
// JSON header padded with spaces to eight bytes, the values. This is what
// safetensors.torch.save_file writes for the same weights, byte for byte.

// maxHeader bounds what is read before anything is known; 100 tensors take 15 kB.
const maxHeader = 1 << 20

// header is the JSON header, padded, with which the tensors of a shape are stored.
func (c Config) header() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{"__metadata__":{"format":"pt"}`)
	for _, t := range c.tensors() {
		entry, err := json.Marshal(storedTensor{Type: "F32", Shape: t.shape, Offsets: []int{4 * t.offset, 4 * (t.offset + t.elements())}})
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, ",%q:%s", t.name, entry)
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	return b.Bytes(), nil
}

type storedTensor struct {
	Type    string `json:"dtype"`
	Shape   []int  `json:"shape"`
	Offsets []int  `json:"data_offsets"`
}

// writeWeights writes the weights of a model as safetensors.
func writeWeights(w io.Writer, m *Model) error {
	header, err := m.Config.header()
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	out.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) // bufio keeps the first error for Flush
	out.Write(header)
	var four [4]byte
	for _, v := range m.flat {
		binary.LittleEndian.PutUint32(four[:], math.Float32bits(v))
		out.Write(four[:])
	}
	return out.Flush()
}

// readWeights reads what writeWeights writes for the shape, and nothing else:
// other tensors, another order, holes, values that are no numbers and bytes after
// the end are errors. It allocates by the shape, never by what the file says.
func readWeights(r io.Reader, c Config) ([]float32, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	var length [8]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		return nil, fmt.Errorf("the header's length: %w", cutShort(err))
	}
	n := binary.LittleEndian.Uint64(length[:])
	if n > maxHeader || n%8 != 0 {
		return nil, fmt.Errorf("the header is %d bytes long, expected a multiple of 8 up to %d", n, maxHeader)
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(in, header); err != nil {
		return nil, fmt.Errorf("the header of %d bytes: %w", n, cutShort(err))
	}
	if err := checkHeader(header, c); err != nil {
		return nil, fmt.Errorf("the header: %w", err)
	}
	return readValues(in, c)
}

// checkHeader names the first tensor that is not as the shape wants it, and then
// holds the header against the one encoding of it.
func checkHeader(header []byte, c Config) error {
	var found map[string]json.RawMessage
	if err := json.Unmarshal(header, &found); err != nil {
		return fmt.Errorf("not a JSON object: %w", err)
	}
	for _, t := range c.tensors() {
		raw, exists := found[t.name]
		if !exists {
			return fmt.Errorf("tensor %s is missing", t.name)
		}
		var stored storedTensor
		if err := json.Unmarshal(raw, &stored); err != nil {
			return fmt.Errorf("tensor %s: %w", t.name, err)
		}
		if err := stored.matches(t); err != nil {
			return fmt.Errorf("tensor %s: %w", t.name, err)
		}
		delete(found, t.name)
	}
	delete(found, "__metadata__")
	if len(found) > 0 {
		return fmt.Errorf("tensor %s is not one of this model", slices.Min(slices.Collect(maps.Keys(found))))
	}
	return sameBytes(header, c.header)
}

func (s storedTensor) matches(t tensor) error {
	begin, end := 4*t.offset, 4*(t.offset+t.elements())
	switch {
	case s.Type != "F32":
		return fmt.Errorf("dtype %q, expected F32", s.Type)
	case fmt.Sprint(s.Shape) != fmt.Sprint(t.shape):
		return fmt.Errorf("shape %v, expected %v", s.Shape, t.shape)
	case len(s.Offsets) != 2 || s.Offsets[0] != begin || s.Offsets[1] != end:
		return fmt.Errorf("data_offsets %v, expected [%d %d]", s.Offsets, begin, end)
	}
	return nil
}

func readValues(in *bufio.Reader, c Config) ([]float32, error) {
	flat := make([]float32, c.Parameters())
	var four [4]byte
	for i := range flat {
		if _, err := io.ReadFull(in, four[:]); err != nil {
			return nil, fmt.Errorf("value %d of %d: %w", i, len(flat), cutShort(err))
		}
		v := math.Float32frombits(binary.LittleEndian.Uint32(four[:]))
		if v-v != 0 { // NaN or infinite
			return nil, fmt.Errorf("value %d of %d is %v, expected a number", i, len(flat), v)
		}
		flat[i] = v
	}
	switch _, err := in.ReadByte(); {
	case err == nil:
		return nil, errors.New("bytes after the last tensor")
	case err != io.EOF:
		return nil, err
	}
	return flat, nil
}

// cutShort calls the end of the file in the wrong place what it is.
func cutShort(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("the file ends too early")
	}
	return err
}
