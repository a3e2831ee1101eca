package trainer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

func digest(t *testing.T, m *Model) string {
	t.Helper()
	sum := sha256.New()
	if err := writeWeights(sum, m); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", sum.Sum(nil))
}

// TestLossFalls trains the demo's own model for a moment on each text, the
// second from the first.
func TestLossFalls(t *testing.T) {
	v, err := Characters()
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(Demo(v.Size()), v, 1)
	if err != nil {
		t.Fatal(err)
	}
	r := trainSmall(t, m, Options{Text: Pretraining(), Steps: 25, Batch: 4, Rate: 5e-3})
	if even := math.Log(float64(v.Size())); math.Abs(r.Before.Validation-even) > 1 || r.After.Validation > 2.8 {
		t.Errorf("validation loss went from %.3f to %.3f, expected from about %.2f to below 2.8", r.Before.Validation, r.After.Validation, even)
	}
	tuned := trainSmall(t, m, Options{Text: FineTuning(), Steps: 15, Batch: 4, Rate: 2e-3, Prompt: "Q: What"})
	if tuned.After.Validation > tuned.Before.Validation-0.5 {
		t.Errorf("fine-tuning took the loss from %.3f to %.3f, expected at least 0.5 less", tuned.Before.Validation, tuned.After.Validation)
	}
}

// TestMemorizes: a model that can learn its text by heart comes close to no loss
// at all, so the optimizer takes it all the way down.
func TestMemorizes(t *testing.T) {
	c := smallShapes["grouped"]
	m := smallModel(t, c)
	text := strings.Repeat("abcdefghijk", 40)
	if r := trainSmall(t, m, Options{Text: text, Prompt: "abc", Steps: 200, Batch: 4, Rate: 1e-2}); r.After.Train > 0.05 || !strings.HasPrefix(r.Sample, "defghijkabcdef") {
		t.Errorf("loss %.3f and sample %q after learning the alphabet", r.After.Train, r.Sample)
	}
}

// TestRepeatable: neither the number of goroutines nor that of processors moves
// a single bit, and another seed moves them all.
func TestRepeatable(t *testing.T) {
	train := func(workers int, seed uint64) string {
		m := smallModel(t, smallShapes["grouped"])
		trainSmall(t, m, Options{Prompt: "a", Steps: 15, Batch: 7, Rate: 1e-2, Workers: workers, Seed: seed})
		return digest(t, m)
	}
	want := train(1, 3)
	for _, workers := range []int{0, 2, 3, 7, 20} {
		if got := train(workers, 3); got != want {
			t.Errorf("%d goroutines: weights %s, expected %s", workers, got, want)
		}
	}
	for _, processors := range []int{1, 4} {
		before := runtime.GOMAXPROCS(processors)
		if got := train(0, 3); got != want {
			t.Errorf("%d processors: weights %s, expected %s", processors, got, want)
		}
		runtime.GOMAXPROCS(before)
	}
	if train(1, 4) == want {
		t.Error("another seed gave the same weights")
	}
}

// TestSameWeightsEverywhere pins the bits of a short run, so that a processor or
// a compiler that rounds otherwise is noticed.
func TestSameWeightsEverywhere(t *testing.T) {
	const want = "b1f5d1e433f22b3dbd7e70b9ede686e2be826d8a33b25c261ddebe295a42b7ce"
	v, err := Characters()
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(Demo(v.Size()), v, 1)
	if err != nil {
		t.Fatal(err)
	}
	trainSmall(t, m, Options{Text: Pretraining(), Steps: 5, Batch: 2, Rate: 5e-3, Seed: 1})
	if got := digest(t, m); got != want {
		t.Errorf("weights %s, expected %s", got, want)
	}
}

// logForm is one line of the log, each kind of it.
var logForm = regexp.MustCompile(`^(tokens per iteration will be: [0-9,]+` +
	`|step \d+: train loss \d+\.\d{4}, val loss \d+\.\d{4}` +
	`|iter \d+: loss \d+\.\d{4}, time \d+\.\d{2}ms, mfu -100\.00%` +
	`|weighbridge-report (\{"step":\d+,"tokens":"\d+","operations":"\d+"\}|\{"operations":"\d+","activity":"(evaluation|inference)"\})` +
	`|sample:|\| .*)$`)

// TestLog: the lines are nanoGPT's and ours, in the order and at the steps that
// a reader relies on, and the last reports say what the result says.
func TestLog(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	m := smallModel(t, smallShapes["grouped"])
	r, err := Train(context.Background(), Options{
		Model: m, Text: smallText(m.Config), Prompt: "ab", Steps: 143, Batch: 112, Rate: 1e-3, Log: &out,
		Now: func() time.Time { now = now.Add(41100 * time.Microsecond); return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	var steps, iterations []string
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for _, line := range lines {
		if !logForm.MatchString(line) {
			t.Errorf("line %q is of no known form", line)
		}
		switch words := strings.Fields(line); words[0] {
		case "step":
			steps = append(steps, words[1])
		case "iter":
			iterations = append(iterations, words[1]+words[5])
		}
	}
	if got, want := lines[0], "tokens per iteration will be: 1,008"; got != want {
		t.Errorf("first line %q, expected %q", got, want)
	}
	if got, want := fmt.Sprint(iterations), "[0:41.10ms, 50:41.10ms, 100:41.10ms, 142:41.10ms,]"; got != want {
		t.Errorf("iterations logged: %s, expected %s", got, want)
	}
	if got, want := fmt.Sprint(steps), "[0: 35: 70: 105: 143:]"; got != want {
		t.Errorf("evaluations logged: %s, expected %s", got, want)
	}
	wantEnd := fmt.Sprintf(`weighbridge-report {"step":143,"tokens":"%d","operations":"%d"}
weighbridge-report {"operations":"%d","activity":"evaluation"}
weighbridge-report {"operations":"%d","activity":"inference"}`, 143*1008, r.Operations.Training, r.Operations.Evaluation, r.Operations.Inference)
	if got := strings.Join(lines[len(lines)-3:], "\n"); got != wantEnd {
		t.Errorf("the log ends with\n%s\nexpected\n%s", got, wantEnd)
	}
	if !strings.Contains(out.String(), "\nsample:\n| ab"+strings.ReplaceAll(r.Sample, "\n", "\n| ")+"\n") {
		t.Errorf("the sample %q does not stand in the log", r.Sample)
	}
}

// TestGrouped: thousands are set apart as Python does it.
func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 12: "12", 512: "512", 1024: "1,024", 491520: "491,520", 1234567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) is %q, expected %q", n, got, want)
		}
	}
}

