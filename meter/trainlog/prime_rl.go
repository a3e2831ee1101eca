package trainlog

import "bytes"

// primeRL reads the console of prime-rl's trainers, of supervised fine-tuning
// and of reinforcement learning (trainer/rl/train.py at 004274ec,
// trainer/sft/train.py at 01c3ad6e), either way of writing, as text or as JSON:
//
//	12:04:31 SUCCESS Step 7 |   43.1s | Loss 0.0012 | Entropy 0.41 | Grad. Norm 0.08 | LR 1.00e-06 | Throughput 15220 tokens/s | MFU 31.2% | Peak Mem. 61.2 GiB
//	12:04:31 SUCCESS Step 7 | Time: 43.10s | Loss: 0.0012 | ... | Throughput: 15220 tokens/s | MFU: 31.2% | Peak Mem.: 61.2 GiB
//
// Every step is printed. The batch is not, and a rate times a time is no count:
// no tokens follow but those that a start states. Sampling runs in other
// processes, whose logs are other files.
type primeRL struct {
	job
}

func newPrimeRL() *primeRL { return &primeRL{} }

func (p *primeRL) name() string { return "prime-rl" }
func (p *primeRL) marks() []string {
	return []string{"| Throughput", "Starting from step ", "Starting from scratch", "Resuming from step "}
}
func (p *primeRL) clone() parser { return &primeRL{p.job.clone()} }

func (p *primeRL) read(l line, n *notes) verdict {
	if v := p.begin(l); v != foreign {
		return v
	}
	text := behind(l.text, "Step ")
	rate := labelled(text, "| Throughput")
	if rate == nil || !bytes.Contains(text, []byte(" tokens/s | MFU")) || !bytes.Contains(text, []byte("| Loss")) || !l.whole && !bytes.Contains(text, []byte("| Peak Mem.")) {
		return foreign
	}
	number, length := digits(text, maxStep)
	if length == 0 || !bytes.HasPrefix(text[length:], []byte(" |")) {
		return foreign
	}
	if number == 0 { // older versions number their steps from 0
		p.fromZero = true
	}
	if !p.reach(number, 0, l, n) {
		return understood
	}
	if loss := labelled(text, "| Loss"); !isFinite(loss) {
		n.add(NotFinite, l.at, number, 0)
	}
	p.sheet.number("tokens_per_second", rate)
	if mfu := labelled(text, "| MFU"); mfu != nil {
		p.sheet.number("mfu", bytes.TrimSuffix(mfu, []byte("%")))
	}
	return signature
}

// begin reads the lines of a start. Steps are numbered from 0 where it says
// "Starting from step", the next number, and from 1 where it says "Resuming from
// step", the last one in the checkpoint: in both as many steps were done.
func (p *primeRL) begin(l line) verdict {
	if bytes.Contains(l.text, []byte("Starting from scratch")) {
		p.fromZero = false
		p.steps.startAt(0)
		return understood
	}
	older := true
	text := behind(l.text, "Starting from step ")
	if text == nil {
		older, text = false, behind(l.text, "Resuming from step ")
	}
	done, length := digits(text, maxStep)
	tokens, stated := countField(text, "(total_tokens=", maxTokens)
	if length == 0 || !stated {
		return foreign
	}
	p.fromZero = older
	p.steps.startAt(done)
	if tokens > 0 {
		p.sheet.count("tokens_checkpointed", tokens)
	}
	return understood
}

// labelled is the word behind a label, after which a colon may stand.
func labelled(text []byte, label string) []byte {
	rest := behind(text, label)
	return field(bytes.TrimPrefix(rest, []byte(":")), "")
}

func isFinite(word []byte) bool {
	_, finite := number(word)
	return finite
}
