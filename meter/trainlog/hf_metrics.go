package trainlog

import (
	"bytes"

	"github.com/weighbridge/weighbridge/meter"
)

// totalLine is what trainer.log_metrics prints of the total in its block
// "***** train metrics *****" (trainer_pt_utils.py at 01081ce2):
//
//	total_flos               =   865512GF
const totalLine = "total_flos "

// gigaBits: a GF of the Trainer is 2^30 operations, and the rest is cut off.
const gigaBits = 30

// metrics reads the total of the block. It is known to half a GF around the
// middle of those that print as it; 0 is not stated.
func (h *hf) metrics(l line) bool {
	name, value, _ := bytes.Cut(bytes.TrimSpace(l.text), []byte("="))
	number, isTotal := bytes.CutSuffix(bytes.TrimSpace(value), []byte("GF"))
	if !isTotal || string(bytes.TrimSpace(name)) != "total_flos" {
		return false
	}
	giga, ok := count(number, maxTokens)
	if !ok || giga == 0 {
		return false
	}
	half := meter.NewOps(1 << (gigaBits - 1))
	least, err := meter.NewOps(giga).Mul(meter.NewOps(1 << gigaBits))
	if err != nil || beyondAnyJob(least) {
		return false
	}
	middle, err := least.Add(half)
	if err != nil {
		return false
	}
	h.cut, h.half = &middle, &half
	return true
}
