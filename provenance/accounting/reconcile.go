package accounting

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
)

// Run is what somebody recorded of one run: the names by which accounting may know
// it, when it ran, and the chip-time that it held of each product.
type Run struct {
	ID        string
	Cluster   string   // whose scheduler named its job; "": not known
	Jobs      []string // ids that a scheduler gave it
	Scheduled bool     // its scheduler's job is among them: it held nothing of another
	Machines  []string // that it ran on: instances and nodes, by every name
	Start     int64    // nanoseconds since 1970; with End 0 where no period is known
	End       int64
	Held      map[string]*big.Rat // chip-seconds by product; empty where no chips are known
	Unknown   map[string]bool     // products of Held that the catalogue does not know
	Chips     uint64              // that its records name, in thousandths; 0: not known
}

// Reconciler holds pieces of accounting against runs. A piece whose job runs name is
// theirs, whole: a job is paid for while it starts up too. Else, of a piece on a
// machine that runs name, the time in which they ran is theirs, each moment once.
// All the rest is attributed to no run. Sources of several kinds see the same
// chips: their sums stand side by side and are never added.
type Reconciler struct {
	runs      []Run
	byJob     map[string][]int
	byMachine map[string][]int
	kinds     map[Kind]*kindSums
}

// kindSums are the signed chip-picoseconds of one kind of source.
type kindSums struct {
	attributed, unattributed map[string]*big.Int // by product
	runs                     map[shareKey]*big.Int
	elsewhere                map[int]*big.Int // of runs, the part in pieces that their periods do not touch
	shared                   map[int][]int    // runs between which a job's piece was divided
	spans                    map[int]*spans   // of runs, when they held how many chips by their jobs
	loose                    map[Loose]*big.Int
	more                     *big.Int // of holders past maxLoose
}

// shareKey is a run and a product of it.
type shareKey struct {
	run     int
	product string
	known   bool
}

// Loose names a holder of chip-time that is attributed to no run.
type Loose struct {
	Account, Cluster, Job, Instance, Product string
}

// maxLoose bounds how many holders are kept apart; the time of others is in the
// sums all the same.
const maxLoose = 100_000

// NewReconciler returns a reconciler for the runs.
func NewReconciler(runs []Run) *Reconciler {
	r := &Reconciler{runs: slices.Clone(runs), byJob: map[string][]int{}, byMachine: map[string][]int{}, kinds: map[Kind]*kindSums{}}
	slices.SortStableFunc(r.runs, func(a, b Run) int { return cmp.Compare(a.Start, b.Start) })
	for i, run := range r.runs {
		for _, job := range run.Jobs {
			r.byJob[job] = append(r.byJob[job], i)
		}
		for _, machine := range run.Machines {
			if !slices.Contains(r.byMachine[machine], i) {
				r.byMachine[machine] = append(r.byMachine[machine], i)
			}
		}
	}
	return r
}

// Runs are the runs in the order of their start.
func (r *Reconciler) Runs() []Run { return slices.Clone(r.runs) }

// Add takes a piece of a source of a kind.
func (r *Reconciler) Add(kind Kind, p Piece) {
	if r.kinds[kind] == nil {
		r.kinds[kind] = &kindSums{map[string]*big.Int{}, map[string]*big.Int{}, map[shareKey]*big.Int{}, map[int]*big.Int{}, map[int][]int{}, map[int]*spans{}, map[Loose]*big.Int{}, new(big.Int)}
	}
	sums := r.kinds[kind]
	runs := r.ofJob(p)
	if len(runs) == 0 {
		sums.leave(p, r.ofMachine(sums, p))
		return
	}
	runs, apart := r.nearest(p, runs)
	parts := r.divided(p, runs)
	for _, part := range parts {
		sums.attribute(part.run, p, part.amount)
		sums.hold(part.run, p)
		if apart {
			into(sums.elsewhere, part.run, part.amount)
		}
	}
	for _, part := range parts[1:] {
		sums.together(parts[0].run, part.run)
	}
}

// heldSigned is what a piece held, negative where it takes back.
func heldSigned(p Piece) *big.Int {
	amount, negative := p.Held()
	n := amount.Big()
	if negative {
		n.Neg(n)
	}
	return n
}

