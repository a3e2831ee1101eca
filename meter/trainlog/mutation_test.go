package trainlog

import (
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter"
)

// made is a log with other numbers than the sample's, and what it must give. The
// expectation is kept by the generator with plain sets and sums; it shares no
// code with the readers.
type made struct {
	text string
	want map[string]string // figures; "~steps", "~tokens", "~samples" are committed/executed
	kind int               // how else the text may be changed
}

// How a log's text may be changed without a change of meaning.
const (
	asLog  int = iota // colours, noise between lines, CRLF
	asFile            // CRLF
	asData            // nothing
)

// generator makes logs of one sample's form.
type generator func(rng *rand.Rand) made

func generators() map[string]generator {
	all := trainingGenerators()
	maps.Copy(all, fileGenerators())
	return all
}

// TestMutationsOfEverySample: logs in the form of each sample with other numbers,
// widths, restarts, line ends, colours and noise give what their generator
// counted.
func TestMutationsOfEverySample(t *testing.T) {
	all, made := generators(), map[string]bool{}
	for file := range expectations(t) {
		if all[file] == nil {
			t.Errorf("no generator makes logs like %s", file)
		}
		made[formatOf[file]] = true
	}
	for _, format := range Formats() {
		if !made[format] {
			t.Errorf("no sample, and so no generator, is of the format %s", format)
		}
	}
	compared := 0
	for _, file := range slices.Sorted(maps.Keys(all)) {
		rng := rand.New(rand.NewPCG(11, 12))
		for round := range 40 {
			m := all[file](rng)
			for variant, text := range variants(m, rng) {
				if variant == "no last newline" && needsEnd[formatOf[file]] {
					continue
				}
				for _, named := range []string{"auto", formatOf[file]} {
					r := readAs(t, Options{Format: named, Name: file}, text)
					got := values(r)
					totals(got, r.Observation())
					got["~format"] = r.Observation().Format
					m.want["~format"] = formatOf[file]
					for name, want := range m.want {
						compared++
						if !sameValue(got[name], want) {
							t.Fatalf("%s, round %d, %s as %s: %s is %q, want %q\n%s", file, round, variant, named, name, got[name], want, beginning(text))
						}
					}
				}
			}
		}
	}
	t.Logf("%d figures of %d forms compared", compared, len(all))
	if compared < 10_000 {
		t.Errorf("only %d figures were compared", compared)
	}
}

// needsEnd are the formats whose last line may be cut off in its last number
// without a trace: there the end of the line must be seen.
var needsEnd = map[string]bool{"dcgm": true, "amd-exporter": true, "nemo": true, "verl": true, "olmo-core": true, "deepspeed": true, "litgpt": true, "litgpt-metrics": true,
	"focus": true, "slurm": true, "nvidia-smi": true, "deepspeed-profiler": true}

func beginning(text string) string { return text[:min(len(text), 6000)] }

// totals adds committed/executed of what a log shows.
func totals(got map[string]string, o meter.Observation) {
	if o.StepsCommitted != nil {
		got["~steps"] = fmt.Sprintf("%d/%d", *o.StepsCommitted, *o.StepsExecuted)
	}
	if o.TokensCommitted != nil {
		got["~tokens"] = fmt.Sprintf("%s/%s", o.TokensCommitted, o.TokensExecuted)
	}
	if o.SamplesCommitted != nil {
		got["~samples"] = fmt.Sprintf("%s/%s", o.SamplesCommitted, o.SamplesExecuted)
	}
}

// variants are other spellings of the same log.
func variants(m made, rng *rand.Rand) map[string]string {
	list := map[string]string{"plain": m.text}
	if m.kind == asData {
		return list
	}
	list["CRLF"] = strings.ReplaceAll(m.text, "\n", "\r\n")
	list["no last newline"] = strings.TrimSuffix(m.text, "\n")
	if m.kind == asFile {
		return list
	}
	var noisy, coloured strings.Builder
	for _, line := range strings.SplitAfter(m.text, "\n") {
		if !strings.HasPrefix(line, "    ") { // OLMo-core's lines belong together
			noisy.WriteString(noise(rng))
		}
		noisy.WriteString(line)
		body := strings.TrimSuffix(line, "\n")
		if body == "" || strings.HasPrefix(body, "    ") {
			coloured.WriteString(line)
			continue
		}
		at := rng.IntN(len(body))
		for at > 0 && body[at]&0xc0 == 0x80 {
			at--
		}
		fmt.Fprintf(&coloured, "%s\x1b[%dm%s\x1b[0m\n", body[:at], 31+rng.IntN(6), body[at:])
	}
	list["noise"], list["colours"] = noisy.String(), coloured.String()
	return list
}

func noise(rng *rand.Rand) string {
	lines := []string{
		"", "", "", "\n", "2026-11-24 06:00:01,123 INFO worker 3: fetched shard 00017 of 02048 in 0.31 s, queue 12\n",
		"[rank3] NCCL INFO Channel 04/16 : 3[3] -> 2[2] via P2P/CUMEM/read\n", " 37%|###7      | 37/100 [00:12<00:21,  3.02it/s]\r",
		"Traceback (most recent call last):\n  File \"train.py\", line 31, in <module>\n", "warning: loss is nan? no, iteration went well\n",
		"{'note': 'no log'}\n", "\xff\xfe\x80 not text\n", "step by step: tokens and loss: 5\n",
	}
	return lines[rng.IntN(len(lines))]
}

// commas prints with thousands separators.
func commas(n uint64) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// walk is a run with restarts: the steps of each line in order, with the step
// each start begins from.
type walk struct {
	lines     []mark
	committed map[uint64]uint64 // step (from 1) -> what it held when it ran last
	executed  uint64
	amount    uint64 // executed
}

type mark struct {
	start      bool // a restart from the step, instead of a line
	step, hold uint64
	saved      bool // a checkpoint follows the line
}

// newWalk makes a run that logs every interval-th step and restarts up to three
// times from a step under a checkpoint. hold is what a step holds.
func newWalk(rng *rand.Rand, restarts int, hold func() uint64) walk {
	w := walk{committed: map[uint64]uint64{}}
	interval := uint64(1 + rng.IntN(20))
	at, saved := uint64(0), uint64(0)
	for start := range 1 + rng.IntN(restarts+1) {
		if start > 0 {
			at = saved
			w.lines = append(w.lines, mark{start: true, step: at})
		}
		for range 2 + rng.IntN(12) {
			h := hold()
			for step := at + 1; step <= at+interval; step++ {
				w.committed[step] = h
				w.executed++
				w.amount += h
			}
			at += interval
			m := mark{step: at, hold: h}
			if restarts > 0 && rng.IntN(4) == 0 {
				m.saved, saved = true, at
			}
			w.lines = append(w.lines, m)
		}
	}
	return w
}

func (w walk) last() uint64 { return w.lines[len(w.lines)-1].step }

func (w walk) steps() string { return fmt.Sprintf("%d/%d", len(w.committed), w.executed) }

func (w walk) held() uint64 {
	var sum uint64
	for _, h := range w.committed {
		sum += h
	}
	return sum
}

func (w walk) amounts() string { return fmt.Sprintf("%d/%d", w.held(), w.amount) }

func text(n uint64) string { return fmt.Sprint(n) }

func product(factors ...uint64) string {
	p := big.NewInt(1)
	for _, f := range factors {
		p.Mul(p, new(big.Int).SetUint64(f))
	}
	return p.String()
}
