package estimate

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/tensors"
)

// MismatchError reports that a configuration and another source give numbers of
// parameters that are more than 1 % apart: one of them is of another model, so
// no count follows from them.
type MismatchError struct {
	Family     string
	Configured meter.Ops // by the configuration
	Found      meter.Ops // by the other source
	Source     string    // which source, as in "the weights in out"
	Causes     []string  // likely ones
}

func (e *MismatchError) Error() string {
	message := fmt.Sprintf("parameters: the configuration (%s) gives %s, %s %s: %s apart, expected at most 1 %%",
		e.Family, e.Configured, e.Source, e.Found, percentApart(e.Found, e.Configured))
	causes := e.Causes
	if len(causes) == 0 {
		causes = []string{"the configuration is of another model or version"}
	}
	return message + "; likely: " + strings.Join(causes, "; ") + "; take the config.json that was saved with the weights"
}

// Agreement is what a comparison that held compared.
type Agreement struct {
	Configured meter.Ops
	Found      meter.Ops
	Left       []string // what of the weights was left out of Found, and why
}

// String says it in a sentence, as in "the weights in out hold 8030261248
// parameters, as the configuration gives".
func (g Agreement) String() string {
	text := fmt.Sprintf("the weights hold %s parameters, as the configuration gives", g.Found)
	if g.Found != g.Configured {
		text = fmt.Sprintf("the weights hold %s parameters, the configuration gives %s: %s apart", g.Found, g.Configured, percentApart(g.Found, g.Configured))
	}
	if len(g.Left) > 0 {
		text += " (left out: " + strings.Join(g.Left, ", ") + ")"
	}
	return text
}

// CheckWeights holds the parameters that the configuration gives against those
// of the weights' headers: multi-token-prediction modules and a copy of a tied
// head are left out, packed 4-bit weights counted as what they unpack to. More
// than 1 % apart is a [*MismatchError] with likely causes.
func (a Architecture) CheckWeights(h tensors.Header, source string) (Agreement, error) {
	v := viewOf(a, h)
	found := h.Parameters(v.kept)
	g := Agreement{Configured: a.Parameters().Total, Found: meter.NewOps(found.Total), Left: v.left()}
	if found.Packed > 0 {
		g.Left = append(g.Left, fmt.Sprintf("%d packed elements counted as what they unpack to", found.Packed))
	}
	if near(g.Found, g.Configured) {
		return g, nil
	}
	return g, &MismatchError{Family: a.family, Configured: g.Configured, Found: g.Found, Source: source, Causes: v.causes(found)}
}

// CheckStated holds the configuration's parameters against a number that a log
// or a card states, printed to within rounding.
func (a Architecture) CheckStated(parameters, rounding meter.Ops, source string) error {
	p := a.Parameters()
	withoutPositions, _ := p.Total.Sub(p.Positions) // as nanoGPT prints it; never below zero
	withoutEmbedding, _ := p.Total.Sub(p.Embedding) // as many trainers print it
	for _, n := range []meter.Ops{p.Total, withoutPositions, withoutEmbedding} {
		if near(parameters, n) || distance(parameters, n).Cmp(rounding) <= 0 {
			return nil
		}
	}
	e := &MismatchError{Family: a.family, Configured: p.Total, Found: parameters, Source: source}
	for _, c := range []struct {
		n     meter.Ops
		cause string
	}{
		{p.Active, "the number stated is of active parameters"},
		{times(parameters, 2), "the number stated is of packed 4-bit weights, two in one element"},
	} {
		if near(c.n, p.Total) || near(parameters, c.n) {
			e.Causes = append(e.Causes, c.cause)
		}
	}
	return e
}

func distance(a, b meter.Ops) meter.Ops {
	if a.Cmp(b) < 0 {
		a, b = b, a
	}
	d, _ := a.Sub(b) // never below zero
	return d
}

func times(o meter.Ops, n uint64) meter.Ops {
	product, err := o.Mul(meter.NewOps(n))
	if err != nil {
		return meter.Ops{}
	}
	return product
}

// near reports whether found is within 1 % of configured.
func near(found, configured meter.Ops) bool {
	distance := new(big.Int).Sub(found.Big(), configured.Big())
	return distance.Abs(distance).Mul(distance, big.NewInt(100)).Cmp(configured.Big()) <= 0
}

func percentApart(a, b meter.Ops) string {
	if b.IsZero() {
		return "nothing to compare"
	}
	distance := new(big.Rat).SetFrac(new(big.Int).Sub(a.Big(), b.Big()), b.Big())
	text := distance.Mul(distance, big.NewRat(100, 1)).FloatString(2)
	if distance.Sign() > 0 {
		text = "+" + text
	}
	return text + " %"
}

// view is the weights as this architecture sees them.
type view struct {
	a          Architecture
	h          tensors.Header
	layers     uint64 // highest number of a layer in the names, plus one
	prediction uint64 // elements of prediction modules
	head       bool   // there is a head
	headCopy   uint64 // elements of a head that is the embedding again
	vocabulary uint64 // rows of the input embedding; 0: not found
	width      uint64 // of it
	tower      uint64 // elements of towers
	adapter    bool
}

// headTensors and embeddingTensors are the names of the head and of the input
// embedding, in the library's classes and in GGUF.
const (
	headTensors      = " lm_head.weight output.weight embed_out.weight language_model.lm_head.weight "
	embeddingTensors = " model.embed_tokens.weight transformer.wte.weight wte.weight gpt_neox.embed_in.weight embed_in.weight token_embd.weight " +
		"transformer.word_embeddings.weight word_embeddings.weight language_model.model.embed_tokens.weight model.language_model.embed_tokens.weight " +
		"backbone.embeddings.weight shared.weight model.shared.weight "
)

