package provenance

import "strings"

// Format is a number format for which a maker states a peak rate, named as the
// column of the catalogue.
type Format string

// The formats of the catalogue.
const (
	FP64 Format = "fp64"
	FP32 Format = "fp32"
	TF32 Format = "tf32"
	FP16 Format = "fp16"
	BF16 Format = "bf16"
	FP8  Format = "fp8"
	FP6  Format = "fp6"
	FP4  Format = "fp4"
	INT8 Format = "int8"
	INT4 Format = "int4"
)

// Formats returns all formats in the order of the catalogue's columns.
func Formats() []Format { return []Format{FP64, FP32, TF32, FP16, BF16, FP8, FP6, FP4, INT8, INT4} }

// Bits is the 'bit length of the operation' of 3A090's Technical Notes: the
// largest bit length of the inputs to the multiplication. TF32 has 19 (sign, 8
// bits of exponent, 10 of mantissa) although it is stored in 32; the reading
// with 32 is the option "tf32-32-bits". An unknown format has 0.
func (f Format) Bits() int64 {
	switch f {
	case FP64:
		return 64
	case FP32:
		return 32
	case TF32:
		return 19
	case FP16, BF16:
		return 16
	case FP8, INT8:
		return 8
	case FP6:
		return 6
	case FP4, INT4:
		return 4
	}
	return 0
}

// vector reports whether the catalogue's rate for the format is, as a rule,
// that of the vector units rather than of the matrix units.
func (f Format) vector() bool { return f == FP64 || f == FP32 }

// String returns the format as people write it, as in "FP8".
func (f Format) String() string { return strings.ToUpper(string(f)) }

// Rate is a dense peak rate in one format, in T(FL)OPS: 10^12 operations a
// second, a multiply-accumulate being two.
type Rate struct {
	Format Format `json:"format"`
	Peak   Number `json:"peak"`
}

// tpp is 2 x MacTOPS x bit length, and 2 x MacTOPS is the datasheet's
// T(FL)OPS (3A090, Technical Notes).
func (r Rate) tpp(bits int64) Number { return r.Peak.times(integer(bits)) }
