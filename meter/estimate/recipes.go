package estimate

import "math/big"

// recipe is a counting convention as one implementation has it: operations per
// token. A nil number means that it has none for the shape, and the text why.
type recipe struct {
	name, formula string
	perToken      func(figures) (*big.Rat, string)
}

// of makes a recipe that has a number for every shape.
func of(name, formula string, perToken func(figures) *big.Rat) recipe {
	return recipe{name, formula, func(f figures) (*big.Rat, string) { return perToken(f), "" }}
}

// only makes a recipe for shapes of which the condition holds.
func only(name, formula string, holds func(figures) bool, why string, perToken func(figures) *big.Rat) recipe {
	return recipe{name, formula, func(f figures) (*big.Rat, string) {
		if !holds(f) {
			return nil, why
		}
		return perToken(f), ""
	}}
}

// recipes is the fixed list. The formulas are those of the sources named, read
// at the commits of late 2026; N is all parameters of a token with the input
// embedding, W those in products, full and causal the attention core over s and
// s/2 keys, windowed the same with the window applied.
func recipes() []recipe { return append(modelRecipes(), executionRecipes()...) }

// modelRecipes count what the mathematics of plain training needs.
func modelRecipes() []recipe {
	return []recipe{
		of("canonical", "6W + 12qc per layer, c = s/2, window applied", func(f figures) *big.Rat { return plus(f.times(6, f.weights), f.windowed) }),
		of("canonical, (s+1)/2 keys", "6W + 12qc per layer, c = (s+1)/2, window applied", func(f figures) *big.Rat { return plus(f.times(6, f.weights), f.exact) }),
		of("6ND", "6N, N active parameters with the input embedding", func(f figures) *big.Rat { return f.times(6, f.active) }),
		only("6ND, all experts", "6N, N all parameters", figures.hasExperts, noExperts, func(f figures) *big.Rat { return f.times(6, f.all) }),
		of("6ND, embedding and head excluded", "6(N - embedding - head) (Kaplan et al. 2020)", func(f figures) *big.Rat { return f.times(6, minus(f.weights, f.head)) }),
		of("Megatron-LM", "6(W - router) + 12qs/2 per layer, no window", func(f figures) *big.Rat { return plus(f.times(6, minus(f.weights, f.router)), f.causal) }),
		of("torchtitan, DeepSpeed, nanochat", "6W + 12qs per layer, not causal", func(f figures) *big.Rat { return plus(f.times(6, f.weights), f.full) }),
		of("OLMo-core", "6W + 12q min(w, s) per layer", func(f figures) *big.Rat { return plus(f.times(6, f.weights), f.fullWindowed) }),
		only("OLMo v1", "2(N - embedding) + 4N + 12hs per layer", figures.hasAttention, noAttention, func(f figures) *big.Rat {
			return plus(f.times(2, minus(f.active, f.lookup)), f.times(4, f.active), f.times(12, f.layers, f.hidden, f.sequence))
		}),
		only("nanoGPT, PaLM", "6(N - positions) + 12(heads x head width)s per layer", figures.hasAttention, noAttention, func(f figures) *big.Rat {
			return plus(f.times(6, minus(f.active, f.positions)), f.times(12, f.layers, f.nominal, f.sequence))
		}),
		only("composer, llm-foundry", "3(2N + 4hs per layer)", figures.hasAttention, noAttention, func(f figures) *big.Rat {
			return plus(f.times(6, f.active), f.times(12, f.layers, f.hidden, f.sequence))
		}),
		only("llm.c", "6N + 6hs per layer", figures.hasAttention, noAttention, func(f figures) *big.Rat {
			return plus(f.times(6, f.active), f.times(6, f.layers, f.hidden, f.sequence))
		}),
		of("Hugging Face total_flos", "6(N - embeddings), all experts", func(f figures) *big.Rat { return f.times(6, minus(f.all, f.lookup)) }),
		of("verl", "6(W + Vh) + 12qs/2 per layer", func(f figures) *big.Rat { return plus(f.times(6, f.weights), f.times(6, f.head), f.causal) }),
		only("Chinchilla, appendix F", "6(W + Vh) + 12qs + 9as per layer", figures.hasAttention, noAttention, func(f figures) *big.Rat {
			return plus(f.times(6, f.weights), f.times(6, f.head), f.full, f.times(9, f.layers, f.heads, f.sequence))
		}),
		only("levanter", "6W + 12hs + 9as per layer, head width taken as h/a", figures.hasAttention, noAttention, func(f figures) *big.Rat {
			return plus(f.times(6, f.narrow), f.times(12, f.layers, f.hidden, f.sequence), f.times(9, f.layers, f.heads, f.sequence))
		}),
		only("NeMo qwen3", "6W + 12hs/2 per layer, head width taken as h/a", figures.hasPlainAttention, noPlain, func(f figures) *big.Rat {
			return plus(f.times(6, f.narrow), f.times(6, f.layers, f.hidden, f.sequence))
		}),
		only("gpt-neox, c = 3", "72Lh^2 (1 + s/6h + V/16Lh), no key groups or gate", figures.isDenseAttention, forDense, func(f figures) *big.Rat {
			return plus(f.times(72, f.layers, f.hidden, f.hidden), f.times(12, f.layers, f.hidden, f.sequence), over(f.times(9, f.head), 2))
		}),
	}
}

