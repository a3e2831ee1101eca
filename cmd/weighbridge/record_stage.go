package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// stageResult is what a stage left in the ledger: a record for each activity.
type stageResult struct {
	Schema  string         `json:"schema"`
	Stage   string         `json:"stage"`
	Records []recordResult `json:"records"`
}

func (a *app) recordStage(ctx context.Context, f recordFlags) error {
	records, err := f.stageRecords(a.env.now())
	if err != nil {
		return err
	}
	written := f
	if f.stage.trained.adapter != "" || f.stage.trained.rank != "" {
		written.architecture.config = "" // the weights that it made are the adapter's: the base's shape is not theirs
	}
	if err := written.weigh(ctx, &records[0]); err != nil {
		return err
	}
	if err := a.startsFrom(ctx, f.work, &records[0], f.input); err != nil {
		return err
	}
	result := stageResult{Schema: "weighbridge.dev/recorded-stage/v1", Stage: f.stage.kind}
	err = a.writing(func(l *ledger.Ledger) error {
		if err := f.work.bring(l, &records[0]); err != nil {
			return err
		}
		for _, record := range records {
			if err := a.refuseCycle(l, &record); err != nil {
				return err
			}
			recorded, err := appendCounting(l, record)
			if err != nil {
				return err
			}
			result.Records = append(result.Records, recorded)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return a.print(result)
}

// String is each record for people, with what its operations are made of.
func (r stageResult) String() string {
	var b strings.Builder
	for _, record := range r.Records {
		fmt.Fprintf(&b, "%s\n", record)
		for _, w := range record.Record.Witnesses {
			fmt.Fprintf(&b, "    %s, %s\n", w.Operations, w.Source)
		}
	}
	return b.String()
}

// stageRecords counts the stage and gives each activity of it a record.
func (f recordFlags) stageRecords(now time.Time) ([]meter.Record, error) {
	if f.operations != "" || f.countedAs != "" {
		return nil, usage("--stage counts from the architecture: leave out --operations and --counted-as, or leave out --stage")
	}
	usual, fixed := stageActivity(estimate.StageKind(f.stage.kind))
	base, err := f.work.record(usual)
	if err != nil {
		return nil, err
	}
	if fixed && base.Activity != usual {
		return nil, usage("--activity: found %s, but the stage %s is recorded as %s: leave it out", base.Activity, f.stage.kind, usual)
	}
	if base.Run, base.Sequence, base.Outcome = f.run, f.sequence, meter.Stated; f.run == "" {
		base.Run = newRunID(now)
	}
	if base.Period, err = parsePeriod(f.period, now); err != nil {
		return nil, err
	}
	if err := f.synthetic(&base); err != nil {
		return nil, err
	}
	stage, err := f.stage.build(f.architecture, base.Parents)
	if err != nil {
		return nil, err
	}
	parts, err := stage.Parts()
	if err != nil {
		return nil, usage("%w", err)
	}
	return recordsOfParts(base, parts)
}

// stageActivity is the activity of a stage's training where nobody states one,
// and whether it can be no other. An empty one must be stated.
func stageActivity(kind estimate.StageKind) (usual meter.Activity, fixed bool) {
	switch kind {
	case estimate.LoRA, estimate.QLoRA:
		return meter.FineTuning, false
	case estimate.DPO, estimate.KTO:
		return meter.PreferenceTuning, true
	case estimate.PPO, estimate.GRPO:
		return meter.ReinforcementLearning, true
	case estimate.Generation:
		return meter.SyntheticData, true
	case estimate.QAT:
		return meter.QuantizationAwareTraining, true
	case estimate.PTQ:
		return meter.Quantization, true
	case estimate.Healing:
		return meter.ContinuedPretraining, false
	case estimate.Merge:
		return meter.Merging, true
	case estimate.ForwardOnlyStage:
		return meter.Evaluation, false
	}
	return "", false
}

// recordsOfParts adds up the parts of each activity. The training's own comes
// first and names the parents; the parts stand in it as witnesses.
func recordsOfParts(base meter.Record, parts []estimate.Part) ([]meter.Record, error) {
	var records []meter.Record
	at := map[meter.Activity]int{}
	own := func(p estimate.Part) bool { return p.Activity == "" || p.Activity == base.Activity }
	for _, first := range []bool{true, false} {
		for _, part := range parts {
			if own(part) != first {
				continue
			}
			activity := part.Activity
			if activity == "" {
				activity = base.Activity
			}
			i, found := at[activity]
			if !found {
				i = len(records)
				at[activity] = i
				records = append(records, emptyPart(base, activity, i))
			}
			if err := addPart(&records[i], part.Count); err != nil {
				return nil, err
			}
		}
	}
	return records, nil
}

func emptyPart(base meter.Record, activity meter.Activity, i int) meter.Record {
	r := base
	r.Activity, r.Sequence, r.Operations = activity, base.Sequence+uint64(i), meter.Exact(meter.Ops{})
	r.Method, r.Grade = meter.Architecture, meter.GradeDeclared // the tokens are what a person says
	if i > 0 {
		r.Parents = nil
	}
	return r
}

func addPart(r *meter.Record, c estimate.Count) (err error) {
	if r.Operations, err = r.Operations.Add(c.Operations); err != nil {
		return err
	}
	if r.Convention = c.Convention.Merge(r.Convention); len(r.Witnesses) == 0 {
		r.Convention = c.Convention
	}
	if limit := meter.MostOperations(); r.Operations.Low.Cmp(limit) > 0 {
		return usage("--tokens: %s operations cannot be true: expected at most %s; look at the exponent", r.Operations.Low.Beside(limit), limit.Short())
	}
	r.Witnesses = append(r.Witnesses, meter.Witness{Quantity: meter.Required, Method: meter.Architecture, Grade: meter.GradeDerived,
		Operations: c.Operations, Convention: c.Convention, Source: c.Source})
	return nil
}
