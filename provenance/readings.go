package provenance

// The options that the code itself knows; disputes.csv may lay its own figures
// under the first.
const (
	optionSumOfUnits = "sum-of-units"
	optionWideTF32   = "tf32-32-bits"
	optionMarketed   = "marketed-for-datacenters"
)

// reading is one named way to take the figures.
type reading struct {
	option  string
	figures Figures
	reason  string // a sentence without its full stop
}

// readings are those that any circuit may have.
func readings(f Figures) []reading {
	var all []reading
	if !f.TPP.Known() {
		all = append(all, sumOfUnits(f)...)
		all = append(all, wideTF32(f)...)
	}
	if f.Datacenter == No {
		marketed := f
		marketed.Datacenter = Yes
		all = append(all, reading{optionMarketed, marketed,
			"the maker's marketing decides whether the datacentre note takes the item out (" + ccl + ", 3A090, " + datacenterNote + ")"})
	}
	return all
}

// sumOfUnits adds the vector units to the matrix units: the note's TPP is
// "aggregated over all processing units on the IC". Published practice takes
// the highest rate that the maker claims for one format instead; the sum would
// put circuits that ship as uncontrolled over the line.
func sumOfUnits(f Figures) []reading {
	var vector, matrix []Rate
	for _, r := range f.Rates {
		if r.Format.vector() {
			vector = append(vector, r)
		} else {
			matrix = append(matrix, r)
		}
	}
	v, m := perFormat(vector), perFormat(matrix)
	if len(v) == 0 || len(m) == 0 {
		return nil
	}
	f.TPP = v[0].TPP.plus(m[0].TPP)
	return []reading{{optionSumOfUnits, f, "the fastest vector rate (" + v[0].Format.String() + ") is added to the fastest matrix rate (" +
		m[0].Format.String() + "), because TPP is aggregated over all processing units (" + technicalNotes + "); where both rates are those of the same units this counts them twice"}}
}

// wideTF32 takes TF32 at the 32 bits in which it is stored.
func wideTF32(f Figures) []reading {
	highest := Number{}
	if all := perFormat(f.Rates); len(all) > 0 {
		highest = all[0].TPP
	}
	for _, r := range f.Rates {
		if wide := r.tpp(32); r.Format == TF32 && wide.Known() && highest.below(wide) {
			f.TPP = wide
			return []reading{{optionWideTF32, f, "TF32 inputs are stored in 32 bits; the default takes the 19 that are multiplied (" + technicalNotes + ": the largest bit length of the inputs)"}}
		}
	}
	return nil
}
