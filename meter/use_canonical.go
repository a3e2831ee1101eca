package meter

// needUint reads a number that is always there.
func (s *recordReader) needUint(name string) uint64 {
	s.Need(name)
	return s.Uint()
}

func (s *recordReader) needText(name string) string {
	s.Need(name)
	return s.Text()
}

func (s *recordReader) slice() *Slice {
	var p Slice
	s.Open()
	p.Chip = s.needText("chip")
	p.Profile = s.some("profile")
	p.Compute, p.ComputeOf = s.needUint("compute"), s.needUint("compute_of")
	p.Memory, p.MemoryOf = s.count("memory"), s.count("memory_of")
	s.Close()
	return &p
}

func (s *recordReader) use() (u Use) {
	s.Open()
	u.Product = s.needText("product")
	u.Devices, u.ChipMilliseconds = s.needUint("devices"), s.needUint("chip_milliseconds")
	u.Grade = Grade(s.needText("grade"))
	if s.Key("signals") {
		s.List(func() { u.Signals = append(u.Signals, s.signal()) })
	}
	s.Close()
	return u
}

func (s *recordReader) signal() (g Signal) {
	s.Open()
	g.Name, g.Kind, g.Source = s.needText("name"), SignalKind(s.needText("kind")), s.needText("source")
	g.Samples, g.Covered = s.needUint("samples"), s.needUint("covered_milliseconds")
	if s.Key("share") {
		s.Open()
		g.Share = &Share{s.needUint("low_ppm"), s.needUint("mean_ppm"), s.needUint("high_ppm")}
		s.Close()
	}
	g.Total = s.someOps("total")
	s.Close()
	return g
}
