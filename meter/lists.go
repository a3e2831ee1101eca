package meter

import (
	"fmt"
	"slices"
	"strings"
)

// Activity is what operations were spent on. The list is closed; what counts
// under which law is a regime's business, never the meter's.
type Activity string

// The activities.
const (
	Pretraining               Activity = "pretraining"
	ContinuedPretraining      Activity = "continued-pretraining"
	FineTuning                Activity = "fine-tuning"
	PreferenceTuning          Activity = "preference-tuning"
	ReinforcementLearning     Activity = "reinforcement-learning" // the updates
	Rollout                   Activity = "rollout"                // sampling for reinforcement learning
	RewardModelTraining       Activity = "reward-model-training"
	TeacherTraining           Activity = "teacher-training"
	TeacherInference          Activity = "teacher-inference"
	SyntheticData             Activity = "synthetic-data"  // generation
	DataProcessing            Activity = "data-processing" // collection, curation, filtering
	Evaluation                Activity = "evaluation"
	Exploration               Activity = "exploration" // sweeps, abandoned experiments
	QuantizationAwareTraining Activity = "quantization-aware-training"
	Quantization              Activity = "quantization" // post-training
	Merging                   Activity = "merging"
	Recomputation             Activity = "recomputation" // activation checkpointing
	Inference                 Activity = "inference"
)

// Activities returns the closed list in its fixed order.
func Activities() []Activity {
	return []Activity{
		Pretraining, ContinuedPretraining, FineTuning, PreferenceTuning, ReinforcementLearning, Rollout,
		RewardModelTraining, TeacherTraining, TeacherInference, SyntheticData, DataProcessing, Evaluation,
		Exploration, QuantizationAwareTraining, Quantization, Merging, Recomputation, Inference,
	}
}

// ParseActivity returns the activity named s, or an error that lists them.
func ParseActivity(s string) (Activity, error) { return parseListed("activity", s, Activities()) }

// Relation is how a model came from another. The list is closed.
type Relation string

// The relations.
const (
	Continues       Relation = "continues"
	FineTunes       Relation = "fine-tunes"
	Adapts          Relation = "adapts" // LoRA and the like
	Quantizes       Relation = "quantizes"
	Prunes          Relation = "prunes"
	Merges          Relation = "merges"
	InitializesFrom Relation = "initializes-from"
	DistillsFrom    Relation = "distills-from"
	TrainsOnOutput  Relation = "trains-on-output-of"
)

// Relations returns the closed list in its fixed order.
func Relations() []Relation {
	return []Relation{Continues, FineTunes, Adapts, Quantizes, Prunes, Merges, InitializesFrom, DistillsFrom, TrainsOnOutput}
}

// ParseRelation returns the relation named s, or an error that lists them.
func ParseRelation(s string) (Relation, error) { return parseListed("relation", s, Relations()) }

// Method is how a number was obtained. The list is closed.
type Method string

// The methods, best first: the interval of a record comes from the best there
// is, the others only make findings.
const (
	Counted      Method = "counted"      // a counter in the framework
	Architecture Method = "architecture" // formula from the model's shape and tokens
	HardwareTime Method = "hardware"     // chip-seconds x peak x utilisation
	Declared     Method = "declared"     // a person said so
	NoMethod     Method = "none"         // nothing is known
)

// Methods returns the closed list, best first.
func Methods() []Method {
	return []Method{Counted, Architecture, HardwareTime, Declared, NoMethod}
}

// ParseMethod returns the method named s, or an error that lists them.
func ParseMethod(s string) (Method, error) { return parseListed("method", s, Methods()) }

// Grade is how far a fact can be trusted. The list is closed.
type Grade string

// The grades, best first.
const (
	GradeAttested Grade = "attested" // a verified signature of another party or of hardware
	GradeMeasured Grade = "measured" // by Weighbridge itself
	GradeReported Grade = "reported" // by the job: its log, its reporter
	GradeDerived  Grade = "derived"  // a formula over facts
	GradeDeclared Grade = "declared" // by a person
)

// Grades returns the closed list, best first.
func Grades() []Grade {
	return []Grade{GradeAttested, GradeMeasured, GradeReported, GradeDerived, GradeDeclared}
}

// ParseGrade returns the grade named s, or an error that lists them.
func ParseGrade(s string) (Grade, error) { return parseListed("grade", s, Grades()) }

// LowestGrade returns the worse of a and b: a sum has the lowest grade in it.
// An empty grade means no fact yet and yields the other.
func LowestGrade(a, b Grade) Grade {
	if a == "" || b != "" && slices.Index(Grades(), b) > slices.Index(Grades(), a) {
		return b
	}
	return a
}

// Outcome is how the work of a record ended. A run that failed spent its
// operations all the same. The list is closed.
type Outcome string

// The outcomes.
const (
	Finished     Outcome = "finished"      // the child exited 0
	Failed       Outcome = "failed"        // the child exited with another code
	Signalled    Outcome = "signalled"     // a signal ended the child
	Interrupted  Outcome = "interrupted"   // our own process ended first; the child's end is not known
	NeverStarted Outcome = "never-started" // the child could not be started: zero work
	Stated       Outcome = "stated"        // recorded from a statement or a file, not watched
)

// Outcomes returns the closed list in its fixed order.
func Outcomes() []Outcome {
	return []Outcome{Finished, Failed, Signalled, Interrupted, NeverStarted, Stated}
}

// ParseOutcome returns the outcome named s, or an error that lists them.
func ParseOutcome(s string) (Outcome, error) { return parseListed("outcome", s, Outcomes()) }

func parseListed[T ~string](kind, s string, list []T) (T, error) {
	if i := slices.Index(list, T(s)); i >= 0 {
		return list[i], nil
	}
	names := make([]string, len(list))
	for i, v := range list {
		names[i] = string(v)
	}
	return "", fmt.Errorf("%s %q is not known: expected one of %s", kind, clip(s), strings.Join(names, ", "))
}
