package tensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// safetensorsTypes are the types of the format (safetensors 0.6, enum Dtype).
func safetensorsTypes() map[string]sized {
	return map[string]sized{
		"BOOL": {bits: 8}, "U8": {bits: 8}, "I8": {bits: 8}, "F8_E5M2": {bits: 8}, "F8_E4M3": {bits: 8}, "F8_E8M0": {bits: 8}, "F8_E4M3FNUZ": {bits: 8},
		"F8_E5M2FNUZ": {bits: 8}, "F4": {bits: 4}, "F6_E2M3": {bits: 6}, "F6_E3M2": {bits: 6}, "I16": {bits: 16}, "U16": {bits: 16}, "F16": {bits: 16},
		"BF16": {bits: 16}, "I32": {bits: 32}, "U32": {bits: 32}, "F32": {bits: 32}, "C64": {bits: 64}, "F64": {bits: 64}, "I64": {bits: 64}, "U64": {bits: 64},
	}
}

// ReadSafetensors reads the header of one safetensors file of the given size in
// bytes. It refuses what the format refuses, and tensors that leave a hole, a
// rest, or overlap.
func ReadSafetensors(r io.ReaderAt, size int64) (Header, error) {
	h, err := readSafetensors(io.NewSectionReader(r, 0, size), size)
	if err != nil {
		return Header{}, fmt.Errorf("safetensors: %w", err)
	}
	return h, nil
}

func readSafetensors(r io.Reader, size int64) (Header, error) {
	var prefix [8]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return Header{}, fmt.Errorf("%d bytes: expected 8 bytes of header length, a header and data", size)
	}
	n := binary.LittleEndian.Uint64(prefix[:])
	if n > maxHeaderBytes || int64(n) > size-8 {
		return Header{}, fmt.Errorf("header of %d bytes in a file of %d: expected at most %d, and to lie in the file; is it cut short, or another format?", n, size, maxHeaderBytes)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return Header{}, fmt.Errorf("header of %d bytes: %w", n, err)
	}
	h, places, err := parseSafetensors(text)
	if err != nil {
		return Header{}, err
	}
	return h, checkPlaces(h.Tensors, places, uint64(size)-8-n, true)
}

// place is where a tensor's bytes lie, from the start of the data.
type place struct{ begin, end uint64 }

// checkPlaces holds the tensors' places against each other and the data.
func checkPlaces(list []Tensor, places []place, data uint64, exact bool) error {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return compare(places[i], places[j]) })
	at := uint64(0)
	for _, i := range order {
		p := places[i]
		switch {
		case p.end > data || p.begin > p.end:
			return fmt.Errorf("tensor %q: bytes %d to %d of %d: it does not lie in the file", clip(list[i].Name), p.begin, p.end, data)
		case p.begin < at:
			return fmt.Errorf("tensor %q: its bytes from %d on are another's, which ends at %d", clip(list[i].Name), p.begin, at)
		case exact && p.begin > at:
			return fmt.Errorf("tensor %q: begins at %d, expected %d: a hole before it", clip(list[i].Name), p.begin, at)
		}
		at = p.end
	}
	if exact && at != data {
		return fmt.Errorf("%d bytes follow the last tensor: expected none", data-at)
	}
	return nil
}

func compare(p, q place) int {
	switch {
	case p.begin < q.begin || p.begin == q.begin && p.end < q.end:
		return -1
	case p == q:
		return 0
	}
	return 1
}

// parseSafetensors reads the JSON object, key by key so that a duplicate shows.
func parseSafetensors(text []byte) (Header, []place, error) {
	h := Header{Format: "safetensors", Metadata: map[string]string{}}
	if len(text) == 0 || text[0] != '{' || !utf8.Valid(text) {
		return h, nil, errors.New("the header does not begin an object of UTF-8 text")
	}
	var places []place
	types, seen := safetensorsTypes(), map[string]bool{}
	err := eachField(text, func(name string, value json.RawMessage) (err error) {
		if seen[name] {
			return fmt.Errorf("tensor %q stands twice", clip(name))
		}
		seen[name] = true
		if name == "__metadata__" {
			return metadata(value, h.Metadata)
		}
		if len(h.Tensors) == maxTensors {
			return fmt.Errorf("more than %d tensors", maxTensors)
		}
		t, p, err := parseTensor(name, value, types)
		h.Tensors, places = append(h.Tensors, t), append(places, p)
		return err
	})
	return h, places, err
}

// eachField calls f for the fields of one object with nothing after it but
// spaces.
func eachField(text []byte, f func(string, json.RawMessage) error) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("found %.40q, expected an object", fmt.Sprint(t))
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return fmt.Errorf("object: %w", err)
		}
		name, ok := key.(string)
		if !ok {
			return errors.New("object: a key is no string")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return fmt.Errorf("%q: %w", clip(name), err)
		}
		if err := f(name, value); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return fmt.Errorf("object: %w", err)
	}
	if rest := bytes.TrimRight(text[dec.InputOffset():], " \t\r\n"); len(rest) != 0 {
		return fmt.Errorf("%d bytes follow the object", len(rest))
	}
	return nil
}

func metadata(value json.RawMessage, into map[string]string) error {
	return eachField(value, func(key string, raw json.RawMessage) error {
		var text string
		_, twice := into[key]
		switch {
		case json.Unmarshal(raw, &text) != nil:
			return fmt.Errorf("__metadata__: %q: expected a string", clip(key))
		case len(into) == maxMetadata:
			return fmt.Errorf("__metadata__: more than %d entries", maxMetadata)
		case twice:
			return fmt.Errorf("__metadata__: %q stands twice", clip(key))
		}
		into[key] = describe(text)
		return nil
	})
}

func parseTensor(name string, value json.RawMessage, types map[string]sized) (Tensor, place, error) {
	if err := checkName(name); err != nil {
		return Tensor{}, place{}, err
	}
	fail := func(format string, args ...any) (Tensor, place, error) {
		return Tensor{}, place{}, fmt.Errorf("tensor %q: %s", clip(name), fmt.Sprintf(format, args...))
	}
	t, offsets, fields := Tensor{Name: name}, []uint64(nil), ""
	err := eachField(value, func(key string, raw json.RawMessage) error {
		if strings.Contains(fields, " "+key+" ") {
			return fmt.Errorf("%q stands twice", clip(key))
		}
		fields += " " + key + " "
		switch key {
		case "dtype":
			return json.Unmarshal(raw, &t.Type)
		case "shape":
			return json.Unmarshal(raw, &t.Shape)
		case "data_offsets":
			return json.Unmarshal(raw, &offsets)
		}
		return fmt.Errorf("unknown field %q", clip(key))
	})
	typ, known := types[t.Type]
	switch {
	case err != nil:
		return fail("%v", err)
	case !known:
		return fail("dtype %q is not known", clip(t.Type))
	case t.Shape == nil || len(t.Shape) > maxDimensions:
		return fail("shape %v: expected a list of at most %d numbers", t.Shape, maxDimensions)
	case len(offsets) != 2 || offsets[0] > offsets[1]:
		return fail("data_offsets %v: expected [begin, end]", offsets)
	}
	if t.Elements, err = elements(t.Shape); err != nil {
		return fail("%v", err)
	}
	if t.Bytes, err = typ.size(t.Elements); err != nil {
		return fail("%v", err)
	}
	if found := offsets[1] - offsets[0]; found != t.Bytes {
		return fail("%d bytes, but %s of shape %v takes %d", found, t.Type, t.Shape, t.Bytes)
	}
	return t, place{offsets[0], offsets[1]}, nil
}
