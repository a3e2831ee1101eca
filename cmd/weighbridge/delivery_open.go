package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/attest/weights"
	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/fdp/delivery"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

type deliveryOpenFlags struct {
	step                                   stepFlags
	id, customer, model, facts             string
	headquarters, parent, location         string
	service, stage, plan, weights, trained string
}

func (a *app) deliveryOpenCommand() *cobra.Command {
	var f deliveryOpenFlags
	cmd := &cobra.Command{
		Use:   "open --customer NAME --author WHO [--model MODEL] [--facts FILE]",
		Short: "Open a delivery: the customer, the service, and the model or what is known of it",
		Long: `Open begins a delivery. What is known of the customer and the service is given by flags or a facts document (the field
service, and whatever else is known); of a MODEL in this ledger the rest comes from its records when it is decided. Before
training there may be no model yet: --stage before-training with --plan FILE, what weighbridge plan --json printed; the plan
stands until the ledger has records. Open then shows the questions that the rules want asked and that nobody has answered.

` + exitCodes,
		Example: `  weighbridge delivery open --customer "Gulf Compute" --model acme/atlas@1 --headquarters AE --ultimate-parent AE --location AE --author jo@cloud.example
  weighbridge delivery open --customer "Gulf Compute" --stage before-training --plan plan.json --service training --author jo@cloud.example`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.openDelivery(cmd, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.customer, "customer", "", "the customer's name")
	flags.StringVar(&f.id, "id", "", "name of the delivery (default: made of the customer's name and a number)")
	flags.StringVar(&f.model, "model", "", "the model whose weights are delivered")
	flags.StringVar(&f.facts, "facts", "", "a facts document with what is known, YAML or JSON; - is standard input")
	flags.StringVar(&f.headquarters, "headquarters", "", "country in which the customer is headquartered")
	flags.StringVar(&f.parent, "ultimate-parent", "", "country in which the customer's ultimate parent is headquartered")
	flags.StringVar(&f.location, "location", "", "country in which the customer takes the weights")
	flags.StringVar(&f.service, "service", "", "what is given: training, fine-tuning, inference or api")
	flags.StringVar(&f.stage, "stage", "", "before-training or before-delivery")
	flags.StringVar(&f.trained, "training-location", "", "country in which the model is trained")
	flags.StringVar(&f.plan, "plan", "", "before training: `FILE` that weighbridge plan --json printed")
	flags.StringVar(&f.weights, "weights", "", "directory (or one file) of the weights that are handed over")
	f.step.add(flags)
	return cmd
}

func (a *app) openDelivery(cmd *cobra.Command, f deliveryOpenFlags) error {
	if f.customer == "" {
		return usage("delivery open: --customer is required: a delivery is made to somebody")
	}
	if err := f.step.check("open"); err != nil {
		return err
	}
	opened := delivery.Opened{Customer: f.customer}
	var err error
	if f.model != "" {
		if opened.Model, err = meter.ParseModel(f.model); err != nil {
			return usage("--model: %w", err)
		}
	}
	facts, err := a.openedFacts(f)
	if err != nil {
		return err
	}
	if opened.Model == "" {
		opened.Model = facts.Model
	}
	if opened.Facts, err = facts.Encode(); err != nil {
		return err
	}
	if f.plan != "" && facts.Service.Stage == "before-delivery" {
		return usage("delivery open --plan: a plan is work before training, and the stage is before-delivery: leave --plan out (the records of --model, or operations in --facts, say what was done), or say --stage before-training")
	}
	if opened.Plan, err = readPlan(f.plan); err != nil {
		return err
	}
	if err := a.warnOfUnknown(f, opened.Model); err != nil {
		return err
	}
	if f.weights != "" {
		files, err := weights.Hash(cmd.Context(), f.weights, weights.Options{})
		if err != nil {
			return fmt.Errorf("--weights: %w", err)
		}
		opened.Weights = files.Root()
		if c := files.ComponentRoot(); c != opened.Weights {
			opened.ComponentRoot = c
		}
		if err := a.openedWeights(f.weights, opened); err != nil {
			return err
		}
	}
	return a.appendOpened(f, opened)
}

// openedFacts are those of the document with the flags set in it.
func (a *app) openedFacts(f deliveryOpenFlags) (fdp.Facts, error) {
	facts, err := a.factsDocument(f.facts)
	if err != nil {
		return facts, err
	}
	for _, set := range []struct{ flag, path, value string }{
		{"--headquarters", "service.customer.headquarters", f.headquarters}, {"--ultimate-parent", "service.customer.ultimate_parent", f.parent},
		{"--location", "service.customer.location", f.location}, {"--service", "service.kind", f.service}, {"--stage", "service.stage", f.stage},
		{"--training-location", "training.location", f.trained},
	} {
		if set.value == "" {
			continue
		}
		if facts, err = facts.Set(set.path, set.value); err != nil {
			return facts, usage("%s: %w", set.flag, err)
		}
	}
	return facts, nil
}

// readPlan reads what plan --json printed. No path is no plan.
func readPlan(path string) (*delivery.Plan, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--plan: %w", err)
	}
	var plan planResult
	if err := json.Unmarshal(data, &plan); err != nil || plan.Schema != "weighbridge.dev/plan/v1" {
		return nil, fmt.Errorf("--plan %s: expected what weighbridge plan --json printed (found schema %.60q)", path, plan.Schema)
	}
	return &delivery.Plan{Activity: plan.Activity, Operations: plan.Operations, Source: plan.Source}, nil
}

func (a *app) appendOpened(f deliveryOpenFlags, opened delivery.Opened) error {
	now := a.env.now()
	var d delivery.Delivery
	err := a.writing(func(l *ledger.Ledger) (err error) {
		if opened.Delivery = f.id; f.id == "" {
			if opened.Delivery, err = freeDelivery(l, f.customer); err != nil {
				return err
			}
		}
		if taken, err := l.Notes(deliveryLogs + opened.Delivery); err != nil || len(taken) > 0 {
			if err == nil {
				err = fmt.Errorf("delivery %s is there already: name another with --id", opened.Delivery)
			}
			return err
		}
		d, err = f.step.appendStep(l, delivery.Delivery{ID: opened.Delivery}, delivery.Step{Opened: &opened}, nil, now)
		return err
	})
	if err != nil {
		return err
	}
	return a.showStep(d, "opened", now)
}

var notInID = regexp.MustCompile(`[^a-z0-9]+`)

// freeDelivery makes an id of the customer's name and the first free number.
func freeDelivery(l *ledger.Ledger, customer string) (string, error) {
	stem := strings.Trim(notInID.ReplaceAllString(strings.ToLower(customer), "-"), "-")
	if stem = stem[:min(len(stem), 60)]; stem == "" {
		stem = "delivery"
	}
	logs, err := l.NoteLogs(deliveryLogs + stem + "-")
	if err != nil {
		return "", err
	}
	taken := map[string]bool{}
	for _, log := range logs {
		taken[strings.TrimPrefix(log, deliveryLogs)] = true
	}
	for n := 1; ; n++ {
		if id := fmt.Sprintf("%s-%d", stem, n); !taken[id] {
			return id, nil
		}
	}
}

// day is how dates are shown.
func day(t time.Time) string { return t.UTC().Format("2006-01-02") }
