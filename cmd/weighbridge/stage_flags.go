package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
)

// stageHelp is what people should know of stages, on one screen.
const stageHelp = `Stages (--stage):
  full          every weight; --frozen-layers N leaves the lowest N out
  lora, qlora   --adapter adapter_config.json, or --rank N --targets q_proj,v_proj [--layers 8-15]
  dpo, kto      with a forward pass of the reference over the same tokens, unless --no-reference
  ppo, grpo     --generated-tokens N [--prompt-tokens N]: everything sampled, rejected or not; --tokens is what was trained on;
                [--epochs N] [--reward-model F] [--reference F] [--no-reference] [--on-policy]; ppo: --critic F
  distillation  --teacher F: a forward pass of the teacher over the student's tokens
  generation    --generated-tokens N [--prompt-tokens N]: synthetic data, discarded samples included
  qat, healing  training with simulated quantisation; training of a pruned model
  ptq           --tokens are the calibration tokens; [--hessians yes|no]
  merge         over the parents named with --parent MODEL:merges
  forward       one pass: evaluation, filtering`

// stageFlags say what kind of stage the work was.
type stageFlags struct {
	kind string

	adapter, rank, targets, layers, frozen string
	epochs                                 uint64

	reference, teacher, critic, reward string // config.json files
	noReference, onPolicy              bool
	generated, prompts                 string
	hessians                           string
}

func (f *stageFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.kind, "stage", "", "the kind of stage, counted from --architecture: "+names(estimate.StageKinds()))
	flags.StringVar(&f.adapter, "adapter", "", "the adapter's adapter_config.json, as peft writes it")
	flags.StringVar(&f.rank, "rank", "", "rank of the adapter's matrices, as in 16")
	flags.StringVar(&f.targets, "targets", "", "modules that the adapter stands beside, as in q_proj,v_proj, or all-linear")
	flags.StringVar(&f.layers, "layers", "", "layers that have the adapter, from 0, as in 16-31 (default: all)")
	flags.StringVar(&f.frozen, "frozen-layers", "", "how many of the lowest layers are frozen")
	flags.Uint64Var(&f.epochs, "epochs", 0, "how often the updates go over --tokens (default 1)")
	flags.StringVar(&f.reference, "reference", "", "config.json of the reference model (default: the model itself)")
	flags.BoolVar(&f.noReference, "no-reference", false, "no reference model runs: none is used, or its log-probabilities are recorded apart")
	flags.BoolVar(&f.onPolicy, "on-policy", false, "reinforcement learning without a pass for old log-probabilities")
	flags.StringVar(&f.teacher, "teacher", "", "config.json of the teacher")
	flags.StringVar(&f.critic, "critic", "", "config.json of the critic")
	flags.StringVar(&f.reward, "reward-model", "", "config.json of the reward model")
	flags.StringVar(&f.generated, "generated-tokens", "", "tokens sampled, rejected and discarded ones included")
	flags.StringVar(&f.prompts, "prompt-tokens", "", "tokens of the prompts that were read for them")
	flags.StringVar(&f.hessians, "hessians", "", "post-training quantisation: are second moments of the inputs formed, as by GPTQ? yes or no")
}

// unused refuses the flags of a stage where none is named.
func (stageFlags) unused(cmd *cobra.Command) error {
	for _, name := range stageFlagNames() {
		if cmd.Flags().Changed(name) {
			return usage("--%s is of a stage: name it with --stage, one of %s", name, names(estimate.StageKinds()))
		}
	}
	return nil
}

func stageFlagNames() []string {
	return strings.Fields("adapter rank targets layers frozen-layers epochs reference no-reference on-policy teacher critic reward-model generated-tokens prompt-tokens hessians")
}

// build turns the flags into a stage of the model.
func (f stageFlags) build(a architectureFlags, parents []meter.Parent) (estimate.Stage, error) {
	s := estimate.Stage{Kind: estimate.StageKind(f.kind), Epochs: f.epochs, NoReference: f.noReference, OnPolicy: f.onPolicy, Hessians: estimate.Answer(f.hessians)}
	if a.config == "" {
		return s, usage("--stage without --architecture: name the model's config.json, or state the operations with --operations")
	}
	var err error
	for _, number := range []struct {
		flag, text string
		to         *meter.Ops
	}{{"tokens", a.tokens, &s.Tokens}, {"generated-tokens", f.generated, &s.Generated}, {"prompt-tokens", f.prompts, &s.Prompts}} {
		if number.text == "" {
			continue
		}
		if *number.to, err = meter.ParseOps(number.text); err != nil {
			return s, usage("--%s: %w", number.flag, err)
		}
	}
	if s.Lengths, err = estimate.ParseSchedule(a.sequence); err != nil {
		return s, usage("--sequence-length: %w", err)
	}
	if s.Frozen, err = smallNumber("frozen-layers", f.frozen); err != nil {
		return s, err
	}
	if s.Adapter, err = f.lowRank(); err != nil {
		return s, err
	}
	if s.Model, err = readArchitecture(a.config); err != nil {
		return s, err
	}
	if s.Kind == estimate.Merge {
		for _, p := range parents {
			if p.Relation == meter.Merges {
				s.Parents++
			}
		}
	}
	return s, f.models(&s)
}

// models reads the other models of the stage.
func (f stageFlags) models(s *estimate.Stage) error {
	for _, other := range []struct {
		flag, path string
		to         **estimate.Architecture
	}{{"reference", f.reference, &s.Reference}, {"teacher", f.teacher, &s.Teacher}, {"critic", f.critic, &s.Critic}, {"reward-model", f.reward, &s.Reward}} {
		if other.path == "" {
			continue
		}
		data, err := os.ReadFile(other.path)
		if err != nil {
			return fmt.Errorf("--%s: %w; name the config.json that was saved with the model", other.flag, err)
		}
		architecture, err := estimate.ParseConfig(data)
		if err != nil {
			return fmt.Errorf("--%s: %s: %w", other.flag, other.path, err)
		}
		*other.to = &architecture
	}
	return nil
}

// lowRank is the adapter of the file or of the flags; nil: none is stated.
func (f stageFlags) lowRank() (*estimate.Adapter, error) {
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
