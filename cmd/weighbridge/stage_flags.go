package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
)

// stageHelp is what people should know of stages, on one screen.
const stageHelp = `Stages (--stage):
  full          every weight; --frozen-layers N leaves the lowest N out, --frozen-parts encoder, tower, projector or decoder
  lora, qlora   --adapter adapter_config.json, or --rank N --targets q_proj,v_proj [--layers 8-15]
  dpo, kto      with a forward pass of the reference over the same tokens, unless --no-reference
  ppo, grpo     --generated-tokens N [--prompt-tokens N]: everything sampled, rejected or not; --tokens is what was trained on;
                [--epochs N] [--reward-model F] [--reference F] [--no-reference] [--on-policy]; ppo: --critic F
  distillation  --teacher F: a forward pass of the teacher over the student's tokens
  generation    --generated-tokens N [--prompt-tokens N]: synthetic data, discarded samples included
  qat, healing  training with simulated quantisation; training of a pruned model
  ptq           --tokens are the calibration tokens; [--hessians yes|no]
  merge         over the parents named with --parent MODEL:merges
  forward       one pass: evaluation, filtering
A model with an encoder or a vision tower: --source-tokens or --image-tokens too, and for what is sampled --generated-source-tokens or
--generated-image-tokens; where they are not stated there is no upper bound.`

// stageFlags say what kind of stage the work was.
type stageFlags struct {
	kind string

	trained trainedFlags
	epochs  uint64

	reference, teacher, critic, reward string // config.json files
	noReference, onPolicy              bool
	generated, prompts                 string
	generatedSource, generatedImages   string
	hessians                           string
}

func (f *stageFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.kind, "stage", "", "the kind of stage, counted from --architecture: "+names(estimate.StageKinds()))
	f.trained.register(cmd)
	flags.Uint64Var(&f.epochs, "epochs", 0, "how often the updates go over --tokens (default 1)")
	flags.StringVar(&f.reference, "reference", "", "config.json of the reference model (default: the model itself)")
	flags.BoolVar(&f.noReference, "no-reference", false, "no reference model runs: none is used, or its log-probabilities are recorded apart")
	flags.BoolVar(&f.onPolicy, "on-policy", false, "reinforcement learning without a pass for old log-probabilities")
	flags.StringVar(&f.teacher, "teacher", "", "config.json of the teacher")
	flags.StringVar(&f.critic, "critic", "", "config.json of the critic")
	flags.StringVar(&f.reward, "reward-model", "", "config.json of the reward model")
	flags.StringVar(&f.generated, "generated-tokens", "", "tokens sampled, rejected and discarded ones included")
	flags.StringVar(&f.prompts, "prompt-tokens", "", "tokens of the prompts that were read for them")
	flags.StringVar(&f.generatedSource, "generated-source-tokens", "", "what an encoder read for the tokens sampled, as LENGTH:TOKENS")
	flags.StringVar(&f.generatedImages, "generated-image-tokens", "", "image tokens among those sampled and their prompts, as TOKENS or TOKENS-OF-ONE-IMAGE:TOKENS")
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
	return strings.Fields("adapter rank targets layers frozen-layers frozen-parts generated-source-tokens generated-image-tokens epochs reference no-reference on-policy teacher critic reward-model generated-tokens prompt-tokens hessians")
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
	trained, err := f.trained.read()
	if err != nil {
		return s, err
	}
	s.Adapter, s.Frozen, s.FrozenParts = trained.Adapter, trained.FrozenLayers, trained.FrozenParts
	if err := f.read(&s, a.streams); err != nil {
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

// read takes what encoders and towers read.
func (f stageFlags) read(s *estimate.Stage, streams streamFlags) error {
	if streams.Prediction {
		return usage("--with-prediction: stages leave multi-token-prediction modules out: record their training without --stage")
	}
	if streams.FixedTower && !slices.Contains(s.FrozenParts, estimate.TowerPart) {
		s.FrozenParts = append(s.FrozenParts, estimate.TowerPart)
	}
	for _, stream := range []struct {
		flag, text string
		to         **estimate.Stretch
	}{{"--source-tokens", streams.Source, &s.Source}, {"--image-tokens", streams.Images, &s.Images},
		{"--generated-source-tokens", f.generatedSource, &s.GeneratedSource}, {"--generated-image-tokens", f.generatedImages, &s.GeneratedImages}} {
		var err error
		if *stream.to, err = stretch(stream.flag, stream.text); err != nil {
			return err
		}
	}
	return nil
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
