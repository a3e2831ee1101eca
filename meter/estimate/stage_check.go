package estimate

import (
	"errors"
	"fmt"
	"slices"
)

// check names what the kind needs and does not have, and what it has no use for.
func (s Stage) check() error {
	if !slices.Contains(StageKinds(), s.Kind) {
		return fmt.Errorf("stage %q: expected one of %s", clip(string(s.Kind)), joined(StageKinds()))
	}
	if len(s.Model.products) == 0 {
		return fmt.Errorf("stage %s: no architecture: expected one from ParseConfig", s.Kind)
	}
	var errs []error
	problem := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("stage %s: %s", s.Kind, fmt.Sprintf(format, args...)))
	}
	for _, f := range s.fields() {
		switch {
		case f.set && !f.used:
			problem("has no use for %s", f.name)
		case !f.set && f.needed:
			problem("needs %s", f.name)
		}
	}
	if s.Adapter != nil && s.Frozen != 0 {
		problem("an adapter freezes every layer already: state its layers instead of frozen ones")
	}
	for _, stream := range []struct {
		name   string
		kind   Stream
		stated bool
	}{{"source-tokens", Source, s.Source != nil || s.GeneratedSource != nil}, {"image-tokens", Image, s.Images != nil || s.GeneratedImages != nil}} {
		if stream.stated && !s.anyReads(stream.kind) {
			problem("%s: no model of the stage reads %s tokens", stream.name, stream.kind)
		}
	}
	if s.NoReference && s.Reference != nil {
		problem("reference names a model, and no-reference says that none runs")
	}
	if s.Kind == Merge && s.Parents == 1 {
		problem("found 1 of parents, expected at least 2")
	}
	if (s.Kind == PPO || s.Kind == GRPO) && len(s.Lengths.stretches) > 0 {
		problem("found a schedule of sequence lengths, expected one: sampled tokens and those trained on are not divided alike")
	}
	if s.Hessians != NotStated && s.Hessians != Yes && s.Hessians != No {
		problem("hessians: found %q, expected yes or no", clip(string(s.Hessians)))
	}
	if _, err := s.Generated.Add(s.Prompts); err != nil {
		problem("%v", err)
	}
	return errors.Join(errs...)
}

// anyReads reports whether a model of the stage has products on the stream.
func (s Stage) anyReads(stream Stream) bool {
	for _, model := range []*Architecture{&s.Model, s.Reference, s.Teacher, s.Critic, s.Reward} {
		if model != nil && model.has(stream) {
			return true
		}
	}
	return false
}

// field is a field of a stage: whether it is set, whether its kind uses it, and
// whether the kind is nothing without it.
type field struct {
	name              string
	set, used, needed bool
}

func (s Stage) fields() []field {
	is := func(kinds ...StageKind) bool { return slices.Contains(kinds, s.Kind) }
	training := !is(Generation, PTQ, Merge, ForwardOnlyStage)
	rl, preference := is(PPO, GRPO), is(DPO, KTO)
	return []field{
		{"tokens", !s.Tokens.IsZero(), !is(Generation, Merge), !is(Generation, Merge)},
		{"epochs", s.Epochs != 0, training, false},
		{"adapter", s.Adapter != nil, training && !is(FullStage), is(LoRA, QLoRA)},
		{"frozen-layers", s.Frozen != 0, training && !is(LoRA, QLoRA), false},
		{"frozen-parts", len(s.FrozenParts) != 0, training, false},
		{"source-tokens", s.Source != nil, !is(Generation, Merge), false},
		{"image-tokens", s.Images != nil, !is(Generation, Merge), false},
		{"generated-source-tokens", s.GeneratedSource != nil, rl || is(Generation), false},
		{"generated-image-tokens", s.GeneratedImages != nil, rl || is(Generation), false},
		{"reference", s.Reference != nil, rl || preference, false},
		{"no-reference", s.NoReference, rl || preference, false},
		{"on-policy", s.OnPolicy, rl, false},
		{"teacher", s.Teacher != nil, is(Distillation), is(Distillation)},
		{"critic", s.Critic != nil, is(PPO), is(PPO)},
		{"reward-model", s.Reward != nil, rl, false},
		{"generated-tokens", !s.Generated.IsZero(), rl || is(Generation), rl || is(Generation)},
		{"prompt-tokens", !s.Prompts.IsZero(), rl || is(Generation), false},
		{"hessians", s.Hessians != NotStated, is(PTQ), false},
		{"parents", s.Parents != 0, is(Merge), is(Merge)},
	}
}

func joined[T ~string](kinds []T) string {
	text := ""
	for i, k := range kinds {
		if i > 0 {
			text += ", "
		}
		text += string(k)
	}
	return text
}
