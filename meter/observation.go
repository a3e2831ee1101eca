package meter

import "cmp"

// Observation is what a training log showed, whether read live or from a file.
// A nil pointer is a figure that the log does not state; it is never zero.
type Observation struct {
	Format string `json:"format"` // nanogpt, hf, ...; "" when no signature was met

	// Lines is the number of lines seen, Unread those of them that no rule of
	// the format understood, and Lost the bytes that never reached the reader.
	Lines  uint64 `json:"lines"`
	Unread uint64 `json:"unread"`
	Lost   uint64 `json:"lost,omitempty"`

	LastStep        *uint64 `json:"last_step,omitempty"`        // last complete step
	LogInterval     *uint64 `json:"log_interval,omitempty"`     // largest distance between two logged steps: how long the unlogged tail may be
	Restarts        uint64  `json:"restarts,omitempty"`         // starts after the first that the log shows: each hides up to two more unlogged tails
	StepsCommitted  *uint64 `json:"steps_committed,omitempty"`  // the union of steps
	StepsExecuted   *uint64 `json:"steps_executed,omitempty"`   // the multiset, repeated steps included
	Spans           []Span  `json:"spans,omitempty"`            // the union itself, so that it can be formed over several processes; absent where it is in too many pieces
	TokensPerStep   *uint64 `json:"tokens_per_step,omitempty"`  // as stated by the log
	TokensCommitted *Ops    `json:"tokens_committed,omitempty"` // tokens, not operations; 128 bits because products are formed from them
	TokensExecuted  *Ops    `json:"tokens_executed,omitempty"`

	SamplesCommitted *Ops    `json:"samples_committed,omitempty"` // samples (sequences), where the log states those and not tokens
	SamplesExecuted  *Ops    `json:"samples_executed,omitempty"`
	SamplesPerStep   *uint64 `json:"samples_per_step,omitempty"`
	SequenceLength   *uint64 `json:"sequence_length,omitempty"` // tokens in a sample, as stated by the log

	Parameters         *Ops `json:"parameters,omitempty"`          // of the model, as the log prints them
	ParametersRounding *Ops `json:"parameters_rounding,omitempty"` // how far off that may be, because it was printed rounded

	OperationsStated   *Ops `json:"operations_stated,omitempty"`   // the framework's own total, in its own convention
	OperationsRounding *Ops `json:"operations_rounding,omitempty"` // how far off it may be, because it was printed rounded

	// Reported is what the job's own counter said last, one element per
	// activity in the order they were first reported. The figures are cumulative.
	Reported []Report `json:"reported,omitempty"`

	// LinesDigest is a SHA-256 chain over the raw lines that were used, with
	// the byte offsets of the first and the end of the last: "sha256:<hex>".
	LinesDigest string `json:"lines_digest,omitempty"`
	FirstOffset int64  `json:"first_offset,omitempty"`
	EndOffset   int64  `json:"end_offset,omitempty"`

	Findings []Finding `json:"findings,omitempty"`
}

// Report is one activity of a job by the job's own counter, from its start.
type Report struct {
	Activity   Activity `json:"activity"`
	Operations *Ops     `json:"operations,omitempty"`
	Tokens     *Ops     `json:"tokens,omitempty"` // tokens, not operations
	Step       *uint64  `json:"step,omitempty"`
	From       *uint64  `json:"from,omitempty"` // steps done before the first that this process counted, by the pace of its reports

	// Documents and SquaredLengths are the number of documents trained on and
	// the sum of the squares of their lengths in tokens: what attention within
	// documents depends on where several are packed into one sequence.
	Documents      *Ops `json:"documents,omitempty"`
	SquaredLengths *Ops `json:"squared_lengths,omitempty"`

	// OperationsExecuted and TokensExecuted are what the counter comes to where
	// it went back, if it began anew each time: the sum over its beginnings, and
	// never less than Operations and Tokens. Absent where it never went back.
	OperationsExecuted *Ops `json:"operations_executed,omitempty"`
	TokensExecuted     *Ops `json:"tokens_executed,omitempty"`
}

// MostOperations returns the most that the report allows: a counter that went
// back may have begun anew, and what it had counted before was done too. It is
// not for a report without operations.
func (r Report) MostOperations() Ops { return *cmp.Or(r.OperationsExecuted, r.Operations) }

// MostTokens is the same of a report with tokens.
func (r Report) MostTokens() Ops { return *cmp.Or(r.TokensExecuted, r.Tokens) }

// Finding is one thing that a reader of the record should know: a contradiction
// between sources, a gap, an assumption. Code is a stable word, Message a
// sentence.
type Finding struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// InputDiffers is the code of the finding that work started from the weights of another
// model than the parent that it names: the operations of that one are not known to be in
// the lineage.
const InputDiffers = "input-differs"
