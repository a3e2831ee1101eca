package main

import (
	"fmt"
	"math/big"
	"strconv"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
	"github.com/weighbridge/weighbridge/meter/trainlog"
)

func (i *imported) set(name string, kind trainlog.Kind, text string) {
	i.figures[name] = trainlog.Figure{Name: name, Text: text, Kind: kind}
}

func (i *imported) setOps(name string, n meter.Ops) { i.set(name, trainlog.Count, n.String()) }

// whole returns a figure that is a whole number.
func (i *imported) whole(name string) (meter.Ops, bool) {
	figure, found := i.figures[name]
	if !found || figure.Kind != trainlog.Count {
		return meter.Ops{}, false
	}
	n, err := meter.ParseOps(figure.Text)
	return n, err == nil
}

// ratio returns a figure as it is printed.
func (i *imported) ratio(name string) (*big.Rat, bool) {
	figure, found := i.figures[name]
	if !found {
		return nil, false
	}
	return new(big.Rat).SetString(figure.Text)
}

// complete fills in tokens from samples and steps, and what follows from the
// architecture.
func (i *imported) complete(batch *meter.Ops) error {
	if err := i.guard(); err != nil {
		return err
	}
	i.tokensOfSamples()
	if err := i.tokensOfSteps(batch); err != nil {
		return err
	}
	if i.count.architecture == nil {
		return nil
	}
	i.impliedTokens()
	perToken, known := i.perToken()
	if !known {
		return nil
	}
	i.setOps("operations_per_token", perToken)
	i.refine(perToken)
	i.overstatement(perToken)
	i.worldSize(perToken)
	return i.operations(perToken)
}

// guard holds the parameters that a log states against those of the
// architecture: more than 1 % apart is another model.
func (i *imported) guard() error { return i.count.shapeOfLog() }

// tokensOfSamples shows the tokens that follow from samples.
func (i *imported) tokensOfSamples() {
	of := i.count.observed
	i.count = i.count.completed()
	if of.SamplesCommitted == nil || of.TokensCommitted != nil {
		return
	}
	length, known := i.count.sequence.Length()
	if !known {
		return
	}
	i.set("sequence_length", trainlog.Count, fmt.Sprint(length))
	for _, figure := range []struct {
		name   string
		tokens *meter.Ops
	}{{"tokens_committed", i.count.observed.TokensCommitted}, {"tokens_executed", i.count.observed.TokensExecuted}} {
		if figure.tokens != nil {
			i.setOps(figure.name, *figure.tokens)
		}
	}
	if under, found := i.whole("samples_checkpointed"); found {
		if tokens := times(&under, length); tokens != nil {
			i.setOps("tokens_checkpointed", *tokens)
		}
	}
}

// tokensOfSteps: every step holds what --batch-tokens says.
func (i *imported) tokensOfSteps(batch *meter.Ops) error {
	seen := &i.count.observed
	if batch == nil || seen.StepsCommitted == nil || seen.TokensCommitted != nil {
		return nil
	}
	perStep, fits := batch.Uint64()
	committed, err := meter.NewOps(*seen.StepsCommitted).Mul(*batch)
	if err != nil || !fits {
		return usage("--batch-tokens: %s times %d steps is out of range", batch, *seen.StepsCommitted)
	}
	executed, err := meter.NewOps(*seen.StepsExecuted).Mul(*batch)
	if err != nil {
		return usage("--batch-tokens: %w", err)
	}
	seen.TokensCommitted, seen.TokensExecuted, seen.TokensPerStep = &committed, &executed, &perStep
	i.setOps("tokens_exact", committed)
	return nil
}

