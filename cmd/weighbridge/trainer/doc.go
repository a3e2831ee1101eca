// Package trainer trains a small character-level transformer, for real, so that
// the demo has something to weigh: llama's architecture as Hugging Face
// transformers computes it (RMSNorm, rotary embedding, grouped-query causal
// attention, SwiGLU, tied or untied head), cross-entropy, back-propagation, AdamW
// with gradient clipping and a cosine schedule; float32, plain Go, the standard library alone.
// The texts are written for this package and embedded in it.
//
// A model is stored as config.json, vocab.json (character to number) and
// model.safetensors, the latter as safetensors.torch.save_file writes it.
// transformers' LlamaForCausalLM loads the directory and gives the same logits
// to about 3e-6. [Read] accepts exactly what [Model.Write] wrote.
//
// # What is counted
//
// Every matrix product goes through one kernel, which counts two operations for
// each multiply-accumulate that it performs: forward, input gradients and weight
// gradients of every layer, attention's scores and values and their
// gradients. Attention computes the causal positions alone, so position i of a
// sequence (from one) attends to i keys, (s+1)/2 in the mean over a context of s.
// With W the weights applied to a token (all but the norms and the embedding look-up)
// and q the width of all query heads together, training performs exactly
//
//	6*W + layers * 12*q*(s+1)/2
//
// operations per token, and evaluation a third of it. The embedding is
// trained, so the first layer needs its input gradient too, and nothing is saved
// there. The customary formula has s/2 keys in the place of (s+1)/2; it is
// low by 6*q operations per token and layer: for [Demo]'s shape 1 152 of 923 136 at
// a vocabulary of 49, an eighth of a per cent, the less the longer the context.
// Evaluation and the sample are counted apart from training.
//
// # What is not counted
//
// Work that is no matrix product. For each token of [Demo]'s shape that is about, in
// thousands of operations: norms and residual additions 6, rotation 2, softmax 12, SwiGLU 18,
// the loss 1, adding up the gradients of the batch 2, and, once per step of 512 tokens,
// clipping and AdamW 6: some 5 % beside the 923 that are counted. It grows
// with the width, products with its square, so in a model worth asking
// about it is far below 1 %. The embedding look-up is a copy; its gradient adds one row
// per token.
//
// # Repeatable
//
// The same options give the same weights to the last bit, with any number of
// goroutines: a batch is computed sequence by sequence, and the sequences'
// gradients are added up in their order. No multiplication is fused with an
// addition and exp is this package's own, so it holds across processors too.
//
// The clock enters the log's time field and nothing else.
package trainer
