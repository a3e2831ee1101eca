package trainlog

import (
	"slices"

	"github.com/weighbridge/weighbridge/meter"
)

// formats returns a new parser of each format that is read, in the order in
// which signatures are tried: the more special before the more general.
func formats(name string) []parser {
	list := []parser{
		&hfState{}, // a document on one line holds the lines of its history
		newAxolotl(), newTRL(), newHF(), &nanoGPT{},
		newMegatron(), newTorchtitan(), newOLMoCore(), newMaxText(), newLLMC(), newNanochat(), newNeMo(), newVerl(), newNanotron(), newPrimeRL(), newLevanter(), newDeepSpeed(),
		&megatronProgress{}, &llmcMain{}, &deepSpeedProfiler{}, newLitGPT(), newLitGPTMetrics(),
		&hfResults{}, &axolotlState{}, &olmoMetrics{}, newMaxTextMetrics(), &levanterMetrics{}, &awsMeter{},
		newWandbHistory(), &wandbSummary{}, &wandbMetadata{}, &mlperf{}, &tensorBoard{},
		&dcgm{}, &amdExporter{}, &nvidiaSMI{}, &focus{}, &slurm{}, &mlflow{metric: metricOf(name)},
	}
	return list
}

// Formats returns the names of the formats that are read, sorted.
func Formats() []string {
	var names []string
	for _, f := range formats("") {
		names = append(names, f.name())
	}
	slices.Sort(names)
	return names
}

// parser reads the lines of one format. There is one implementation for each.
type parser interface {
	name() string
	// marks returns texts of which each line of the format that has no brace
	// holds one. They sort out, cheaply, most of the lines that mean nothing to
	// it, and may change as it reads. An empty text is in every line.
	marks() []string
	// read reads one line, JSON object or event record, and says what it was to
	// this format.
	read(l line, n *notes) verdict
	// observe adds what was read so far to o.
	observe(o *meter.Observation)
	// figures returns what was read so far by its names.
	figures() []Figure
	clone() parser
}

// yields reports whether a format gives way to another one met later in the
// same log: the lines of DeepSpeed's engine stand beside those of the framework
// that runs on it and say less.
func yields(p parser) bool { return p.name() == "deepspeed" || p.name() == "deepspeed-profiler" }

// line is one line of a log, or one JSON object or event record.
type line struct {
	text   []byte // without its end, escape sequences and label; valid during the call only
	label  []byte // what a launcher put before it: which rank wrote it; empty: nothing
	at     int64  // offset of its first byte
	whole  bool   // its end was seen: a number at the end of the text is complete
	gap    bool   // bytes were lost since the last line that was used
	object object // the JSON object that ends with the line; nil: none
	record []byte // an event of an event file; then there is no text
	traits
}

// verdict is what a line was to a format.
type verdict int

const (
	foreign    verdict = iota // not understood
	understood                // of this format, but no figure was taken from it
	signature                 // a figure was taken from it, and it is this format's alone
)
