package trainlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/weighbridge/weighbridge/meter"
)

// mixed is a log with everything that can go wrong in it, without an end.
func mixed() string {
	return "Overriding: out_dir = out\r\n" + start(4096) + "number of parameters: 0.80M\n" + iter(0) +
		"weighbridge-report {\"step\":0,\"tokens\":\"4096\",\"operations\":\"1000000\"}\n" +
		" 10%|\u2588  | 1/10\r 20%|\u2588\u2588 | 2/10\r\n\r\r\n\n" + iter(10) + "\x1b[31mwarning\x1b[0m: \xff\xfe\n" +
		strings.Repeat("x", MaxLine+5) + "\n" + start(8192) + iter(5) + "{'loss': 1.5, 'epoch': 0.5}\n" + iter(15) +
		"weighbridge-report {\"tokens\":\"90000\",\"activity\":\"evaluation\"}\nweighbridge-report {broken}\n" + strings.TrimSpace(iter(25))
}

// TestAnyChunkingGivesTheSame: the same bytes in random pieces, with snapshots
// in between, give the same observation, figures and digest.
func TestAnyChunkingGivesTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	texts := []string{mixed(), strings.ReplaceAll(sample(t, "hf_stdout.log"), "\n", "\r\n"), "\r\n\r\n"}
	for file := range formatOf {
		texts = append(texts, sample(t, file), strings.ReplaceAll(mixed(), strings.Repeat("x", MaxLine), "")+"\n"+sample(t, file))
	}
	for _, text := range texts {
		whole := encoded(t, read(t, "", text))
		for round := range 12 {
			r := read(t, "", "")
			for rest := text; rest != ""; {
				n := min(len(rest), 1+rng.IntN(1+rng.IntN(200)))
				if round == 0 {
					n = 1
				}
				r.Write([]byte(rest[:n]))
				rest = rest[n:]
				if rng.IntN(20) == 0 {
					r.Observation()
				}
			}
			if got := encoded(t, r); got != whole {
				t.Fatalf("round %d:\n got %s\nwant %s", round, got, whole)
			}
		}
	}
}

func encoded(t *testing.T, r *Reader) string {
	t.Helper()
	data, err := json.Marshal(struct{ Observation, Figures any }{r.Observation(), r.Figures()})
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestMixedLog: the log above, by hand.
func TestMixedLog(t *testing.T) {
	o := read(t, "", mixed()).Observation()
	want := "nanogpt last 25 every 10 steps 26/32 tokens 8192: 192512/217088 lines 20 unread 7 " +
		"[log-line-too-long log-batch-changed log-rollback log-two-formats report-malformed]"
	if got := view(o); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	for _, f := range o.Findings {
		t.Logf("%s: %s", f.Code, f.Message)
	}
}

// TestSnapshotIsACopy: what was handed out does not change, and a snapshot in
// the middle of a line consumes nothing.
func TestSnapshotIsACopy(t *testing.T) {
	r := read(t, "", start(100)+iter(0)+"weighbridge-report {\"operations\":\"5\"}\n"+strings.TrimSpace(iter(10)))
	first := r.Observation()
	before := view(first) + first.Reported[0].Operations.String()
	if first.LastStep == nil || *first.LastStep != 10 {
		t.Errorf("the whole last line is not read: %s", before)
	}
	r.Write([]byte("\n" + iter(20) + "weighbridge-report {\"operations\":\"7\"}\n"))
	if after := view(first) + first.Reported[0].Operations.String(); after != before {
		t.Errorf("a snapshot changed:\n%s\n%s", before, after)
	}
	second := r.Observation()
	if *second.StepsExecuted != 21 || second.Reported[0].Operations.String() != "7" {
		t.Error(view(second))
	}
}

// TestDigestOfLines: the digest covers exactly the lines that figures came from
// (D1), with their offsets, as they stood (D2, D3).
func TestDigestOfLines(t *testing.T) {
	noise, one, two := "noise\n", "\x1b[1m"+start(100), iter(0)
	text := noise + one + noise + two + two // again, as another rank would
	h := sha256.New()
	for _, line := range []string{one, two} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(strings.Index(text, line))))
		h.Write([]byte(line)) // the newline is part of it
	}
	o := read(t, "", text).Observation()
	if want := "sha256:" + hex.EncodeToString(h.Sum(nil)); o.LinesDigest != want {
		t.Errorf("digest %s, want %s", o.LinesDigest, want)
	}
	if o.FirstOffset != int64(len(noise)) || o.EndOffset != int64(len(text)-len(two)-1) {
		t.Errorf("offsets %d to %d in %d bytes", o.FirstOffset, o.EndOffset, len(text))
	}
	if o := read(t, "", noise).Observation(); o.LinesDigest != "" || o.EndOffset != 0 {
		t.Errorf("nothing was used, yet %+v", o)
	}
}

