package probe

import (
	"bufio"
	"bytes"
	"strconv"
	"strings"
)

// processor reads the model's name and the number of logical processors that
// are online.
func (r *reader) processor() (string, int) {
	data, err := r.read("proc/cpuinfo", maxTable)
	if err != nil {
		r.note("cpu-unknown", "/proc/cpuinfo: %v", err)
	}
	model, listed := cpuinfo(data)
	if model == "" && err == nil {
		r.note("cpu-unknown", "/proc/cpuinfo names no model")
	}
	if online := r.optional("sys/devices/system/cpu/online"); online != "" {
		if n, ok := countList(online); ok {
			return model, n
		}
		r.note("cpu-absurd", "/sys/devices/system/cpu/online: %.80q: expected a list such as 0-3,8", online)
	}
	if listed == 0 {
		r.note("cores-unknown", "neither /sys/devices/system/cpu/online nor /proc/cpuinfo tells the number of processors")
	}
	return model, listed
}

// cpuinfo returns the model and the number of "processor" entries. x86 prints
// "model name", POWER "cpu", Arm only numbers.
func cpuinfo(data []byte) (model string, processors int) {
	first := map[string]string{}
	for scan := bufio.NewScanner(bytes.NewReader(data)); scan.Scan(); {
		name, value, _ := strings.Cut(scan.Text(), ":")
		name = strings.TrimSpace(name)
		if name == "processor" {
			processors++
		}
		if _, seen := first[name]; !seen {
			first[name] = printable(strings.TrimSpace(value), 256)
		}
	}
	switch {
	case first["model name"] != "":
		return first["model name"], processors
	case first["CPU part"] != "":
		return "Arm implementer " + first["CPU implementer"] + " part " + first["CPU part"], processors
	}
	return first["cpu"], processors
}

// maxProcessors is far above any machine (Linux allows 8192 on x86).
const maxProcessors = 1 << 20

// countList counts a list of the kernel's such as "0-3,8".
func countList(text string) (int, bool) {
	total := 0
	for part := range strings.SplitSeq(text, ",") {
		low, high, isRange := strings.Cut(part, "-")
		if !isRange {
			high = low
		}
		a, errA := strconv.ParseUint(low, 10, 32)
		b, errB := strconv.ParseUint(high, 10, 32)
		if errA != nil || errB != nil || b < a || b >= maxProcessors {
			return 0, false
		}
		total += int(b-a) + 1
		if total > maxProcessors {
			return 0, false
		}
	}
	return total, true
}

// memory reads MemTotal, in bytes.
func (r *reader) memory() uint64 {
	data, err := r.read("proc/meminfo", maxTable)
	if err != nil {
		r.note("memory-unknown", "/proc/meminfo: %v", err)
		return 0
	}
	text := fields(data)["MemTotal"]
	number, kilobytes := strings.CutSuffix(text, " kB")
	n, err := strconv.ParseUint(number, 10, 50) // 2^50 kB are far above any machine
	if err != nil || !kilobytes || n == 0 {
		r.note("memory-unknown", "/proc/meminfo: MemTotal %.40q: expected a number of kB", text)
		return 0
	}
	return n << 10
}
