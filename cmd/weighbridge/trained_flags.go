package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter/estimate"
)

// trainedFlags say which part of a model is trained; run and record share them.
// The zero value is all of it.
type trainedFlags struct{ adapter, rank, targets, layers, frozen, parts string }

func (f *trainedFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.adapter, "adapter", "", "the adapter's adapter_config.json, as peft writes it")
	flags.StringVar(&f.rank, "rank", "", "rank of the adapter's matrices, as in 16")
	flags.StringVar(&f.targets, "targets", "", "modules that the adapter stands beside, as in q_proj,v_proj, or all-linear")
	flags.StringVar(&f.layers, "layers", "", "layers that have the adapter, from 0, as in 16-31 (default: all)")
	flags.StringVar(&f.frozen, "frozen-layers", "", "how many of the lowest layers are frozen")
	flags.StringVar(&f.parts, "frozen-parts", "", "parts that are frozen as a whole, of a model that has several: "+names(estimate.ModelParts())+"; no adapter stands in them")
}

// trainedPart is what the flags say; a run's journal keeps it. The zero value is
// the whole model.
type trainedPart struct {
	Adapter      *estimate.Adapter    `json:"adapter,omitempty"`
	FrozenLayers uint64               `json:"frozen_layers,omitempty"`
	FrozenParts  []estimate.ModelPart `json:"frozen_parts,omitempty"`
}

func (f trainedFlags) read() (t trainedPart, err error) {
	if t.FrozenLayers, err = smallNumber("frozen-layers", f.frozen); err != nil {
		return t, err
	}
	for name := range strings.SplitSeq(f.parts, ",") {
		part := estimate.ModelPart(name)
		switch {
		case f.parts == "":
		case !slices.Contains(estimate.ModelParts(), part) || slices.Contains(t.FrozenParts, part):
			return t, usage("--frozen-parts: found %.40q, expected each of some of %s once, with commas between them", name, names(estimate.ModelParts()))
		default:
			t.FrozenParts = append(t.FrozenParts, part)
		}
	}
	t.Adapter, err = f.lowRank()
	return t, err
}

// of is the architecture of which only the part is trained.
func (t trainedPart) of(a estimate.Architecture) (estimate.Architecture, error) {
	a, err := a.Freeze(t.FrozenParts...)
	switch {
	case err != nil:
		return a, err
	case t.Adapter != nil && t.FrozenLayers != 0:
		return a, fmt.Errorf("an adapter freezes every layer already: state its layers instead of frozen ones")
	case t.Adapter != nil:
		return a.Adapt(*t.Adapter)
	case t.FrozenLayers != 0:
		return a.FreezeBelow(t.FrozenLayers)
	}
	return a, nil
}

// lowRank is the adapter of the file or of the flags; nil: none is stated.
func (f trainedFlags) lowRank() (*estimate.Adapter, error) {
	stated := f.rank != "" || f.targets != "" || f.layers != ""
	switch {
	case f.adapter != "" && stated:
		return nil, usage("--adapter states the rank, the targets and the layers: leave out --rank, --targets and --layers")
	case f.adapter != "":
		data, err := os.ReadFile(f.adapter)
		if err != nil {
			return nil, fmt.Errorf("--adapter: %w; name the adapter_config.json that was saved with the adapter", err)
		}
		ad, err := estimate.ParseAdapter(data)
		if err != nil {
			return nil, fmt.Errorf("--adapter: %s: %w", f.adapter, err)
		}
		return &ad, nil
	case !stated:
		return nil, nil
	case f.rank == "" || f.targets == "":
		return nil, usage("--rank and --targets belong together: found rank %q and targets %q", f.rank, f.targets)
	}
	rank, err := smallNumber("rank", f.rank)
	if err != nil {
		return nil, err
	}
	layers, err := parseLayers(f.layers)
	return &estimate.Adapter{Rank: rank, Targets: strings.Split(f.targets, ","), Layers: layers}, err
}

func smallNumber(flag, text string) (uint64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, usage("--%s: found %q, expected a whole number", flag, text)
	}
	return n, nil
}

// parseLayers reads layers and spans of layers, as in "0-7,16,18". An empty text
// is every layer.
func parseLayers(text string) ([]uint64, error) {
	if text == "" {
		return nil, nil
	}
	const most = 10_000 // more layers than any model has
	var layers []uint64
	for part := range strings.SplitSeq(text, ",") {
		first, last, span := strings.Cut(part, "-")
		if !span {
			last = first
		}
		from, err := strconv.ParseUint(first, 10, 32)
		to, err2 := strconv.ParseUint(last, 10, 32)
		if err != nil || err2 != nil || to < from || to-from >= most || len(layers) >= most {
			return nil, usage("--layers: found %.40q, expected layers from 0 and spans of them, as in 0-7,16", part)
		}
		for layer := from; layer <= to; layer++ {
			layers = append(layers, layer)
		}
	}
	return layers, nil
}
