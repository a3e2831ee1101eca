package accounting

import (
	"cmp"
	"hash/maphash"
	"maps"
	"slices"
)

// slurmSteps are the rows of job steps. They repeat what the row of their job
// holds; where that row is not in the file (an export of steps alone, or one that
// was filtered) their devices would be held by nobody.
type slurmSteps struct {
	rows int
	last string // the job whose row was read last: sacct prints a job and then its steps
	seed maphash.Seed
	// jobs are hashes of the jobs that have a row, for steps that do not stand
	// behind it; alone the line of the first step of each job that is not the last.
	jobs  map[uint64]struct{}
	alone map[string]int64
	// refused is the line of the first step that alone had no room for; 0 for none.
	// Whether its job has a row is then never known.
	refused int64
}

// What is remembered of a file that is in another order than sacct's. A job past
// maxStepJobs is taken for one without a row, and so is a step past maxAlone.
const (
	maxStepJobs = 1 << 20
	maxAlone    = 10_000
)

func newSlurmSteps() *slurmSteps {
	return &slurmSteps{seed: maphash.MakeSeed(), jobs: map[uint64]struct{}{}, alone: map[string]int64{}}
}

func (s *slurmSteps) job(id string) {
	s.last = id
	if len(s.jobs) < maxStepJobs {
		s.jobs[maphash.String(s.seed, id)] = struct{}{}
	}
	delete(s.alone, id)
}

func (s *slurmSteps) step(job string, line int64, row slurmRow) {
	s.rows++
	if job == s.last || !row.mayHold() {
		return
	}
	if _, known := s.jobs[maphash.String(s.seed, job)]; known {
		return
	}
	_, seen := s.alone[job]
	switch {
	case seen:
	case len(s.alone) < maxAlone:
		s.alone[job] = line
	case s.refused == 0:
		s.refused = line
	}
}

// mayHold is false of a row that says that it held no devices.
func (r slurmRow) mayHold() bool {
	a, err := gresOf(r.cell("alloctres"))
	return err != nil || len(a.held) > 0 || len(a.unread) > 0
}

// tell says what was left out, the jobs without a row in the order of the file.
func (s *slurmSteps) tell(file string, n *notes) {
	if s.refused > 0 {
		n.add("row-unread", "%s: the steps of more than %d jobs stand before the rows of their jobs: whether the jobs of this step and of later ones have a row is not known: left out; sort the file by job, as sacct prints it", where(file, s.refused), maxAlone)
	}
	order := func(a, b string) int { return cmp.Compare(s.alone[a], s.alone[b]) }
	for _, job := range slices.SortedFunc(maps.Keys(s.alone), order) {
		n.add("row-unread", "%s: job %.80q: a step that held devices, of a job that has no row: left out; print the jobs too (sacct without a filter on steps), or give the job its row", where(file, s.alone[job]), job)
	}
	if s.rows > 0 {
		n.add("job-steps", "%s: %d rows of job steps, whose devices the rows of their jobs hold: left out", file, s.rows)
	}
}
