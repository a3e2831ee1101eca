package trainlog

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// tensorBoard reads the scalars of an event file: Event has step 2 and summary
// 5, Summary has value 1, Value has tag 1 and simple_value 2, a float32; newer
// writers put a scalar into field 8, a tensor, whose float_val is field 5 and
// whose bytes are field 4.
//
// A float32 keeps 24 bits: a total of operations or tokens read from one is
// rounded, so it is a figure and no count.
type tensorBoard struct {
	met        bool
	sheet      sheet
	steps      uint64 // the largest
	stepped    bool
	tflopsSeen bool
	records    uint64
	unread     uint64
}

func (t *tensorBoard) name() string    { return eventFormat }
func (t *tensorBoard) marks() []string { return nil }
func (t *tensorBoard) clone() parser {
	c := *t
	c.sheet = t.sheet.clone()
	return &c
}

func (t *tensorBoard) read(l line, n *notes) verdict {
	if l.record == nil {
		return foreign
	}
	t.met = true
	var step uint64
	fields(l.record, func(f protoField) {
		switch {
		case f.number == 2 && f.data == nil:
			step = f.value
		case f.number == 5 && f.data != nil:
			fields(f.data, func(f protoField) {
				if f.number == 1 && f.data != nil {
					t.scalar(f.data, step, l, n)
				}
			})
		}
	})
	return signature
}

func (t *tensorBoard) scalar(value []byte, step uint64, l line, n *notes) {
	var tag []byte
	number, found := float32(0), false
	fields(value, func(f protoField) {
		switch {
		case f.number == 1 && f.data != nil:
			tag = f.data
		case f.number == 2 && f.fixed32:
			number, found = math.Float32frombits(uint32(f.value)), true
		case f.number == 8 && f.data != nil && !found:
			number, found = tensorScalar(f.data)
		}
	})
	if !found || len(tag) == 0 || len(tag) > maxWord || step > maxStep || math.IsNaN(float64(number)) || math.IsInf(float64(number), 0) {
		return
	}
	t.steps, t.stepped = max(t.steps, step), true
	t.sheet.word("last_tag", tag)
	text := strconv.FormatFloat(float64(number), 'g', -1, 32) // the shortest that reads back as the float32 stored
	switch base := strings.ToLower(string(tag)); {
	case base == "tflops" || strings.HasSuffix(base, "/tflops"):
		t.sheet.set("last_tflops", Number, text)
		t.sheet.count("last_tflops_step", step)
	case strings.Contains(base, "total tokens") || strings.Contains(base, "total_tokens") || strings.Contains(base, "n_tokens_seen"):
		t.sheet.set("tokens_printed", Number, text)
		n.add(Rounded, l.at, 0, 0)
	case strings.Contains(base, "total_flos") || strings.Contains(base, "total_training_flops"):
		t.sheet.set("operations_rounded", Number, text)
		n.add(Rounded, l.at, 0, 0)
	}
}

// tensorScalar reads the first float_val of a TensorProto, or four bytes of
// tensor_content, of type DT_FLOAT (1).
func tensorScalar(tensor []byte) (value float32, found bool) {
	kind := uint64(0)
	var bits []byte
	fields(tensor, func(f protoField) {
		switch {
		case f.number == 1 && f.data == nil:
			kind = f.value
		case f.number == 5 && f.fixed32:
			bits = binary.LittleEndian.AppendUint32(nil, uint32(f.value))
		case (f.number == 4 || f.number == 5) && len(f.data) >= 4:
			bits = f.data
		}
	})
	if kind != 1 || len(bits) < 4 {
		return 0, false
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(bits)), true
}

func (t *tensorBoard) observe(o *meter.Observation) {
	if t.stepped {
		o.LastStep = new(t.steps)
	}
}

func (t *tensorBoard) figures() []Figure {
	list := t.sheet.clone()
	list.count("records", t.records)
	list.count("bytes_unread", t.unread)
	if t.stepped {
		list.count("last_step", t.steps)
	}
	return list
}

// protoField is one field of a protobuf message.
type protoField struct {
	number  uint64
	value   uint64 // of a number
	data    []byte // of a text, bytes or message; never nil then
	fixed32 bool
}

// fields calls f for each field of a message, up to the first that is not whole
// (Protocol Buffers encoding: a tag is number << 3 | wire type).
func fields(message []byte, f func(protoField)) {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return
		}
		message = message[n:]
		field, length := wire(tag, message)
		if length < 0 {
			return
		}
		f(field)
		message = message[length:]
	}
}

// wire reads the value of a field and returns its length; -1 when it is cut off
// or of a type that is not used.
func wire(tag uint64, rest []byte) (protoField, int) {
	field := protoField{number: tag >> 3}
	switch tag & 7 {
	case 0:
		v, n := binary.Uvarint(rest)
		field.value = v
		if n <= 0 {
			return field, -1
		}
		return field, n
	case 1:
		if len(rest) < 8 {
			return field, -1
		}
		field.value = binary.LittleEndian.Uint64(rest)
		return field, 8
	case 2:
		size, n := binary.Uvarint(rest)
		if n <= 0 || size > uint64(len(rest)-n) {
			return field, -1
		}
		field.data = rest[n : n+int(size) : n+int(size)]
		return field, n + int(size)
	case 5:
		if len(rest) < 4 {
			return field, -1
		}
		field.value, field.fixed32 = uint64(binary.LittleEndian.Uint32(rest)), true
		return field, 4
	}
	return field, -1
}
