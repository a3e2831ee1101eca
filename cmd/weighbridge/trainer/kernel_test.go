package trainer

import (
	"math"
	"testing"
	"time"
)

// needed says whether term p of c[i,j] belongs to the shape's part.
func needed(s shape, i, j, p int) bool {
	switch s {
	case triangle:
		return j <= i
	case termsUpTo:
		return p <= i
	case termsFrom:
		return p >= i
	}
	return true
}

// TestProduct compares every shape, plain and added, over plain and transposed
// views, with three nested loops in float64, and the counter with the number of
// terms in them.
func TestProduct(t *testing.T) {
	draw := fork(1, 97, 0)
	for round := range 400 {
		how := mode{shape: shape(round % int(shapeCount)), add: round%3 == 0}
		rows, cols, terms := 1+draw.below(13), 1+draw.below(13), 1+draw.below(13)
		switch how.shape {
		case triangle:
			cols = rows
		case termsUpTo, termsFrom:
			terms = rows
		}
		a, b, c := randomView(draw, rows, terms), randomView(draw, terms, cols), randomView(draw, rows, cols)
		if round%2 == 0 {
			a = randomView(draw, terms, rows).transposed()
		}
		before := append([]float32(nil), c.data...)
		var k kernel
		k.product(c, a, b, how)
		checkProduct(t, how, a, b, c, before, k.operations)
	}
}

// randomView is a view into the middle of a larger matrix, as heads are.
func randomView(draw *random, rows, cols int) matrix {
	whole := newMatrix(rows, cols+5)
	draw.fill(whole.data, 1)
	return whole.columns(2, cols)
}

func checkProduct(t *testing.T, how mode, a, b, c matrix, before []float32, operations uint64) {
	t.Helper()
	counted := uint64(0)
	for i := range c.rows {
		for j := range c.cols {
			old, sum, any := float64(before[i*c.down+j]), 0.0, false
			if how.add {
				sum = old
			}
			for p := range a.cols {
				if needed(how.shape, i, j, p) {
					sum += float64(a.data[i*a.down+p*a.right]) * float64(b.row(p)[j])
					counted, any = counted+2, true
				}
			}
			if !any { // outside the triangle nothing is touched
				sum = old
			}
			if got := float64(c.row(i)[j]); math.Abs(got-sum) > 1e-5*(1+math.Abs(sum)) {
				t.Fatalf("%+v: c[%d,%d] is %v, expected %v", how, i, j, got, sum)
			}
		}
	}
	if operations != counted {
		t.Fatalf("%+v of %d x %d over %d: counted %d, expected %d", how, c.rows, c.cols, a.cols, operations, counted)
	}
}

// TestProductBeyondItsView: what lies beside the view stays as it was.
func TestProductBeyondItsView(t *testing.T) {
	whole := newMatrix(4, 6)
	for i := range whole.data {
		whole.data[i] = 7
	}
	var k kernel
	k.product(whole.columns(2, 3), newMatrix(4, 5), newMatrix(5, 3), mode{})
	for i := range 4 {
		for j := range 6 {
			if inside := j >= 2 && j < 5; inside == (whole.row(i)[j] == 7) {
				t.Errorf("element %d,%d is %v", i, j, whole.row(i)[j])
			}
		}
	}
}

// TestCounterOverflow: a counter at its end says so and does not start again.
func TestCounterOverflow(t *testing.T) {
	k := kernel{operations: math.MaxUint64 - 47}
	k.product(newMatrix(2, 3), newMatrix(2, 3), newMatrix(3, 3), mode{}) // 36
	if k.overflowed {
		t.Error("36 operations overflowed a counter with room for 47")
	}
	k.product(newMatrix(2, 3), newMatrix(2, 1), newMatrix(1, 3), mode{}) // 12, one more than is left
	if !k.overflowed {
		t.Errorf("the counter passed 2^64-1 unnoticed and holds %d", k.operations)
	}
}

// TestExp compares with the standard library over the range that is used.
func TestExp(t *testing.T) {
	for i := range 200_000 {
		x := -float32(i) * 87.5 / 200_000
		got, want := float64(exp(x)), math.Exp(float64(x))
		if x < -87 {
			want = 0
		}
		if math.Abs(got-want) > 6.5e-8*want {
			t.Fatalf("exp(%v) is %v, expected %v", x, got, want)
		}
	}
}

// BenchmarkKernel prints how much faster the kernel is than the naive triple
// loop over the same matrices, measured in the same run.
func BenchmarkKernel(b *testing.B) {
	const m, n, terms = 64, 176, 64
	x, y, c := newMatrix(m, terms), newMatrix(terms, n), newMatrix(m, n)
	fork(1, 96, 0).fill(x.data, 1)
	fork(2, 96, 0).fill(y.data, 1)
	naive := measure(b, func() { naiveProduct(c, x, y) })
	var k kernel
	fast := measure(b, func() { k.product(c, x, y, mode{}) })
	for b.Loop() {
		k.product(c, x, y, mode{})
	}
	b.ReportMetric(2*m*n*terms/fast/1e9, "Gop/s")
	b.ReportMetric(naive/fast, "x-naive")
}

// measure returns the seconds that one call takes, the least of several rounds.
func measure(b *testing.B, call func()) float64 {
	b.Helper()
	least := math.Inf(1)
	for range 20 {
		begin := time.Now()
		for range 10 {
			call()
		}
		least = min(least, time.Since(begin).Seconds()/10)
	}
	return least
}

func naiveProduct(c, a, b matrix) {
	for i := range c.rows {
		for j := range c.cols {
			var sum float32
			for p := range a.cols {
				sum += a.data[i*a.down+p*a.right] * b.data[p*b.down+j]
			}
			c.data[i*c.down+j] = sum
		}
	}
}