// TestLost (D4): the torn line is not read, offsets go on, the numbers after the gap
// prove the steps in it, and the gap is no log interval.
func TestLost(t *testing.T) {
	r := read(t, "", start(100)+iter(0)+iter(10)+"iter 2")
	r.Lost(1000)
	r.Write([]byte("iter 90: loss 1, time 1ms, mfu 1%\n" + iter(100)))
	o := r.Observation()
	if got, want := view(o), "nanogpt last 100 every 10 steps 101/101 tokens 100: 10100/10100 lines 5 unread 1 [log-lost-bytes]"; got != want || o.Lost != 1000 {
		t.Errorf("%d lost\n got %s\nwant %s", o.Lost, got, want)
	}
	if written := int64(len(start(100)+iter(0)+iter(10)+"iter 2"+"iter 90: loss 1, time 1ms, mfu 1%\n"+iter(100)) + 1000 - 1); o.EndOffset != written {
		t.Errorf("end offset %d, want %d", o.EndOffset, written)
	}
	r.Lost(1 << 63)
	r.Lost(1 << 63)
	r.Lost(1 << 63)
	r.Lost(0)
	if o := r.Observation(); o.Lost != 1<<64-1 || o.EndOffset < 0 {
		t.Errorf("%+v", o)
	}
}

// TestForcedFormats: a named format reads itself only, "none" no format,
// another name is refused with the list.
func TestForcedFormats(t *testing.T) {
	both := iter(0) + "{'loss': 1.5, 'epoch': 0.5}\nweighbridge-report {\"operations\":\"5\"}\n"
	for _, c := range []struct{ format, want string }{
		{"auto", "nanogpt last 0 every - steps 1/1 tokens -: -/- lines 3 unread 1 [log-two-formats]"},
		{"nanogpt", "nanogpt last 0 every - steps 1/1 tokens -: -/- lines 3 unread 1 []"},
		{"hf", "hf last - every - steps -/- tokens -: -/- lines 3 unread 1 []"},
		{"none", " last - every - steps -/- tokens -: -/- lines 3 unread 2 []"},
	} {
		o := read(t, c.format, both).Observation()
		if got := view(o); got != c.want || len(o.Reported) != 1 {
			t.Errorf("%s:\n got %s, %d reports\nwant %s", c.format, got, len(o.Reported), c.want)
		}
	}
	o := read(t, "hf", iter(0)).Observation()
	if view(o) != " last - every - steps -/- tokens -: -/- lines 1 unread 1 [log-format-not-met]" {
		t.Error(view(o))
	}
	_, err := NewReader(Options{Format: "toml"})
	if err == nil || !strings.Contains(err.Error(), `"toml" is not known: expected auto, amd-exporter, aws-flops-meter, axolotl, `) {
		t.Error(err)
	}
	if !slices.IsSorted(Formats()) || len(Formats()) < 2 {
		t.Error(Formats())
	}
}

