package accounting

import (
	"bufio"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// readSlurm reads sacct --parsable2 or --parsable (doc/man/man1/sacct.1,
// doc/html/gres.shtml of SchedMD/slurm at 284c3b95):
//
//	JobIDRaw|Account|State|Start|End|ElapsedRaw|AllocTRES|NodeList
//	481516|acme|FAILED|2026-08-22T09:58:00|2026-08-22T10:11:30|810|billing=768,gres/gpu:h100=64,gres/gpu=64,node=8|n[01-08]
//
// Rows of a job's steps repeat the job's devices and are left out; steps of a
// job that has no row of its own are no repetition, and said. A job that failed,
// was cancelled, preempted or queued again held its devices too: sacct
// --duplicates shows each time. Elapsed leaves out the time that a job was suspended. Times
// are local to the cluster.
func readSlurm(in *bufio.Reader, o ReadOptions, n *notes, yield func(Use) error) error {
	var columns []string
	var others int // jobs that also held what is no accelerator
	steps := newSlurmSteps()
	err := lines(in, n, o.Name, func(line []byte, number int64) error {
		cells := strings.Split(string(line), "|")
		if columns == nil {
			columns = slurmColumns(cells)
			if err := slurmComplete(columns); err != nil {
				return fmt.Errorf("%s: %w", where(o.Name, number), err)
			}
			return nil
		}
		if len(cells) == len(columns)+1 && cells[len(cells)-1] == "" { // --parsable
			cells = cells[:len(columns)]
		}
		if len(cells) != len(columns) {
			n.add("row-unread", "%s: %d cells under a header of %d: cut off, or a name holds a |: left out", where(o.Name, number), len(cells), len(columns))
			return nil
		}
		row := slurmRow{columns, cells}
		if job, _, isStep := strings.Cut(row.id(), "."); isStep {
			steps.step(job, number, row)
			return nil
		}
		steps.job(row.id())
		a, err := gresOf(row.cell("alloctres"))
		for _, unread := range a.unread {
			n.add("row-unread", "%s: job %.80q: %s: that resource is left out", where(o.Name, number), row.id(), unread)
		}
		if a.others {
			others++
		}
		var uses []Use
		if err == nil {
			uses, err = row.uses(a.held, o)
		}
		if err != nil {
			n.add("row-unread", "%s: job %.80q: %v: left out", where(o.Name, number), row.id(), err)
			return nil
		}
		for _, u := range uses {
			u.Line = number
			if err := yield(u); err != nil {
				return err
			}
		}
		return nil
	})
	if others > 0 {
		n.add("other-resources", "%s: %d jobs held generic resources that are no accelerators, as gres/nic or gres/tmpdisk: those are left out", o.Name, others)
	}
	steps.tell(o.Name, n)
	return err
}

func slurmColumns(header []string) []string {
	var columns []string
	for _, cell := range header {
		columns = append(columns, strings.ToLower(strings.TrimSpace(strings.TrimPrefix(cell, "\ufeff"))))
	}
	if len(columns) > 1 && columns[len(columns)-1] == "" {
		columns = columns[:len(columns)-1]
	}
	return columns
}

// slurmComplete refuses a header under which no row could be used. Start and End
// alone give no time: their local clock is set back once a year, and a job that
// was suspended held nothing meanwhile.
func slurmComplete(columns []string) error {
	var missing []string
	for _, either := range [][2]string{{"JobIDRaw", "JobID"}, {"ElapsedRaw", "Elapsed"}} {
		if !slices.Contains(columns, strings.ToLower(either[0])) && !slices.Contains(columns, strings.ToLower(either[1])) {
			missing = append(missing, fmt.Sprintf("%s (or %s)", either[0], either[1]))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("the header of sacct lacks %s: run sacct -P -o JobIDRaw,Account,State,Start,End,ElapsedRaw,AllocTRES,NodeList", strings.Join(missing, " and "))
}

type slurmRow struct{ columns, cells []string }

func (r slurmRow) cell(name string) string {
	if i := slices.Index(r.columns, name); i >= 0 {
		return strings.TrimSpace(r.cells[i])
	}
	return ""
}

// id is the one number of an allocation: an array's task has its own.
func (r slurmRow) id() string {
	if raw := r.cell("jobidraw"); raw != "" {
		return raw
	}
	return r.cell("jobid")
}

// uses are the devices of a job, one use for each type; none for a job that held
// none or has not started.
func (r slurmRow) uses(held []gres, o ReadOptions) ([]Use, error) {
	if r.id() == "" {
		return nil, fmt.Errorf("no job id: expected the column JobIDRaw or JobID")
	}
	for _, column := range []string{"jobid", "jobidraw", "account", "cluster"} {
		if err := named(column, r.cell(column)); err != nil {
			return nil, err
		}
	}
	if len(held) == 0 {
		return nil, nil
	}
	u := Use{Account: r.cell("account"), Job: r.id(), Running: strings.HasPrefix(r.cell("state"), "RUNNING") || strings.EqualFold(r.cell("end"), "Unknown")}
	if u.JobAlias = r.cell("jobid"); u.JobAlias == u.Job {
		u.JobAlias = ""
	}
	if u.Cluster = r.cell("cluster"); u.Cluster != "" {
		u.Resource = "cluster " + u.Cluster + " "
	}
	u.Resource += "job " + u.Job
	var err error
	if u.Nodes, err = hostlist(r.cell("nodelist")); err != nil {
		return nil, err
	}
	if len(u.Nodes) == 1 {
		u.Instance = u.Nodes[0]
	}
	seconds, err := r.times(&u, o.zone())
	if err != nil || seconds == 0 {
		return nil, err
	}
	var uses []Use
	for _, g := range held {
		one := u
		if g.kind != "" {
			one.Names = []string{g.kind}
		}
		one.Held, err = amountOf(new(big.Rat).SetInt(new(big.Int).Mul(new(big.Int).SetUint64(seconds), new(big.Int).SetUint64(g.count))))
		if err != nil {
			return nil, err
		}
		uses = append(uses, one)
	}
	return uses, nil
}

// times sets the window and returns the seconds in which the devices were held.
// Elapsed is what Slurm measured; Start and End are a local clock's, which is set
// back once a year.
func (r slurmRow) times(u *Use, zone *time.Location) (uint64, error) {
	elapsed, err := r.elapsed()
	if err != nil || elapsed == 0 {
		return 0, err // 0: a job that waits, or never ran
	}
	text := r.cell("start")
	if text == "" || strings.EqualFold(text, "Unknown") || text == "None" {
		u.Undated = true
		return elapsed, nil
	}
	start, err := slurmTime(text, zone)
	if err != nil {
		return 0, fmt.Errorf("start: %w", err)
	}
	u.Start, u.End = start, start+int64(elapsed)*int64(time.Second)
	if text := r.cell("end"); text != "" && !strings.EqualFold(text, "Unknown") && text != "None" {
		end, err := slurmTime(text, zone)
		if err != nil {
			return 0, fmt.Errorf("end: %w", err)
		}
		u.End = max(u.End, end) // later where the job was suspended
	}
	return elapsed, nil
}

const maxSeconds = 200 * 366 * 86400

func (r slurmRow) elapsed() (uint64, error) {
	if raw := r.cell("elapsedraw"); raw != "" {
		seconds, err := strconv.ParseUint(raw, 10, 63)
		if err != nil || seconds > maxSeconds {
			return 0, fmt.Errorf("ElapsedRaw %.40q: expected seconds, not negative", raw)
		}
		return seconds, nil
	}
	text := r.cell("elapsed")
	if text == "" {
		return 0, fmt.Errorf("no time: expected the column ElapsedRaw or Elapsed")
	}
	days, clock := uint64(0), text
	var err error
	if d, rest, found := strings.Cut(text, "-"); found {
		if days, err = strconv.ParseUint(d, 10, 17); err != nil {
			return 0, fmt.Errorf("column Elapsed %.40q: expected [days-]hours:minutes:seconds", text)
		}
		clock = rest
	}
	clock, _, _ = strings.Cut(clock, ".") // microseconds
	total := days * 24
	parts := strings.Split(clock, ":")
	if len(parts) != 3 {
		return 0, fmt.Errorf("column Elapsed %.40q: expected [days-]hours:minutes:seconds", text)
	}
	for i, part := range parts {
		v, err := strconv.ParseUint(part, 10, 17)
		if err != nil {
			return 0, fmt.Errorf("column Elapsed %.40q: expected [days-]hours:minutes:seconds", text)
		}
		if i > 0 {
			total *= 60
		}
		total += v
	}
	if total > maxSeconds {
		return 0, fmt.Errorf("column Elapsed %.40q: more than two hundred years", text)
	}
	return total, nil
}

// slurmTime reads what sacct prints: without a zone, or by SLURM_TIME_FORMAT as
// seconds since 1970 or with one.
func slurmTime(text string, zone *time.Location) (int64, error) {
	if t, err := time.ParseInLocation("2006-01-02T15:04:05", text, zone); err == nil {
		return nanoseconds(t)
	}
	if seconds, err := strconv.ParseInt(text, 10, 40); err == nil && seconds > 0 {
		return nanoseconds(time.Unix(seconds, 0).UTC())
	}
	return rfc3339(strings.Replace(text, "+0000", "Z", 1))
}
