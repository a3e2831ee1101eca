package estimate

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Adapter is a low-rank adapter (LoRA, Hu et al. 2021): beside each target with
// a matrix of In x Out stand two trained ones, In x Rank and Rank x Out. The
// base is frozen.
type Adapter struct {
	Rank    uint64   `json:"rank"`
	Targets []string `json:"targets"`           // modules by the last part of their names, as q_proj; or all-linear: every one but the head
	Layers  []uint64 `json:"layers,omitempty"`  // from 0; nil: every layer
	Trained []string `json:"trained,omitempty"` // modules that are trained in full beside the adapter (modules_to_save); embed_tokens among them
}

// AllLinear is the target that stands for every linear layer but the head.
const AllLinear = "all-linear"

// maxRank bounds a rank: no adapter is wider than a model.
const maxRank = maxWidth

// ParseAdapter reads the adapter_config.json of Hugging Face peft. Refused are
// kinds other than LORA, ranks by pattern, DoRA, and targets as a pattern: what
// they train cannot be told from the file.
func ParseAdapter(data []byte) (Adapter, error) {
	c, err := readConfig(data)
	if err != nil {
		return Adapter{}, fmt.Errorf("adapter: %w", err)
	}
	c.path = "adapter."
	if kind := c.word("peft_type"); kind != "LORA" {
		c.problem("peft_type", "found %q, expected LORA: other adapters are not counted yet: give the operations themselves", clip(kind))
	}
	a := Adapter{Rank: c.size("r", maxRank), Targets: c.targets(), Layers: c.layerList("layers_to_transform")}
	a.Trained, _ = c.words("modules_to_save")
	for _, name := range []string{"rank_pattern", "use_dora", "trainable_token_indices", "target_parameters", "layer_replication", "exclude_modules"} {
		if text, found := c.stated(name); found && !isNone(text) {
			c.problem(name, "found %s: what this trains is not counted yet: give the operations themselves", clip(text))
		}
	}
	return a, c.err()
}

// targets reads a list of module names, or the word all-linear.
func (c *config) targets() []string {
	text, found := c.stated("target_modules")
	var one string
	switch {
	case !found:
		c.problem("target_modules", "missing: expected the list of modules, as peft writes it")
	case json.Unmarshal([]byte(text), &one) == nil && one != AllLinear:
		c.problem("target_modules", "found the pattern %s: expected a list of module names, as peft writes when training has begun, or all-linear", clip(text))
	case one != "":
		return []string{one}
	default:
		list, _ := c.words("target_modules")
		return list
	}
	return nil
}

// layerList reads an optional layer or list of layers.
func (c *config) layerList(name string) []uint64 {
	text, found := c.stated(name)
	if !found {
		return nil
	}
	var one uint64
	if json.Unmarshal([]byte(text), &one) == nil {
		return []uint64{one}
	}
	var list []uint64
	if json.Unmarshal([]byte(text), &list) != nil || len(list) == 0 || len(list) > maxLayers {
		c.problem(name, "found %s, expected a layer or a list of layers, from 0", clip(text))
	}
	return list
}

// Adapt returns the architecture with its weights frozen and the adapter beside
// them, at its true cost: a frozen weight has a forward pass and an input
// gradient (4 operations), one below the lowest adapted layer a forward pass
// only (2), an adapter's all three (6). The count is by whole layers: the lowest
// adapted one keeps the input gradients that nothing below it needs, and that
// PyTorch leaves out, so it is high by at most a third of one layer. The error names a target that the model
// does not have, with those that it has.
func (a Architecture) Adapt(ad Adapter) (Architecture, error) {
	if err := a.checkAdapter(ad); err != nil {
		return Architecture{}, err
	}
	targets := a.chosen(ad.Targets)
	trained := a.chosen(ad.Trained)
	frozen, err := a.splitAt(a.lowest(ad, targets, trained), frozenPasses)
	if err != nil {
		return Architecture{}, err
	}
	for i, p := range frozen.products {
		if p.Stream != Text {
			frozen.products[i].Passes = Forward
		}
	}
	for _, l := range trained {
		frozen.train(l)
	}
	for _, l := range targets {
		first := l.products[0]
		count, held := first.Count, first.Held
		if ad.Layers != nil && first.Name != headName {
			if count != a.layers || held != a.layers {
				return Architecture{}, fmt.Errorf("adapter: %s stands in some of the %d layers, or several times, and in which of the chosen ones cannot be told: leave the layers out", l.name, a.layers)
			}
			count, held = uint64(len(ad.Layers)), uint64(len(ad.Layers))
		}
		frozen.products = append(frozen.products,
			adapterProduct(first, l.name+".a", l.in(), ad.Rank, count, held), adapterProduct(first, l.name+".b", ad.Rank, l.out(), count, held))
	}
	if a.has(Source) || a.has(Image) {
		frozen.carry(slices.ContainsFunc(ad.Trained, isEmbedding) && a.has(Source))
	}
	return frozen, nil
}