// TestReports: our own line, by hand; the rules are those of SPEC.md. A broken
// line says nothing (W9).
func TestReports(t *testing.T) {
	type want struct{ reported, codes string }
	const mark = "weighbridge-report "
	for _, c := range []struct {
		name, log string
		want      want
	}{
		{"W4, one", mark + `{"step":3,"tokens":"10","operations":"99"}`, want{"[ 99 10 3]", "[]"}},
		{"W3, big numbers stay exact", mark + `{"operations":"100000000000000000000000001"}`, want{"[ 100000000000000000000000001 - -]", "[]"}},
		{"W5, by activity", mark + `{"operations":"9"}` + "\n" + mark + `{"operations":"5","activity":"evaluation"}`, want{"[ 9 - -][evaluation 5 - -]", "[]"}},
		{"W7, cumulative", mark + `{"operations":"9","step":1}` + "\n" + mark + `{"operations":"12","step":2}`, want{"[ 12 - 2]", "[]"}},
		{"again", mark + `{"operations":"9","step":1}` + "\n" + mark + `{"operations":"9","step":1}`, want{"[ 9 - 1]", "[]"}},
		{"figures apart", mark + `{"operations":"9"}` + "\n" + mark + `{"tokens":"4"}`, want{"[ 9 4 -]", "[]"}},
		{"W2, white space, any order", mark + `{ "tokens" : "4", "step": 1 }  `, want{"[ - 4 1]", "[]"}},
		{"escaped key", mark + `{"t\u006fkens":"4"}`, want{"[ - 4 -]", "[]"}},
		{"W1, behind a progress bar", "50%|## |" + mark + `{"tokens":"4"}`, want{"[ - 4 -]", "[]"}},
		{"W1, coloured", "\x1b[2m" + mark + `{"tokens":"4"}` + "\x1b[0m", want{"[ - 4 -]", "[]"}},
		{"W5, empty activity", mark + `{"tokens":"4","activity":""}`, want{"[ - 4 -]", "[]"}},
		{"W7, decreasing", mark + `{"operations":"9"}` + "\n" + mark + `{"operations":"8"}`, want{"[ 9 - - <= 17/-]", "[report-decreased]"}},
		{"W7, begun anew twice", mark + `{"operations":"9","tokens":"5"}` + "\n" + mark + `{"operations":"4","tokens":"6"}` + "\n" + mark + `{"operations":"7"}` + "\n" + mark + `{"operations":"1","tokens":"2"}`,
			want{"[ 9 6 - <= 17/8]", "[report-decreased]"}},
		{"W7, more than any job", mark + `{"operations":"1000000000000000000000000000000000"}` + "\n" + mark + `{"operations":"7"}`,
			want{"[ 1000000000000000000000000000000000 - - <= 1000000000000000000000000000000000/-]", "[report-decreased]"}},
		{"step goes back", mark + `{"operations":"9","step":5}` + "\n" + mark + `{"operations":"10","step":4}`, want{"[ 10 - 5]", "[report-decreased]"}},
		{"W7, two figures for one step", mark + `{"operations":"9","step":1}` + "\n" + mark + `{"operations":"8","step":1}`, want{"[ 9 - 1 <= 17/-]", "[report-contradiction]"}},
		{"two figures for one step, larger", mark + `{"operations":"9","step":1}` + "\n" + mark + `{"operations":"10","step":1}`, want{"[ 10 - 1]", "[report-contradiction]"}},
		{"W10, too long", mark + `{"operations":"1"` + strings.Repeat(" ", MaxLine) + `}`, want{"", "[log-line-too-long]"}},
		{"W8, above any job", mark + `{"operations":"1000000000000000000000000000000001"}`, want{"", "[report-absurd]"}},
		{"W8, absurd step", mark + `{"operations":"1","step":1000000000000001}`, want{"", "[report-absurd]"}},
		{"W8, absurd tokens", mark + `{"tokens":"1000000000000000001"}`, want{"", "[report-absurd]"}},
		{"W3, negative", mark + `{"operations":"-1"}`, want{"", "[report-malformed]"}},
		{"W4, negative step", mark + `{"operations":"1","step":-1}`, want{"", "[report-malformed]"}},
		{"W4, fractional step", mark + `{"operations":"1","step":1.5}`, want{"", "[report-malformed]"}},
		{"W3, number without quotes", mark + `{"operations":5}`, want{"", "[report-malformed]"}},
		{"W3, exponent", mark + `{"operations":"1e5"}`, want{"", "[report-malformed]"}},
		{"W3, leading zero", mark + `{"operations":"05"}`, want{"", "[report-malformed]"}},
		{"above 128 bits", mark + `{"operations":"340282366920938463463374607431768211456"}`, want{"", "[report-malformed]"}},
		{"W2, null", mark + `{"operations":null,"tokens":"4"}`, want{"", "[report-malformed]"}},
		{"W11, documents", mark + `{"tokens":"9","documents":"2","squared_lengths":"41"}`, want{"[ - 9 - 2/41]", "[]"}},
		{"W7, documents decreasing", mark + `{"tokens":"9","documents":"2","squared_lengths":"41"}` + "\n" + mark + `{"tokens":"9","documents":"1","squared_lengths":"81"}`,
			want{"[ - 9 - 2/81]", "[report-decreased]"}},
		{"W7, two sums for one step", mark + `{"step":1,"tokens":"9","documents":"2","squared_lengths":"41"}` + "\n" + mark + `{"step":1,"tokens":"9","documents":"2","squared_lengths":"45"}`,
			want{"[ - 9 1 2/45]", "[report-contradiction]"}},
		{"W11, one without the other", mark + `{"tokens":"9","documents":"2"}`, want{"", "[report-malformed]"}},
		{"W11, no tokens", mark + `{"documents":"2","squared_lengths":"41"}`, want{"", "[report-malformed]"}},
		{"W8, absurd squares", mark + `{"tokens":"9","documents":"2","squared_lengths":"1000000000000000000000000000000000001"}`, want{"", "[report-absurd]"}},
		{"W8, absurd documents", mark + `{"tokens":"9","documents":"1000000000000000001","squared_lengths":"1"}`, want{"", "[report-absurd]"}},
		{"W6, nothing stated", mark + `{"step":4}`, want{"", "[report-malformed]"}},
		{"W6, empty", mark + `{}`, want{"", "[report-malformed]"}},
		{"W2, unknown key", mark + `{"operations":"1","flops":"2"}`, want{"", "[report-malformed]"}},
		{"W2, duplicate key", mark + `{"operations":"1","operations":"2"}`, want{"", "[report-malformed]"}},
		{"duplicate key, escaped", mark + `{"operations":"1","oper\u0061tions":"2"}`, want{"", "[report-malformed]"}},
		{"W2, key in another case", mark + `{"Operations":"1"}`, want{"", "[report-malformed]"}},
		{"W5, unknown activity", mark + `{"operations":"1","activity":"training"}`, want{"", "[report-malformed]"}},
		{"W1, bytes after it", mark + `{"operations":"1"} x`, want{"", "[report-malformed]"}},
		{"W1, two objects", mark + `{"operations":"1"}{"operations":"2"}`, want{"", "[report-malformed]"}},
		{"nested", mark + `{"operations":{"a":"1"}}`, want{"", "[report-malformed]"}},
		{"deep", mark + `{"operations":` + strings.Repeat("[", 20000), want{"", "[report-malformed]"}},
		{"W1, not an object", mark + `["operations"]`, want{"", "[report-malformed]"}},
		{"only the word", "weighbridge-report", want{"", "[]"}},
	} {
		o := read(t, "", c.log+"\n").Observation()
		var got want
		for _, r := range o.Reported {
			parts := []string{string(r.Activity), "-", "-", "-"}
			if r.Operations != nil {
				parts[1] = r.Operations.String()
			}
			if r.Tokens != nil {
				parts[2] = r.Tokens.String()
			}
			if r.Step != nil {
				parts[3] = strings.TrimSpace(string(must(json.Marshal(*r.Step))))
			}
			if r.OperationsExecuted != nil || r.TokensExecuted != nil {
				parts = append(parts, fmt.Sprintf("<= %s/%s", text0(r.OperationsExecuted), text0(r.TokensExecuted)))
			}
			if r.Documents != nil {
				parts = append(parts, r.Documents.String()+"/"+r.SquaredLengths.String())
			}
			got.reported += "[" + strings.Join(parts, " ") + "]"
		}
		codes := []string{}
		for _, f := range o.Findings {
			codes = append(codes, f.Code)
		}
		got.codes = "[" + strings.Join(codes, " ") + "]"
		if got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	if o := read(t, "", `weighbridge-report {"operations":"1`).Observation(); len(o.Findings) != 0 || o.Reported != nil {
		t.Errorf("a line that is still being written is a finding: %+v", o)
	}
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}

// TestMemoryIsBounded: 300 MB without a newline, and more pieces of steps
// than are kept.
func TestMemoryIsBounded(t *testing.T) {
	r := read(t, "", iter(0))
	block := bytes.Repeat([]byte("iter "), 200_000)
	for range 300 {
		r.Write(block)
	}
	if cap(r.pending) > 2*MaxLine {
		t.Errorf("%d bytes are held", cap(r.pending))
	}
	r.Write([]byte("\n" + iter(10)))
	if got, want := view(r.Observation()), "nanogpt last 10 every 10 steps 11/11 tokens -: -/- lines 3 unread 1 [log-line-too-long]"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	r = read(t, "", "")
	for i := range 2 * maxSegments {
		r.Write([]byte(iter(10_000_000 - 3*i))) // back each time
	}
	o := r.Observation()
	if *o.StepsExecuted != 2*maxSegments || *o.StepsCommitted > maxSegments+1 || o.Findings[len(o.Findings)-1].Code != Fragmented {
		t.Error(view(o))
	}
}

// FuzzReader: no input panics, every split gives the same, what is committed is
// within what was executed, and counts never disagree with each other.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{mixed(), "\r\n", "weighbridge-report {\"step\":1,\"tokens\":\"2\"}"} {
		f.Add([]byte(seed), uint16(7))
	}
	for file := range formatOf {
		f.Add([]byte(sample(f, file)), uint16(100))
	}
	f.Fuzz(func(t *testing.T, data []byte, cut uint16) {
		whole := read(t, "", string(data))
		parts := read(t, "", "")
		at := min(int(cut), len(data))
		parts.Write(data[:at])
		parts.Observation()
		parts.Write(data[at:])
		o := whole.Observation()
		if a, b := encoded(t, whole), encoded(t, parts); a != b {
			t.Fatalf("cut at %d:\n%s\n%s", at, a, b)
		}
		if o.Unread > o.Lines || o.EndOffset > int64(len(data)) || o.FirstOffset > o.EndOffset {
			t.Fatalf("%+v", o)
		}
		figuresAreSound(t, whole)
		if o.StepsCommitted != nil && (*o.StepsCommitted > *o.StepsExecuted || *o.StepsCommitted == 0) {
			t.Fatalf("%+v", o)
		}
		if o.TokensCommitted != nil && o.Format == "nanogpt" && o.TokensExecuted != nil && o.TokensCommitted.Cmp(*o.TokensExecuted) > 0 {
			t.Fatalf("%+v", o)
		}
	})
}

