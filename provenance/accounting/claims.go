package accounting

import (
	"math"
	"math/big"
	"slices"
)

// ofJob are the runs that name the piece's job: none where a cluster is named on
// both sides and it is another, because two schedulers give the same numbers.
func (r *Reconciler) ofJob(p Piece) []int {
	var runs []int
	for _, name := range []string{p.Job, p.JobAlias} {
		if name == "" {
			continue
		}
		for _, i := range r.byJob[name] {
			if cluster := r.runs[i].Cluster; (cluster == "" || p.Cluster == "" || cluster == p.Cluster) && !slices.Contains(runs, i) {
				runs = append(runs, i)
			}
		}
	}
	slices.Sort(runs)
	return runs
}

// nearest are those of the runs whose periods the piece touches; where it touches
// none, the one that is closest in time, and apart is true unless its period is
// not known or the piece has none.
func (r *Reconciler) nearest(p Piece, runs []int) (near []int, apart bool) {
	best, closest := runs[0], int64(math.MinInt64)
	for _, i := range runs {
		of := r.runs[i]
		shared := min(p.End, of.End) - max(p.Start, of.Start)
		if shared > 0 && p.Undated.IsZero() {
			near = append(near, i)
		}
		if shared > closest {
			best, closest = i, shared
		}
	}
	if len(near) > 0 {
		return near, false
	}
	return []int{best}, p.Undated.IsZero() && r.runs[best].End != 0
}

// part is what of a piece is a run's: chip-picoseconds.
type part struct {
	run    int
	amount *big.Int
}

// divided gives every moment of a piece to the runs of its job that ran then, by
// the chips that each recorded, and where one recorded none in equal parts. Time in
// which none of them ran, as while the job starts, is of the run that started last
// before it, or of the first. The parts are together the piece.
func (r *Reconciler) divided(p Piece, runs []int) []part {
	if len(runs) == 1 || !p.Undated.IsZero() {
		return []part{{runs[0], heldSigned(p)}}
	}
	sums := map[int]*big.Int{}
	cuts := []int64{p.Start, p.End}
	for _, i := range runs {
		for _, t := range []int64{r.runs[i].Start, r.runs[i].End} {
			if t > p.Start && t < p.End {
				cuts = append(cuts, t)
			}
		}
	}
	slices.Sort(cuts)
	for i, from := range cuts[:len(cuts)-1] {
		if to := cuts[i+1]; from < to {
			r.divide(sums, Piece{Start: from, End: to, Rate: p.Rate}, runs)
		}
	}
	var parts []part
	for _, i := range runs {
		if sums[i] != nil {
			parts = append(parts, part{i, sums[i]})
		}
	}
	return parts
}

// divide gives a stretch in which no run starts or ends.
func (r *Reconciler) divide(sums map[int]*big.Int, p Piece, runs []int) {
	var running []int
	last := runs[0] // the runs are in the order of their start
	for _, i := range runs {
		if of := r.runs[i]; of.Start <= p.Start {
			last = i
			if p.End <= of.End {
				running = append(running, i)
			}
		}
	}
	whole := heldSigned(p)
	if len(running) == 0 {
		into(sums, last, whole)
		return
	}
	weights, total := r.weights(running)
	rest := new(big.Int).Set(whole)
	for k, i := range running[1:] {
		share := new(big.Int).Mul(whole, weights[k+1])
		share.Quo(share, total)
		into(sums, i, share)
		rest.Sub(rest, share)
	}
	into(sums, running[0], rest)
}

// weights are the chips that each run recorded, in 10^-9; ones
// where one recorded none.
func (r *Reconciler) weights(runs []int) ([]*big.Int, *big.Int) {
	var weights []*big.Int
	total := new(big.Int)
	for _, i := range runs {
		of, held := r.runs[i], new(big.Rat)
		for _, seconds := range of.Held {
			held.Add(held, seconds)
		}
		if held.Sign() <= 0 || of.End <= of.Start {
			weights, total = nil, big.NewInt(int64(len(runs)))
			for range runs {
				weights = append(weights, big.NewInt(1))
			}
			return weights, total
		}
		rate := held.Mul(held, new(big.Rat).SetFrac(big.NewInt(1_000_000_000_000_000_000), big.NewInt(of.End-of.Start)))
		weight := new(big.Int).Quo(rate.Num(), rate.Denom())
		weight.Add(weight, big.NewInt(1)) // never zero
		weights, total = append(weights, weight), total.Add(total, weight)
	}
	return weights, total
}

// ofMachine attributes the time in which runs on the piece's machine ran, and
// returns what is left of it. Of a job on several nodes each has an equal part. A
// run that knows its own job is not given the time of another.
func (r *Reconciler) ofMachine(sums *kindSums, p Piece) *big.Int {
	rest := heldSigned(p)
	if !p.Undated.IsZero() {
		return rest
	}
	machines := p.Nodes
	if p.Instance != "" {
		machines = []string{p.Instance}
	}
	for _, machine := range machines {
		cursor := p.Start
		for _, i := range r.byMachine[machine] { // in the order of start
			from, to := max(cursor, r.runs[i].Start), min(p.End, r.runs[i].End)
			if from >= to || p.Job != "" && r.runs[i].Scheduled {
				continue
			}
			amount := heldSigned(Piece{Start: from, End: to, Rate: p.Rate})
			amount.Quo(amount, big.NewInt(int64(len(machines))))
			sums.attribute(i, p, amount)
			rest.Sub(rest, amount)
			cursor = to
		}
	}
	return rest
}
