package provenance

import "fmt"

// The classes of what contains circuits: computers, electronic assemblies and
// components (15 CFR Part 774, Supp. 1, ECCN 4A090).
const (
	ECCN4A090A ECCN = "4A090.a"
	ECCN4A090B ECCN = "4A090.b"
)

// Holding is so many of one accelerator in a system.
type Holding struct {
	Accelerator Accelerator
	Count       uint32
}

// System is the class of a computer, an assembly or a board by what it holds.
type System struct {
	ECCN    ECCN   // "4A090.a", "4A090.b", "none" or "undetermined"
	Clause  string // the paragraph; empty for none and undetermined
	TPP     Number // of all circuits together, as quantities are counted; unknown when one is
	Reasons []string
}

const systemCite = "15 CFR Part 774, Supp. 1, 4A090"

// ClassifySystem answers for a system: any circuit that meets or exceeds 3A090.a
// makes it 4A090.a, else any of 3A090.b makes it 4A090.b. A circuit that a note
// takes out of 3A090 is out here too (Note 4 to 3A090). The number of circuits
// decides nothing: eight small ones are not a large one.
func ClassifySystem(holdings []Holding) System {
	s := System{ECCN: None, TPP: integer(0)}
	found := map[ECCN]string{}
	for _, h := range holdings {
		c := h.Accelerator.Classify()
		eccn := c.ECCN
		if eccn == "" {
			eccn = Undetermined
		}
		if found[eccn] == "" {
			found[eccn] = h.Accelerator.Name()
		}
		s.TPP = s.TPP.plus(c.TPP.times(integer(int64(h.Count))))
		s.Reasons = append(s.Reasons, fmt.Sprintf("It holds %d %s: %s, TPP %s each.", h.Count, h.Accelerator.Name(), eccn, c.TPP))
	}
	switch {
	case found[ECCN3A090A] != "":
		s.decide(ECCN4A090A, found[ECCN3A090A]+" is specified in 3A090.a, and any one such circuit is enough")
	case found[Undetermined] != "":
		s.decide(Undetermined, "the class of "+found[Undetermined]+" is undetermined, and it alone could make it 4A090.a")
		s.Clause = ""
	case found[ECCN3A090B] != "":
		s.decide(ECCN4A090B, found[ECCN3A090B]+" is specified in 3A090.b, and none in 3A090.a")
	default:
		s.decide(None, "none of its circuits is specified in 3A090.a or .b")
		s.Clause = ""
	}
	return s
}

func (s *System) decide(eccn ECCN, why string) {
	s.ECCN, s.Clause = eccn, string(eccn)
	s.Reasons = append(s.Reasons, fmt.Sprintf("The system is %s: %s (%s).", eccn, why, systemCite))
}
