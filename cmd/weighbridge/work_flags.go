package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
	"github.com/weighbridge/weighbridge/provenance"
)

// workFlags say what the work was; run and record share them.
type workFlags struct {
	model     string
	activity  string
	parents   []string
	discarded bool
	hardware  string
	trust     parentFlags
	attested  []attestedParent                 // parents that came as shipments, verified
	warn      func(format string, args ...any) // what is no error and yet to be looked at
}

// architectureFlags say what the formula needs; run and record share them.
type architectureFlags struct {
	config   string
	tokens   string
	sequence string
	streams  streamFlags

	documents string // --documents
}

func (w *workFlags) register(cmd *cobra.Command) {
	w.warn = func(format string, args ...any) { fmt.Fprintf(cmd.ErrOrStderr(), "weighbridge: "+format+"\n", args...) }
	flags := cmd.Flags()
	flags.StringVar(&w.model, "model", "", "the model: org/name@version")
	flags.StringVar(&w.activity, "activity", "", "what the operations were spent on: "+names(meter.Activities()))
	flags.StringArrayVar(&w.parents, "parent", nil, "a model this one came from, MODEL:RELATION, or a verified shipment of it, SHIPMENT:RELATION (directory, archive or registry); repeatable. Relations: "+names(meter.Relations()))
	w.trust.register(cmd)
	flags.BoolVar(&w.discarded, "discarded", false, "the weights that this work made were thrown away")
	flags.StringVar(&w.hardware, "hardware", "", `file that names the accelerators: [{"product":"NVIDIA H100 SXM5 80GB","count":8}]`)
}

func (f *architectureFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.config, "architecture", "", "the model's Hugging Face config.json")
	flags.StringVar(&f.tokens, "tokens", "", "tokens trained on, decimal or scientific: 2e9")
	flags.StringVar(&f.sequence, "sequence-length", "", "tokens per sequence in training, or a schedule: 2048:1e12,8192:5e10; without it the count is a range")
}

func names[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}

// count fills the record from the model's shape and the stated tokens.
func (f architectureFlags) count(record *meter.Record) error {
	if f.config == "" {
		return usage("--tokens or --documents without --architecture: name the model's config.json, or state the operations with --operations")
	}
	_, count, err := f.counted(record)
	if err != nil {
		return err
	}
	record.Witnesses = []meter.Witness{{Quantity: meter.Required, Method: meter.Architecture, Grade: meter.GradeDerived,
		Operations: count.Operations, Convention: count.Convention, Source: count.Source}}
	return nil
}

// counted reads the flags and counts the record's activity by them, with what it may
// run beside: plan and record count alike.
func (f architectureFlags) counted(record *meter.Record) (estimate.Architecture, estimate.Count, error) {
	architecture, err := readArchitecture(f.config)
	if err != nil {
		return architecture, estimate.Count{}, err
	}
	count, err := f.total(architecture, passesOf(record.Activity))
	if err != nil {
		return architecture, count, err
	}
	findings, err := besides(record.Activity, &count.Operations, func() (estimate.Count, error) { return f.total(architecture, estimate.Forward) })
	record.Findings = append(record.Findings, findings...)
	record.Operations, record.Convention = count.Operations, count.Convention
	record.Method, record.Grade = meter.Architecture, meter.GradeDeclared // the tokens are what a person says
	return architecture, count, err
}

func readArchitecture(path string) (estimate.Architecture, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return estimate.Architecture{}, fmt.Errorf("--architecture: %w; name the config.json that was saved with the model", err)
	}
	architecture, err := estimate.ParseConfig(data)
	if err != nil {
		return estimate.Architecture{}, fmt.Errorf("%s: %w", path, err)
	}
	return architecture, nil
}

// record returns what the flags say of the work. An empty activity takes
// fallback; where that is empty too, the flag is missing.
func (w workFlags) record(fallback meter.Activity) (meter.Record, error) {
	record := meter.Record{Schema: meter.RecordSchema, Weights: meter.WeightsKept, Activity: fallback}
	var err error
	if record.Model, err = meter.ParseModel(w.model); err != nil {
		return record, usage("--model: %w", err)
	}
	if w.activity == "" && fallback == "" {
		return record, w.activityMissing()
	}
	if w.activity != "" {
		if record.Activity, err = meter.ParseActivity(w.activity); err != nil {
			return record, usage("--activity: %w", err)
		}
	}
	if w.discarded {
		record.Weights = meter.WeightsDiscarded
	}
	for _, text := range w.parents {
		parent, err := meter.ParseParent(text)
		if err != nil {
			return record, usage("--parent: %w", err)
		}
		if parent.Model == record.Model {
			return record, usage("--parent %s: a model cannot be its own parent; further training makes a new version that continues the old one", text)
		}
		record.Parents = append(record.Parents, parent)
	}
	record.Hardware, err = readHardware(w.hardware)
	if err != nil {
		return record, err
	}
	return record, w.warnOfUnknown(record.Hardware)
}

func (w workFlags) activityMissing() error {
	with := ""
	if len(w.parents) > 0 {
		with = " with --parent" // in every command; run alone has a default without
	}
	return usage("--activity is required%s: what the operations were spent on, one of %s", with, names(meter.Activities()))
}

// warnOfUnknown names the products that the catalogue does not have. They may
// be real, so they are recorded as they are named.
func (w workFlags) warnOfUnknown(devices []meter.Device) error {
	if len(devices) == 0 {
		return nil
	}
	catalogue, err := provenance.Embedded()
	if err != nil {
		return err
	}
	for _, d := range devices {
		if _, err := catalogue.Find(d.Product); err != nil {
			w.warn("--hardware: %v; recorded as it is named, its class is undetermined", err)
		}
	}
	return nil
}
