package sampling

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// sampled runs a sampler against an exporter until enough answers were given,
// and returns what it collected and warned.
func sampled(t *testing.T, answers int64, handler http.HandlerFunc) (*Sampler, []string) {
	t.Helper()
	var asked atomic.Int64
	enough := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := asked.Add(1)
		if n == answers+1 { // the ones before have been taken
			close(enough)
		}
		handler(w, r)
	}))
	defer server.CloseClientConnections()
	exporter, err := NewExporter(SourceDCGM, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	var mutex sync.Mutex
	var warnings []string
	s := Start(SamplerOptions{Units: []Unit{{Product: "H100", UUID: "GPU-a", Chip: "GPU-a", Instance: -1, Share: 1}}, Exporters: []*Exporter{exporter},
		Interval: 20 * time.Millisecond, Now: time.Now, Warn: func(line string) { mutex.Lock(); defer mutex.Unlock(); warnings = append(warnings, line) }})
	select {
	case <-enough:
	case <-time.After(20 * time.Second):
		t.Errorf("asked %d times, expected more than %d", asked.Load(), answers)
	}
	s.Stop()
	mutex.Lock()
	defer mutex.Unlock()
	return s, warnings
}

func metrics(value string) string {
	return "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE" + labels + " " + value + "\nDCGM_FI_DEV_GPU_UTIL" + labels + " 100\n"
}

func TestExporterAnswers(t *testing.T) {
	s, warnings := sampled(t, 3, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			http.NotFound(w, r)
		}
		io.WriteString(w, metrics("0.412"))
	})
	all := s.Summaries()
	if len(all) != 2 || all[0].Name != "tensor-active" || all[0].Mean != 412000 || all[0].Kind != Rate || all[1].Kind != Occupancy || len(warnings) > 0 || len(s.Findings()) > 0 {
		t.Errorf("found %+v, %q, %+v", all, warnings, s.Findings())
	}
}

// TestExporterFails: each is told once, and the rest is unknown.
func TestExporterFails(t *testing.T) {
	for name, v := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"HTML":   {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>\n<body>\x1b[31mhello") }, "HTML"},
		"status": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, "503"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
		}, "which is not followed"},
		"NaN": {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "DCGM_FI_PROF_SM_ACTIVE%s NaN\n", labels) }, "none of 1 lines"},
		"other device": {func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, strings.ReplaceAll(metrics("0.5"), "GPU-a", "GPU-b"))
		}, "of a device of this job"},
		"dies":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"headers": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, "header"},
	} {
		s, warnings := sampled(t, 3, v.handler)
		if len(warnings) != 1 || !strings.Contains(warnings[0], v.want) || strings.Contains(warnings[0], "\x1b") {
			t.Errorf("%s: warned %q, expected %q once", name, warnings, v.want)
		}
		if f := s.Findings(); len(f) != 1 || f[0].Code != "use-gaps" || len(s.Summaries()) != 0 {
			t.Errorf("%s: findings %+v, summaries %+v", name, f, s.Summaries())
		}
	}
}

// TestExporterDiesMidRun: what it said before stands.
func TestExporterDiesMidRun(t *testing.T) {
	var n atomic.Int64
	s, warnings := sampled(t, 5, func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1) > 3 {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, metrics("0.3"))
	})
	if all := s.Summaries(); len(all) != 2 || all[0].Mean != 300000 || len(warnings) != 1 || len(s.Findings()) != 1 {
		t.Errorf("found %+v, %q, %+v", s.Summaries(), warnings, s.Findings())
	}
}

// TestExporterStalls: the end does not wait for an answer that never comes.
func TestExporterStalls(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	exporter, err := NewExporter(SourceDCGM, server.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := Start(SamplerOptions{Exporters: []*Exporter{exporter}, Now: time.Now})
	s.Stop()
	if len(s.Summaries()) != 0 {
		t.Errorf("found %+v", s.Summaries())
	}
}

// TestTool: nvidia-smi's utilisation is an occupancy, and what is no value is
// none.
func TestTool(t *testing.T) {
	got := ParseSMI([]byte("GPU-a, 100\nGPU-b, [N/A]\nGPU-c, 101\nGPU-d, 50 %\nMIG-e, 5\n, 5\nNVIDIA-SMI has failed\nGPU-f, 0\n"))
	want := []Reading{{UUID: "GPU-a", Instance: -1, Name: "gpu-util", Kind: Occupancy, Value: 1}, {UUID: "GPU-f", Instance: -1, Name: "gpu-util", Kind: Occupancy}}
	if !slices.Equal(got, want) {
		t.Errorf("found %+v, expected %+v", got, want)
	}
	asked := make(chan bool, 100)
	s := Start(SamplerOptions{Units: []Unit{{Product: "T4", UUID: "GPU-a", Chip: "GPU-a", Instance: -1, Share: 1}}, Interval: 10 * time.Millisecond, Now: time.Now,
		Tool: func(context.Context) ([]byte, error) {
			select {
			case asked <- true:
			default:
			}
			return []byte("GPU-a, 100\n"), nil
		}})
	for range 3 {
		<-asked
	}
	s.Stop()
	all := s.Summaries()
	if len(all) != 1 || all[0].Kind != Occupancy || all[0].Mean != 1_000_000 || all[0].Source != SourceSMI {
		t.Errorf("found %+v", all)
	}
}

func TestExporterAddress(t *testing.T) {
	for _, address := range []string{"", "localhost:9400", "file:///etc/passwd", "http://", "://", "unix:///run/x", "http:\x00//a"} {
		if _, err := NewExporter(SourceDCGM, address); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
}

// TestExporterSecret: the query of an address is sent and not shown, not even
// where the exporter redirects to it; a user and password are refused unseen.
func TestExporterSecret(t *testing.T) {
	asked := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.RawQuery
		http.Redirect(w, r, "/elsewhere?"+r.URL.RawQuery, http.StatusFound)
	}))
	defer server.Close()
	exporter, err := NewExporter(SourceDCGM, server.URL+"/metrics?token=SECRET#SECRET")
	if err != nil {
		t.Fatal(err)
	}
	_, err = exporter.read(t.Context())
	if query := <-asked; query != "token=SECRET" {
		t.Errorf("the exporter was asked %q", query)
	}
	if want := server.URL + "/elsewhere"; err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "SECRET") {
		t.Errorf("found %v, expected a redirect to %s alone", err, want)
	}
	if want := SourceDCGM + " at " + server.URL + "/metrics"; exporter.name() != want {
		t.Errorf("found the name %q, expected %q", exporter.name(), want)
	}
	for _, address := range []string{"http://meter:SECRET@127.0.0.1:9/metrics", "http://meter:SEC/RET@127.0.0.1/", "http://meter:SE?CRET@127.0.0.1/", "meter:SECRET@host",
		"localhost?token=SECRET", "http://h ost/?token=SECRET", "http:\x00//a?SECRET", "http://#SECRET"} {
		if _, err := NewExporter(SourceDCGM, address); err == nil || strings.Contains(err.Error(), "SE") || strings.Contains(err.Error(), "RET") {
			t.Errorf("%q: found %v", address, err)
		}
	}
}
