package provenance

// ECCN is the class of an integrated circuit under 3A090. The empty string
// means [Undetermined] too: a class that was never computed decides nothing.
type ECCN string

// The classes. None means outside 3A090.a and 3A090.b; nothing is said about
// other entries of the list.
const (
	Undetermined ECCN = "undetermined"
	None         ECCN = "none"
	ECCN3A090A   ECCN = "3A090.a"
	ECCN3A090B   ECCN = "3A090.b"
)

// Answer is yes, no, or the empty string: not known.
type Answer string

// The answers.
const (
	Unknown Answer = ""
	Yes     Answer = "yes"
	No      Answer = "no"
)

// clause is one paragraph of 3A090: TPP from minTPP (inclusive) to maxTPP
// (exclusive), performance density likewise. An unknown bound does not bind.
type clause struct {
	name           string
	eccn           ECCN
	minTPP, maxTPP Number
	minPD, maxPD   Number
}

// clauses are the paragraphs of 3A090.a and 3A090.b in the text's order (15 CFR
// Part 774, Supp. 1). "Or more" is inclusive, "less than" is exclusive. b.2 has
// no ceiling of TPP in the text; at 4800 and above a.1 has answered already.
func clauses() []clause {
	return []clause{
		{name: "3A090.a.1", eccn: ECCN3A090A, minTPP: integer(4800)},
		{name: "3A090.a.2", eccn: ECCN3A090A, minTPP: integer(1600), minPD: fraction(592, 100)},
		{name: "3A090.b.1", eccn: ECCN3A090B, minTPP: integer(2400), maxTPP: integer(4800), minPD: fraction(16, 10), maxPD: fraction(592, 100)},
		{name: "3A090.b.2", eccn: ECCN3A090B, minTPP: integer(1600), minPD: fraction(32, 10), maxPD: fraction(592, 100)},
	}
}

// datacenterFloor is the TPP below which an item not designed or marketed for
// data centres is outside 3A090.a and .b (Note 2 to 3A090.a and 3A090.b).
func datacenterFloor() Number { return integer(4800) }

const datacenterNote = "Note 2 to 3A090.a and 3A090.b"

// noDensity reports whether the clause asks for no performance density.
func (c clause) noDensity() bool { return !c.minPD.Known() }

// tppFits reports whether a known TPP lies in the clause's range.
func (c clause) tppFits(tpp Number) bool { return !tpp.below(c.minTPP) && !tpp.atLeast(c.maxTPP) }

// densityFits reports whether a known density lies in the clause's range.
func (c clause) densityFits(pd Number) bool { return !pd.below(c.minPD) && !pd.atLeast(c.maxPD) }

// outcome of the clauses for a TPP and a die area, the notes left aside.
type outcome struct {
	eccn   ECCN
	clause string // the paragraph that applies; empty for none and undetermined
}

// apply finds the first clause that holds. Without a TPP, or without a die area
// where a clause turns on it, nothing is decided. Without any applicable die
// area (zero) there is no density, and only a.1 can apply.
func apply(tpp, area Number) outcome {
	if !tpp.Known() {
		return outcome{eccn: Undetermined}
	}
	pd := tpp.over(area)
	for _, c := range clauses() {
		switch {
		case !c.tppFits(tpp):
		case c.noDensity() || pd.Known() && c.densityFits(pd):
			return outcome{c.eccn, c.name}
		case !area.Known():
			return outcome{eccn: Undetermined}
		}
	}
	return outcome{eccn: None}
}
