package trainlog

import (
	"bytes"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// slurm reads sacct -P or -p (doc/man/man1/sacct.1, doc/html/gres.shtml at
// 284c3b95):
//
//	JobIDRaw|JobName|State|Start|End|ElapsedRaw|AllocTRES|TRESUsageInTot
//	481516|l8|FAILED|...|810|billing=768,cpu=768,gres/gpu:h100=64,gres/gpu=64,mem=8T,node=8|...
//
// gres/gpu and gres/gpu:h100 are the same devices. A job that failed used its
// hours too. Rows of a job's steps repeat its devices and are left out. It is
// accounting: it adds to a run's hardware and to no count.
type slurm struct {
	table   table
	seconds meter.Ops // device-seconds
	shown   bool
	kinds   []string // gres types
}

func (s *slurm) name() string    { return "slurm" }
func (s *slurm) marks() []string { return s.table.marks("AllocTRES") }
func (s *slurm) clone() parser {
	c := *s
	c.table, c.kinds = s.table.clone(), clipped(s.kinds)
	return &c
}

func (s *slurm) read(l line, n *notes) verdict {
	if s.table.separator == 0 {
		s.table.separator = '|'
	}
	if s.table.header(l, "alloctres") {
		if !contains(s.table.columns, "elapsedraw") && !contains(s.table.columns, "elapsed") {
			n.add(Timeless, l.at, 0, 0)
		}
		return understood
	}
	row, ok := s.table.row(l)
	if !ok {
		return foreign
	}
	id := row.cell("jobidraw")
	if id == nil {
		id = row.cell("jobid")
	}
	if bytes.IndexByte(id, '.') >= 0 { // as in 481516.batch
		n.add(JobsSteps, l.at, 0, 0)
		return understood
	}
	elapsed, ok := count(row.cell("elapsedraw"), maxStep)
	if !ok {
		elapsed, ok = clock(row.cell("elapsed"))
	}
	devices, stated := s.devices(row.cell("alloctres"))
	if !ok || !stated {
		return foreign
	}
	if devices == 0 {
		return understood // a job without accelerators
	}
	used, err := meter.NewOps(elapsed).Mul(meter.NewOps(devices))
	if err != nil {
		return foreign
	}
	if sum, err := s.seconds.Add(used); err == nil {
		s.seconds, s.shown = sum, true
	}
	return signature
}

// devices reads the accelerators of a job: gres/gpu, or where only types are
// stated their sum. It reports false where their number is none.
func (s *slurm) devices(tres []byte) (uint64, bool) {
	var all, typed uint64
	for _, part := range bytes.Split(tres, []byte(",")) {
		name, value, _ := bytes.Cut(part, []byte("="))
		n, ok := count(value, maxStep)
		if !ok {
			if string(name) == "gres/gpu" || bytes.HasPrefix(name, []byte("gres/gpu:")) {
				return 0, false
			}
			continue
		}
		switch kind, isTyped := bytes.CutPrefix(name, []byte("gres/gpu:")); {
		case string(name) == "gres/gpu":
			all = n
		case isTyped:
			typed += n
			if !contains(s.kinds, string(kind)) && len(s.kinds) < 64 {
				s.kinds = append(s.kinds, string(kind))
			}
		}
	}
	if all != 0 {
		return all, true
	}
	return typed, true
}

// clock reads [DD-]HH:MM:SS in seconds.
func clock(text []byte) (uint64, bool) {
	days, rest, found := bytes.Cut(text, []byte("-"))
	if !found {
		days, rest = []byte("0"), text
	}
	d, ok := count(days, 1<<20)
	parts := bytes.Split(rest, []byte(":"))
	if !ok || len(parts) != 3 {
		return 0, false
	}
	total := d * 24
	for i, part := range parts {
		n, ok := count(part, 1<<20)
		if !ok {
			return 0, false
		}
		if i > 0 {
			total *= 60
		}
		total += n
	}
	return total, true
}

func (s *slurm) observe(*meter.Observation) {}

func (s *slurm) figures() []Figure {
	var list sheet
	if s.shown {
		list.ops("device_seconds", s.seconds)
	}
	if len(s.kinds) > 0 {
		list.word("device", []byte(strings.Join(s.kinds, ", ")))
	}
	return list
}
