package trainer

import "math"

// random is SplitMix64 (Steele, Lea, Flood 2014): a few integer operations, so a
// seed means the same run on every machine and under every Go version. It
// draws weights, batches and samples; nothing here is a secret.
type random struct{ state uint64 }

// The purposes that draw apart from each other.
const (
	purposeWeights = iota + 1
	purposeBatches
	purposeTrainLoss
	purposeValLoss
	purposeSample
)

// fork returns a generator of its own for one purpose, so that drawing more for
// one thing does not shift another.
func fork(seed, purpose, index uint64) *random {
	r := &random{seed ^ purpose*0x9E3779B97F4A7C15}
	r.state = r.next() ^ index
	r.next()
	return r
}

func (r *random) next() uint64 {
	r.state += 0x9E3779B97F4A7C15
	z := r.state
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// below draws from 0 to n-1. The bias of the remainder, n/2^64, is nothing here.
func (r *random) below(n int) int { return int(r.next() % uint64(n)) }

// unit draws from [0, 1).
func (r *random) unit() float32 { return float32(r.next()>>40) / (1 << 24) }

// fill draws from the uniform distribution with mean 0 and the given deviation.
func (r *random) fill(values []float32, deviation float64) {
	width := float32(2 * math.Sqrt(3) * deviation)
	for i := range values {
		values[i] = width * (r.unit() - 0.5)
	}
}
