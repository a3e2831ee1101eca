package trainlog

import "maps"

// ranks tell which lines of a log that several processes write show something
// new. All ranks of a job do the same steps, so a line that is behind what another
// rank showed is the same work; one that is ahead proves it, whichever rank it is.
// A rank whose own count goes back was started again, and the others with it.
type ranks struct {
	at     map[string]place // by rank, "" where no launcher names it
	starts uint64           // that any rank showed
}

// place is where a rank was last.
type place struct{ done, starts uint64 }

// maxRanks bounds memory. What a rank beyond it shows counts where it is ahead.
const maxRanks = 4096

// start notes a start that a rank shows; pending says that none of its steps was
// shown yet. It reports false where another rank showed that start already.
func (r *ranks) start(rank string, pending bool) bool {
	p, seen := r.at[rank]
	late := seen && p.starts < r.starts && !pending
	if !late && !pending {
		r.starts++
	}
	r.put(rank, place{0, r.starts})
	return !late
}

// shows notes a line of a rank that shows done steps done, of which reached were
// shown before. It reports false where that is the work that another rank showed.
func (r *ranks) shows(rank string, done, reached uint64, pending bool) bool {
	p, seen := r.at[rank]
	back := seen && done < p.done
	news := pending || done > reached || back && p.starts == r.starts
	if back && p.starts == r.starts && !pending {
		r.starts++
	}
	if pending || back || !seen { // one that is only ahead may be late with what it did before a start
		p.starts = r.starts
	}
	p.done = done
	r.put(rank, p)
	return news
}

func (r *ranks) put(rank string, p place) {
	if r.at == nil {
		r.at = map[string]place{}
	}
	if _, seen := r.at[rank]; seen || len(r.at) < maxRanks {
		r.at[rank] = p
	}
}

func (r *ranks) clone() ranks { return ranks{maps.Clone(r.at), r.starts} }
