package trainlog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// The codes of findings. They are stable words; the messages are for people.
const (
	Reset              = "log-reset"            // step numbers began again at the start
	Rollback           = "log-rollback"         // step numbers or a token counter went back
	StartsLate         = "log-starts-late"      // the first step shown is not the first step
	StepJump           = "log-step-jump"        // one line claims far more steps than any before it
	BatchChanged       = "log-batch-changed"    // tokens per step changed between starts
	Fragmented         = "log-fragmented"       // too many pieces to keep apart
	NotFinite          = "log-loss-not-finite"  // the loss was nan or inf
	LostBytes          = "log-lost-bytes"       // bytes never reached the reader
	LongLine           = "log-line-too-long"    // a line above MaxLine was dropped
	FormatNotMet       = "log-format-not-met"   // the format asked for does not stand in the log
	TwoFormats         = "log-two-formats"      // lines of a second format stand in the log
	Rounded            = "log-rounded"          // a count was printed rounded and is not used
	EventDamaged       = "log-record-damaged"   // a record of an event file is not what was written
	EventsBroken       = "log-records-broken"   // an event file cannot be followed any further
	Planned            = "log-planned-only"     // a total was declared before the run
	Occupancy          = "telemetry-occupancy"  // a utilisation that is time occupancy, no measure of work
	Sentinel           = "telemetry-sentinel"   // a value that means "no value"
	Slice              = "telemetry-slice"      // a figure of a part of a device
	Unidentified       = "telemetry-no-uuid"    // devices that cannot be told apart
	Timeless           = "accounting-no-time"   // a header without the time that a job held its devices
	JobsSteps          = "accounting-job-steps" // rows of a job's steps, whose devices are the job's
	NotRun             = "billing-not-run"      // billed, but nothing ran
	OtherUnit          = "billing-other-unit"   // usage in another unit than hours
	LastValue          = "log-last-value-only"  // a summary keeps the last value of each quantity
	ReportMalformed    = "report-malformed"     // a report line breaks its rules
	ReportAbsurd       = "report-absurd"        // a report's figure cannot be true
	ReportDecreased    = "report-decreased"     // a cumulative figure went down
	ReportContradicted = "report-contradiction" // two figures for one step
)

// note is one kind of finding with how often it was met, and figures of the
// first time.
type note struct {
	code     string
	count    uint64
	at       int64
	from, to uint64
}

// notes are the findings so far, one per code, in the order they were met.
type notes struct{ list []note }

// add counts one more of a kind. Of [LostBytes] the latest sum stays.
func (n *notes) add(code string, at int64, from, to uint64) {
	for i := range n.list {
		if n.list[i].code == code {
			n.list[i].count++
			if code == LostBytes || code == EventDamaged || code == EventsBroken {
				n.list[i].from = from
			}
			return
		}
	}
	n.list = append(n.list, note{code, 1, at, from, to})
}

func (n *notes) clone() notes { return notes{slices.Clone(n.list)} }

func (n *notes) findings(forced string) []meter.Finding {
	var list []meter.Finding
	for _, x := range n.list {
		list = append(list, meter.Finding{Code: x.code, Message: x.message(forced)})
	}
	return list
}

func (x note) message(forced string) string {
	where := fmt.Sprintf("at byte %d", x.at)
	times := "once, " + where
	if x.count > 1 {
		times = fmt.Sprintf("%d times, first %s", x.count, where)
	}
	switch x.code {
	case Reset:
		return fmt.Sprintf("steps began again at the start %s, after %d steps: steps run again count as executed each time and as committed once", times, x.from)
	case Rollback:
		return fmt.Sprintf("the count went back %s, from %d to %d: a restart from a checkpoint; what was run again counts as executed each time and as committed once", times, x.from, x.to)
	case StartsLate:
		return fmt.Sprintf("the first count shown is %d, %s: what came before belongs to an earlier process or a part of the log that is missing, and is not counted", x.from, where)
	case StepJump:
		return fmt.Sprintf("a line claims %d steps more than the one before it, %s, where the most before was %d: counted, but look at the log", x.from, times, x.to)
	case BatchChanged:
		return fmt.Sprintf("tokens per step changed %s, from %d to %d: each step is counted with the figure that held when it ran", times, x.from, x.to)
	case Fragmented:
		return fmt.Sprintf("steps stand in more than %d separate pieces %s: further pieces count as executed only", maxSegments, times)
	case NotFinite:
		return fmt.Sprintf("the loss was not a finite number %s: the steps were executed and are counted", times)
	case LostBytes:
		return fmt.Sprintf("%d bytes never reached the reader (%s): steps in them count only where later step numbers prove them", x.from, times)
	case LongLine:
		return fmt.Sprintf("a line longer than %d bytes was dropped %s", MaxLine, times)
	case FormatNotMet:
		return fmt.Sprintf("no line has the form of %s: nothing was read: name another of %s, or auto", forced, strings.Join(Formats(), ", "))
	case TwoFormats:
		return fmt.Sprintf("lines of a second format stand in the log (%s) and were not counted: read the two apart, naming the format", times)
	case Rounded:
		return fmt.Sprintf("a token count is printed rounded (%s) and was not used: take it from the trainer's state file", times)
	case EventDamaged:
		return fmt.Sprintf("%d records of the event file do not match their checksum and were not used", x.from)
	case EventsBroken:
		return fmt.Sprintf("the event file is damaged at byte %d: the %d bytes behind the last complete record were not read", x.at, x.from)
	case Planned:
		return "the total of operations was declared before the run: it says what was intended, not what was done, and is no count"
	case Occupancy:
		return fmt.Sprintf("a GPU utilisation is the share of time in which anything ran at all (%s): no operations follow from it", times)
	case Sentinel:
		return fmt.Sprintf("a value that stands for \"no value\" was left out %s", times)
	case Slice:
		return fmt.Sprintf("a figure of a MIG instance (GPU_I_ID) counts against a slice, not the whole device, and was left out %s", times)
	case Unidentified:
		return "the header of nvidia-smi lacks the column uuid, and an index names different devices on different machines: query timestamp,index,name,uuid,utilization.gpu"
	case Timeless:
		return "the header of sacct lacks the column ElapsedRaw or Elapsed, the time that a job held its devices: run sacct -P -o JobIDRaw,State,Start,End,ElapsedRaw,AllocTRES"
	case JobsSteps:
		return fmt.Sprintf("rows of a job's steps were left out (%s): their devices are those of the job", times)
	case NotRun:
		return fmt.Sprintf("a row without a consumed quantity was left out (%s): it was paid for and did not run", times)
	case OtherUnit:
		return fmt.Sprintf("usage in another unit than Hours was left out (%s): the hours are not all that was used", times)
	case LastValue:
		return "a summary keeps the last value of each quantity only: what was run again is not shown"
	case ReportMalformed:
		return fmt.Sprintf("a weighbridge-report line breaks its rules (%s) and says nothing: expected strict JSON with the keys step (a number), tokens, operations, documents and squared_lengths (whole numbers in quotes) and activity", times)
	case ReportAbsurd:
		return fmt.Sprintf("a weighbridge-report line states a figure that cannot be true (%s): it was not used", times)
	case ReportDecreased:
		return fmt.Sprintf("a figure of weighbridge-report lines went down (%s), though they are cumulative: the larger stays, and high is as if the counter had begun anew each time, but for what another process told late", times)
	case ReportContradicted:
		return fmt.Sprintf("weighbridge-report lines give two figures for one step (%s): the larger stays", times)
	}
	return times
}