// TestTrainRefuses: options that cannot be trained with are named.
func TestTrainRefuses(t *testing.T) {
	good := func() Options {
		m := smallModel(t, smallShapes["grouped"])
		return Options{Model: m, Text: smallText(m.Config), Prompt: "a", Steps: 2, Batch: 2, Rate: 1e-3, Now: fixedClock}
	}
	for name, test := range map[string]struct {
		spoil func(*Options)
		want  string
	}{
		"no-model":         {func(o *Options) { o.Model = nil }, "a model and a clock are required"},
		"no-clock":         {func(o *Options) { o.Now = nil }, "a model and a clock are required"},
		"no-steps":         {func(o *Options) { o.Steps = 0 }, "0 steps, expected 1 to 1000000"},
		"no-batch":         {func(o *Options) { o.Batch = 0 }, "batch of 0 sequences, expected 1 to 256"},
		"large-batch":      {func(o *Options) { o.Batch = 257 }, "batch of 257 sequences"},
		"no-rate":          {func(o *Options) { o.Rate = 0 }, "learning rate 0, expected above 0"},
		"nan-rate":         {func(o *Options) { o.Rate = math.NaN() }, "learning rate NaN"},
		"negative-workers": {func(o *Options) { o.Workers = -1 }, "-1 workers"},
		"foreign-text":     {func(o *Options) { o.Text += "é" }, `'é' at byte 600 is not among the 11 characters`},
		"foreign-prompt":   {func(o *Options) { o.Prompt = "a?" }, `'?' at byte 1`},
		"short-text":       {func(o *Options) { o.Text = o.Text[:90] }, "90 characters, expected at least 100"},
		"infinite-weights": {func(o *Options) { o.Model.flat[20] = float32(math.Inf(1)) }, "loss at iteration 0 is NaN"},
	} {
		o := good()
		test.spoil(&o)
		if _, err := Train(context.Background(), o); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, expected %q", name, err, test.want)
		}
	}
	if _, err := Train(context.Background(), good()); err != nil {
		t.Errorf("the unspoiled options: %v", err)
	}
}

// failingWriter takes a number of bytes and then no more.
type failingWriter struct{ left int }

var errFull = errors.New("the disk is full")

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// TestLogThatCannotBeWritten: training whose log is lost is not reported as done.
func TestLogThatCannotBeWritten(t *testing.T) {
	m := smallModel(t, smallShapes["grouped"])
	_, err := Train(context.Background(), Options{Model: m, Text: smallText(m.Config), Prompt: "a", Steps: 40, Batch: 1, Rate: 1e-3, Now: fixedClock, Log: &failingWriter{200}})
	if !errors.Is(err, errFull) {
		t.Errorf("error %v, expected %v", err, errFull)
	}
}

// TestStops: training ends between two iterations when it is told to.
func TestStops(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	m, calls := smallModel(t, smallShapes["grouped"]), 0
	_, err := Train(ctx, Options{Model: m, Text: smallText(m.Config), Prompt: "a", Steps: 1000, Batch: 1, Rate: 1e-3, Now: func() time.Time {
		if calls++; calls == 5 {
			stop()
		}
		return time.Time{}
	}})
	if !errors.Is(err, context.Canceled) || calls > 7 {
		t.Errorf("error %v after %d readings of the clock, expected the context's after 5 or a few more", err, calls)
	}
}

// TestLearningRate: up in a line, down along half a cosine to a tenth.
func TestLearningRate(t *testing.T) {
	for i, want := range map[int]float64{0: 0.25, 1: 0.5, 3: 1, 4: 1, 42: 0.55, 80: 0.1} {
		if got := learningRate(i, 80, 1); math.Abs(got-want) > 1e-12 {
			t.Errorf("rate at step %d of 80 is %v, expected %v", i, got, want)
		}
	}
}

// TestAdamW compares three steps with the update as its paper writes it.
func TestAdamW(t *testing.T) {
	weight, m, v := 0.5, 0.0, 0.0
	single, a := []float32{0.5}, newAdam(1)
	for i, g := range []float64{0.3, -2, 0.1} {
		norm := math.Abs(g)
		s := a.begin(i, 100, 1e-2, norm)
		a.apply(s, tensor{name: "x", shape: []int{1, 1}}, single, []float32{float32(g)})
		g /= max(1, norm)
		m, v = 0.9*m+0.1*g, 0.95*v+0.05*g*g
		rate, n := learningRate(i, 100, 1e-2), float64(i+1)
		weight -= rate * (m/(1-math.Pow(0.9, n))/(math.Sqrt(v/(1-math.Pow(0.95, n)))+1e-8) + 0.1*weight)
		if math.Abs(float64(single[0])-weight) > 1e-6 {
			t.Errorf("weight after step %d is %v, expected %v", i, single[0], weight)
		}
	}
}
