package wrap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weighbridge/weighbridge/meter"
)

// sample returns a journal's bytes: head, three segments, end.
func sample(t testing.TB) []byte {
	t.Helper()
	start := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	h := testHead()
	h.Schema, h.Start, h.Command, h.Process = JournalSchema, start, []string{"python", "train.py", "<a&b>", "not\xffutf8"}, Process{"node-1", 42, true}
	h.Parents = []meter.Parent{{Model: "acme/base@1", Relation: meter.FineTunes}}
	out, err := encodeLine(h)
	if err != nil {
		t.Fatal(err)
	}
	for i := range uint64(3) {
		step := 10 * i
		line, err := encodeLine(segment{Segment: i + 1, Time: start.Add(time.Duration(i+1) * 5 * time.Second), Observed: meter.Observation{Format: "nanogpt", Lines: i, LastStep: &step}})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, line...)
	}
	line, err := encodeLine(ending{meter.Failed, start.Add(20 * time.Second), 3})
	if err != nil {
		t.Fatal(err)
	}
	return append(out, line...)
}

// TestJournalReads (J1, J5, J6): what was written comes back, and a cut at any
// byte loses no complete line.
func TestJournalReads(t *testing.T) {
	good := sample(t)
	whole, err := readJournal(bytes.NewReader(good))
	if err != nil || whole.Outcome != meter.Failed || *whole.ExitCode != 3 || whole.Segments != 3 || *whole.Observation.LastStep != 20 {
		t.Fatalf("%+v %v", whole, err)
	}
	head := bytes.IndexByte(good, '\n') + 1
	for n := range len(good) {
		j, err := readJournal(bytes.NewReader(good[:n]))
		if n < head {
			if err == nil || !strings.Contains(err.Error(), "head") {
				t.Fatalf("cut at %d: %v", n, err)
			}
			continue
		}
		complete := bytes.LastIndexByte(good[:n], '\n') + 1
		segments := uint64(bytes.Count(good[:n], []byte("\n"))) - 1
		if err != nil || j.Outcome != meter.Interrupted || j.Segments != segments || j.Torn != int64(n-complete) {
			t.Fatalf("cut at %d: %+v %v", n, j, err)
		}
		// A crash of the machine may leave zeros where the last block was to be.
		zeros := append(slices.Clone(good[:n]), make([]byte, 40)...)
		if j, err := readJournal(bytes.NewReader(zeros)); err != nil || j.Segments != segments {
			t.Fatalf("cut at %d, then zeros: %+v %v", n, j, err)
		}
	}
}

