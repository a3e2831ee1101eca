package trainer

import (
	"math/bits"
)

// matrix is a view of float32 values with a stride each way, so that a
// transpose and the columns of one attention head cost nothing.
type matrix struct {
	data        []float32
	rows, cols  int
	down, right int // the distance in data between neighbours in a column, in a row
}

func dense(data []float32, rows, cols int) matrix {
	return matrix{data: data[:rows*cols], rows: rows, cols: cols, down: cols, right: 1}
}

func newMatrix(rows, cols int) matrix { return dense(make([]float32, rows*cols), rows, cols) }

func (m matrix) transposed() matrix {
	return matrix{data: m.data, rows: m.cols, cols: m.rows, down: m.right, right: m.down}
}

// columns is the view of n columns from the given one on.
func (m matrix) columns(from, n int) matrix {
	m.data, m.cols = m.data[from*m.right:], n
	return m
}

// top is the view of the first n rows.
func (m matrix) top(n int) matrix {
	m.rows = n
	return m
}

// row returns row i of a matrix whose rows are contiguous.
func (m matrix) row(i int) []float32 { return m.data[i*m.down:][:m.cols] }

// shape says which part of a product causal attention needs. The rest is
// neither computed nor counted.
type shape uint8

const (
	whole      shape = iota // every element over every term
	triangle                // c[i,j] only where j <= i: scores, and the gradient of probabilities
	termsUpTo               // row i over the terms 0..i: values, and the gradient of queries
	termsFrom               // row i over the terms i.. : the gradients of keys and of values
	shapeCount              // how many there are
)

// mode says what becomes of a product: zero value, the whole product replaces c.
type mode struct {
	shape shape
	add   bool // add to what c holds
}

// kernel computes every matrix product of this package and counts what it
// performs. One belongs to one goroutine.
type kernel struct {
	operations uint64 // performed: two for each multiply-accumulate
	overflowed bool   // operations passed 2^64-1 and is worth nothing
}

// product computes c = a*b, or c += a*b, over the part that the mode names. The
// rows of b and c must be contiguous; a may be any view.
func (k *kernel) product(c, a, b matrix, how mode) {
	if c.rows != a.rows || c.cols != b.cols || a.cols != b.rows || c.right != 1 || b.right != 1 {
		panic("trainer: the operands of a matrix product do not fit together")
	}
	for i := range c.rows {
		out, from, to := c.row(i), 0, a.cols
		switch how.shape {
		case triangle:
			out = out[:i+1]
		case termsUpTo:
			to = i + 1
		case termsFrom:
			from = i
		}
		if !how.add {
			clear(out)
		}
		accumulate(out, a.data[i*a.down:], a.right, b, from, to)
		k.count(len(out), to-from)
	}
}

// count adds the operations of one row: for each of its elements, a multiply
// and an add per term.
func (k *kernel) count(elements, terms int) {
	var carry uint64
	k.operations, carry = bits.Add64(k.operations, 2*uint64(elements)*uint64(terms), 0)
	k.overflowed = k.overflowed || carry != 0
}

// accumulate adds to out the sum over p of a[p]*b[p,:], four terms to a pass, so
// that out is loaded and stored once for eight operations. Each element
// adds its terms one after the other in ascending order, whatever the
// blocking, and float32() keeps the compiler from fusing a multiply with an add
// (Go specification, "Floating-point operators"): the result is the same bits on
// every machine.
func accumulate(out, a []float32, step int, b matrix, from, to int) {
	p := from
	for ; p+4 <= to; p += 4 {
		x0, x1, x2, x3 := a[p*step], a[(p+1)*step], a[(p+2)*step], a[(p+3)*step]
		at := p * b.down
		b0 := b.data[at:][:len(out)]
		b1 := b.data[at+b.down:][:len(out)]
		b2 := b.data[at+2*b.down:][:len(out)]
		b3 := b.data[at+3*b.down:][:len(out)]
		for j := range out {
			out[j] = out[j] + float32(x0*b0[j]) + float32(x1*b1[j]) + float32(x2*b2[j]) + float32(x3*b3[j])
		}
	}
	for ; p < to; p++ {
		x, row := a[p*step], b.data[p*b.down:][:len(out)]
		for j := range out {
			out[j] += float32(x * row[j])
		}
	}
}
