// Package estimate gives the operations that the mathematics of a model needs,
// from the shape in its Hugging Face config.json and a number of tokens.
//
// A model is one table of matrix products ([Architecture.Products]) and, apart
// from it, the attention core ([Architecture.Cores]), whose cost depends on how
// many keys a token sees. Each row says which of the three passes of training it
// takes part in: forward, input gradient, weight gradient. A multiply-accumulate
// is two operations. So the canonical count of training, per token, is
//
//	6 x W + 12 x q x c per layer
//
// with W the weights applied to a token (the embedding look-up is no product and
// costs nothing; the head counts once, tied to the embedding or not; biases,
// norms, softmax, rotations and the optimizer are left out), q the width of the
// queries (heads x head width) and c the mean number of keys that a token
// attends to, s/2 for a causal sequence of s tokens. Every input gradient is
// needed, the first layer's too, because the embedding is trained.
//
// # Whole numbers
//
// c = s/2 is not whole for an odd s, but 12 x q x s/2 = 6 x q x s always is, and
// is kept in that form. A sliding window of w keys has c = w - w*w/(2s) where s
// exceeds w; there the operations of one layer and token are rounded down.
// Nothing passes through a floating-point number.
//
// # More than a dense decoder
//
// Of experts the chosen ones count, K of E, with the shared ones and the router;
// all of them are parameters. Attention through a low rank (MLA) has its five
// products, and a core whose queries and values differ in width. Recurrent layers
// (Mamba-2, the gated delta rule) have products, the convolution among them, and
// a [Recurrence] that costs the same at every length. Multi-token-prediction
// modules are rows of the table that no total has: [Work] asks for them.
//
// An encoder or a vision tower works on a [Stream] of its own, because it sees
// another number of tokens: [Work] states how many, and where it does not there
// is no upper bound. Pixels are data: what takes them in has no gradient of its
// input. Parts may be frozen as a whole ([Architecture.Freeze]): one before which
// nothing is trained runs forward only, one behind a trained one hands the
// gradient on.
//
// Packed documents are counted from the sum of their squared lengths
// ([Architecture.Packed]), which is whole.
//
// # The guard
//
// A configuration and weights that lie beside each other need not belong
// together. [Architecture.CheckWeights] recomputes the parameters and holds them
// against the weights' headers, [Architecture.CheckStated] against a number that
// a log or a card gives; more than 1 % apart is an error that says why, as far
// as names and shapes show it.
//
// # Stages
//
// A stage other than plain training is a set of flags over the same table
// ([Stage]): a frozen weight has no weight gradient (4 operations instead of 6),
// one below everything trained has a forward pass only (2), an adapter's
// matrices are rows of their own, a reference, a teacher or a rollout is another
// table with the forward pass. Frozen parts are told apart by whole layers.
//
// # Conventions of others
//
// [Architecture.Explain] has the formulas of the frameworks and papers, to find
// which of them gave a total. They are exact rational numbers.
//
// # What is refused
//
// Only types whose every parameter is known here are read: [Families] lists
// them, and a test holds each against its class to the last parameter. An
// unknown model type, a structure that a type is not known to have, a missing
// size, a size that is not a whole number in range and a duplicate key are errors
// that name the field. Other fields of the foreign format are ignored.
//
// The package is pure: values in, values out.
package estimate
