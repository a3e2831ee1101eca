package trainer

import "math"

// The optimizer's settings, nanoGPT's for small models: AdamW (Loshchilov and
// Hutter 2019), gradient norm clipped at one, norms not decayed.
const (
	beta1       = 0.9
	beta2       = 0.95
	adamEpsilon = 1e-8
	weightDecay = 0.1
	clipNorm    = 1.0
	finalRate   = 0.1  // of the peak, at the end of the cosine
	warmupShare = 0.05 // of the steps, linear
)

// adam holds the moments of one model.
type adam struct {
	first, second []float32
	power1        float64 // beta1^steps
	power2        float64
}

func newAdam(n int) *adam {
	return &adam{first: make([]float32, n), second: make([]float32, n), power1: 1, power2: 1}
}

// step is what one step does to every tensor.
type step struct {
	rate, clip, decay        float32
	correction1, correction2 float32
}

// begin opens step number i of n (from zero), with the norm of the whole gradient.
func (a *adam) begin(i, n int, peak, norm float64) step {
	a.power1, a.power2 = float64(a.power1*beta1), float64(a.power2*beta2)
	s := step{
		rate: float32(learningRate(i, n, peak)), clip: 1,
		correction1: float32(1 / (1 - a.power1)), correction2: float32(1 / (1 - a.power2)),
	}
	s.decay = float32(s.rate * weightDecay)
	if norm > clipNorm {
		s.clip = float32(clipNorm / norm)
	}
	return s
}

// learningRate rises linearly and falls along half a cosine (Loshchilov and
// Hutter 2017, eq. 5).
func learningRate(i, n int, peak float64) float64 {
	warmup := max(1, int(warmupShare*float64(n)))
	if i < warmup {
		return peak * float64(i+1) / float64(warmup)
	}
	along := float64(i-warmup) / float64(max(1, n-warmup))
	return peak * (finalRate + float64((1-finalRate)*0.5*(1+math.Cos(math.Pi*along))))
}

// apply moves the weights of one tensor, which lie at offset among all.
func (a *adam) apply(s step, t tensor, weight, gradient []float32) {
	first, second := a.first[t.offset:][:len(weight)], a.second[t.offset:][:len(weight)]
	gradient = gradient[:len(weight)]
	decay := s.decay
	if len(t.shape) == 1 {
		decay = 0
	}
	for j, w := range weight {
		g := gradient[j] * s.clip
		m := float32(beta1*first[j]) + float32((1-beta1)*g)
		v := float32(beta2*second[j]) + float32((1-beta2)*float32(g*g))
		first[j], second[j] = m, v
		move := float32(m*s.correction1) / (squareRoot(v*s.correction2) + adamEpsilon)
		weight[j] = w - float32(decay*w) - float32(s.rate*move)
	}
}

// squareSum is the sum of squares in float64, in order.
func squareSum(values []float32) float64 {
	var sum float64
	for _, v := range values {
		sum += float64(float64(v) * float64(v))
	}
	return sum
}
