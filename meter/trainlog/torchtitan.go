package trainlog

import (
	"bytes"
	"cmp"
	"math/big"
)

// torchtitan reads the console of torchtitan (components/metrics.py at b5bcd76c),
// colours and launcher prefixes taken away:
//
//	[titan] 2026-08-21 12:01:40,010 - root - INFO - step: 10  loss: 11.00000  grad_norm:  2.9000  memory: 67.20GiB(84.85%)
//	   tps: 6,391  tflops: 370.12  mfu: 37.42% (one line)
//
// The rates are those of one device, averaged since the line before. Neither
// the batch nor the length of a sequence is printed, so no tokens follow; what a
// token is taken to cost is tflops / tps.
type torchtitan struct {
	job
	ranks ranks
}

func newTorchtitan() *torchtitan { return &torchtitan{job: job{steps: steps{spans: true}}} }

func (t *torchtitan) name() string { return "torchtitan" }
func (t *torchtitan) marks() []string {
	return []string{"  memory: ", "  tflops: ", "Training starts at step ", " total parameters", "Training completed"}
}
func (t *torchtitan) clone() parser {
	c := *t
	c.job, c.ranks = t.job.clone(), t.ranks.clone()
	return &c
}

func (t *torchtitan) read(l line, n *notes) verdict {
	text := l.text
	if at := bytes.Index(text, []byte("step:")); at >= 0 && bytes.Contains(text[at:], []byte("tps:")) {
		return t.step(l, text[:at], text[at:], n)
	}
	if !bytes.Contains(text, []byte(" - INFO - ")) {
		return foreign
	}
	switch message := behind(text, " - INFO - "); {
	case bytes.HasPrefix(message, []byte("Training starts at step ")):
		step, ok := count(bytes.TrimRight(bytes.TrimPrefix(message, []byte("Training starts at step ")), "."), maxStep)
		if !ok || step == 0 || !l.whole {
			return foreign
		}
		if t.ranks.start(cmp.Or(launcherRank(text), l.rank()), t.steps.started) {
			t.steps.startAt(step - 1)
		}
		return understood
	case bytes.HasPrefix(message, []byte("Model ")) && bytes.HasSuffix(message, []byte(" total parameters")):
		if size, ok := countField(message, "size:", maxTokens); ok {
			t.sheet.count("parameters", size)
		}
		return understood
	case bytes.HasPrefix(text, []byte("[titan]")) || bytes.HasPrefix(message, []byte("Training completed")):
		return understood
	}
	return foreign
}

// step reads "step: 10  loss: ... tps: 6,391  tflops: 370.12  mfu: 37.42%".
func (t *torchtitan) step(l line, before, text []byte, n *notes) verdict {
	step, ok := countField(text, "step:", maxStep)
	rate := field(text, "tps:")
	if !ok || rate == nil || !bytes.Contains(text, []byte("loss:")) || !l.whole && !bytes.Contains(text, []byte("mfu:")) {
		return foreign
	}
	if bytes.HasSuffix(bytes.TrimRight(before, " "), []byte("validate")) {
		return understood
	}
	rank := cmp.Or(launcherRank(before), l.rank())
	if !t.ranks.shows(rank, step, t.steps.done, t.steps.started) || !t.reach(step, 0, l, n) {
		return understood
	}
	if _, finite := number(field(text, "loss:")); !finite {
		n.add(NotFinite, l.at, step, 0)
	}
	tflops := numberField(text, "tflops:")
	t.sheet.number("tokens_per_second_per_device", rate)
	t.sheet.number("tflops_per_device", tflops)
	t.sheet.number("mfu", numberField(text, "mfu:"))
	if perToken, ok := quotient(tflops, rate); ok {
		t.sheet.set("operations_per_token_stated", Number, perToken)
	}
	return signature
}

// quotient is tflops / tokens per second in operations, to the four digits that
// the printed figures have.
func quotient(tflops, rate []byte) (string, bool) {
	x, xok := exactly(tflops)
	y, yok := exactly(rate)
	if !xok || !yok || x.Sign() <= 0 || y.Sign() <= 0 {
		return "", false
	}
	x.Mul(x, big.NewRat(1_000_000_000_000, 1)).Quo(x, y)
	return new(big.Float).SetRat(x).Text('g', 4), true
}

// launcherRank returns which rank a launcher's prefix at the beginning of a line
// names: "[rank3]:" or "[default3]:" (torchrun), "3: " (srun --label); "" without.
func launcherRank(text []byte) string {
	if end := bytes.IndexByte(text, ':'); end > 0 {
		return rankOf(text[:end+1])
	}
	return ""
}
