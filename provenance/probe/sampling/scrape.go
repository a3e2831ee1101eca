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
	client *http.Client
	cycles cycles
}

// NewExporter checks the address of an exporter, such as
// http://localhost:9400/metrics. source is [SourceDCGM] or [SourceAMD].
func NewExporter(source, address string) (*Exporter, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, err
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("found %q: expected an address such as http://localhost:9400/metrics", address)
	}
	if u.Path == "" {
		u.Path = "/metrics"
	}
	client := &http.Client{
		Timeout:   scrapeTimeout,
		Transport: &http.Transport{MaxResponseHeaderBytes: 64 << 10, DisableCompression: true},
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			return errors.New("it redirects to " + r.URL.Redacted() + ", which is not followed")
		},
	}
	return &Exporter{source: source, url: u.String(), client: client}, nil
}

func (e *Exporter) name() string { return e.source + " at " + e.url }

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
