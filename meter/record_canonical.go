package meter

import "github.com/weighbridge/weighbridge/meter/canonical"

// readCanonical reads a record by the short cut of package canonical, or gives up.
// Its fields stand in the order of the structs, which is the order of the
// encoding; TestShortCutAgrees holds it against the long way.
func readCanonical(data []byte) (Record, bool) {
	s := recordReader{canonical.New(string(data))}
	r := s.record()
	return r, s.Whole() && r.Validate() == nil
}

type recordReader struct{ canonical.Reader }

func (s *recordReader) record() (r Record) {
	s.Open()
	s.Need("schema")
	r.Schema = s.Text()
	s.Need("model")
	r.Model = ModelRef(s.Text())
	s.Need("run")
	r.Run = s.Text()
	s.Need("sequence")
	r.Sequence = s.Uint()
	if s.Key("part") {
		r.Part = s.part()
	}
	s.Need("activity")
	r.Activity = Activity(s.Text())
	s.Need("weights")
	r.Weights = s.Text()
	s.Need("operations")
	r.Operations = s.interval()
	s.Need("method")
	r.Method = Method(s.Text())
	s.Need("grade")
	r.Grade = Grade(s.Text())
	s.Need("convention")
	r.Convention = s.convention()
	if s.Key("witnesses") {
		s.List(func() { r.Witnesses = append(r.Witnesses, s.witness()) })
	}
	s.Need("outcome")
	r.Outcome = Outcome(s.Text())
	if s.Key("exit_code") {
		code := int(s.Int())
		r.ExitCode = &code
	}
	if s.Key("period") {
		r.Period = s.period()
	}
	s.circumstances(&r)
	s.Close()
	return r
}

// circumstances are the fields from observed on, all of which may be left out.
func (s *recordReader) circumstances(r *Record) {
	if s.Key("observed") {
		r.Observed = s.observation()
	}
	if s.Key("hardware") {
		s.List(func() { r.Hardware = append(r.Hardware, s.device()) })
	}
	if s.Key("host") {
		r.Host = s.host()
	}
	if s.Key("use") {
		s.List(func() { r.Use = append(r.Use, s.use()) })
	}
	if s.Key("parents") {
		s.List(func() { r.Parents = append(r.Parents, s.parent()) })
	}
	r.Output = s.some("output")
	r.Generator = ModelRef(s.some("generator"))
	if s.Key("data_published") {
		published := s.Bool()
		r.DataPublished = &published
	}
	if s.Key("evidence") {
		s.List(func() { r.Evidence = append(r.Evidence, s.evidence()) })
	}
	if s.Key("findings") {
		s.List(func() { r.Findings = append(r.Findings, s.finding()) })
	}
}

// some is a text field that is left out where it is empty.
func (s *recordReader) some(name string) string {
	if s.Key(name) {
		return s.Some()
	}
	return ""
}

func (s *recordReader) count(name string) uint64 {
	if s.Key(name) {
		return s.Count()
	}
	return 0
}

func (s *recordReader) number(name string) *uint64 {
	if !s.Key(name) {
		return nil
	}
	n := s.Uint()
	return &n
}

// ops reads digits in quotes, in the one way to write them.
func (s *recordReader) ops() Ops {
	o, ok := canonicalOps(s.Text())
	if !ok {
		s.GiveUp()
	}
	return o
}

// canonicalOps reads plain digits without a leading zero.
func canonicalOps(text string) (Ops, bool) {
	const chunk, digits = 10_000_000_000_000_000_000, 19 // 10^19 is the largest power of ten in a uint64
	if text == "" || text[0] == '0' && len(text) > 1 || !allDigits(text) {
		return Ops{}, false
	}
	switch cut := len(text) - digits; {
	case cut <= 0:
		return NewOps(plainUint(text)), true
	case cut <= digits: // below 10^38, which is below 2^128
		o, err := NewOps(plainUint(text[:cut])).Mul(NewOps(chunk))
		if err == nil {
			o, err = o.Add(NewOps(plainUint(text[cut:])))
		}
		return o, err == nil
	}
	o, err := ParseOps(text)
	return o, err == nil
}

// plainUint is the number of at most 19 digits.
func plainUint(digits string) (n uint64) {
	for i := range len(digits) {
		n = n*10 + uint64(digits[i]-'0')
	}
	return n
}

func (s *recordReader) someOps(name string) *Ops {
	if !s.Key(name) {
		return nil
	}
	o := s.ops()
	return &o
}

func (s *recordReader) bound() Bound {
	if s.Word("null") {
		return Bound{}
	}
	return Known(s.ops())
}

// ReadInterval consumes an interval in its one encoding, by the short cut of
// package canonical: what it gives up on the reader says.
func ReadInterval(r *canonical.Reader) Interval {
	s := recordReader{*r}
	i := s.interval()
	*r = s.Reader
	return i
}

// ReadOps is the same for a number of operations.
func ReadOps(r *canonical.Reader) Ops {
	s := recordReader{*r}
	o := s.ops()
	*r = s.Reader
	return o
}

// ReadParent is the same for the fields of a parent, the first of an object.
func ReadParent(r *canonical.Reader) Parent {
	s := recordReader{*r}
	p := s.parentFields()
	*r = s.Reader
	return p
}

func (s *recordReader) interval() (i Interval) {
	s.Open()
	s.Need("low")
	i.Low = s.ops()
	s.Need("estimate")
	i.Estimate = s.bound()
	s.Need("high")
	i.High = s.bound()
	s.Close()
	return i
}