func viewOf(a Architecture, h tensors.Header) *view {
	v := &view{a: a, h: h}
	for _, t := range h.Tensors {
		v.adapter = v.adapter || strings.Contains(t.Name, "lora_")
		if strings.Contains(embeddingTensors, " "+t.Name+" ") && len(t.Shape) == 2 {
			v.vocabulary, v.width = t.Shape[0], t.Shape[1]
			if h.Format == "gguf" {
				v.vocabulary, v.width = t.Shape[1], t.Shape[0]
			}
		}
		if isTower(t.Name) {
			v.tower += t.Elements
		}
		if n, found := layerOf(t.Name); found && !v.predicting(t.Name) {
			v.layers = max(v.layers, n+1)
		}
	}
	for _, t := range h.Tensors {
		switch {
		case v.predicting(t.Name):
			v.prediction += t.Elements
		case strings.Contains(headTensors, " "+t.Name+" "):
			v.head = true
			if a.tied() && t.Elements == v.vocabulary*v.width {
				v.headCopy = t.Elements
			}
		}
	}
	return v
}

// tied reports whether the head is the input embedding.
func (a Architecture) tied() bool { return a.embedding.IsZero() }

var layerNumber = regexp.MustCompile(`(?:^|\.)(?:layers|h|blk|blocks|block|layer)\.(\d{1,5})\.`)

// layerOf is the number of the layer that a tensor belongs to, by its name.
func layerOf(name string) (uint64, bool) {
	m := layerNumber.FindStringSubmatch(name)
	if m == nil || isTower(name) {
		return 0, false
	}
	n, err := strconv.ParseUint(m[1], 10, 64)
	return n, err == nil
}

func isTower(name string) bool {
	for _, part := range []string{"vision_tower.", "vision_model.", "visual.", "multi_modal_projector.", "mm_projector.", "audio_tower."} {
		if strings.HasPrefix(name, part) || strings.HasPrefix(name, "model."+part) {
			return true
		}
	}
	return false
}

// predicting reports whether a tensor is of a multi-token-prediction module:
// under a name of its own, or as a layer after the last.
func (v *view) predicting(name string) bool {
	if strings.HasPrefix(name, "mtp.") || strings.HasPrefix(name, "model.mtp.") {
		return true
	}
	n, found := layerOf(name)
	return found && v.a.predicts() && n >= v.a.layers
}

func (v *view) kept(t tensors.Tensor) bool {
	isCopy := v.headCopy != 0 && strings.Contains(headTensors, " "+t.Name+" ")
	return !isCopy && !v.sharedCopy(t) && !v.predicting(t.Name)
}

// sharedCopy reports whether a tensor is the shared embedding of an encoder and
// a decoder again, under the name of one of them.
func (v *view) sharedCopy(t tensors.Tensor) bool {
	stem, found := strings.CutSuffix(t.Name, "coder.embed_tokens.weight")
	if !found {
		return false
	}
	shared, found := v.h.Find(strings.TrimSuffix(strings.TrimSuffix(stem, "en"), "de") + "shared.weight")
	return found && shared.Elements == t.Elements
}

func (v *view) left() []string {
	var words []string
	if v.prediction != 0 {
		words = append(words, fmt.Sprintf("%d elements of multi-token-prediction modules", v.prediction))
	}
	if v.headCopy != 0 {
		words = append(words, fmt.Sprintf("%d elements of a head that is the input embedding", v.headCopy))
	}
	return words
}

// causes are what the names and shapes show to be different.
func (v *view) causes(found tensors.Parameters) []string {
	var list []string
	add := func(holds bool, format string, args ...any) {
		if holds {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	total, configured := meter.NewOps(found.Total), v.a.Parameters().Total
	head := v.a.named("head")
	add(v.adapter, "the files hold an adapter, not the model's weights")
	add(v.layers != 0 && v.layers != v.a.layers, "the weights have %d layers, the configuration %d", v.layers, v.a.layers)
	add(v.vocabulary != 0 && head.Out != 0 && v.vocabulary != head.Out, "the weights have a vocabulary of %d, the configuration %d", v.vocabulary, head.Out)
	add(v.width != 0 && head.In != 0 && v.width != head.In, "the weights are %d wide, the configuration %d", v.width, head.In)
	add(v.tower != 0 && !v.a.has(Image), "the weights hold a vision or audio tower of %d elements, which the configuration of the text model leaves out", v.tower)
	add(v.head && v.a.tied() && v.headCopy == 0, "the weights have a head of their own, the configuration ties it to the embedding")
	add(!v.head && !v.a.tied() && v.vocabulary != 0, "the weights have no head of their own, the configuration does not tie it to the embedding")
	add(found.Packed == 0 && near(times(total, 2), configured), "two 4-bit weights are packed in each element, in a form that is not known here")
	add(found.Packed == 0 && near(times(total, 8), configured), "eight 4-bit weights are packed in each element, in a form that is not known here")
	if e := v.a.named("experts.up"); e.Held != 0 {
		add(total.Cmp(configured) < 0, "some of the experts' files are missing, or the number of experts is another")
	}
	return list
}

// named returns the product of that name, or none.
func (a Architecture) named(name string) Product {
	for _, p := range a.products {
		if p.Name == name {
			return p
		}
	}
	return Product{}
}
