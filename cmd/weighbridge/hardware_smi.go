package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/weighbridge/weighbridge/provenance/probe"
)

// runSMI runs nvidia-smi three times: -L alone has the UUIDs of MIG slices, and
// older ones have no conf-compute.
func runSMI(ctx context.Context) (probe.Report, error) {
	document, err := askSMI(ctx, "-q", "-x")
	if err != nil {
		return probe.Report{}, err
	}
	listing, err := askSMI(ctx, "-L")
	if err != nil {
		listing = nil // the slices then have no UUIDs
	}
	report, err := probe.ParseSMI(document, listing)
	if mode, modeErr := askSMI(ctx, "conf-compute", "-f"); modeErr == nil {
		report.Confidential = probe.ParseConfidential(mode)
	}
	return report, err
}

// askUtilization asks nvidia-smi for the share of time in which each GPU ran
// anything.
func askUtilization(ctx context.Context) ([]byte, error) {
	option := func(name, value string) string { return "--" + name + "=" + value }
	return askSMI(ctx, option("query-gpu", "uuid,utilization.gpu"), option("format", "csv,noheader,nounits"))
}

// askSMI runs nvidia-smi, for a time and an output that have an end.
func askSMI(ctx context.Context, args ...string) ([]byte, error) {
	path, err := exec.LookPath("nvidia-smi")
	if err != nil {
		return nil, errors.New("no nvidia-smi")
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = time.Second
	out := &capped{limit: probe.MaxSMI}
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return out.Bytes(), nil
}

// capped keeps the first bytes of an output and refuses more.
type capped struct {
	bytes.Buffer
	limit int
}

func (c *capped) Write(p []byte) (int, error) {
	if c.Len()+len(p) > c.limit {
		return 0, fmt.Errorf("more than %d bytes of output", c.limit)
	}
	return c.Buffer.Write(p)
}

// recordedSMI reads a file with what nvidia-smi printed: the document and, after
// it, the listing.
func recordedSMI(path string) (*probe.Report, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--nvidia-smi: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, probe.MaxSMI+1))
	if err != nil {
		return nil, fmt.Errorf("--nvidia-smi: %w", err)
	}
	var listing []byte
	const end = "</nvidia_smi_log>"
	if at := bytes.LastIndex(data, []byte(end)); at >= 0 {
		data, listing = data[:at+len(end)], data[at+len(end):]
	}
	report, err := probe.ParseSMI(data, listing)
	if err != nil {
		return nil, fmt.Errorf("--nvidia-smi %s: %w", path, err)
	}
	return &report, nil
}
