package accounting

import (
	"bufio"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// readDCGM reads what dcgmi stats --job ID --verbose prints (NVIDIA/DCGM,
// dcgmi/ProcessStats.cpp), one block for each GPU, any number of jobs and hosts'
// outputs after each other:
//
//	Successfully retrieved statistics for job: 481516.
//	| GPU ID: 0                                                                    |
//	| Start Time                         | Sat Aug 22 09:58:00 2026                |
//	| End Time                           | Sat Aug 22 10:11:30 2026                |
//	| Total Execution Time (sec)         | 810.02                                  |
//
// Times are local to the host. Without --verbose there is a summary, which does
// not say how many GPUs it is of: a finding. The output does not name the host:
// one file is taken for one host.
func readDCGM(in *bufio.Reader, o ReadOptions, n *notes, yield func(Use) error) error {
	b := dcgmBlock{o: o}
	end := func() error {
		u, used, err := b.use()
		b.gpu, b.start, b.end, b.seconds = "", "", "", ""
		if err != nil {
			n.add("row-unread", "%s: job %.80q: %v: left out", where(o.Name, b.line), b.job, err)
			return nil
		}
		if !used {
			return nil
		}
		return yield(u)
	}
	err := lines(in, n, o.Name, func(raw []byte, number int64) error {
		line := string(raw)
		if _, job, found := strings.Cut(line, dcgmMark); found {
			err := end()
			b.job = strings.TrimSuffix(strings.TrimSpace(job), ".")
			return err
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		key := strings.TrimSpace(cells[0])
		if id, found := strings.CutPrefix(key, "GPU ID:"); found && len(cells) == 1 {
			err := end()
			b.gpu, b.line = strings.TrimSpace(id), number
			return err
		}
		if key == "Summary" && len(cells) == 1 {
			n.add("summary-only", "%s: job %.80q: a summary does not say how many GPUs it is of: left out; print it with -v", where(o.Name, number), b.job)
		}
		if len(cells) == 2 {
			b.set(key, strings.TrimSpace(cells[1]))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return end()
}

type dcgmBlock struct {
	o                   ReadOptions
	line                int64
	job, gpu            string
	start, end, seconds string
}

func (b *dcgmBlock) set(key, value string) {
	switch key {
	case "Start Time":
		b.start = value
	case "End Time":
		b.end = value
	case "Total Execution Time (sec)":
		b.seconds = value
	}
}

func (b dcgmBlock) use() (Use, bool, error) {
	u := Use{Line: b.line, Job: b.job, Resource: fmt.Sprintf("job %s GPU %s of %s", b.job, b.gpu, b.o.Name)}
	if b.gpu == "" || b.start == "Has Not Started" {
		return u, false, nil
	}
	if err := named("job", b.job); err != nil || b.job == "" {
		return u, false, fmt.Errorf("no job is named before the block (%v)", err)
	}
	start, err := time.ParseInLocation("Mon Jan _2 15:04:05 2006", b.start, b.o.zone()) // ctime(3)
	if err != nil {
		return u, false, fmt.Errorf("field Start Time %.40q: expected a time as ctime prints it", b.start)
	}
	if u.Start, err = nanoseconds(start); err != nil {
		return u, false, err
	}
	if b.end == "Still Running" {
		return u, false, fmt.Errorf("it is still running, so its time is not known; print it again when it has ended")
	}
	seconds, err := b.execution(start)
	if err != nil {
		return u, false, err
	}
	if u.Held, err = amountOf(seconds); err != nil {
		return u, false, err
	}
	u.End = u.Start + new(big.Int).Quo(u.Held.Big(), big.NewInt(picosecondsPerNanosecond)).Int64()
	return u, u.End > u.Start, nil
}

// execution is the time on the GPU, to a hundredth of a second, or by the two
// clock times.
func (b dcgmBlock) execution(start time.Time) (*big.Rat, error) {
	if seconds, err := decimal(b.seconds); err == nil && seconds.Cmp(big.NewRat(maxSeconds, 1)) <= 0 {
		return seconds, nil
	}
	end, err := time.ParseInLocation("Mon Jan _2 15:04:05 2006", b.end, b.o.zone())
	if err != nil || end.Before(start) {
		return nil, fmt.Errorf("field Total Execution Time %.40q and End Time %.40q: expected seconds, not negative", b.seconds, b.end)
	}
	return new(big.Rat).SetFrac64(int64(end.Sub(start)), int64(time.Second)), nil
}
