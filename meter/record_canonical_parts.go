package meter

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
	r.OperationsExecuted, r.TokensExecuted = s.someOps("operations_executed"), s.someOps("tokens_executed")
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
