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

func (s *recordReader) convention() (c Convention) {
	s.Open()
	c.MultiplyAccumulate, c.Attention, c.Keys, c.Window = s.some("multiply_accumulate"), s.some("attention"), s.some("keys"), s.some("window")
	c.Embedding, c.Head, c.Padding, c.Recomputation = s.some("embedding"), s.some("head"), s.some("padding"), s.some("recomputation")
	c.Experts, c.Evaluation, c.FailedWork = s.some("experts"), s.some("evaluation"), s.some("failed_work")
	s.Close()
	return c
}

func (s *recordReader) witness() (w Witness) {
	s.Open()
	s.Need("quantity")
	w.Quantity = Quantity(s.Text())
	s.Need("method")
	w.Method = Method(s.Text())
	s.Need("grade")
	w.Grade = Grade(s.Text())
	s.Need("operations")
	w.Operations = s.interval()
	s.Need("convention")
	w.Convention = s.convention()
	s.Need("source")
	w.Source = s.Text()
	s.Close()
	return w
}

func (s *recordReader) period() *Period {
	var p Period
	s.Open()
	s.Need("start")
	p.Start = s.Time()
	s.Need("end")
	p.End = s.Time()
	s.Close()
	return &p
}

func (s *recordReader) observation() *Observation {
	var o Observation
	s.Open()
	s.Need("format")
	o.Format = s.Text()
	s.Need("lines")
	o.Lines = s.Uint()
	s.Need("unread")
	o.Unread = s.Uint()
	o.Lost = s.count("lost")
	o.LastStep, o.LogInterval, o.Restarts = s.number("last_step"), s.number("log_interval"), s.count("restarts")
	o.StepsCommitted, o.StepsExecuted = s.number("steps_committed"), s.number("steps_executed")
	if s.Key("spans") {
		s.List(func() { o.Spans = append(o.Spans, s.span()) })
	}
	o.TokensPerStep = s.number("tokens_per_step")
	o.TokensCommitted, o.TokensExecuted = s.someOps("tokens_committed"), s.someOps("tokens_executed")
	o.SamplesCommitted, o.SamplesExecuted = s.someOps("samples_committed"), s.someOps("samples_executed")
	o.SamplesPerStep, o.SequenceLength = s.number("samples_per_step"), s.number("sequence_length")
	o.Parameters, o.ParametersRounding = s.someOps("parameters"), s.someOps("parameters_rounding")
	o.OperationsStated, o.OperationsRounding = s.someOps("operations_stated"), s.someOps("operations_rounding")
	if s.Key("reported") {
		s.List(func() { o.Reported = append(o.Reported, s.report()) })
	}
	o.LinesDigest = s.some("lines_digest")
	o.FirstOffset, o.EndOffset = s.offset("first_offset"), s.offset("end_offset")
	if s.Key("findings") {
		s.List(func() { o.Findings = append(o.Findings, s.finding()) })
	}
	s.Close()
	return &o
}

func (s *recordReader) part() *Part {
	var p Part
	s.Open()
	s.Need("rank")
	p.Rank = s.Uint()
	s.Need("ranks")
	p.Ranks = s.Uint()
	s.Need("counting")
	p.Counting = s.Uint()
	s.Close()
	return &p
}

func (s *recordReader) span() (p Span) {
	s.Open()
	s.Need("from")
	p.From = s.Uint()
	s.Need("to")
	p.To = s.Uint()
	p.PerStep = s.count("per_step")
	s.Close()
	return p
}

func (s *recordReader) offset(name string) int64 {
	if !s.Key(name) {
		return 0
	}
	n := s.Int()
	if n == 0 {
		s.GiveUp()
	}
	return n
}

func (s *recordReader) report() (r Report) {
	s.Open()
	s.Need("activity")
	r.Activity = Activity(s.Text())
	r.Operations, r.Tokens, r.Step = s.someOps("operations"), s.someOps("tokens"), s.number("step")
	r.From = s.number("from")
	r.Documents, r.SquaredLengths = s.someOps("documents"), s.someOps("squared_lengths")
	s.Close()
	return r
}

func (s *recordReader) device() (d Device) {
	s.Open()
	s.Need("product")
	d.Product = s.Text()
	d.PCI, d.Address, d.UUID, d.Serial = s.some("pci"), s.some("address"), s.some("uuid"), s.some("serial")
	if s.Key("slice") {
		d.Slice = s.slice()
	}
	s.Need("count")
	d.Count = s.Uint()
	s.Need("grade")
	d.Grade = Grade(s.Text())
	s.Close()
	return d
}

func (s *recordReader) host() *Host {
	var h Host
	s.Open()
	h.CPU, h.Cores, h.Kernel, h.Machine = s.some("cpu"), s.count("cores"), s.some("kernel"), s.some("machine")
	h.Name, h.Cluster, h.Job, h.Task = s.some("name"), s.some("cluster"), s.some("job"), s.some("task")
	s.Close()
	return &h
}

func (s *recordReader) parent() Parent {
	s.Open()
	p := s.parentFields()
	s.Close()
	return p
}

func (s *recordReader) parentFields() (p Parent) {
	s.Need("model")
	p.Model = ModelRef(s.Text())
	s.Need("relation")
	p.Relation = Relation(s.Text())
	p.Input = s.some("input")
	if _, err := ParseModel(string(p.Model)); err != nil { // as the long way asks
		s.GiveUp()
	}
	return p
}

func (s *recordReader) evidence() (e Evidence) {
	s.Open()
	s.Need("kind")
	e.Kind = s.Text()
	s.Need("digest")
	e.Digest = s.Text()
	s.Need("size")
	e.Size = s.Int()
	s.Close()
	return e
}

func (s *recordReader) finding() (f Finding) {
	s.Open()
	s.Need("code")
	f.Code = s.Text()
	s.Need("message")
	f.Message = s.Text()
	s.Close()
	return f
}
