package trainer

import "math"

// Everything here is element by element: no matrix product, nothing counted.
// float32(...) and float64(...) around a product keep it from being fused with
// an addition, so that weights come out the same on every machine.

// exp is e^x for x <= 0, good to the last bits of a float32. math.Exp is another
// function on another machine; this one is the same everywhere.
func exp(x float32) float32 {
	const log2e, ln2 = 1.44269504088896340736, 0.693147180559945309417
	if x < -87 { // e^-87 is about the smallest normal float32
		return 0
	}
	v := float64(x)
	n := int64(float64(v*log2e) - 0.5) // to the nearest, as v <= 0 and conversion goes toward zero
	r := v - float64(float64(n)*ln2)
	// the Taylor polynomial of degree 7: |r| <= ln2/2, error below 6e-9
	p := float64(r*(1.0/5040)) + 1.0/720
	p = float64(p*r) + 1.0/120
	p = float64(p*r) + 1.0/24
	p = float64(p*r) + 1.0/6
	p = float64(p*r) + 0.5
	p = float64(p*r) + 1
	p = float64(p*r) + 1
	return float32(p * math.Float64frombits(uint64(n+1023)<<52))
}

// sigmoid is 1/(1+e^-x).
func sigmoid(x float32) float32 {
	if x < 0 {
		e := exp(x)
		return e / (1 + e)
	}
	return 1 / (1 + exp(-x))
}

func squareRoot(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// softmax replaces a row by its probabilities.
func softmax(row []float32) {
	largest := row[0]
	for _, v := range row[1:] {
		largest = max(largest, v)
	}
	var sum float32
	for j, v := range row {
		row[j] = exp(v - largest)
		sum += row[j]
	}
	inverse := 1 / sum
	for j := range row {
		row[j] *= inverse
	}
}

func scale(row []float32, by float32) {
	for j := range row {
		row[j] *= by
	}
}

func add(into, from []float32) {
	into = into[:len(from)]
	for j, v := range from {
		into[j] += v
	}
}

func dot(a, b []float32) float32 {
	var sum float32
	b = b[:len(a)]
	for j, v := range a {
		sum += float32(v * b[j])
	}
	return sum
}

// normalize is RMSNorm of one row, out = weight * x * r with
// r = 1/sqrt(mean(x^2) + epsilon); it returns r (Zhang and Sennrich 2019, eq. 4).
func normalize(out, x, weight []float32, epsilon float32) float32 {
	r := 1 / squareRoot(dot(x, x)/float32(len(x))+epsilon)
	weight, out = weight[:len(x)], out[:len(x)]
	for j, v := range x {
		out[j] = weight[j] * float32(v*r)
	}
	return r
}

// normalizeBack adds to dx and dweight what flows back from dout:
// with n = x*r and g = weight*dout, dweight += dout*n and
// dx += r * (g - n * mean(g*n)).
func normalizeBack(dx, dweight, dout, x, weight []float32, r float32) {
	dx, dweight, dout, weight = dx[:len(x)], dweight[:len(x)], dout[:len(x)], weight[:len(x)]
	var sum float32
	for j, v := range x {
		n := v * r
		dweight[j] += float32(dout[j] * n)
		sum += float32(float32(dout[j]*weight[j]) * n)
	}
	mean := sum / float32(len(x))
	for j, v := range x {
		g := float32(dout[j] * weight[j])
		dx[j] += float32(r * (g - float32(float32(v*r)*mean)))
	}
}

// rotation is the table of RoPE angles: cosine and sine by position and pair.
type rotation struct {
	cosine, sine []float32
	pairs        int
}

// newRotation follows Hugging Face's LlamaRotaryEmbedding, which rounds the
// frequencies and the angles to float32.
func newRotation(c Config) rotation {
	pairs := c.HeadDim / 2
	r := rotation{pairs: pairs, cosine: make([]float32, c.Context*pairs), sine: make([]float32, c.Context*pairs)}
	for position := range c.Context {
		for j := range pairs {
			frequency := float32(math.Pow(c.RopeTheta, -float64(2*j)/float64(c.HeadDim)))
			angle := float64(float32(position) * frequency)
			r.cosine[position*pairs+j] = float32(math.Cos(angle))
			r.sine[position*pairs+j] = float32(math.Sin(angle))
		}
	}
	return r
}

// rotate turns one head's vector by its position, element j with element
// j + d/2, as Hugging Face's rotate_half does; turn is 1 forward, -1 for
// the gradient, which goes through the transpose.
func (r rotation) rotate(head []float32, position int, turn float32) {
	cosine, sine := r.cosine[position*r.pairs:][:r.pairs], r.sine[position*r.pairs:][:r.pairs]
	low, high := head[:r.pairs], head[r.pairs:][:r.pairs]
	for j, c := range cosine {
		s := sine[j] * turn
		x, y := low[j], high[j]
		low[j] = float32(x*c) - float32(y*s)
		high[j] = float32(y*c) + float32(x*s)
	}
}

// rotateRow rotates every head in a row.
func (r rotation) rotateRow(row []float32, position int, turn float32) {
	for at := 0; at < len(row); at += 2 * r.pairs {
		r.rotate(row[at:at+2*r.pairs], position, turn)
	}
}

// transpose writes the transpose of from into a dense matrix.
func transpose(into, from matrix) {
	for i := range from.rows {
		for j, v := range from.row(i) {
			into.data[j*into.down+i] = v
		}
	}
}
