package estimate

import "strings"

// beside gives the modules of a class that stands once for each prefix, and of
// its attention to an encoder.
func beside(prefixes []string, class []module) []module {
	var list []module
	for _, m := range class {
		if m.products == headName {
			continue
		}
		for _, prefix := range prefixes {
			list = append(list, m.within(prefix))
		}
		if cross, found := crossing(m); found {
			list = append(list, cross)
		}
	}
	return append(list, module{"lm_head", headName})
}

// crossing is the module of the same name in the attention to an encoder.
func crossing(m module) (module, bool) {
	name, found := map[string]string{"attention.query": "cross.query", "attention.key": "cross.key", "attention.value": "cross.value", attentionOutput: "cross.output"}[m.products]
	return module{m.name, name}, found
}

// t5Modules: wi where the feed-forward part is plain, wi_0 and wi_1 where it is
// gated.
func (a Architecture) t5Modules() []module {
	class := []module{{"q", "attention.query"}, {"k", "attention.key"}, {"v", "attention.value"}, {"o", attentionOutput}, {"wi", "mlp.up"}, {"wo", "mlp.down"}}
	if a.made("mlp.gate") {
		class[4].name = "wi_1"
		class = append(class, module{"wi_0", "mlp.gate"})
	}
	return beside([]string{"", "encoder."}, class)
}

// visionModules are those of a vision tower of the class and of its projector.
func visionModules(class []module, first, second string) []module {
	var list []module
	for _, m := range class {
		if m.products != headName {
			list = append(list, m.within("vision."))
		}
	}
	return append(list, module{first, "projector.in"}, module{second, "projector.out"})
}

// qwenTower is the tower of qwen2_vl, whose layers have one matrix for queries,
// keys and values; that of qwen2_5_vl has a gate.
func (a Architecture) qwenTower() []module {
	class := []module{{"qkv", attentionInput}, {"proj", attentionOutput}}
	if a.made("vision.mlp.gate") {
		return append(class, module{"gate_proj", "mlp.gate"}, module{"up_proj", "mlp.up"}, module{"down_proj", "mlp.down"})
	}
	return append(class, module{"fc1", "mlp.up"}, module{"fc2", "mlp.down"})
}

// within is the module whose products have the prefix.
func (m module) within(prefix string) module {
	names := ""
	for i, name := range strings.Fields(m.products) {
		if i > 0 {
			names += " "
		}
		names += prefix + name
	}
	return module{m.name, names}
}
