package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// recordFlags are the flags of record: work that no process of ours watched.
type recordFlags struct {
	work         workFlags
	operations   string
	run          string
	sequence     uint64
	numbered     bool // --sequence was given
	period       string
	generator    string
	published    string
	architecture architectureFlags
	stage        stageFlags
	countedAs    string
	input        string
	weights      string
	from         fromFlags
	chips        chipFlags
}

type recordResult struct {
	Schema string       `json:"schema"`
	Origin string       `json:"origin"`
	Index  uint64       `json:"index"`
	New    bool         `json:"new"`
	Record meter.Record `json:"record"`
	// Superseded is what counts instead of a record that stood in the ledger
	// already; absent where it counts itself.
	Superseded *meter.Interval `json:"superseded_by,omitempty"`
}

func (a *app) recordCommand() *cobra.Command {
	var f recordFlags
	cmd := &cobra.Command{
		Use:   "record --model MODEL --activity ACTIVITY (--operations N | --architecture FILE --tokens N | --chip-hours N --chip NAME | --from FILE [--dry-run])",
		Short: "Record work that was not watched: a number somebody states, a model's shape and tokens, or a log",
		Long:  recordHelp(),
		Example: `  weighbridge record --model open/base@1 --activity pretraining --operations 9e25
  weighbridge record --model acme/atlas@1 --activity fine-tuning --parent open/base@1:fine-tunes \
      --architecture config.json --tokens 2e9 --sequence-length 4096
  weighbridge record --model acme/atlas@2-chat --stage grpo --parent acme/atlas@2:fine-tunes --architecture config.json \
      --sequence-length 4096 --tokens 4e8 --generated-tokens 1e9 --prompt-tokens 2e8
  weighbridge record --model acme/atlas@1 --activity pretraining --chip-hours 1000000 --chip "NVIDIA H100 SXM5 80GB" \
      --utilization 0.38 --utilization-meaning mfu
  weighbridge record --from train.log --dry-run --architecture config.json --sequence-length 8192
  weighbridge record --model acme/atlas@1 --activity pretraining --from checkpoint-100/trainer_state.json
  weighbridge record --model ours/tuned@1 --activity fine-tuning --operations 6e24 \
      --parent shipment:fine-tunes --parent-key lab.key.pub --input weights`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.startRecord(cmd, f)
		},
	}
	f.register(cmd)
	return cmd
}

func (f *recordFlags) register(cmd *cobra.Command) {
	f.work.register(cmd)
	f.architecture.register(cmd)
	f.architecture.registerDocuments(cmd)
	f.architecture.streams.register(cmd)
	f.stage.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.operations, "operations", "", "operations, decimal or scientific: 9.5e25")
	flags.StringVar(&f.countedAs, "counted-as", "", "the convention that --operations was counted by, by the beginning of its name: it is converted to the canonical count. Needs --architecture and\n--sequence-length unless the ratio is the same for all. Conventions: "+strings.Join(estimate.Conventions(), "; "))
	flags.StringVar(&f.run, "run", "", "name of the run; the same run and sequence twice changes nothing (default: a new name). The logs of one run that was resumed, each with --from, count once together")
	flags.Uint64Var(&f.sequence, "sequence", 0, "number of the record within the run (with --from and --run: by default one that follows from the file)")
	flags.StringVar(&f.weights, "weights", "", "directory of the weights that the work made: their digest goes into the record, and with --architecture their headers must fit it")
	flags.StringVar(&f.input, "input", "", "directory of the weights that the work started from: their digest goes into the record, and must be that of the --parent that is a shipment")
	flags.StringVar(&f.period, "period", "", "when the work was done: START/END, dates or RFC 3339 times")
	flags.StringVar(&f.generator, "generator", "", "for synthetic-data: the model that generated the data")
	flags.StringVar(&f.published, "data-published", "", "for synthetic-data: yes or no")
	f.from.register(flags)
	f.chips.register(flags)
}

// startRecord records a stage, or one piece of work.
func (a *app) startRecord(cmd *cobra.Command, f recordFlags) error {
	f.numbered = cmd.Flags().Changed("sequence")
	var err error
	if f.work, err = a.withAttested(cmd.Context(), f.work); err != nil {
		return err
	}
	if f.stage.kind != "" && f.from.path != "" {
		return usage("record: found --stage and --from, expected one of them: a stage is counted from its tokens, a file says its own")
	}
	if f.stage.kind != "" && f.chips.given() {
		return usage("record: found --stage and --chip-hours or its flags: a stage becomes several records, and the hours are of all of them together; record the hours on their own")
	}
	if f.stage.kind != "" {
		return a.recordStage(cmd.Context(), f)
	}
	if err := f.stage.unused(cmd); err != nil {
		return err
	}
	return a.record(cmd.Context(), f)
}

// recordedSchema names the document that record --json prints.
const recordedSchema = "weighbridge.dev/recorded/v1"

func (a *app) record(ctx context.Context, f recordFlags) error {
	if f.work.model == "" && !(f.from.path != "" && f.from.dryRun) {
		return usage("record: --model is required (the model: org/name@version)")
	}
	if f.from.path != "" {
		return a.recordFrom(ctx, f)
	}
	record, err := f.build(a.env.now())
	if err != nil {
		return err
	}
	if err := f.weigh(ctx, &record); err != nil {
		return err
	}
	if err := a.startsFrom(ctx, f.work, &record, f.input); err != nil {
		return err
	}
	var result recordResult
	err = a.writing(func(l *ledger.Ledger) error {
		if err := f.work.bring(l, &record); err != nil {
			return err
		}
		if err := a.refuseCycle(l, &record); err != nil {
			return err
		}
		var err error
		result, err = appendCounting(l, record)
		return err
	})
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(result)
	}
	a.printf("%s\n", result)
	return nil
}