// executionRecipes count what was run, another stage, or in another unit.
func executionRecipes() []recipe {
	return []recipe{
		of("canonical with full recomputation", "8W - 2Vh + 16qc per layer: x 4/3 on the layers", func(f figures) *big.Rat {
			return plus(f.times(8, f.weights), over(f.times(4, f.windowed), 3), f.times(-2, f.head))
		}),
		of("8ND: 6ND with full recomputation", "8N", func(f figures) *big.Rat { return f.times(8, f.active) }),
		only("full recomputation (Megatron 2021; gpt-neox, c = 4)", "96Lh^2 (1 + s/6h + V/16Lh)", figures.isDenseAttention, forDense, func(f figures) *big.Rat {
			return plus(f.times(96, f.layers, f.hidden, f.hidden), f.times(16, f.layers, f.hidden, f.sequence), f.times(6, f.head))
		}),
		of("PyTorch FlopCounterMode", "6W + 14qs per layer, flash attention's own recomputation", func(f figures) *big.Rat {
			return plus(f.times(6, f.weights), over(f.times(14, f.full), 12))
		}),
		of("LoRA: frozen weights", "4W + 12qc per layer, adapters left out", func(f figures) *big.Rat { return plus(f.times(4, f.weights), f.windowed) }),
		of("LoRA: AWS Fine-Tuning FLOPs Meter", "4N, no attention, adapters left out", func(f figures) *big.Rat { return f.times(4, f.active) }),
		of("LoRA: litgpt", "4W + 20qc per layer: attention in both sums", func(f figures) *big.Rat { return plus(f.times(4, f.weights), over(f.times(5, f.windowed), 3)) }),
		of(byFourThirds, "8W + 16qc per layer", func(f figures) *big.Rat { return over(f.times(4, plus(f.times(6, f.weights), f.windowed)), 3) }),
		of("forward only", "2W + 4qc per layer", func(f figures) *big.Rat { return plus(f.times(2, f.weights), over(f.windowed, 3)) }),
		of("2ND: forward only", "2N", func(f figures) *big.Rat { return f.times(2, f.active) }),
		of(inMultiplyAccumulates, "3W + 6qc per layer", func(f figures) *big.Rat { return over(plus(f.times(6, f.weights), f.windowed), 2) }),
		of("3ND: 6ND in multiply-accumulates", "3N", func(f figures) *big.Rat { return f.times(3, f.active) }),
		of("fvcore", "W + 2qs per layer: forward, in multiply-accumulates", func(f figures) *big.Rat { return plus(f.weights, over(f.full, 6)) }),
	}
}

// Conventions returns the names of the conventions that [Architecture.Explain]
// tries, in their order.
func Conventions() []string {
	var names []string
	for _, r := range recipes() {
		names = append(names, r.name)
	}
	return names
}

// The conventions whose ratio to the canonical count is the same for every shape.
const (
	byFourThirds          = "canonical x 4/3 (recomputation, the head too; or DPO with a reference)"
	inMultiplyAccumulates = "canonical in multiply-accumulates"
)

const (
	noAttention = "its formula is for models with attention"
	noExperts   = "the architecture has no experts: all parameters are active"
	noPlain     = "its formula has no form for this attention"
	forDense    = "its formula has no form for experts"
)
