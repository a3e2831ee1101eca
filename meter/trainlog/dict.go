package trainlog

import "bytes"

// dict is what is taken out of one Python dict, as the text of its values.
type dict struct {
	loss, evalLoss, epoch, rate, norm []byte
	runtime, tokens, step, flops      []byte
	counted                           []byte // num_tokens of TRL
	total, trainable                  []byte // tokens/total and tokens/trainable of axolotl
	other                             bool   // it is a line of another tool's file
}

// kind says whether the dict is a log of the Trainer.
func (d dict) kind() verdict {
	beside := d.epoch != nil || d.rate != nil || d.norm != nil
	switch {
	case d.other:
		return foreign
	case d.loss != nil && beside, d.runtime != nil && beside:
		return signature
	case d.evalLoss != nil && beside:
		return understood
	}
	return foreign
}

func (d *dict) set(key, value []byte) {
	switch string(key) {
	case "loss":
		d.loss = value
	case "eval_loss":
		d.evalLoss = value
	case "epoch":
		d.epoch = value
	case "learning_rate":
		d.rate = value
	case "grad_norm":
		d.norm = value
	case "train_runtime":
		d.runtime = value
	case "num_input_tokens_seen":
		d.tokens = value
	case "step", "global_step":
		d.step = value
	case "total_flos":
		d.flops = value
	case "num_tokens":
		d.counted = value
	case "tokens/total":
		d.total = value
	case "tokens/trainable":
		d.trainable = value
	case "_step", "_runtime", "_timestamp", "train_samples": // of W&B, and of all_results.json
		d.other = true
	}
}

// parseDict reads a flat dict of quoted keys at the beginning of text: Python's
// spelling, or JSON's, values bare or quoted. The length is 0 when there is
// none that is whole.
func parseDict(text []byte) (d dict, length int) {
	for at := 1; ; {
		at = skipSpaces(text, at)
		key, next := quoted(text, at)
		if next == 0 {
			return dict{}, 0
		}
		at = skipSpaces(text, next)
		if at >= len(text) || text[at] != ':' {
			return dict{}, 0
		}
		value, next := dictValue(text, skipSpaces(text, at+1))
		if next == 0 {
			return dict{}, 0
		}
		d.set(key, value)
		at = skipSpaces(text, next)
		switch {
		case at < len(text) && text[at] == '}':
			return d, at + 1
		case at >= len(text) || text[at] != ',':
			return dict{}, 0
		}
		at++
	}
}

func skipSpaces(text []byte, at int) int {
	for at < len(text) && text[at] == ' ' {
		at++
	}
	return at
}

// quoted returns the string at at without its quotes, and where it ends; 0 when
// there is none. Escapes do not occur in what is looked for.
func quoted(text []byte, at int) (value []byte, next int) {
	if at >= len(text) || text[at] != '\'' && text[at] != '"' {
		return nil, 0
	}
	end := bytes.IndexByte(text[at+1:], text[at])
	if end < 0 {
		return nil, 0
	}
	return text[at+1 : at+1+end], at + end + 2
}

// dictValue returns a quoted string or a bare word up to a comma or the end of
// the dict.
func dictValue(text []byte, at int) (value []byte, next int) {
	if value, next = quoted(text, at); next != 0 {
		return value, next
	}
	end := at
	for end < len(text) && text[end] != ',' && text[end] != '}' && text[end] != '{' {
		end++
	}
	if end == at || end == len(text) {
		return nil, 0
	}
	return bytes.TrimRight(text[at:end], " "), end
}
