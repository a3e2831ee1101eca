package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

type planFlags struct {
	architecture architectureFlags
	machine      machineFlags
	start        string
	model        string
	activity     string
	parents      []string
	trust        parentFlags
	attested     []attestedParent
}

func (a *app) planCommand() *cobra.Command {
	var f planFlags
	cmd := &cobra.Command{
		Use:   "plan --architecture FILE --tokens N",
		Short: "Before training: operations, chip-hours, and the thresholds that will be crossed, and when",
		Long: `Plan computes what a training run will take from the model's shape and its tokens, adds what the ledger holds of the model
and of the parents named, and says which regimes' thresholds the lineage will cross. With --chip it says how many
chip-hours that is, with --chips how long it takes and on which date each threshold is crossed, and by when the
authority has to be told where a regime has such a duty. Nothing is recorded.

` + utilizationMeaning + `

` + exitCodes,
		Example: `  weighbridge plan --architecture config.json --tokens 15e12 --sequence-length 8192
  weighbridge plan --architecture config.json --tokens 15e12 --sequence-length 8192 \
      --chip "NVIDIA H100 SXM5 80GB" --chips 16384 --utilization 0.38 --start 2027-01-10
  weighbridge plan --architecture config.json --tokens 2e12 --model acme/atlas@2 --parent acme/atlas@1:continues`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.plan(cmd.Context(), f) },
	}
	f.architecture.register(cmd)
	f.architecture.registerDocuments(cmd)
	f.architecture.streams.register(cmd)
	f.machine.register(cmd)
	a.rulesFlag(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.start, "start", "", "when training starts: a date or an RFC 3339 time (default: today)")
	flags.StringVar(&f.model, "model", "", "the model, whose earlier work in the ledger counts too: org/name@version")
	flags.StringVar(&f.activity, "activity", "", "what the operations will be spent on (default: pretraining; with a parent, what its relation says)")
	flags.StringArrayVar(&f.parents, "parent", nil, "a model this one will come from, MODEL:RELATION, or a verified shipment of it, SHIPMENT:RELATION; repeatable. Relations: "+names(meter.Relations()))
	f.trust.register(cmd)
	cmd.MarkFlagRequired("architecture") // fails only for a flag that was not defined
	return cmd
}

func (a *app) plan(ctx context.Context, f planFlags) error {
	if !f.architecture.stated() {
		return usage("plan: --tokens N or --documents FILE is required: operations follow from the tokens")
	}
	start, err := a.planStart(f.start)
	if err != nil {
		return err
	}
	verified, err := a.withAttested(ctx, workFlags{parents: f.parents, trust: f.trust})
	if err != nil {
		return err
	}
	f.parents, f.attested = verified.parents, verified.attested
	record, err := f.record()
	if err != nil {
		return err
	}
	architecture, count, err := f.architecture.counted(&record)
	if err != nil {
		return err
	}
	machine, err := f.machine.read()
	if err != nil {
		return err
	}
	before, after, err := a.planPositions(record, f.attested)
	if err != nil {
		return err
	}
	result := newPlanResult(architecture, count, record, machine, start)
	result.today = a.today()
	result.cross(before, after)
	return a.print(result)
}

func (a *app) planStart(text string) (time.Time, error) {
	if text == "" {
		return a.today(), nil
	}
	start, err := parseTime(text)
	if err != nil {
		return start, usage("--start: %w", err)
	}
	return start, nil
}

// record is the planned work as it would be recorded, but for its count.
func (f planFlags) record() (meter.Record, error) {
	work := workFlags{model: f.model, activity: f.activity, parents: f.parents}
	if f.model == "" {
		work.model = "planned/model@1"
	}
	record, err := work.record(meter.Pretraining)
	if err != nil {
		return record, err
	}
	if f.activity == "" && len(record.Parents) > 0 {
		record.Activity = usualActivity(record.Parents[0].Relation)
	}
	record.Run, record.Outcome = "planned", meter.Stated
	return record, nil
}

// usualActivity is what training on a parent of this relation usually is.
func usualActivity(r meter.Relation) meter.Activity {
	switch r {
	case meter.Continues, meter.Prunes:
		return meter.ContinuedPretraining
	case meter.FineTunes, meter.Adapts:
		return meter.FineTuning
	case meter.Quantizes:
		return meter.QuantizationAwareTraining
	case meter.Merges:
		return meter.Merging
	}
	return meter.Pretraining
}

// planPositions is where the lineage is against each regime's threshold before
// the planned work, and after it.
func (a *app) planPositions(planned meter.Record, parents []attestedParent) (before, after []fdp.Position, err error) {
	none := planned
	none.Operations = meter.Exact(meter.Ops{})
	err = a.withAnyHistory(func(h *history) (err error) {
		attested := inheritedBeside(h, parents)
		if before, err = a.positionsWith(h, append([]meter.Record{none}, attested...)...); err == nil {
			after, err = a.positionsWith(h, append([]meter.Record{planned}, attested...)...)
		}
		return err
	})
	return before, after, err
}

// withAnyHistory is withHistory where a ledger that does not exist holds nothing.
func (a *app) withAnyHistory(f func(*history) error) error {
	if _, err := os.Stat(a.ledger); errors.Is(err, os.ErrNotExist) {
		h := &history{}
		if err := h.addPending(a); err != nil {
			return err
		}
		return errors.Join(f(h), h.err)
	}
	return a.withHistory(f)
}

// positionsWith is the positions of the record's model as if the record stood in
// the ledger.
func (a *app) positionsWith(h *history, more ...meter.Record) ([]fdp.Position, error) {
	return a.positionsOf(more[0].Model, func(m meter.ModelRef) ([]meter.Record, bool) {
		records := slices.Concat(h.held(m), ofModel(more, m)) // netted together: what comes may tell what hours that are held were for
		return h.tied(meter.NetRuns(records)), len(records) > 0
	})
}
