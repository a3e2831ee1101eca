package sampling

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/weighbridge/weighbridge/provenance/probe/nvml"
)

// Sampler reads its sources until it is stopped.
type Sampler struct {
	SamplerOptions
	collector *Collector

	mutex    sync.Mutex
	findings []Finding
	failures map[string]*failure

	stop context.CancelFunc
	done sync.WaitGroup
}

// SamplerOptions say what is sampled, and how often.
type SamplerOptions struct {
	Units   []Unit
	Library *nvml.Library // nil: none; read once a second, and closed at the end
	// Tool asks nvidia-smi for UUID and utilisation, in the form of [ParseSMI];
	// nil: it is not there, or the library is. Read at every Interval.
	Tool      func(context.Context) ([]byte, error)
	Exporters []*Exporter
	Interval  time.Duration // between scrapes; 0: 10 s
	Now       func() time.Time
	Warn      func(string) // one line for a person, once for each source
}

// Finding is something that a reader of the record must know.
type Finding struct{ Code, Message string }

// failure counts what one source did not answer.
type failure struct {
	tries, failed int
	first         string
}

const defaultInterval = 10 * time.Second

// Start begins to sample, in goroutines of its own. It does not wait for any
// source.
func Start(o SamplerOptions) *Sampler {
	if o.Interval <= 0 {
		o.Interval = defaultInterval
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Sampler{SamplerOptions: o, stop: cancel, failures: map[string]*failure{},
		collector: NewCollector(Options{Units: o.Units, Start: o.Now(), Gap: 3 * max(o.Interval, time.Second)})}
	for _, e := range o.Exporters {
		s.done.Go(func() { s.follow(ctx, e) })
	}
	switch {
	case o.Library != nil:
		s.done.Go(func() { s.watch(ctx) })
	case o.Tool != nil:
		s.done.Go(func() { s.poll(ctx) })
	}
	return s
}

// stopGrace is how long the end waits for a source that is being read.
const stopGrace = 500 * time.Millisecond

// Stop ends the sampling. A source that hangs is left behind.
func (s *Sampler) Stop() {
	s.stop()
	ended := make(chan struct{})
	go func() { s.done.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(stopGrace):
	}
}

// Summaries are the sums so far.
func (s *Sampler) Summaries() []Summary { return s.collector.Summaries() }

// Findings says what is missing, and why.
func (s *Sampler) Findings() []Finding {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	all := slices.Clone(s.findings)
	for name, f := range s.failures {
		if f.failed > 0 {
			all = append(all, Finding{"use-gaps", fmt.Sprintf("%s: at least one reading failed (%s); that time is unknown, not idle", name, f.first)})
		}
	}
	for _, name := range s.collector.Restarted() {
		all = append(all, Finding{"use-counter-restarted", name + " went down while the job ran: it is no counter of this job's work and is not used"})
	}
	slices.SortFunc(all, func(a, b Finding) int { return strings.Compare(a.Code+a.Message, b.Code+b.Message) })
	return all
}

// follow scrapes one exporter, at once and then at every interval.
func (s *Sampler) follow(ctx context.Context, e *Exporter) {
	ticker := time.NewTicker(s.Interval)
	defer ticker.Stop()
	for {
		readings, err := e.read(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil && s.collector.Observe(e.source, s.Now(), readings) == 0 {
			err = fmt.Errorf("none of its %d values is of a device of this job", len(readings))
		}
		s.note(e.name(), err)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// poll runs the tool at every interval.
func (s *Sampler) poll(ctx context.Context) {
	ticker := time.NewTicker(s.Interval)
	defer ticker.Stop()
	for {
		output, err := s.Tool(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil && s.collector.Observe(SourceSMI, s.Now(), ParseSMI(output)) == 0 {
			err = errors.New("it says nothing of a device of this job")
		}
		s.note(SourceSMI, err)
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// ParseSMI reads "uuid, utilization" lines of nvidia-smi: the share of time in
// which anything ran, an occupancy. [N/A] and the like are no value.
func ParseSMI(output []byte) []Reading {
	var readings []Reading
	for line := range strings.Lines(string(output[:min(len(output), 1<<20)])) {
		uuid, value, _ := strings.Cut(line, ",")
		per, err := strconv.ParseUint(strings.TrimSpace(value), 10, 16)
		if uuid = strings.TrimSpace(uuid); err != nil || per > 100 || !strings.HasPrefix(uuid, "GPU-") {
			continue
		}
		readings = append(readings, Reading{UUID: uuid, Instance: -1, Name: "gpu-util", Kind: Occupancy, Value: float64(per) / 100})
	}
	return readings
}

// watch reads the library once a second.
func (s *Sampler) watch(ctx context.Context) {
	defer s.Library.Close()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		bySource := map[string][]Reading{}
		for _, signal := range s.Library.Signals() {
			bySource[signal.Source] = append(bySource[signal.Source], fromNVML(signal))
		}
		for source, readings := range bySource {
			s.collector.Observe(source, s.Now(), readings)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func fromNVML(signal nvml.Signal) Reading {
	r := Reading{UUID: signal.UUID, Instance: -1, Name: signal.Name, Kind: Rate, Value: signal.Value}
	switch signal.Name {
	case "gpu-util":
		r.Kind = Occupancy
	case "energy":
		r.Kind = Energy
	}
	return r
}

// note counts an answer, and warns of a source's first failure.
func (s *Sampler) note(name string, err error) {
	s.mutex.Lock()
	f := s.failures[name]
	if f == nil {
		f = &failure{}
		s.failures[name] = f
	}
	f.tries++
	first := err != nil && f.failed == 0
	if err != nil {
		f.failed++
	}
	if first {
		f.first = printable(err.Error())
	}
	s.mutex.Unlock()
	if first && s.Warn != nil {
		s.Warn(fmt.Sprintf("%s: %s; the job runs on, and how busy its devices are is unknown until it answers", name, printable(err.Error())))
	}
}

// printable keeps an answer of a stranger from a terminal.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
	return text[:min(len(text), 300)]
}