func (s *kindSums) attribute(run int, p Piece, amount *big.Int) {
	into(s.attributed, p.Product, amount)
	into(s.runs, shareKey{run, p.Product, p.Known}, amount)
}

func (s *kindSums) leave(p Piece, amount *big.Int) {
	if amount.Sign() == 0 {
		return
	}
	into(s.unattributed, p.Product, amount)
	holder := Loose{p.Account, p.Cluster, p.Job, p.Instance, p.Product}
	if s.loose[holder] == nil && len(s.loose) == maxLoose {
		s.more.Add(s.more, amount)
		return
	}
	into(s.loose, holder, amount)
}

func into[K comparable](sums map[K]*big.Int, key K, amount *big.Int) {
	if sums[key] == nil {
		sums[key] = new(big.Int)
	}
	sums[key].Add(sums[key], amount)
}

// Reconciled is what one kind of source says, in chip-seconds: of each product what
// runs account for and what they do not, of each run what the source has, and who
// held what is left over, the most first.
type Reconciled struct {
	Kind     Kind
	Products []ProductTime
	Runs     map[string][]Share // by run, in the order of the products; a run that the source does not show is not there
	// Elsewhere is, by run, the part of its jobs' time in rows that its period does
	// not touch: an attempt before a requeue, or another job under the same id.
	Elsewhere map[string]*big.Rat
	Shared    map[string][]string // by run, the others between which its job's time was divided
	Chips     map[string]uint64   // by run, the most chips that its jobs held at once, in thousandths; a run that is not there is not known
	Loose     []LooseTime
	More      *big.Rat // of further holders that are not listed
}

// Share is what a source has of one product for a run. Where the product is not
// Known it is the source's own word.
type Share struct {
	Product string
	Known   bool
	Seconds *big.Rat
}

// ProductTime is the time of one product.
type ProductTime struct {
	Product                  string
	Attributed, Unattributed *big.Rat
}

// LooseTime is the time of one holder.
type LooseTime struct {
	Loose
	Seconds *big.Rat
}

// Reconciled returns the sums of each kind of source, in the order of [Kinds].
func (r *Reconciler) Reconciled() []Reconciled {
	var out []Reconciled
	for _, kind := range Kinds() {
		sums := r.kinds[kind]
		if sums == nil {
			continue
		}
		line := Reconciled{Kind: kind, Runs: map[string][]Share{}, Elsewhere: map[string]*big.Rat{}, Shared: map[string][]string{}, Chips: map[string]uint64{}, More: secondsOf(sums.more)}
		products := maps.Clone(sums.attributed)
		maps.Copy(products, sums.unattributed)
		for _, product := range slices.Sorted(maps.Keys(products)) {
			line.Products = append(line.Products, ProductTime{product, secondsOf(sums.attributed[product]), secondsOf(sums.unattributed[product])})
		}
		for _, key := range slices.SortedFunc(maps.Keys(sums.runs), func(a, b shareKey) int { return cmp.Compare(a.product, b.product) }) {
			id := r.runs[key.run].ID
			line.Runs[id] = append(line.Runs[id], Share{key.product, key.known, secondsOf(sums.runs[key])})
		}
		for i, amount := range sums.elsewhere {
			line.Elsewhere[r.runs[i].ID] = secondsOf(amount)
		}
		for i, others := range sums.shared {
			for _, j := range others {
				line.Shared[r.runs[i].ID] = append(line.Shared[r.runs[i].ID], r.runs[j].ID)
			}
		}
		for i, held := range sums.spans {
			if most, known := held.most(); known && len(sums.shared[i]) == 0 {
				line.Chips[r.runs[i].ID] = most
			}
		}
		for holder, amount := range sums.loose {
			line.Loose = append(line.Loose, LooseTime{holder, secondsOf(amount)})
		}
		slices.SortFunc(line.Loose, func(a, b LooseTime) int {
			return cmp.Or(b.Seconds.Cmp(a.Seconds), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Job, b.Job), cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Product, b.Product))
		})
		out = append(out, line)
	}
	return out
}

func secondsOf(picoseconds *big.Int) *big.Rat {
	if picoseconds == nil {
		return new(big.Rat)
	}
	return new(big.Rat).SetFrac(picoseconds, big.NewInt(1_000_000_000_000))
}
