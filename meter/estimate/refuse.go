package estimate

import "strings"

// parts is a set of what a family has beyond a dense decoder.
type parts uint8

const (
	withExperts parts = 1 << iota
	withLowRank
	withPrediction
	withEncoder
	withTower
	withRecurrence
	withChunks
)

// otherKinds are fields by which a configuration says that the model has more
// than a dense decoder: experts, compressed attention, extra prediction layers,
// other towers. In a family without that part they are refused unless absent,
// null, false, 0 or empty.
func otherKinds() []struct {
	part         parts
	what, fields string
} {
	return []struct {
		part         parts
		what, fields string
	}{
		{withExperts, "experts", "num_experts num_local_experts n_routed_experts num_routed_experts moe_num_experts n_shared_experts num_shared_experts " +
			"num_experts_per_tok num_experts_per_token moe_intermediate_size moe_layer_freq shared_expert_intermediate_size moe_k moe_topk first_k_dense_replace"},
		{withLowRank, "attention through a low rank", "kv_lora_rank q_lora_rank"},
		{withPrediction, "multi-token-prediction layers", "num_nextn_predict_layers mtp_num_layers num_mtp_layers"},
		{withEncoder, "an encoder or cross attention", "is_encoder_decoder add_cross_attention cross_attention_layers encoder_layers"},
		{withTower, "another tower", "text_config vision_config audio_config thinker_config"},
		{withRecurrence, "state-space or recurrent layers", "mamba_d_state ssm_state_size state_size linear_num_value_heads lru_width block_types"},
		{withChunks, "attention within chunks", "attention_chunk_size"},
		{0, "layers that share or differ in shape", "num_kv_shared_layers hidden_size_per_layer_input block_configs pruned_heads moe_latent_size"},
		{0, "an indexer that chooses keys", "index_topk"},
	}
}

// refuseOtherKinds adds a problem for each such field, and for a head that is
// not a language model's.
func (c *config) refuseOtherKinds(f family) {
	for _, kind := range otherKinds() {
		if kind.part&f.has != 0 {
			continue
		}
		for name := range strings.FieldsSeq(kind.fields) {
			if text, found := c.stated(name); found && !isNone(text) {
				c.problem(name, "found %s: the model has %s, which %s has not as it is known here: not counted yet, give the operations themselves", clip(text), kind.what, f.name)
			}
		}
	}
	c.refuseOtherHeads(f)
}

func (c *config) refuseOtherHeads(f family) {
	expected := []string{"ForCausalLM", "LMHeadModel"}
	if f.has&(withEncoder|withTower) != 0 {
		expected = []string{"ForConditionalGeneration", "ForCausalLM"}
	}
	if f.heads != "" {
		expected = strings.Fields(f.heads)
	}
	classes, _ := c.words("architectures")
	for _, class := range classes {
		known := false
		for _, suffix := range expected {
			known = known || strings.HasSuffix(class, suffix)
		}
		if !known {
			c.problem("architectures", "found %q, expected a class with a language-model head (...%s): another head has another size", clip(class), expected[0])
		}
	}
}

func isNone(text string) bool {
	switch text {
	case "false", "0", "[]", "{}", `""`:
		return true
	}
	return false
}
