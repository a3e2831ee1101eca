package estimate

import (
	"fmt"

	"github.com/weighbridge/weighbridge/meter"
)

// StageKind is a way of making or changing weights, or of running them.
type StageKind string

// The kinds of stages. Each is a set of flags over the table of products.
const (
	FullStage        StageKind = "full"         // every weight, or the layers from one on: 6 operations per weight and token
	LoRA             StageKind = "lora"         // an adapter beside frozen weights
	QLoRA            StageKind = "qlora"        // the same over weights stored in 4 bits
	DPO              StageKind = "dpo"          // preference pairs against a reference (Rafailov et al. 2023)
	KTO              StageKind = "kto"          // single judgements against a reference (Ethayarajh et al. 2024)
	PPO              StageKind = "ppo"          // reinforcement learning with a critic (Schulman et al. 2017)
	GRPO             StageKind = "grpo"         // reinforcement learning with groups of samples, no critic (Shao et al. 2024)
	Distillation     StageKind = "distillation" // on a teacher's logits
	Generation       StageKind = "generation"   // of synthetic data
	QAT              StageKind = "qat"          // quantization-aware training
	PTQ              StageKind = "ptq"          // quantisation after training, over calibration tokens
	Healing          StageKind = "healing"      // training that follows pruning; the architecture is the pruned one
	Merge            StageKind = "merge"        // a mean of parents' weights
	ForwardOnlyStage StageKind = "forward"      // evaluation, probing, filtering: one pass
)

// StageKinds returns the closed list in its fixed order.
func StageKinds() []StageKind {
	return []StageKind{FullStage, LoRA, QLoRA, DPO, KTO, PPO, GRPO, Distillation, Generation, QAT, PTQ, Healing, Merge, ForwardOnlyStage}
}

// Stage is a stage of work to count. Fields that its kind does not use are
// errors where they are set.
type Stage struct {
	Kind    StageKind
	Model   Architecture
	Tokens  meter.Ops // trained on (calibrated on, run over), in one epoch; both sides of a pair; tokens, not operations
	Lengths Schedule  // of sequences, prompt and answer together
	Epochs  uint64    // of updates over Tokens; 0 is 1

	Adapter     *Adapter    // lora and qlora need one; other training may have one
	Frozen      uint64      // lowest layers that are frozen
	FrozenParts []ModelPart // parts that are frozen as a whole; no adapter stands in them

	Source, Images                   *Stretch // what encoders and towers read with Tokens in one epoch, each model that has one the same; nil: not stated
	GeneratedSource, GeneratedImages *Stretch // the same with the tokens sampled and their prompts

	Reference   *Architecture // nil: the model itself as it was
	NoReference bool          // none is run: no KL penalty, or its log-probabilities were computed before and recorded apart
	OnPolicy    bool          // reinforcement learning: no pass for old log-probabilities, each batch is used for one update
	Teacher     *Architecture
	Critic      *Architecture
	Reward      *Architecture // a model that scores; nil: rules do

	Generated meter.Ops // tokens sampled, rejected and discarded ones included
	Prompts   meter.Ops // tokens of prompts that were read for them

	Hessians Answer // ptq: whether second moments of the inputs are formed (GPTQ)
	Parents  uint64 // merge: how many
}

// Answer is yes, no or not stated.
type Answer string

// The answers.
const (
	NotStated Answer = ""
	Yes       Answer = "yes"
	No        Answer = "no"
)

// Part is one piece of a stage's work.
type Part struct {
	Role     string         // policy update, reference log-probabilities, ...
	Activity meter.Activity // empty: what the caller says the training was
	Count    Count          // its Source begins with the role
}

// role is a part before it is counted: a model, the passes it runs and over how
// many tokens.
type role struct {
	name     string
	activity meter.Activity
	model    Architecture
	passes   Passes
	tokens   meter.Ops
	times    uint64
	sampled  bool // the tokens are those sampled and their prompts
}

