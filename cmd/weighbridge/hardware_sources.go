package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/provenance/probe"
	"github.com/weighbridge/weighbridge/provenance/probe/nvml"
)

// askTimeout is how long NVIDIA's software may take to answer: with a driver
// that is hung it never does.
const askTimeout = 20 * time.Second

// hostFlags say which machine is read.
type hostFlags struct {
	root    string
	smi     string // a recorded document
	process string
	flag    string // the name of root's
	given   bool   // root is not /
}

func (f *hostFlags) register(cmd *cobra.Command, root string) {
	flags := cmd.Flags()
	f.flag = root
	flags.StringVar(&f.root, root, "/", "the directory that holds the machine's sys and proc; NVIDIA's software is not asked for another one")
	flags.StringVar(&f.smi, "nvidia-smi", "", "what \"nvidia-smi -q -x\" printed on that machine; \"nvidia-smi -L\" may stand after it")
}

// sources are what an inventory is made of: this machine's files and NVIDIA's
// software, or another machine's files and what was recorded there.
func (a *app) sources(ctx context.Context, f hostFlags) (s probe.Sources, library *nvml.Library, release func(), err error) {
	release = func() {}
	s = probe.Sources{Host: a.env.host, Environment: a.env.environ, Process: f.process}
	if s.Environment == nil {
		s.Environment = []string{}
	}
	if s.Catalogue, err = a.catalogue(); err != nil {
		return s, nil, release, err
	}
	if f.given {
		dir, err := os.OpenRoot(f.root)
		if err != nil {
			return s, nil, release, fmt.Errorf("--%s: %w", f.flag, err)
		}
		s.Host, s.Environment, release = filesUnder(dir), nil, func() { dir.Close() }
	}
	if f.process != "" {
		s.Environment = nil
		if data, err := readSome(s.Host, "proc/"+f.process+"/environ"); err == nil {
			s.Environment = environmentOf(data)
		}
	}
	switch {
	case f.smi != "":
		s.NVIDIA, err = recordedSMI(f.smi)
	case f.given:
		s.Silence = "NVIDIA's software was not asked, because --" + f.flag + " names other files (--nvidia-smi says what it printed there)"
	default:
		s.NVIDIA, library, s.Silence = askNVIDIA(ctx)
	}
	return s, library, release, err
}

// askNVIDIA asks the driver's library, or else nvidia-smi. Neither is normal:
// silence is the line that says so.
func askNVIDIA(ctx context.Context) (report *probe.Report, library *nvml.Library, silence string) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	type answer struct {
		report  probe.Report
		library *nvml.Library
		err     error
	}
	answers := make(chan answer, 1)
	go func() {
		library, err := nvml.Open()
		if err != nil {
			answers <- answer{err: err}
			return
		}
		report, err := library.Report()
		answers <- answer{report, library, err}
	}()
	var got answer
	select {
	case got = <-answers:
	case <-ctx.Done():
		return nil, nil, fmt.Sprintf("NVIDIA's library did not answer in %s", askTimeout)
	}
	if got.err == nil {
		return &got.report, got.library, ""
	}
	fromTool, err := runSMI(ctx)
	if err != nil {
		return nil, nil, got.err.Error() + "; " + err.Error()
	}
	return &fromTool, nil, ""
}

// maxEnviron bounds a process's environment (a page times 32 on Linux, and its
// arguments share it).
const maxEnviron = 4 << 20

func readSome(host fs.FS, name string) ([]byte, error) {
	file, err := host.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, maxEnviron))
}

// environmentOf splits /proc/PID/environ.
func environmentOf(data []byte) []string {
	environment := []string{}
	for entry := range bytes.SplitSeq(data, []byte{0}) {
		if len(entry) > 0 {
			environment = append(environment, string(entry))
		}
	}
	return environment
}
