package main

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/meter"
)

// jobRank is which process of a distributed job this is. Every rank may be run
// under weighbridge run: together they are one run, of which one rank counts and
// the others are witnesses.
type jobRank struct {
	Rank     uint64 `json:"rank"`
	Ranks    uint64 `json:"ranks"`
	Counting uint64 `json:"counting"` // the rank whose log and reports count
	Launcher string `json:"launcher"` // torchrun, slurm or mpi

	job string // names the job on all ranks alike; empty: the launcher does not say
}

// launchers are where the launchers of distributed jobs say what they started,
// the innermost first: srun may start torchrun, which starts us. Sources:
// torchrun's environment variables (PyTorch, torch.distributed.run), srun(1)
// "OUTPUT ENVIRONMENT VARIABLES", mpirun(1) of Open MPI, and PMI as Hydra sets it.
func launchers() []struct{ name, rank, ranks string } {
	return []struct{ name, rank, ranks string }{
		{"torchrun", "RANK", "WORLD_SIZE"},
		{"mpi", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
		{"mpi", "PMI_RANK", "PMI_SIZE"},
		{"slurm", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS"},
	}
}

// rankOf reads the environment, and returns nil where this is the only process.
// Numbers that make no sense are as good as none: they are not ours.
func rankOf(getenv func(string) string) *jobRank {
	for _, l := range launchers() {
		r, errRank := strconv.ParseUint(getenv(l.rank), 10, 32)
		n, errRanks := strconv.ParseUint(getenv(l.ranks), 10, 32)
		if errRank == nil && errRanks == nil && n > 1 && r < n {
			return &jobRank{Rank: r, Ranks: n, Launcher: l.name, job: jobOf(getenv)}
		}
	}
	return nil
}

// jobOf names the job: a Slurm step, which keeps its name when the job is queued
// again, a torchrun rendezvous, an Open MPI name space. "none" is what torchrun
// calls a job that nobody named.
func jobOf(getenv func(string) string) string {
	if job := getenv("SLURM_JOB_ID"); job != "" {
		return strings.Trim("slurm-"+getenv("SLURM_CLUSTER_NAME")+"-"+job+"."+getenv("SLURM_STEP_ID"), ".")
	}
	if id := getenv("TORCHELASTIC_RUN_ID"); id != "" && id != "none" {
		return "torchrun-" + id
	}
	if space := getenv("PMIX_NAMESPACE"); space != "" {
		return "mpi-" + space
	}
	return ""
}

// runOf is the run's id. Where other processes may share it (a run that a person
// names, or the job of several ranks) the settings say where this one's records
// begin, and which rank it is.
func (a *app) runOf(named, counting string, settings *runSettings) (string, error) {
	rank := rankOf(a.env.getenv)
	if rank != nil {
		var err error
		if rank.Counting, err = countingRank(counting, rank.Ranks); err != nil {
			return "", err
		}
		settings.Rank = rank
		if named == "" && rank.job == "" {
			a.warn("rank %d of %d: the launcher names no job that all ranks know; this one is recorded as a run of its own: give all of them one --run ID", rank.Rank, rank.Ranks)
		}
		named = cmp.Or(named, runName(rank.job))
	}
	if named == "" {
		return newRunID(a.env.now()), nil
	}
	if err := meter.ValidRun(named); err != nil {
		return "", usage("--run: %w", err)
	}
	settings.First = freshSequence()
	return named, nil
}

// countingRank reads --counting-rank.
func countingRank(text string, ranks uint64) (uint64, error) {
	if text == "last" {
		return ranks - 1, nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n >= ranks {
		return 0, usage("--counting-rank %q: expected last, or one of the ranks 0 to %d", text, ranks-1)
	}
	return n, nil
}

// runName is the job's name where it can stand in a record, else a digest of it.
func runName(job string) string {
	if job == "" || meter.ValidRun(job) == nil {
		return job
	}
	sum := sha256.Sum256([]byte(job))
	return "job-" + hex.EncodeToString(sum[:16])
}

// freshSequence is where the records of one process begin in a run that several
// share, on machines that do not know of each other: 48 random bits, and room for
// a record of every activity. It stays below 2^53, so that no JSON library rounds it.
func freshSequence() uint64 {
	var random [8]byte
	rand.Read(random[:]) // never fails: crypto/rand crashes the program instead
	return binary.BigEndian.Uint64(random[:]) >> 16 << 5
}

// witness makes a record of a rank that does not count: its hardware, its period
// and what its log shows stay, its operations are those of the rank that counts.
// The figures that it would count stand as its witnesses: where that rank is never
// recorded, or shows nothing, they count instead (meter.NetRuns).
func (j jobRank) witness(r *meter.Record) {
	message := fmt.Sprintf("rank %d of %d: the log of rank %d counts for the whole job", j.Rank, j.Ranks, j.Counting)
	if o := r.Observed; o.StepsExecuted != nil || o.TokensExecuted != nil || len(o.Reported) > 0 {
		message += "; this rank's shows the work too, and counts where that one is not recorded or shows less"
	}
	r.Operations, r.Method, r.Grade, r.Convention = meter.Exact(meter.Ops{}), meter.Counted, meter.GradeMeasured, meter.Convention{}
	kept := r.Findings[:0:0]
	for _, f := range r.Findings {
		if f.Code != "not-counted" && f.Code != "interrupted" {
			kept = append(kept, f)
		}
	}
	r.Findings = append(kept, meter.Finding{Code: "rank-witness", Message: message})
}