// figuresAreSound: every figure is legal JSON under a name that stands once, and
// a count is a whole number.
func figuresAreSound(t *testing.T, r *Reader) {
	t.Helper()
	names := map[string]bool{}
	for _, f := range r.Figures() {
		data, err := json.Marshal(f)
		if err != nil || names[f.Name] {
			t.Fatalf("%+v: %s, %v", f, data, err)
		}
		names[f.Name] = true
		if _, err := meter.ParseOps(f.Text); f.Kind == Count && (err != nil || strings.Trim(f.Text, "0123456789") != "") {
			t.Fatalf("%+v: %v", f, err)
		}
	}
}

// FuzzFormat reads anything under each forced name.
func FuzzFormat(f *testing.F) {
	names := Formats()
	for i, name := range names {
		for file, format := range formatOf {
			if format == name {
				f.Add([]byte(sample(f, file)), uint8(i))
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, which uint8) {
		r := readAs(t, Options{Format: names[int(which)%len(names)], Name: "run/metrics/total_flos"}, string(data))
		o := r.Observation()
		if o.Unread > o.Lines {
			t.Fatalf("%+v", o)
		}
		figuresAreSound(t, r)
	})
}

// FuzzEvents: event files whose frames hold whatever their contents.
func FuzzEvents(f *testing.F) {
	f.Add([]byte("\x10\x0a\x2a\x0f\x0a\x0d\x0a\x06tflops\x15\x00\x00\xb9C"))
	f.Add([]byte("\x2a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"))
	f.Fuzz(func(t *testing.T, data []byte) {
		head := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
		text := binary.LittleEndian.AppendUint32(head, masked(crc32.Checksum(head, castagnoli())))
		text = binary.LittleEndian.AppendUint32(append(text, data...), masked(crc32.Checksum(data, castagnoli())))
		r := read(t, "", string(text)+string(text))
		figuresAreSound(t, r)
		if got := values(r)["records"]; r.Observation().Format == eventFormat && got != "2" {
			t.Fatalf("%s records", got)
		}
	})
}

// FuzzObject: what is taken for an object of JSON agrees with encoding/json on
// its members, wherever it is cut.
func FuzzObject(f *testing.F) {
	for _, file := range []string{"hf_trainer_state.json", "aws_flops_meter.json", "wandb/wandb-metadata.json"} {
		f.Add([]byte(sample(f, file)), uint16(50))
	}
	f.Add([]byte(`{"a": [1, {"b": "\"}"}], "c": -1e5}`), uint16(3))
	f.Fuzz(func(t *testing.T, data []byte, cut uint16) {
		if len(data) == 0 || data[0] != '{' || !utf8.Valid(data) { // encoding/json replaces what is not UTF-8
			return
		}
		var whole, parts objectScanner
		whole.begin()
		whole.feed(data)
		parts.begin()
		at := min(int(cut), len(data))
		parts.feed(data[:at])
		parts = parts.clone()
		parts.feed(data[at:])
		if whole.done != parts.done || whole.failed != parts.failed || len(whole.got) != len(parts.got) {
			t.Fatalf("cut at %d: %+v, %+v", at, whole, parts)
		}
		var members map[string]json.RawMessage
		if json.Unmarshal(data, &members) != nil {
			return
		}
		if whole.failed || !whole.done {
			if depth(data) < maxDepth {
				t.Fatalf("%q is JSON and was not read", data)
			}
			return
		}
		if strings.ContainsAny(string(data), "\\") || len(members) != len(whole.got) {
			return // a key twice, or spelt with escapes
		}
		for key, raw := range members {
			m, found := whole.got.find(key)
			if scalar := raw[0] != '{' && raw[0] != '['; scalar && len(raw) <= maxScalar && len(key) <= maxKey && (!found || strings.Trim(string(raw), `"`) != strings.Trim(string(m.value), `"`)) {
				t.Fatalf("%q: %s is %q, want %s", data, key, m.value, raw)
			}
		}
	})
}

func depth(data []byte) int {
	return bytes.Count(data, []byte("[")) + bytes.Count(data, []byte("{"))
}

// TestEveryCut: a sample cut off at any byte shows no more than the whole one.
func TestEveryCut(t *testing.T) {
	cuts := 0
	for file, format := range formatOf {
		text := sample(t, file)
		full := readAs(t, Options{Name: file}, text).Observation()
		for at := range len(text) {
			cuts++
			r := readAs(t, Options{Format: format, Name: file}, text[:at])
			o := r.Observation()
			if o.StepsExecuted != nil && (full.StepsExecuted == nil || *o.StepsExecuted > *full.StepsExecuted) && format != "nemo" {
				t.Fatalf("%s cut at %d: %s", file, at, view(o))
			}
			if o.TokensExecuted != nil && (full.TokensExecuted == nil || o.TokensExecuted.Cmp(*full.TokensExecuted) > 0) && format != "nemo" {
				t.Fatalf("%s cut at %d: %s", file, at, view(o))
			}
			figuresAreSound(t, r)
		}
	}
	t.Logf("%d cuts", cuts)
	if cuts < 10_000 {
		t.Errorf("%d cuts", cuts)
	}
}

// FuzzReport: a report that is accepted says what it says twice the same.
func FuzzReport(f *testing.F) {
	f.Add([]byte(`{"step":1,"tokens":"2","operations":"3","activity":"evaluation"}`))
	f.Add([]byte(`{"operations":"1","operations":"2"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		report, err := parseReport(data)
		if err != nil {
			return
		}
		again, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		back, err := parseReport(again)
		if err != nil || encodedReport(back) != encodedReport(report) {
			t.Fatalf("%s became %s: %v", data, again, err)
		}
	})
}

func encodedReport(v any) string { return string(must(json.Marshal(v))) }

func text0(o *meter.Ops) string {
	if o == nil {
		return "-"
	}
	return o.String()
}
