package tensors

import (
	"slices"
	"strings"
)

// Parameters is what the tensors of a header are, counted in elements.
type Parameters struct {
	Total      uint64 `json:"total"`      // the model's parameters: packed weights counted as what they unpack to
	Stored     uint64 `json:"stored"`     // elements as the files have them
	Packed     uint64 `json:"packed"`     // elements that hold several weights each
	Companions uint64 `json:"companions"` // scales, zero points and the like beside quantized weights
	Buffers    uint64 `json:"buffers"`    // kept with the weights, trained by nobody: masks, positions, frequencies
}

// Parameters counts. Tensors for which keep is false are left out; nil keeps
// all.
func (h Header) Parameters(keep func(Tensor) bool) Parameters {
	byName := make(map[string]*Tensor, len(h.Tensors))
	for i := range h.Tensors {
		byName[h.Tensors[i].Name] = &h.Tensors[i]
	}
	var p Parameters
	for _, t := range h.Tensors {
		if keep != nil && !keep(t) {
			continue
		}
		p.Stored += t.Elements
		switch factor := unpacked(t, byName); {
		case h.Format == "gguf": // shapes are of the weights themselves
			p.Total += t.Elements
		case factor > 1:
			p.Packed += t.Elements
			p.Total += t.Elements * factor
		case isCompanion(t, byName):
			p.Companions += t.Elements
		case isBuffer(t):
			p.Buffers += t.Elements
		default:
			p.Total += t.Elements
		}
	}
	return p
}

// unpacked returns how many weights each element of t holds: more than one
// where a quantizer has packed them into wider integers.
func unpacked(t Tensor, byName map[string]*Tensor) uint64 {
	stem, suffix := cutLast(t.Name)
	switch {
	case suffix == "qweight" && t.Type == "I32": // GPTQ, AWQ
		return perWord(t, byName[stem+".scales"], byName[stem+".g_idx"])
	case suffix == "weight_packed" && t.Type == "I32": // compressed-tensors, 4 bit
		return 8
	case (suffix == "weight_packed" || strings.HasSuffix(suffix, "_blocks")) && t.Type == "U8": // MXFP4, NVFP4
		return 2
	case t.Type == "U8" && byName[t.Name+".absmax"] != nil: // bitsandbytes NF4 and FP4
		return 2
	}
	return 1
}

// perWord is how many weights a 32-bit word of GPTQ or AWQ holds: AWQ packs
// along the outputs, whose number the scales have; GPTQ along the inputs, whose
// number g_idx has. Without either it is 4 bits.
func perWord(t Tensor, scales, index *Tensor) uint64 {
	four := uint64(8)
	if len(t.Shape) != 2 || t.Shape[0] == 0 || t.Shape[1] == 0 {
		return four
	}
	per := four
	switch {
	case scales != nil && len(scales.Shape) == 2 && scales.Shape[1] > t.Shape[1]:
		per = scales.Shape[1] / t.Shape[1]
	case index != nil && len(index.Shape) == 1 && index.Shape[0] > t.Shape[0]:
		per = index.Shape[0] / t.Shape[0]
	}
	if per > 32 {
		return four
	}
	return per
}

func isCompanion(t Tensor, byName map[string]*Tensor) bool {
	stem, suffix := cutLast(t.Name)
	if strings.Contains(t.Name, ".quant_state.") {
		return true
	}
	if base, found := strings.CutSuffix(t.Name, "_scales"); found && byName[base+"_blocks"] != nil {
		return true
	}
	switch suffix {
	case "weight_scale", "weight_scale_inv", "weight_scale_2", "weight_global_scale", "weight_zero_point", "weight_shape", "weight_g_idx", "input_scale",
		"input_global_scale", "input_zero_point", "output_scale", "k_scale", "v_scale", "absmax", "quant_map", "nested_absmax", "nested_quant_map", "SCB", "weight_format":
		return true
	case "scales", "qzeros", "g_idx":
		return byName[stem+".qweight"] != nil
	}
	return false
}

// isBuffer knows the buffers that older checkpoints carry: causal masks of gpt2,
// gptj and gpt_neox, rotary frequencies, position numbers,
// the constant bias of bart's logits.
func isBuffer(t Tensor) bool {
	_, suffix := cutLast(t.Name)
	mask := len(t.Shape) == 4 && t.Shape[0] == 1 && t.Shape[1] == 1 && t.Shape[2] == t.Shape[3]
	return suffix == "inv_freq" || suffix == "masked_bias" || suffix == "position_ids" || suffix == "final_logits_bias" || suffix == "bias" && mask
}

// cutLast splits a name at its last point.
func cutLast(name string) (stem, suffix string) {
	i := strings.LastIndexByte(name, '.')
	return name[:max(i, 0)], name[i+1:]
}

// Find returns the tensor of that name.
func (h Header) Find(name string) (Tensor, bool) {
	i := slices.IndexFunc(h.Tensors, func(t Tensor) bool { return t.Name == name })
	if i < 0 {
		return Tensor{}, false
	}
	return h.Tensors[i], true
}
