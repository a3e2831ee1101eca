package estimate

import (
	"slices"
	"strings"
)

// module is a linear layer of a model's class in Hugging Face transformers, by
// the last part of its name, and the products that it makes: several where the
// class keeps their matrices in one.
type module struct{ name, products string }

// modules returns the linear layers of the family, the head last.
func (a Architecture) modules() []module {
	switch a.family {
	case "gpt2", "gpt_bigcode":
		return []module{{"c_attn", attentionInput}, {"c_proj", attentionOutput}, {"c_fc", "mlp.up"}, {"c_proj", "mlp.down"}, {"lm_head", headName}}
	case "gpt_neox":
		return []module{{"query_key_value", attentionInput}, {"dense", attentionOutput}, {"dense_h_to_4h", "mlp.up"}, {"dense_4h_to_h", "mlp.down"}, {"embed_out", headName}}
	case "falcon", "bloom":
		return []module{{"query_key_value", attentionInput}, {"dense", attentionOutput}, {"dense_h_to_4h", "mlp.up"}, {"dense_4h_to_h", "mlp.down"}, {"lm_head", headName}}
	case "phi3":
		return []module{{"qkv_proj", attentionInput}, {"o_proj", attentionOutput}, {"gate_up_proj", "mlp.gate mlp.up"}, {"down_proj", "mlp.down"}, {"lm_head", headName}}
	case "mpt":
		return []module{{"Wqkv", attentionInput}, {"out_proj", attentionOutput}, {"up_proj", "mlp.up"}, {"down_proj", "mlp.down"}, {"lm_head", headName}}
	case "gptj":
		return apart("out_proj", "", "fc_in", "fc_out")
	case "opt":
		return apart("out_proj", "", "fc1", "fc2")
	case "phi":
		return apart("dense", "", "fc1", "fc2")
	case "t5", "mt5":
		return a.t5Modules()
	case "bart", "whisper":
		return beside([]string{"", "encoder."}, apart("out_proj", "", "fc1", "fc2"))
	case "bert", "roberta", "xlm-roberta":
		return []module{{"query", "attention.query"}, {"key", "attention.key"}, {"value", "attention.value"}, {"dense", attentionOutput}, {"dense", "mlp.up"}, {"dense", "mlp.down"},
			{"dense", "head.transform"}, {"decoder", headName}}
	case "llava", "gemma3":
		return append(visionModules(apart("out_proj", "", "fc1", "fc2"), "linear_1", "linear_2"), apart("o_proj", "gate_proj", "up_proj", "down_proj")...)
	case "qwen2_vl", "qwen2_5_vl":
		return append(visionModules(a.qwenTower(), "0", "2"), apart("o_proj", "gate_proj", "up_proj", "down_proj")...)
	case "starcoder2":
		return apart("o_proj", "", "c_fc", "c_proj")
	}
	return apart("o_proj", "gate_proj", "up_proj", "down_proj")
}

const (
	attentionInput  = "attention.query attention.key attention.value"
	attentionOutput = "attention.output"
)

// apart is a class that keeps queries, keys and values apart, or makes them
// through low ranks.
func apart(output, gate, up, down string) []module {
	list := []module{{"q_proj", "attention.query"}, {"q_a_proj", "attention.query.down"}, {"q_b_proj", "attention.query.up"},
		{"k_proj", "attention.key"}, {"kv_a_proj_with_mqa", "attention.key.down"}, {"kv_b_proj", "attention.key.up"},
		{"v_proj", "attention.value"}, {output, attentionOutput}}
	if gate != "" {
		list = append(list, module{gate, "mlp.gate"})
	}
	return append(list, module{up, "mlp.up"}, module{down, "mlp.down"}, module{"lm_head", headName})
}

// linears returns the layers that stand in this architecture: a product that no
// module of the class makes is a layer by its own name.
func (a Architecture) linears() []linear {
	var list []linear
	made := map[string]bool{}
	for _, m := range a.modules() {
		l := linear{name: m.name}
		for _, p := range a.products {
			if slices.Contains(strings.Fields(m.products), p.Name) {
				l.products = append(l.products, p)
				made[p.Name] = true
			}
		}
		if len(l.products) > 0 {
			list = append(list, l)
		}
	}
	for _, p := range a.products {
		if !made[p.Name] && !p.Prediction {
			list = append(list, linear{p.Name, []Product{p}})
		}
	}
	return list
}

// linear is one module with its products.
type linear struct {
	name     string
	products []Product
}

// in and out are the widths of the one matrix that holds the products.
func (l linear) in() uint64 { return l.products[0].In }

func (l linear) out() uint64 {
	var width uint64
	for _, p := range l.products {
		width += p.Out
	}
	return width
}

// is reports whether a target names the module, by its last part (the rule of
// peft for lists), or one of its products.
func (l linear) is(target string) bool {
	if target == l.name || strings.HasSuffix(target, "."+l.name) {
		return true
	}
	return len(l.products) == 1 && target == l.products[0].Name
}
