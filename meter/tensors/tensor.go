package tensors

import (
	"fmt"
	"math"
	"math/bits"
	"strings"
	"unicode/utf8"
)

// Tensor is one tensor of a model's weights.
type Tensor struct {
	Name     string
	Shape    []uint64 // as the file has it: outermost first in safetensors, innermost first in GGUF
	Type     string   // the format's own name of the type, as in "BF16" or "Q4_K"
	Elements uint64   // product of Shape; 1 for a scalar
	Bytes    uint64   // that it takes in the file
	File     string   // the file of a directory that it lies in; "" outside of one
}

// Header is what a model's weights say about themselves.
type Header struct {
	Format   string            // "safetensors" or "gguf"
	Files    []string          // of a directory, sorted
	Tensors  []Tensor          // in the order of the file
	Metadata map[string]string // values that are lists, or long, are described and not kept
}

// elements multiplies a shape out.
func elements(shape []uint64) (uint64, error) {
	n := uint64(1)
	for _, d := range shape {
		hi, lo := bits.Mul64(n, d)
		if hi != 0 {
			return 0, fmt.Errorf("shape %v: more elements than 64 bits can count", shape)
		}
		n = lo
	}
	return n, nil
}

// sized is a type of element: bits each, or bytes per block of elements.
type sized struct{ block, bytes, bits uint64 }

// size returns the bytes that n elements take.
func (s sized) size(n uint64) (uint64, error) {
	if s.bits != 0 {
		hi, lo := bits.Mul64(n, s.bits)
		if hi != 0 || lo%8 != 0 || lo > math.MaxInt64 {
			return 0, fmt.Errorf("%d elements of %d bits are no whole number of bytes in range", n, s.bits)
		}
		return lo / 8, nil
	}
	hi, lo := bits.Mul64(n/s.block, s.bytes)
	if hi != 0 || lo > math.MaxInt64 {
		return 0, fmt.Errorf("%d elements are more bytes than a file can have", n)
	}
	return lo, nil
}

// checkName refuses names that cannot be printed or held.
func checkName(name string) error {
	if name == "" || len(name) > maxNameBytes || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("tensor name %q: expected 1 to %d bytes of printable UTF-8", clip(name), maxNameBytes)
	}
	return nil
}

// clip shortens a hostile text for an error message.
func clip(s string) string {
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:77], "") + "..."
	}
	return s
}

// describe is a metadata value as it is kept.
func describe(value string) string {
	if len(value) > maxKept {
		return fmt.Sprintf("(text of %d bytes)", len(value))
	}
	return value
}
