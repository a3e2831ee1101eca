package meter

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// filled is a record with something in every field of every struct in it, found
// by reflection: a field that is added later is in it too.
func filled(t testing.TB) Record {
	t.Helper()
	var r Record
	fill(t, reflect.ValueOf(&r).Elem())
	valid := sampleRecord()
	r.Schema, r.Model, r.Activity, r.Weights, r.Method, r.Grade, r.Outcome = valid.Schema, valid.Model, SyntheticData, valid.Weights, valid.Method, valid.Grade, valid.Outcome
	r.Generator, r.Output = "acme/writer@1", valid.Evidence[0].Digest
	r.Hardware[0].PCI, r.Hardware[0].Grade = "10de:2330", GradeDeclared
	rate, counter := r.Use[0].Signals[0], r.Use[0].Signals[0]
	rate.Kind, rate.Total, counter.Kind, counter.Share = RateSignal, nil, EnergySignal, nil // no signal has both
	r.Use[0].Grade, r.Use[0].Signals = GradeMeasured, []Signal{rate, counter}
	r.Part = &Part{Rank: 3, Ranks: 12, Counting: 2}
	r.Observed.Spans[0] = Span{From: 3, To: 12, PerStep: 5}
	r.Parents[0] = Parent{"acme/base@1", FineTunes, r.Output}
	r.Evidence[0].Digest = r.Output
	r.Witnesses[0].Quantity, r.Witnesses[0].Method, r.Witnesses[0].Grade = Required, Counted, GradeReported
	return r
}

func fill(t testing.TB, v reflect.Value) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)))
		return
	case Ops:
		v.Set(reflect.ValueOf(Ops{7, 9}))
		return
	case Bound:
		v.Set(reflect.ValueOf(Known(Ops{7, 9})))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text with <, > & more")
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString("a-run-or-a-text")
		}
	case reflect.Uint64:
		v.SetUint(12)
	case reflect.Int, reflect.Int64:
		v.SetInt(34)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
		v.Set(v.Slice(0, 1))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	default:
		t.Fatalf("fill: no value for a %s", v.Type())
	}
}

// The short cut reads every field that a record has, and what it reads is what
// the long way reads.
func TestShortCutReadsEveryField(t *testing.T) {
	for _, r := range []Record{filled(t), sampleRecord(), {Schema: RecordSchema, Model: "a/b@1", Run: "r", Activity: Inference, Weights: WeightsKept,
		Operations: Unbounded(NewOps(1)), Method: NoMethod, Grade: GradeDeclared, Outcome: NeverStarted}} {
		data, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		short, ok := readCanonical(data)
		if !ok {
			t.Fatalf("the short cut gave up on %s", data)
		}
		if long, err := parseRecord(data); err != nil || !reflect.DeepEqual(short, long) {
			t.Fatalf("%v: the short cut read %+v, the long way %+v", err, short, long)
		}
	}
}

// Whatever is done to a record, the short cut reads nothing that the long way
// refuses or reads otherwise.
func TestShortCutAgrees(t *testing.T) {
	good, err := filled(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	pieces := bytes.FieldsFunc(good, func(r rune) bool { return r == ',' })
	read := 0
	for range 60_000 {
		data := bytes.Clone(good)
		switch at := rng.IntN(len(data)); rng.IntN(5) {
		case 0:
			data[at] = byte(rng.IntN(128))
		case 1:
			data = append(data[:at], data[at+1:]...)
		case 2:
			data = append(append(bytes.Clone(data[:at]), []byte(`0",:[]{}\n1a`)[rng.IntN(12)]), data[at:]...)
		case 3:
			data = bytes.Replace(data, append([]byte(","), pieces[rng.IntN(len(pieces))]...), nil, 1)
		case 4:
			data = bytes.Replace(data, pieces[rng.IntN(len(pieces))], pieces[rng.IntN(len(pieces))], 1)
		}
		if agrees(t, data) {
			read++
		}
	}
	if read < 1000 {
		t.Errorf("only %d of the changed records were read: the test has nothing to compare", read)
	}
}

// agrees holds the short cut against the long way and reports whether it read data.
func agrees(t *testing.T, data []byte) bool {
	short, ok := readCanonical(data)
	if !ok {
		return false
	}
	if long, err := parseRecord(data); err != nil || !reflect.DeepEqual(short, long) {
		t.Fatalf("%s: the short cut read %+v, the long way %+v (%v)", data, short, long, err)
	}
	return true
}

func FuzzShortCut(f *testing.F) {
	for _, r := range []Record{filled(f), sampleRecord()} {
		data, err := r.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { agrees(t, data) })
}

// BenchmarkParseRecord prints how many times the long way the short cut takes.
func BenchmarkParseRecord(b *testing.B) {
	data, err := filled(b).Encode()
	if err != nil {
		b.Fatal(err)
	}
	begin := time.Now()
	for range b.N {
		if _, err := parseRecord(data); err != nil {
			b.Fatal(err)
		}
	}
	long := time.Since(begin)
	b.ResetTimer()
	for range b.N {
		if _, err := ParseRecord(data); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/long.Seconds(), "x-of-long-way")
}
