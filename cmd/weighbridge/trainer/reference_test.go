package trainer

import (
	"fmt"
	"math"
)

// reference computes the mean cross-entropy of one sequence in float64, straight
// from the definitions, one position at a time. It shares nothing with the
// package but the names of the tensors.
type reference struct {
	c Config
	w map[string][]float64
}

func newReference(m *Model) reference {
	r := reference{m.Config, map[string][]float64{}}
	for _, t := range m.Config.tensors() {
		values := make([]float64, t.elements())
		for i := range values {
			values[i] = float64(m.flat[t.offset+i])
		}
		r.w[t.name] = values
	}
	return r
}

// linear is y = W x with W of outputs x inputs.
func linear(weight, x []float64) []float64 {
	y := make([]float64, len(weight)/len(x))
	for o := range y {
		for i, v := range x {
			y[o] += weight[o*len(x)+i] * v
		}
	}
	return y
}

func (r reference) norm(name string, x []float64) []float64 {
	square := 0.0
	for _, v := range x {
		square += v * v
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = r.w[name][i] * v / math.Sqrt(square/float64(len(x))+r.c.NormEpsilon)
	}
	return y
}

// rope is x*cos + rotate_half(x)*sin, as in transformers' modeling_llama.py.
func (r reference) rope(x []float64, position int) []float64 {
	y, d := make([]float64, len(x)), r.c.HeadDim
	for i := range x {
		head, j := i/d*d, i%d
		angle := float64(position) / math.Pow(r.c.RopeTheta, float64(2*(j%(d/2)))/float64(d))
		half := -x[head+(j+d/2)%d]
		if j >= d/2 {
			half = -half
		}
		y[i] = x[i]*math.Cos(angle) + half*math.Sin(angle)
	}
	return y
}

func (r reference) attention(layer string, normed [][]float64) [][]float64 {
	var q, k, v, out [][]float64
	for i, x := range normed {
		q = append(q, r.rope(linear(r.w[layer+"self_attn.q_proj.weight"], x), i))
		k = append(k, r.rope(linear(r.w[layer+"self_attn.k_proj.weight"], x), i))
		v = append(v, linear(r.w[layer+"self_attn.v_proj.weight"], x))
	}
	d := r.c.HeadDim
	for i := range normed {
		heads := make([]float64, r.c.Heads*d)
		for h := range r.c.Heads {
			shared, sum := h/(r.c.Heads/r.c.KVHeads), 0.0
			for j := 0; j <= i; j++ {
				score := 0.0
				for e := range d {
					score += q[i][h*d+e] * k[j][shared*d+e]
				}
				p := math.Exp(score / math.Sqrt(float64(d)))
				sum += p
				for e := range d {
					heads[h*d+e] += p * v[j][shared*d+e]
				}
			}
			for e := range d {
				heads[h*d+e] /= sum
			}
		}
		out = append(out, linear(r.w[layer+"self_attn.o_proj.weight"], heads))
	}
	return out
}

func (r reference) mlp(layer string, x []float64) []float64 {
	gate, up := linear(r.w[layer+"mlp.gate_proj.weight"], x), linear(r.w[layer+"mlp.up_proj.weight"], x)
	for i, g := range gate {
		gate[i] = g / (1 + math.Exp(-g)) * up[i]
	}
	return linear(r.w[layer+"mlp.down_proj.weight"], gate)
}

// logits returns one row per position.
func (r reference) logits(tokens []uint16) [][]float64 {
	h := r.c.Hidden
	var x [][]float64
	for _, t := range tokens {
		x = append(x, append([]float64(nil), r.w["model.embed_tokens.weight"][int(t)*h:][:h]...))
	}
	for l := range r.c.Layers {
		layer := fmt.Sprintf("model.layers.%d.", l)
		var normed [][]float64
		for _, row := range x {
			normed = append(normed, r.norm(layer+"input_layernorm.weight", row))
		}
		for i, out := range r.attention(layer, normed) {
			addTo(x[i], out)
			addTo(x[i], r.mlp(layer, r.norm(layer+"post_attention_layernorm.weight", x[i])))
		}
	}
	head := r.w["lm_head.weight"]
	if r.c.Tied {
		head = r.w["model.embed_tokens.weight"]
	}
	for i, row := range x {
		x[i] = linear(head, r.norm("model.norm.weight", row))
	}
	return x
}

func addTo(x, y []float64) {
	for i, v := range y {
		x[i] += v
	}
}

func (r reference) loss(tokens, targets []uint16) float64 {
	total := 0.0
	for i, row := range r.logits(tokens) {
		sum := 0.0
		for _, v := range row {
			sum += math.Exp(v)
		}
		total += math.Log(sum) - row[targets[i]]
	}
	return total / float64(len(tokens))
}