// adapterProduct is one of the two trained matrices beside a product, on the
// same tokens. Its name says which part it stands in.
func adapterProduct(beside Product, name string, in, out, count, held uint64) Product {
	prefix := "adapter."
	switch beside.part() {
	case ProjectorPart:
		prefix = "projector.adapter."
	case DecoderPart:
		if beside.crosses() {
			prefix = "adapter.cross."
		}
	}
	return Product{Name: prefix + name, In: in, Out: out, Count: count, Held: held, Stream: beside.Stream, Passes: TrainingPasses}
}

func (a Architecture) checkAdapter(ad Adapter) error {
	var errs []error
	if len(a.products) == 0 {
		return fmt.Errorf("no architecture: expected one from ParseConfig")
	}
	if ad.Rank == 0 || ad.Rank > maxRank {
		errs = append(errs, fmt.Errorf("adapter: rank %d: expected 1 to %d", ad.Rank, uint64(maxRank)))
	}
	if len(ad.Targets) == 0 {
		errs = append(errs, fmt.Errorf("adapter: no target: expected some of %s", a.targetNames()))
	}
	for _, target := range slices.Concat(ad.Targets, ad.Trained) {
		if len(a.chosen([]string{target})) == 0 && !(isEmbedding(target) && slices.Contains(ad.Trained, target)) {
			errs = append(errs, fmt.Errorf("adapter: target %q: a %s model has %s", clip(target), a.family, a.targetNames()))
		}
	}
	if target, found := a.unclear(slices.Concat(ad.Targets, ad.Trained)); found {
		errs = append(errs, fmt.Errorf("adapter: target %q: whether it takes in the experts' matrices depends on the version of the library: name the matrices, some of %s", target, a.targetNames()))
	}
	if ad.Layers != nil && (a.has(Source) || a.has(Image)) {
		errs = append(errs, fmt.Errorf("adapter: layers of a %s model, which has an encoder or a tower beside its decoder: whose layers they are cannot be told: leave the layers out", a.family))
	}
	seen := map[uint64]bool{}
	for _, layer := range ad.Layers {
		if layer >= a.layers || seen[layer] {
			errs = append(errs, fmt.Errorf("adapter: layer %d: expected each of some of the layers 0 to %d once", layer, a.layers-1))
		}
		seen[layer] = true
	}
	return errors.Join(errs...)
}

// unclear finds a target that may or may not stand for matrices of experts.
func (a Architecture) unclear(targets []string) (string, bool) {
	if !a.made("router") {
		return "", false
	}
	for _, target := range targets {
		switch target[strings.LastIndexByte(target, '.')+1:] {
		case AllLinear, "gate_proj", "up_proj", "down_proj":
			return target, true
		}
	}
	return "", false
}

// chosen returns the linear layers that the targets name, each once.
func (a Architecture) chosen(targets []string) []linear {
	var list []linear
	for _, l := range a.linears() {
		first := l.products[0]
		if slices.Contains(a.fixed, first.part()) {
			continue
		}
		all := slices.Contains(targets, AllLinear) && first.Name != headName && a.isLinear(first)
		if all || slices.ContainsFunc(targets, l.is) || first.part() == ProjectorPart && slices.ContainsFunc(targets, isProjector) {
			list = append(list, l)
		}
	}
	return list
}

// lowest is the lowest layer in which something is trained; the number of layers
// when only the head is.
func (a Architecture) lowest(ad Adapter, targets, trained []linear) uint64 {
	if slices.ContainsFunc(ad.Trained, isEmbedding) || slices.ContainsFunc(trained, linear.inLayers) {
		return 0
	}
	switch {
	case !slices.ContainsFunc(targets, linear.inLayers):
		return a.layers
	case ad.Layers == nil:
		return 0
	}
	return slices.Min(ad.Layers)
}

// inLayers reports whether the module is in a layer of the decoder.
func (l linear) inLayers() bool { return l.products[0].Stream == Text && !l.products[0].isHead() }

// isLinear reports whether the product is a linear layer of the model's class: a
// convolution is none, nor is gemma3's projector, a bare parameter.
func (a Architecture) isLinear(p Product) bool {
	return !p.readsData() && !strings.Contains(p.Name, "conv") && (a.family != "gemma3" || p.part() != ProjectorPart)
}

// isProjector reports whether the name is that of the module which holds all that
// joins a tower to the text.
func isProjector(name string) bool {
	return slices.Contains([]string{"multi_modal_projector", "merger"}, name[strings.LastIndexByte(name, '.')+1:])
}

func isEmbedding(name string) bool {
	return slices.Contains([]string{"embed_tokens", "wte", "word_embeddings", "embed_in", "shared"}, name[strings.LastIndexByte(name, '.')+1:])
}

// train gives the products of a layer all passes.
func (a *Architecture) train(l linear) {
	for i := range a.products {
		if slices.ContainsFunc(l.products, func(p Product) bool { return p.Name == a.products[i].Name }) {
			a.products[i].Passes = TrainingPasses
		}
	}
}

func (a Architecture) targetNames() string {
	var list []string
	for _, l := range a.linears() {
		if !slices.Contains(list, l.name) {
			list = append(list, l.name)
		}
	}
	return strings.Join(append(list, AllLinear), ", ")
}