// impliedTokens: the Hugging Face Trainer's total is 6 x input elements x
// parameters without embeddings, in a float64. Where that gives a whole number
// of elements it is theirs, padding included.
func (i *imported) impliedTokens() {
	seen := &i.count.observed
	if seen.OperationsStated == nil || seen.Format != "hf-state" && seen.Format != "hf-results" && seen.Format != "hf" {
		return
	}
	perElement := new(big.Int).Mul(big.NewInt(6), withoutEmbeddings(*i.count.architecture).Big())
	total := seen.OperationsStated.Big()
	tokens := new(big.Int).Add(total, new(big.Int).Quo(perElement, big.NewInt(2)))
	tokens.Quo(tokens, perElement)
	off := new(big.Int).Sub(new(big.Int).Mul(tokens, perElement), total)
	unit := new(big.Int).Rsh(total, 52) // the distance of two float64 of that size, at most
	implied, err := meter.OpsFromBig(tokens)
	if err != nil || implied.IsZero() || off.Abs(off).Cmp(unit) > 0 {
		i.findings = append(i.findings, meter.Finding{Code: "total-not-explained",
			Message: "the Trainer's total is no whole number of tokens times 6 times the parameters without embeddings of the --architecture: look whether it is the model that was trained"})
		return
	}
	i.setOps("tokens_implied", implied)
	i.setOps("tokens_padded", implied)
	if seen.TokensCommitted == nil {
		seen.TokensCommitted, seen.TokensExecuted = &implied, &implied
	}
}

// withoutEmbeddings is the Trainer's number of parameters: look-up tables left
// out, and with them a head that shares one.
func withoutEmbeddings(a estimate.Architecture) meter.Ops {
	p := a.Parameters()
	n := p.Total.Big()
	n.Sub(n, p.Embedding.Big()).Sub(n, p.Positions.Big())
	if p.Embedding.IsZero() {
		for _, product := range a.Products() {
			if product.Name == "head" {
				n.Sub(n, new(big.Int).Mul(new(big.Int).SetUint64(product.In), new(big.Int).SetUint64(product.Out)))
			}
		}
	}
	ops, err := meter.OpsFromBig(n)
	if err != nil {
		return meter.NewOps(1)
	}
	return ops
}

// perToken is the canonical cost of a token at the one length there is.
func (i *imported) perToken() (meter.Ops, bool) {
	length, known := i.count.sequence.Length()
	if !known {
		return meter.Ops{}, false
	}
	count, err := i.count.architecture.Training(meter.NewOps(1), length)
	return count.PerToken.Estimate.Ops, err == nil && count.PerToken.Estimate.Known
}

// refine makes figures exact that a log prints rounded, where the architecture
// gives one whole number that prints like that.
func (i *imported) refine(perToken meter.Ops) {
	if printed, found := i.ratio("operations_per_token_stated"); found && i.figures["operations_per_token_stated"].Kind == trainlog.Number {
		i.refinePerToken(printed)
	}
	if printed, found := i.ratio("tflop_per_step_per_device"); found && i.figures["tokens_per_step_per_device"].Text == "" {
		i.refineStep(printed, perToken)
	}
}

// refinePerToken: torchtitan counts 6 x matrix weights + 12 x L x q x s, the
// attention in full.
func (i *imported) refinePerToken(printed *big.Rat) {
	length, _ := i.count.sequence.Length()
	full, err := i.count.architecture.Count(estimate.Work{Tokens: meter.NewOps(1), Sequence: length, Keys: estimate.FullKeys})
	if err != nil {
		return
	}
	exact := full.Operations.Low
	off := new(big.Rat).Sub(new(big.Rat).SetInt(exact.Big()), printed)
	if off.Abs(off).Cmp(new(big.Rat).Mul(printed, big.NewRat(1, 2000))) <= 0 { // four digits are printed
		i.setOps("operations_per_token_stated", exact)
	}
}

// refineStep: MaxText prints the operations of a step on one device with two
// decimals, less than one token's.
func (i *imported) refineStep(printed *big.Rat, perToken meter.Ops) {
	const tera = 1_000_000_000_000
	tokens := new(big.Rat).Mul(printed, big.NewRat(tera, 1))
	tokens.Quo(tokens, new(big.Rat).SetInt(perToken.Big())).Add(tokens, big.NewRat(1, 2))
	whole := new(big.Int).Quo(tokens.Num(), tokens.Denom())
	exact := new(big.Rat).SetFrac(new(big.Int).Mul(whole, perToken.Big()), big.NewInt(tera))
	off := new(big.Rat).Sub(exact, printed)
	if off.Abs(off).Cmp(big.NewRat(1, 200)) <= 0 && perToken.Big().Cmp(big.NewInt(tera/100)) > 0 {
		value, _ := exact.Float64()
		i.set("tflop_per_step_per_device", trainlog.Number, strconv.FormatFloat(value, 'g', -1, 64))
	}
}