// Parts returns the stage's pieces of work, each counted at its true cost. The
// error names every field that the kind needs or does not have.
func (s Stage) Parts() ([]Part, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	switch s.Kind {
	case Merge:
		return s.merge()
	case PTQ:
		return s.calibration()
	}
	policy, err := s.policy()
	if err != nil {
		return nil, err
	}
	var parts []Part
	for _, r := range s.roles(policy) {
		part, err := s.count(r)
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// policy is the model as it is trained: with its adapter, its frozen layers.
func (s Stage) policy() (Architecture, error) {
	model, err := s.Model.Freeze(s.FrozenParts...)
	if s.Frozen != 0 && err == nil {
		model, err = model.FreezeBelow(s.Frozen)
	}
	if s.Adapter != nil && err == nil {
		model, err = model.Adapt(*s.Adapter)
	}
	return model, err
}

// roles says who runs in the stage, over what (compute facts, section 3.4).
func (s Stage) roles(policy Architecture) []role {
	sampled, _ := s.Generated.Add(s.Prompts) // checked
	reference := s.Model
	if s.Reference != nil {
		reference = *s.Reference
	}
	update := role{name: "training", model: policy, passes: TrainingPasses, tokens: s.Tokens, times: max(s.Epochs, 1)}
	switch s.Kind {
	case Generation:
		return []role{{"generation, discarded samples included", meter.SyntheticData, s.Model, Forward, sampled, 1, true}}
	case ForwardOnlyStage:
		return []role{{"one forward pass", "", s.Model, Forward, s.Tokens, 1, false}}
	case QAT:
		update.name, update.activity = "training with simulated quantisation, whose elementwise work is left out", meter.QuantizationAwareTraining
	case Healing:
		update.name = "training of the pruned model"
	case QLoRA:
		update.name = "training over 4-bit weights, counted by their shapes and without the elementwise de-quantisation"
	case Distillation:
		update.name = "training of the student"
		return []role{update, {"logits of the teacher", meter.TeacherInference, *s.Teacher, Forward, s.Tokens, update.times, false}}
	case DPO, KTO:
		update.activity = meter.PreferenceTuning
		if s.NoReference {
			return []role{update}
		}
		return []role{update, {"log-probabilities of the reference", meter.PreferenceTuning, reference, Forward, s.Tokens, update.times, false}}
	case PPO, GRPO:
		return s.reinforcement(policy, reference, update, sampled)
	}
	return []role{update}
}

// reinforcement is the loop of sampling, scoring and updating. Old
// log-probabilities and the reference's are computed once for each batch, a
// critic's values too; the updates go over it once per epoch.
func (s Stage) reinforcement(policy, reference Architecture, update role, sampled meter.Ops) []role {
	const rl = meter.ReinforcementLearning
	update.name, update.activity = "policy update", rl
	roles := []role{{"sampling, rejected samples included", meter.Rollout, policy, Forward, sampled, 1, true}}
	if s.Reward != nil {
		roles = append(roles, role{"scores of the reward model for every sample", rl, *s.Reward, Forward, sampled, 1, true})
	}
	if !s.OnPolicy {
		roles = append(roles, role{"old log-probabilities", rl, policy, Forward, s.Tokens, 1, false})
	}
	if !s.NoReference {
		roles = append(roles, role{"log-probabilities of the reference", rl, reference, Forward, s.Tokens, 1, false})
	}
	if s.Critic != nil {
		roles = append(roles, role{"values of the critic", rl, *s.Critic, Forward, s.Tokens, 1, false}, role{"critic update", rl, *s.Critic, TrainingPasses, s.Tokens, update.times, false})
	}
	return append(roles, update)
}

func (s Stage) count(r role) (Part, error) {
	total, err := r.tokens.Mul(meter.NewOps(r.times))
	if err != nil {
		return Part{}, fmt.Errorf("%s: %w", r.name, err)
	}
	work := Work{Tokens: total, Passes: r.passes}
	if err := s.streams(r, &work); err != nil {
		return Part{}, fmt.Errorf("%s: %w", r.name, err)
	}
	c, err := r.model.scheduled(work, s.Lengths.repeated(r.times))
	if err != nil {
		return Part{}, fmt.Errorf("%s: %w", r.name, err)
	}
	c.Convention.Evaluation = "excluded" // a forward pass of a stage is no evaluation
	epochs := ""
	if r.times > 1 {
		epochs = fmt.Sprintf(" in %d epochs", r.times)
	}
	c.Source = fmt.Sprintf("%s, %s tokens%s: %s", r.name, total, epochs, c.Source)
	return Part{Role: r.name, Activity: r.activity, Count: c}, nil
}

// streams adds what the encoder or the tower of the role's model read, where it
// has one.
func (s Stage) streams(r role, w *Work) error {
	source, images := s.Source, s.Images
	if r.sampled {
		source, images = s.GeneratedSource, s.GeneratedImages
	}
	for _, stream := range []struct {
		kind Stream
		from *Stretch
		to   **Stretch
	}{{Source, source, &w.Source}, {Image, images, &w.Images}} {
		if stream.from == nil || !r.model.has(stream.kind) {
			continue
		}
		tokens, err := stream.from.Tokens.Mul(meter.NewOps(r.times))
		if err != nil {
			return fmt.Errorf("%s tokens: %w", stream.kind, err)
		}
		*stream.to = &Stretch{Sequence: stream.from.Sequence, Tokens: tokens}
	}
	return nil
}

// repeated is the schedule gone through n times. Its order does not matter: the
// count is a sum.
func (s Schedule) repeated(n uint64) Schedule {
	out := Schedule{always: s.always}
	for _, part := range s.stretches {
		if tokens, err := part.Tokens.Mul(meter.NewOps(n)); err == nil {
			part.Tokens = tokens
		}
		out.stretches = append(out.stretches, part)
	}
	return out
}

// calibration is quantisation after training: one forward pass over the
// calibration tokens and, where second moments of the inputs of each matrix are
// formed (GPTQ, Frantar et al. 2022), 2 x In^2 operations per matrix and token.
func (s Stage) calibration() ([]Part, error) {
	part, err := s.count(role{"calibration", meter.Quantization, s.Model, Forward, s.Tokens, 1, false})
	if err != nil {
		return nil, err
	}
	var sum sum
	perToken := s.Model.momentOps(Text, &sum)
	moments := sum.times(perToken, s.Tokens)
	for _, stream := range []Stream{Source, Image} {
		if read := (Work{Source: s.Source, Images: s.Images}).stretch(stream); read != nil {
			moments = sum.add(moments, sum.times(s.Model.momentOps(stream, &sum), read.Tokens))
		}
	}
	if sum.err != nil {
		return nil, fmt.Errorf("calibration: %w", sum.err)
	}
	o := &part.Count.Operations
	switch s.Hessians {
	case Yes:
		if *o, err = o.Add(meter.Exact(moments)); err != nil {
			return nil, fmt.Errorf("calibration: %w", err)
		}
		part.Count.Source += fmt.Sprintf(" + %s for the second moments of the inputs", perToken)
	case NotStated:
		if o.High, err = added(o.High, moments); err != nil {
			return nil, fmt.Errorf("calibration: %w", err)
		}
		o.Estimate = meter.Bound{}
		part.Count.Source += fmt.Sprintf("; whether second moments of the inputs are formed is not stated: high adds %s per token for them", perToken)
	}
	part.Count.PerToken = meter.Interval{}
	return []Part{part}, nil
}

// momentOps is 2 x In^2 for every matrix that a token of the stream meets, the
// head left out.
func (a Architecture) momentOps(stream Stream, s *sum) meter.Ops {
	var total meter.Ops
	for _, p := range a.products {
		if p.Name != headName && p.Stream == stream && !p.Prediction {
			total = s.add(total, s.mul(2, p.In, p.In, p.Count))
		}
	}
	return total
}

// added is the bound with more operations; an unknown one stays unknown.
func added(b meter.Bound, more meter.Ops) (meter.Bound, error) {
	if !b.Known {
		return b, nil
	}
	sum, err := b.Ops.Add(more)
	return meter.Known(sum), err
}

// merge is a weighted mean: one multiply-accumulate per weight and parent; one
// operation where the weights are equal and the sum is scaled once.
func (s Stage) merge() ([]Part, error) {
	all := s.Model.Parameters().Total
	low, err := all.Mul(meter.NewOps(s.Parents))
	if err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	high, err := low.Mul(meter.NewOps(2))
	if err != nil {
		return nil, fmt.Errorf("merge: %w", err)
	}
	return []Part{{Role: "merge", Activity: meter.Merging, Count: Count{
		Operations: meter.Interval{Low: low, Estimate: meter.Known(low), High: meter.Known(high)},
		Convention: meter.Convention{MultiplyAccumulate: "2"},
		Source:     fmt.Sprintf("merge of %d parents: 1 to 2 operations for each of %s parameters and parent; what made the parents is in their own records", s.Parents, all),
	}}}, nil
}
