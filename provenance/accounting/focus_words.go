package accounting

import (
	"strings"
	"unicode"
)

// unitWords is what the words of a bill's unit are.
type unitWords struct {
	times   int   // words of time
	seconds int64 // of the last of them; 0 of one without an exact length
	block   bool  // a number that is not 1, as in "100 Hours"

	accelerators, machines, others, unknown bool

	capacity bool // alone it may be of anything: of storage it is none of accelerators
}

// unitOf reads the words of a unit: "GPU-Hours", "1 Hour", "InstanceHours",
// "GiBy.h", "Gigabyte Storage Capacity Per Month".
func unitOf(text string) unitWords {
	var u unitWords
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, word := range words {
		if isBlock(word) {
			u.block = u.block || i > 0 || word != "1"
			continue
		}
		if seconds, found := timeWord(word); found {
			u.times, u.seconds = u.times+1, seconds
			continue
		}
		if of, unit, found := joined(word); found {
			seconds, _ := timeWord(unit)
			u.times, u.seconds, word = u.times+1, seconds, of
		}
		u.add(word)
	}
	u.unknown = u.unknown || u.capacity && !u.others
	return u
}

func (u *unitWords) add(word string) {
	one := strings.TrimSuffix(word, "s")
	switch {
	case word == "per":
	case word == "capacity":
		u.capacity = true
	case acceleratorWord(one):
		u.accelerators = true
	case machineWord(one):
		u.machines = true
	case otherWord(word) || otherWord(one):
		u.others = true
	default:
		u.unknown = true
	}
}

// isBlock tells a number, as 100 and 10K, of a word.
func isBlock(word string) bool {
	return strings.Trim(strings.TrimRight(word, "km"), "0123456789") == "" && word[0] >= '0' && word[0] <= '9'
}

// joined takes InstanceHours and NodeHrs apart.
func joined(word string) (of, unit string, found bool) {
	for _, unit := range [...]string{"hours", "hour", "hrs", "weeks", "week", "days", "day", "minutes", "minute", "seconds", "second", "months", "month", "years", "year"} {
		if of, found := strings.CutSuffix(word, unit); found {
			return of, unit, true
		}
	}
	return "", "", false
}

// timeWord is a word of time in seconds; 0 of one without an exact length.
func timeWord(word string) (seconds int64, found bool) {
	switch word {
	case "weeks", "week", "wk":
		return 604800, true
	case "days", "day", "d":
		return 86400, true
	case "hours", "hour", "hrs", "hr", "h":
		return 3600, true
	case "minutes", "minute", "mins", "min":
		return 60, true
	case "seconds", "second", "secs", "sec", "s":
		return 1, true
	case "months", "month", "mos", "mo", "mon", "years", "year", "yr", "yrs", "quarter", "quarters", "annual", "hourly", "daily", "weekly", "monthly", "yearly":
		return 0, true
	}
	return 0, false
}

// acceleratorWord is what a unit calls accelerators; their products' names are
// unknown words, which are not left out either.
func acceleratorWord(one string) bool {
	switch one {
	case "chip", "hpu", "ipu", "xpu", "lpu", "neuron", "neuroncore", "inferentia", "trainium", "gaudi":
		return true
	}
	return strings.HasPrefix(one, "gpu") || strings.HasPrefix(one, "vgpu") || strings.HasPrefix(one, "tpu") || strings.HasPrefix(one, "npu") || strings.HasPrefix(one, "accelerator")
}

// machineWord is a machine of which a SKU names what it holds.
func machineWord(one string) bool {
	switch one {
	case "instance", "vm", "machine", "server", "node", "host":
		return true
	}
	return false
}

// otherWord is what bills sell by the hour or month that is known to be no
// machine with accelerators, in the words of AWS, Azure, Google, Oracle and the
// FOCUS examples. What may stand for one is not here: an endpoint, a cluster, a
// worker, a device, a job, a reservation.
func otherWord(word string) bool {
	switch word {
	case "b", "by", "byte", "kb", "kib", "kby", "kiby", "mb", "mib", "mby", "miby", "gb", "gib", "gby", "giby", "tb", "tib", "tby", "tiby", "pb", "pib", "pby", "piby", "eb", "eib",
		"kilobyte", "kibibyte", "megabyte", "mebibyte", "gigabyte", "gibibyte", "terabyte", "tebibyte", "petabyte", "pebibyte",
		"bit", "kbit", "mbit", "gbit", "megabit", "gigabit", "bps", "kbps", "mbps", "mibps", "gbps", "gibps":
		return true
	case "storage", "memory", "ram", "disk", "volume", "snapshot", "backup", "image", "iops", "piops", "log", "object", "file", "share":
		return true
	case "cpu", "vcpu", "ocpu", "ecpu", "core", "vcore", "thread":
		return true
	case "acu", "dtu", "edtu", "ru", "rcu", "wcu", "rru", "wru", "lcu", "nlcu", "glcu", "kpu", "dpu", "ocu", "slot", // capacity of databases, balancers and streams
		"readcapacityunit", "writecapacityunit", "readrequestunit", "writerequestunit":
		return true
	case "request", "read", "write", "query", "querie", "call", "invocation", "execution", "transaction", "operation", "message", "event", "record", "item", "token", "character", "page", "lambda":
		return true
	case "ip", "ipv4", "ipv6", "eip", "address", "addresse", "nat", "gateway", "balancer", "loadbalancer", "lb", "tunnel", "vpn", "vpce", "connection", "attachment", "port", "rule", "policy", "zone", "hostedzone", "domain", "dns", "certificate", "circuit":
		return true
	case "user", "seat", "license", "licence", "subscriber", "mailbox", "account", "alarm", "metric", "dashboard", "key", "secret", "queue", "topic", "stream", "table", "database", "index", "replica", "registry", "repository":
		return true
	}
	return false
}