// TestJournalCorruptions (J2, J3, J4, J5, J6, J8): one change each; the error names the line.
func TestJournalCorruptions(t *testing.T) {
	good := string(sample(t))
	cases := []struct{ name, old, new, want string }{
		{"unknown-field-head", `{"schema"`, `{"x":1,"schema"`, "line 1: head"},
		{"unknown-field-segment", `{"segment":2,`, `{"segment":2,"x":1,`, "line 3: segment"},
		{"unknown-field-observation", `"lines":1,`, `"lines":1,"x":1,`, "line 3: segment"},
		{"unknown-field-end", `{"end":"failed",`, `{"end":"failed","x":1,`, "line 5: end"},
		{"duplicate-key", `{"segment":2,`, `{"segment":2,"segment":2,`, "line 3"},
		{"key-in-other-case", `"lines":1`, `"LINES":1`, "line 3"},
		{"white-space", `"lines":1`, `"lines": 1`, "line 3"},
		{"trailing-bytes", `"exit_code":3}`, `"exit_code":3} `, "line 5"},
		{"html-escape", `<a&b>`, `\u003ca&b>`, "line 1"},
		{"schema", `journal/v1`, `journal/v2`, "another version"},
		{"model", `acme/atlas@1`, `atlas`, "line 1"},
		{"activity", `"pretraining"`, `"training"`, "line 1"},
		{"relation-unknown-key", `"relation":`, `"relations":`, "line 1"},
		{"settings-not-an-object", `"settings":{"tokens":"12"}`, `"settings":[1]`, "expected an object"},
		{"start-not-utc", `"start":"2026-11-24T06:00:00Z"`, `"start":"2026-11-24T06:00:00+01:00"`, "UTC"},
		{"segment-repeated", `{"segment":2,`, `{"segment":1,`, "expected segment 2"},
		{"segment-missing", `{"segment":2,`, `{"segment":4,`, "expected segment 2"},
		{"segment-negative", `{"segment":2,`, `{"segment":-2,`, "line 3"},
		{"outcome", `"failed"`, `"interrupted"`, "line 5"},
		{"outcome-and-code", `"failed"`, `"finished"`, "line 5"},
		{"code-range", `"exit_code":3`, `"exit_code":300`, "line 5"},
		{"garbage-line", `{"segment":2,`, `segment 2 {`, "expected a segment or the end"},
		{"zeros-inside", `"lines":1`, "\x00\x00\x00\x00\x00\x00\x00\x00\x00", "zero bytes"},
		{"not-json", `{"segment":2,"time"`, `{"segment":2,"time`, "line 3"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			bad := strings.Replace(good, c.old, c.new, 1)
			if bad == good {
				t.Fatalf("%q is not in the journal", c.old)
			}
			if _, err := readJournal(strings.NewReader(bad)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
	for name, bad := range map[string]string{
		"after-the-end": good + good[strings.Index(good, `{"segment":1`):],
		"two-heads":     good[:strings.Index(good, "\n")+1] + good,
		"empty":         "",
		"long-line":     good + strings.Repeat("x", maxLine+10),
	} {
		if _, err := readJournal(strings.NewReader(bad)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// TestSpecExample (J1): the example of SPEC.md is a journal.
func TestSpecExample(t *testing.T) {
	text, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "```json\n")
	example, _, found := strings.Cut(after, "```")
	if !found {
		t.Fatal("SPEC.md has no example")
	}
	j, err := readJournal(strings.NewReader(example))
	if err != nil || j.Outcome != meter.Signalled || j.Segments != 2 || *j.ExitCode != 137 {
		t.Errorf("%+v %v", j, err)
	}
	for _, key := range keysOf(t, Head{
		Run: "r", Weights: "kept", Parents: []meter.Parent{{}}, Generator: "a/b@1", DataPublished: new(bool), Host: &meter.Host{},
		Hardware: []meter.Device{{}}, Evidence: []meter.Evidence{{}}, Findings: []meter.Finding{{}}, Settings: json.RawMessage("{}"),
	}) {
		if !strings.Contains(string(text), "`"+key+"`") {
			t.Errorf("SPEC.md does not describe the key %s", key)
		}
	}
}

func keysOf(t *testing.T, v any) (keys []string) {
	t.Helper()
	line, err := encodeOnce(v)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(line, &object); err != nil {
		t.Fatal(err)
	}
	for key := range object {
		keys = append(keys, key)
	}
	return keys
}

// TestEveryMustIsTested: each rule of SPEC.md is cited by a test.
func TestEveryMustIsTested(t *testing.T) {
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	tests, err := os.ReadFile("journal_test.go")
	if err != nil {
		t.Fatal(err)
	}
	rules := regexp.MustCompile(`\*\*(J\d+)\*\*`).FindAllSubmatch(spec, -1)
	if len(rules) == 0 {
		t.Fatal("SPEC.md has no rules")
	}
	for _, rule := range rules {
		if !regexp.MustCompile(`\(.*\b` + string(rule[1]) + `\b.*\)`).Match(tests) {
			t.Errorf("no test cites %s", rule[1])
		}
	}
}

// TestJournals (J9): who lives is told by the lock, and by age where a lock
// proves nothing.
func TestJournals(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	good := string(sample(t))
	open := good[:strings.Index(good, `{"end":`)]
	here := strings.NewReplacer(`"host":"node-1"`, `"host":"`+host+`"`)
	unlocked := strings.NewReplacer(`"locked":true`, `"locked":false`)
	for _, c := range []struct {
		name, text string
		age        time.Duration
		live       bool
	}{
		{"here-young", here.Replace(open), 0, false}, // its lock would be seen
		{"elsewhere-young", open, time.Minute, true},
		{"elsewhere-old", open, 6 * time.Minute, false},
		{"elsewhere-complete", good, 0, false},
		{"here-without-locks-young", unlocked.Replace(here.Replace(open)), time.Minute, true},
		{"here-without-locks-old", unlocked.Replace(here.Replace(open)), 6 * time.Minute, false},
		{"no-head", "", 0, false},
		{"damaged", "x\n", 0, false},
	} {
		path := filepath.Join(dir, c.name+JournalSuffix)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now.Add(-c.age), now.Add(-c.age)); err != nil {
			t.Fatal(err)
		}
		refs, err := Journals(dir, now)
		if err != nil || len(refs) != 1 || refs[0].Path != path || refs[0].Live != c.live || refs[0].Why == "" {
			t.Errorf("%s: %+v %v, expected live %t", c.name, refs, err, c.live)
		}
		os.Remove(path)
	}
	for _, other := range []string{"notes.txt", ".run.new"} {
		if err := os.WriteFile(filepath.Join(dir, other), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "d"+JournalSuffix), 0o700); err != nil {
		t.Fatal(err)
	}
	if refs, err := Journals(dir, now); err != nil || len(refs) != 0 {
		t.Errorf("%+v %v", refs, err)
	}
	if refs, err := Journals(filepath.Join(dir, "none"), now); err != nil || refs != nil {
		t.Errorf("%+v %v", refs, err)
	}
}

// TestHeartbeat (J7): an unchanged observation is written again after a minute,
// not before.
func TestHeartbeat(t *testing.T) {
	start := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	h := testHead()
	h.Schema, h.Start, h.Command = JournalSchema, start, []string{"x"}
	j, err := createJournal(t.TempDir(), h)
	if err != nil {
		t.Fatal(err)
	}
	defer j.file.Close()
	for _, c := range []struct {
		after    time.Duration
		lines    uint64
		segments uint64
	}{{5, 1, 1}, {10, 1, 1}, {60, 1, 1}, {66, 1, 2}, {70, 2, 3}, {75, 2, 3}, {131, 2, 4}} {
		if err := j.observe(meter.Observation{Lines: c.lines}, Usage{}, start.Add(c.after*time.Second)); err != nil || j.segments != c.segments {
			t.Errorf("after %d s: %d segments, expected %d: %v", c.after, j.segments, c.segments, err)
		}
	}
	os.Remove(j.path)
	if err := j.observe(meter.Observation{Lines: 3}, Usage{}, start.Add(time.Hour)); err == nil || !strings.Contains(err.Error(), "removed") {
		t.Errorf("a removed journal went unnoticed: %v", err)
	}
}

// TestKilledSupervisor (J6, J10): the child goes on and its output is whole; the
// journal holds all but the last moments and reads as interrupted.
func TestKilledSupervisor(t *testing.T) {
	cmd, p := setup(t, plan{Interval: 50 * time.Millisecond}, self("role-steps", "60", "10ms", "0")...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var out []byte
	done := make(chan bool)
	go func() { out = readAll(stdout); close(done) }()
	var before Journal
	eventually(t, "some segments", func() bool {
		if refs, _ := Journals(p.JournalDir, time.Now()); len(refs) == 1 {
			before = p.journal(t)
		}
		return before.Segments >= 3
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-done // when the relay has passed on everything
	cmd.Wait()
	var want strings.Builder
	for i := range 60 {
		fmt.Fprintf(&want, "step %d\n", i+1)
	}
	if string(out) != want.String() {
		t.Errorf("%d bytes of output, expected %d", len(out), want.Len())
	}
	j := p.journal(t)
	if p.journalRef(t).Live || j.Outcome != meter.Interrupted || j.ExitCode != nil || j.Segments < before.Segments {
		t.Errorf("%+v", j)
	}
	if j.Observation.LastStep == nil || *j.Observation.LastStep < *before.Observation.LastStep {
		t.Errorf("%+v", j.Observation)
	}
}

func readAll(r interface{ Read([]byte) (int, error) }) (all []byte) {
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		all = append(all, buf[:n]...)
		if err != nil {
			return all
		}
	}
}

// TestKillAtRandomMoments (J6, J10): whenever the supervisor is killed, the
// journal reads, its segments never go back, and the child is whole.
func TestKillAtRandomMoments(t *testing.T) {
	const kills = 60
	read := 0
	for i := range kills {
		cmd, p := setup(t, plan{Interval: time.Millisecond}, self("role-steps", "20", "1ms", "0")...)
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan []byte)
		go func() { done <- readAll(stdout) }()
		if i%2 == 1 { // the others are killed at any moment from their birth on, most of them before they have a journal on a slow machine
			eventually(t, "a journal", func() bool {
				refs, err := Journals(p.JournalDir, time.Now())
				return err == nil && len(refs) == 1
			})
		}
		time.Sleep(time.Duration(rand.IntN(60)) * time.Millisecond)
		cmd.Process.Kill()
		out := <-done
		cmd.Wait()
		if n := bytes.Count(out, []byte("\n")); n != 0 && n != 20 {
			t.Errorf("kill %d: %d lines of output, expected none or all", i, n)
		}
		refs, err := Journals(p.JournalDir, time.Now())
		if err != nil || len(refs) > 1 {
			t.Fatalf("kill %d: %d journals, %v", i, len(refs), err)
		}
		for _, ref := range refs { // none: killed before it began
			if j, err := ReadJournal(ref.Path); err != nil || ref.Live {
				t.Errorf("kill %d: %+v %+v %v", i, ref, j, err)
			}
			read++
		}
	}
	if read < kills/3 {
		t.Errorf("only %d of %d kills met a journal", read, kills)
	}
}

// TestKilledGroup: SIGKILL of everything leaves a journal that reads.
func TestKilledGroup(t *testing.T) {
	cmd, p := setup(t, plan{Interval: 10 * time.Millisecond}, self("role-steps", "0", "5ms", "0")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "some segments", func() bool {
		refs, _ := Journals(p.JournalDir, time.Now())
		return len(refs) == 1 && p.journal(t).Segments > 2
	})
	unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
	cmd.Wait()
	if j := p.journal(t); j.Outcome != meter.Interrupted || p.journalRef(t).Live {
		t.Errorf("%+v", j)
	}
}

// TestKilledChild: the record is that of a signal.
func TestKilledChild(t *testing.T) {
	cmd, p := setup(t, plan{}, "sh", "-c", "echo step 4; kill -9 $$")
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 137 || string(out) != "step 4\n" {
		t.Errorf("%v %q", err, out)
	}
	if j := p.journal(t); j.Outcome != meter.Signalled || *j.ExitCode != 137 || *j.Observation.LastStep != 4 {
		t.Errorf("%+v", j)
	}
}

func FuzzReadJournal(f *testing.F) {
	good := sample(f)
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte("{}\n"))
	f.Add(bytes.Replace(good, []byte(`"lines":1`), []byte(`"lines":1e3`), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		j, err := readJournal(bytes.NewReader(data))
		if err != nil {
			return
		}
		// What reads has one encoding: its complete part without the torn tail
		// reads to the same, and a further segment can follow an open journal.
		again, err := readJournal(bytes.NewReader(data[:int64(len(data))-j.Torn]))
		if err != nil || again.Torn != 0 || again.Segments != j.Segments || again.Outcome != j.Outcome {
			t.Fatalf("%+v %+v %v", j, again, err)
		}
		line, err := encodeLine(j.Head)
		if err != nil || !bytes.HasPrefix(data, line) {
			t.Fatalf("the head %s became %s: %v", data, line, err)
		}
	})
}

// A directory into which somebody else could put journals is refused, for
// writing and for reading.
func TestSharedDirectoryIsRefused(t *testing.T) {
	open := filepath.Join(t.TempDir(), "open")
	if err := os.Mkdir(open, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{open: "can be written by others", link: "found a link"} {
		if _, err := createJournal(dir, Head{Run: "r"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("writing: %v, expected %q", err, want)
		}
		if _, err := Journals(dir, time.Now()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("reading: %v, expected %q", err, want)
		}
	}
}
