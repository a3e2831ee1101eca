package trainlog

import "bytes"

// llmC reads the console of karpathy/llm.c (train_gpt2.cu at f1e2ace6): a table
// of its parameters, then
//
//	step    2/18865 | loss 10.700000 (+0.00z)| norm 15.3000 (+0.10z)| lr 1.72e-06 | 298.47 ms | 56.5% bf16 MFU | 1756585 tok/s
//
// The total batch size is the tokens of a step over all processes. llm.c's own
// cost of a token is 6N + 6LCT, over all parameters.
type llmC struct {
	job
	parameters, layers, channels uint64
}

func newLLMC() *llmC { return &llmC{job: spanning()} }

func (c *llmC) name() string { return "llmc" }
func (c *llmC) marks() []string {
	return []string{"z)| norm ", " | norm ", "^|", "^+---"}
}
func (c *llmC) clone() parser {
	d := *c
	d.job = c.job.clone()
	return &d
}

func (c *llmC) read(l line, n *notes) verdict {
	if bytes.HasPrefix(l.text, []byte("|")) {
		return c.row(l, n)
	}
	if bytes.HasPrefix(l.text, []byte("+---")) {
		return understood
	}
	at := bytes.Index(l.text, []byte("step "))
	if at < 0 || !bytes.HasSuffix(bytes.TrimRight(l.text, " "), []byte(" tok/s")) {
		return foreign
	}
	text := l.text[at:]
	step, _, length := fraction(text[len("step "):], maxStep)
	if length == 0 || !bytes.HasPrefix(text[len("step ")+length:], []byte(" | loss ")) || !bytes.Contains(text, []byte(" | norm ")) && !bytes.Contains(text, []byte("| norm ")) {
		return foreign
	}
	if c.repeated(text) {
		return understood
	}
	c.reach(step, 0, l, n)
	if _, finite := number(field(text, "| loss ")); !finite {
		n.add(NotFinite, l.at, step, 0)
	}
	return signature
}

// row reads "| total batch size      | 524288      |" of the table that each
// start prints.
func (c *llmC) row(l line, n *notes) verdict {
	cells := bytes.Split(bytes.Trim(l.text, "| "), []byte("|"))
	if len(cells) != 2 {
		return foreign
	}
	key, value := string(bytes.TrimSpace(cells[0])), bytes.TrimSpace(cells[1])
	whole, ok := count(value, maxStep)
	switch {
	case key == "device":
		c.sheet.word("device", value)
	case !ok:
	case key == "total batch size" && whole > 0:
		c.steps.hold(whole, l, n)
		c.steps.start(false)
	case key == "sequence length T":
		c.length = whole
		c.sheet.count("sequence_length", whole)
	case key == "num_parameters":
		c.parameters = whole
		c.sheet.count("parameters", whole)
	case key == "num_layers L":
		c.layers = whole
	case key == "channels C":
		c.channels = whole
	case key == "num_processes":
		c.sheet.count("devices", whole)
	}
	return understood
}

// figures adds llm.c's own cost of a token: 6N + 6*L*C*T (train_gpt2.cu,
// gpt2_estimate_mfu).
func (c *llmC) figures() []Figure {
	list := sheet(c.job.figures())
	if c.steps.perStep != 0 {
		list.count("tokens_per_step", c.steps.perStep)
	}
	const limit = 1 << 20
	if c.parameters != 0 && c.layers != 0 && c.channels != 0 && c.length != 0 && c.layers < limit && c.channels < limit && c.length < limit {
		list.count("operations_per_token_stated", 6*c.parameters+6*c.layers*c.channels*c.length)
	}
	return list
}

// llmcMain reads main.log of llm.c (llmc/logger.h): losses of training (trl) and
// of tests (tel) by step. It has neither tokens nor a shape, and is wiped at a
// start that is no resume.
//
//	s:250 trl:6.4321 lr:0.000214 norm:2.10
type llmcMain struct {
	job
}

func (c *llmcMain) name() string    { return "llmc-main" }
func (c *llmcMain) marks() []string { return []string{"^s:"} }
func (c *llmcMain) clone() parser   { return &llmcMain{c.job.clone()} }

func (c *llmcMain) read(l line, n *notes) verdict {
	if !bytes.HasPrefix(l.text, []byte("s:")) {
		return foreign
	}
	s := scanner{text: l.text, at: len("s:")}
	step := s.digits(maxStep)
	s.literal(" ")
	switch {
	case s.failed:
		return foreign
	case !bytes.HasPrefix(s.rest(), []byte("trl:")):
		if bytes.HasPrefix(s.rest(), []byte("tel:")) || bytes.HasPrefix(s.rest(), []byte("eval:")) {
			return understood
		}
		return foreign
	case !l.whole && !bytes.Contains(s.rest(), []byte(" norm:")):
		return foreign
	}
	c.steps.spans = true
	c.reach(step, 0, l, n)
	if _, finite := number(field(l.text, "trl:")); !finite {
		n.add(NotFinite, l.at, step, 0)
	}
	return signature
}

func (c *llmcMain) figures() []Figure { return c.job.figures() }
