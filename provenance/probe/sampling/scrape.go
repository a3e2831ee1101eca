package sampling

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// scrapeTimeout bounds one scrape, from connecting to the last byte.
const scrapeTimeout = 5 * time.Second

// Exporter is an exporter of metrics over HTTP.
type Exporter struct {
	source string
	url    string
	shown  string // url without its query, which may hold a secret
	client *http.Client
	cycles cycles
}

// NewExporter checks the address of an exporter, such as
// http://localhost:9400/metrics. source is [SourceDCGM] or [SourceAMD]. A user
// and password are refused: they would stand in the list of processes. A query
// is sent, and shown nowhere. No error shows either.
func NewExporter(source, address string) (*Exporter, error) {
	const expected = "expected an address such as http://localhost:9400/metrics"
	if strings.Contains(address, "@") {
		return nil, errors.New("found a user or password (an @): they would stand in the list of processes, and are not sent; " + expected + ", of an exporter that this machine may read without them")
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		before, _, _ := strings.Cut(address, "?")
		before, _, _ = strings.Cut(before, "#")
		return nil, fmt.Errorf("found %.200q: %s", before, expected)
	}
	if u.Path == "" {
		u.Path = "/metrics"
	}
	client := &http.Client{
		Timeout:   scrapeTimeout,
		Transport: &http.Transport{MaxResponseHeaderBytes: 64 << 10, DisableCompression: true},
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			return errors.New("it redirects to " + place(r.URL) + ", which is not followed")
		},
	}
	return &Exporter{source: source, url: u.String(), shown: place(u), client: client}, nil
}

// place is where a URL leads: its scheme, host and path, and none of the parts
// that may hold a secret.
func place(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

func (e *Exporter) name() string { return e.source + " at " + e.shown }

func (e *Exporter) read(ctx context.Context) ([]Reading, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "text/plain;version=0.0.4")
	response, err := e.client.Do(request)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answered %s", strings.TrimSpace(response.Status))
	}
	readings, err := ParseExporter(e.source, response.Body)
	if err != nil {
		return nil, err
	}
	return e.cycles.ratios(readings), nil
}
