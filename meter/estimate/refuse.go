package estimate

import "strings"

// otherKinds are fields by which a configuration says that the model is not the
// dense decoder that its model_type names: experts, compressed attention, extra
// prediction layers, other towers. They are refused unless absent, null, false,
// 0 or empty.
func otherKinds() []struct{ what, fields string } {
	return []struct{ what, fields string }{
		{"experts", "num_experts num_local_experts n_routed_experts num_routed_experts moe_num_experts n_shared_experts num_shared_experts " +
			"num_experts_per_tok num_experts_per_token moe_intermediate_size moe_layer_freq shared_expert_intermediate_size moe_k first_k_dense_replace"},
		{"attention through a low rank", "kv_lora_rank q_lora_rank"},
		{"multi-token-prediction layers", "num_nextn_predict_layers mtp_num_layers"},
		{"an encoder or cross attention", "is_encoder_decoder add_cross_attention cross_attention_layers encoder_layers"},
		{"another tower", "text_config vision_config audio_config thinker_config"},
		{"state-space or recurrent layers", "mamba_d_state ssm_state_size state_size linear_num_value_heads lru_width block_types"},
		{"layers that share or differ in shape", "num_kv_shared_layers hidden_size_per_layer_input block_configs pruned_heads attention_chunk_size"},
	}
}

// refuseOtherKinds adds a problem for each such field, and for a head that is
// not a language model's.
func (c *config) refuseOtherKinds() {
	for _, kind := range otherKinds() {
		for name := range strings.FieldsSeq(kind.fields) {
			if text, found := c.stated(name); found && !isNone(text) {
				c.problem(name, "found %s: the model has %s, which a dense architecture does not: not counted yet, give the operations themselves", clip(text), kind.what)
			}
		}
	}
	classes, _ := c.words("architectures")
	for _, class := range classes {
		if !strings.HasSuffix(class, "ForCausalLM") && !strings.HasSuffix(class, "LMHeadModel") {
			c.problem("architectures", "found %q, expected a class with a language-model head (...ForCausalLM): another head has another size", clip(class))
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