// overstatement is the framework's cost of a token against the canonical one,
// for reading: nothing is decided by it.
func (i *imported) overstatement(perToken meter.Ops) {
	stated, found := i.whole("operations_per_token_stated")
	if !found {
		return
	}
	a, _ := new(big.Float).SetInt(stated.Big()).Float64()
	b, _ := new(big.Float).SetInt(perToken.Big()).Float64()
	i.set("overstatement", trainlog.Number, strconv.FormatFloat(a/b-1, 'g', -1, 64))
}

// worldSize is the number of devices at which the printed rate of one gives the
// printed time of a step, where both are printed finely enough to tell.
func (i *imported) worldSize(perToken meter.Ops) {
	rate, ok := i.ratio("tflops_per_device")
	milliseconds, timed := i.ratio("milliseconds_per_step")
	samples, sized := i.ratio("samples_per_step")
	length, known := i.count.sequence.Length()
	if !ok || !timed || !sized || !known || i.figures["world_size"].Text != "" || rate.Sign() <= 0 || milliseconds.Sign() <= 0 {
		return
	}
	// samples x length x operations / (rate x 10^12 x milliseconds / 1000)
	devices := new(big.Rat).Mul(samples, new(big.Rat).SetInt(new(big.Int).Mul(perToken.Big(), new(big.Int).SetUint64(length))))
	devices.Quo(devices, new(big.Rat).Mul(rate, milliseconds)).Quo(devices, big.NewRat(1_000_000_000, 1))
	rounded := new(big.Rat).Add(devices, big.NewRat(1, 2))
	n := new(big.Int).Quo(rounded.Num(), rounded.Denom())
	off := new(big.Rat).Sub(devices, new(big.Rat).SetInt(n))
	if n.Sign() > 0 && off.Abs(off).Cmp(big.NewRat(1, 4)) < 0 && new(big.Rat).Quo(off, devices).Cmp(big.NewRat(1, 200)) < 0 {
		i.set("world_size", trainlog.Count, n.String())
	}
}

// operations are those of committed and executed steps by the canonical count.
func (i *imported) operations(perToken meter.Ops) error {
	for _, part := range []struct {
		name   string
		tokens *meter.Ops
	}{{"operations_committed", i.count.observed.TokensCommitted}, {"operations_executed", i.count.observed.TokensExecuted}} {
		if part.tokens == nil {
			continue
		}
		total, err := perToken.Mul(*part.tokens)
		if err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
		i.setOps(part.name, total)
	}
	if exact, found := i.whole("tokens_exact"); found {
		total, err := perToken.Mul(exact)
		if err != nil {
			return err
		}
		i.setOps("operations_exact", total)
	}
	return nil
}

// result is what is said about the run that the record holds.
func (i imported) result(path string, r meter.Record) fromResult {
	seen := i.count.observed
	run := fromRun{TokensCommitted: seen.TokensCommitted, TokensExecuted: seen.TokensExecuted, Method: r.Method, Grade: r.Grade}
	if seen.StepsCommitted != nil {
		run.StepsCommitted, run.StepsExecuted = fmt.Sprint(*seen.StepsCommitted), fmt.Sprint(*seen.StepsExecuted)
	}
	for _, w := range r.Witnesses {
		if w.Quantity == meter.Ceiling {
			run.Ceiling = &w.Operations
		}
	}
	if r.Method != meter.NoMethod {
		run.Range = &r.Operations
		if r.Operations.Estimate.Known {
			run.Operations = &r.Operations.Estimate.Ops
		}
	}
	return fromResult{Schema: "weighbridge.dev/record-from/v1", Source: fromSource{path, seen.Format, seen.Lines, seen.Unread},
		Figures: i.figures, Run: run, Findings: append([]meter.Finding{}, r.Findings...)}
}
