package estimate

import (
	"encoding/json"
)

// llava: a CLIP tower, two products that take its patches to the text model's
// width, and a text model of a type of its own. The class position is left out
// of the operations: one in 577.
func llava(c *config) stack {
	text := c.textModel(map[string]any{"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32, "max_position_embeddings": 2048})
	vision := c.part("vision_config")
	tower := vision.tower()
	patches := vision.patches()
	tower.otherNorms, tower.positions = 2, patches+1
	tower.loose = tower.hidden // class position
	bias := boolTo(c.flag("multimodal_projector_bias", true))
	tower.extra = append(tower.extra, vision.patchProduct(tower.hidden, 1),
		onImage("projector.in", tower.hidden, text.hidden), onImage("projector.out", text.hidden, text.hidden))
	tower.loose += 2 * text.hidden * bias
	text.beside = []stack{tower}
	text.imageLength = patches
	return text
}

// gemma3: a SigLIP tower whose patches are averaged to mm_tokens_per_image
// tokens, one product and one norm that take them to the text model's width, and
// gemma3_text. What its published files leave out has the class's value.
func gemma3(c *config) stack {
	text := c.textModel(map[string]any{"model_type": "gemma3_text", "num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 262208,
		"max_position_embeddings": 131072, "sliding_window": 4096})
	vision := c.part("vision_config")
	tower := vision.tower()
	patches, tokens := vision.patches(), c.sizeOr("mm_tokens_per_image", 256, maxWide)
	if c.err() == nil && patches%tokens != 0 {
		c.problem("mm_tokens_per_image", "found %d, expected a divisor of the %d patches of an image", tokens, patches)
		return text
	}
	tower.times, tower.positions = max(patches/max(tokens, 1), 1), patches
	tower.extra = append(tower.extra, vision.patchProduct(tower.hidden, tower.times), onImage("projector.in", tower.hidden, text.hidden))
	tower.loose = 2 * tower.hidden // bias of the patches, norm before the projector
	if vision.flag("vision_use_head", false) {
		vision.problem("vision_use_head", "found true, expected false: a tower with a pooling head is not known in this type")
	}
	text.beside = []stack{tower}
	text.imageLength = tokens
	return text
}

// qwen2VL: a tower over patches of two frames, without position table, whose
// patches are joined by fours, and qwen2.
func qwen2VL(c *config) stack {
	text := c.qwenText()
	vision := c.part("vision_config")
	n := names{hidden: "embed_dim", layers: "depth", heads: "num_heads"}
	tower := vision.towerSizes(n)
	tower.feedForward = tower.hidden * vision.sizeOr("mlp_ratio", 4, maxState)
	tower.norm = scaleShift
	vision.qwenMerger(&tower, text)
	text.beside = []stack{tower}
	return text
}

// qwen25VL: qwen2VL with RMSNorms, a gated feed-forward part, and attention
// within windows in all but some layers of the tower.
func qwen25VL(c *config) stack {
	text := c.qwenText()
	vision := c.part("vision_config")
	n := names{hidden: "hidden_size", layers: "depth", heads: "num_heads", feedForward: "intermediate_size"}
	tower := vision.towerSizes(n)
	tower.gated, tower.norm = true, scaleOnly
	global, _ := vision.numbers("fullatt_block_indexes", maxLayers)
	all := min(uint64(len(global)), tower.layers)
	side := vision.sizeOr("window_size", 112, maxWide) / vision.sizeOr("patch_size", 14, maxWidth)
	tower.windows = []span{{layers: tower.layers - all, window: max(side*side, 1)}, {layers: all}}
	vision.qwenMerger(&tower, text)
	text.beside = []stack{tower}
	return text
}

// qwenMerger adds what takes patches in and joins them to text tokens.
func (c *config) qwenMerger(tower *stack, text stack) {
	side := c.sizeOr("spatial_merge_size", 2, 64)
	tower.times = max(side*side, 1)
	wide := tower.hidden * tower.times
	tower.extra = append(tower.extra, c.patchProductOf(tower.hidden, tower.times, c.sizeOr("temporal_patch_size", 2, 64), c.either("in_channels", "in_chans")),
		onImage("projector.in", wide, wide), onImage("projector.out", wide, text.hidden))
	tower.loose = wide + text.hidden // biases of the projector
}

// qwenText is the text model of the qwen towers: its fields stand in
// text_config, or at the top in older files.
func (c *config) qwenText() stack {
	if _, found := c.stated("text_config"); found {
		inner := c.part("text_config")
		if _, stated := inner.stated("tie_word_embeddings"); !stated {
			inner.inherit(c, "tie_word_embeddings")
		}
		return qwen2(inner)
	}
	return qwen2(c)
}

// textModel reads text_config as a model of its own type; what it leaves out
// has the value given.
func (c *config) textModel(defaults map[string]any) stack {
	inner := c.part("text_config")
	for name, value := range defaults {
		if _, found := inner.stated(name); !found {
			text, err := json.Marshal(value)
			if err != nil {
				c.problem("text_config."+name, "%v", err)
			}
			inner.fields[name] = text
		}
	}
	inner.inherit(c, "tie_word_embeddings")
	name := inner.word("model_type")
	for _, f := range families() {
		if f.name == name && f.has&(withTower|withEncoder) == 0 && f.heads == "" {
			delete(inner.fields, "architectures")
			inner.refuseOtherKinds(f)
			return f.read(inner)
		}
	}
	inner.problem("model_type", "found %q, expected a decoder that is known", clip(name))
	return stack{}
}

// inherit takes a field of the whole configuration where the part has none.
func (c *config) inherit(whole *config, name string) {
	text, found := whole.stated(name)
	if _, own := c.stated(name); found && !own && c.fields != nil {
		c.fields[name] = json.RawMessage(text)
	}
}

// part is a nested object that must be there.
func (c *config) part(name string) *config {
	if _, found := c.stated(name); !found {
		c.problem(name, "missing: expected the part of the configuration that describes it")
	}
	inner := c.object(name)
	if inner.fields == nil {
		inner.fields = map[string]json.RawMessage{}
	}
	return inner
}

// tower reads a vision transformer with biases and LayerNorms: CLIP, SigLIP.
func (c *config) tower() stack {
	d := c.towerSizes(names{hidden: "hidden_size", layers: "num_hidden_layers", heads: "num_attention_heads", feedForward: "intermediate_size"})
	d.norm = scaleShift
	return d
}

// towerSizes reads what every tower has. Every patch sees all of its image.
func (c *config) towerSizes(n names) stack {
	d := stack{
		names: n, part: "vision.", stream: Image, full: true, tied: true,
		hidden: c.size(n.hidden, maxWidth), layers: c.size(n.layers, maxLayers), heads: c.size(n.heads, maxHeads),
		layerNorms: 2, otherNorms: 1, queryBias: true, outputBias: true, feedBias: true,
	}
	if n.feedForward != "" {
		d.feedForward = c.size(n.feedForward, maxWide)
	}
	d.keyHeads, d.attending, d.feeding = d.heads, d.layers, d.layers
	if d.heads != 0 {
		if d.headWidth = d.hidden / d.heads; d.hidden%d.heads != 0 {
			c.problem(n.heads, "found %d, which does not divide %s %d", d.heads, n.hidden, d.hidden)
		}
	}
	return d
}

// patches is how many an image has.
func (c *config) patches() uint64 {
	image, patch := c.size("image_size", maxWide), c.size("patch_size", maxWidth)
	if patch == 0 || image < patch {
		c.problem("image_size", "found %d, expected at least patch_size %d", image, patch)
		return 1
	}
	n := (image / patch) * (image / patch)
	if n > maxPatches {
		c.problem("image_size", "%d patches of an image: expected at most %d", n, maxPatches)
		return 1
	}
	return n
}

// patchProduct takes a patch of pixels in.
func (c *config) patchProduct(width, times uint64) Product {
	return c.patchProductOf(width, times, 1, "num_channels")
}

func (c *config) patchProductOf(width, times, frames uint64, channels string) Product {
	patch := c.sizeOr("patch_size", 14, maxWidth)
	p := product("patches", c.sizeOr(channels, 3, maxState)*frames*patch*patch, width, 1)
	p.Stream, p.Count, p.Passes = Image, times, Forward|WeightGradient // what goes in is data
	return p
}

// onImage is a product once per image token, whatever a token is made of.
func onImage(name string, in, out uint64) Product {
	p := product(name, in, out, 1)
	p.Stream = Image
	return p
}

func boolTo(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
