package estimate

import (
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// TestTrainedFlopCounter: the small models of counted.csv with a tower, an
// encoder or both halves, trained in part for one step in PyTorch 2.15 under
// FlopCounterMode, eager attention, adapters of rank 4 made by hand beside the
// linear layers of transformers 5.24. The count equals PyTorch's and what
// PyTorch leaves out in the lowest layer with an adapter: by whole layers, that
// layer keeps the gradients of its input and of its keys. Its parts, per stack:
// tokens x 2 x (queries, keys and values + the adapters' first matrices on them),
// and pairs x 2 x width for the keys.
func TestTrainedFlopCounter(t *testing.T) {
	const (
		encoder = 10*2*(3*64*64+2*64*4) + 10*10*2*64
		decoder = 16*2*(3*64*64+2*64*4) + 16*16*2*64
		cross   = 2 * 16 * 10 * 2 * 64 // keys of an encoder that has no gradient, in both layers
		qwen    = 16*2*(64*64+2*64*32+2*64*4) + 16*16*2*64
		gemma   = 16*2*(64*128+2*64*64+2*64*4) + 16*16*2*128
		bert    = 16*2*(3*64*64+2*64*4) + 16*16*2*64
		// Of a frozen decoder's lowest layer nothing before its attention to the encoder needs a gradient.
		until = 16*2*4*64*64 + 4*16*16*2*64 + 16*2*64*64 + 16*10*2*64
	)
	qv := []string{"q", "v", "q_proj", "v_proj"}
	for _, c := range []struct {
		config  string
		frozen  string
		targets []string
		pytorch uint64
		leaves  uint64
	}{
		{"t5", "", nil, 14877696, 0}, {"t5", "encoder", nil, 10955776, 0}, {"t5", "decoder", nil, 11121664, until},
		{"t5", "", qv[:2], 10037760, encoder + decoder}, {"t5", "encoder", qv[:2], 7869440, decoder + cross},
		{"bart", "", nil, 14484480, 0}, {"bart", "encoder", nil, 10562560, 0}, {"bart", "decoder", nil, 10859520, until},
		{"bart", "", qv[2:], 9775616, encoder + decoder}, {"bart", "encoder", qv[2:], 7607296, decoder + cross},
		{"whisper", "", nil, 15467520, 0}, {"whisper", "encoder", nil, 10931200, 0}, {"whisper", "", qv[2:], 10144256, encoder + decoder},
		{"bert", "", nil, 12976128, 0}, {"bert", "", []string{"query", "value"}, 8863744, bert},
		{"qwen2_vl", "", nil, 20201472, 0}, {"qwen2_vl", "tower", nil, 16441344, 0}, {"qwen2_vl", "tower,projector", nil, 16048128, 0},
		{"qwen2_vl", "tower,decoder", nil, 12247040, 0}, {"qwen2_vl", "decoder", nil, 16007168, 0}, {"qwen2_vl", "tower", qv[2:], 11886592, qwen},
		{"gemma3", "", nil, 26062848, 0}, {"gemma3", "tower", nil, 21620736, 0}, {"gemma3", "tower,projector", nil, 21571584, 0},
		{"gemma3", "tower,decoder", nil, 15853568, 0}, {"gemma3", "decoder", nil, 20295680, 0}, {"gemma3", "tower", qv[2:], 15689728, gemma},
	} {
		a := load(t, "counted/"+c.config+".json")
		var parts []ModelPart
		for part := range strings.SplitSeq(c.frozen, ",") {
			if part != "" {
				parts = append(parts, ModelPart(part))
			}
		}
		s := Stage{Kind: FullStage, Model: a, Tokens: meter.NewOps(16), FrozenParts: parts}
		if c.targets != nil {
			s.Kind, s.Adapter = LoRA, &Adapter{Rank: 4, Targets: c.targets}
		}
		policy, err := s.policy()
		if err != nil {
			t.Errorf("%s, frozen %q, %v: %v", c.config, c.frozen, c.targets, err)
			continue
		}
		w := Work{Tokens: s.Tokens, Sequence: 16, Keys: FullKeys} // eager attention computes the masked half too
		if a.has(Source) {
			w.Source = &Stretch{Sequence: 10, Tokens: meter.NewOps(10)}
		}
		if a.has(Image) {
			w.Images = &Stretch{Sequence: 4, Tokens: meter.NewOps(4)}
		}
		got, err := policy.Count(w)
		if err != nil || got.Operations != meter.Exact(meter.NewOps(c.pytorch+c.leaves)) {
			t.Errorf("%s, frozen %q, %v: %s, PyTorch counted %d and left out %d: %v", c.config, c.frozen, c.targets, got.Operations.Low, c.pytorch, c.leaves, err)
		}
	}
}
