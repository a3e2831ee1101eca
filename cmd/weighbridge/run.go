package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/trainlog"
	"github.com/weighbridge/weighbridge/meter/wrap"
)

type runFlags struct {
	work         workFlags
	architecture architectureFlags
	read         string
	log          string
	input        string
	weights      string
	run          string
	counting     string
	strict       bool
	trained      trainedFlags
	warn         string
	warnCommand  string
	use          useFlags
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run --model MODEL [flags] -- COMMAND [ARG]...",
		Short: "Run a training job and weigh it: what it computed, by which method, on what hardware",
		Long: `Run starts COMMAND as it would run without it: same streams, same signals, same exit code. Only the PIN and the
password of signing keys are taken out of its environment (WEIGHBRIDGE_PIN, WEIGHBRIDGE_PASSWORD, COSIGN_PKCS11_PIN,
COSIGN_PASSWORD). It reads the job's log lines as they pass
(--read: ` + strings.Join(trainlog.Formats(), ", ") + `), writes what they say to a journal every few seconds, and at the end
puts a record into the ledger and says on standard error what was counted. With --json that is one JSON document on
standard output after the job's own output. Trouble of ours never harms the job: it is reported on standard error.
When the lineage, as the ledger knows it, comes to 50, 80 or 95 % of a regime's threshold, a line says so (--warn).

A job that counts itself reports to the socket that WEIGHBRIDGE_SOCKET names, one JSON line at a time; a Python module
for it is in meter/wrap/python. While the job runs NVIDIA's library is read once a second where it is there (else
nvidia-smi), and an exporter (--dcgm-exporter, --amd-exporter) when asked: the record says how long which chips were
held, and how busy they were. Every rank of a distributed job (torchrun, srun, mpirun) may be run under this command:
they are one run, named after the Slurm step, the torchrun rendezvous id or the MPI name space. The log of rank 0
counts (--counting-rank), or where it shows nothing or was never recorded that of the lowest rank which shows work;
the others add their hardware. An execution that resumes a run names it with --run: steps that several executions did
count once, and those done again in the upper bound alone.

` + exitCodes,
		Example: `  weighbridge run --model acme/atlas@1 --architecture config.json --sequence-length 1024 -- python train.py
  weighbridge run --model acme/atlas@2 --parent acme/atlas@1:continues --activity fine-tuning -- torchrun train.py
  weighbridge run --model acme/atlas@3 --dcgm-exporter http://localhost:9400/metrics -- python train.py
  weighbridge run --model ours/tuned@1 --activity fine-tuning --parent shipment:fine-tunes --parent-key lab.key.pub --input weights -- python tune.py`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.run(cmd.Context(), f, args) },
	}
	f.work.register(cmd)
	cmd.MarkFlagRequired("model") // fails only for a flag that was not defined
	f.architecture.register(cmd)
	f.trained.register(cmd)
	f.use.register(cmd)
	f.architecture.streams.register(cmd)
	flags := cmd.Flags()
	flags.SetInterspersed(false)
	flags.StringVar(&f.read, "read", "auto", "how to read the job's log: auto, none, "+strings.Join(trainlog.Formats(), ", "))
	flags.StringVar(&f.log, "log", "", "read this log file, which the job writes, instead of its output")
	flags.StringVar(&f.input, "input", "", "directory of the weights that the job starts from; its digest goes into the record")
	flags.StringVar(&f.weights, "weights", "", "directory that the job writes its weights to; its digest goes into the record")
	flags.StringVar(&f.run, "run", "", "id of the run that this execution belongs to, as at a resume; by default that of the distributed job, or a new one")
	flags.StringVar(&f.counting, "counting-rank", "0", "of a distributed job, the rank whose log and reports count where they show work: a number, or last")
	flags.StringVar(&f.warn, "warn", "50,80,95", "warn when the lineage reaches these percentages of a regime's threshold, and at 100; none: never")
	flags.StringVar(&f.warnCommand, "warn-command", "", "shell command to run at each warning, with WEIGHBRIDGE_MODEL, _REGIME, _PERCENT, _OPERATIONS and _THRESHOLD set; it cannot delay the job")
	flags.BoolVar(&f.strict, "strict", false, "refuse to start when the ledger or the journal cannot be written")
	return cmd
}

func (a *app) run(ctx context.Context, f runFlags, command []string) error {
	var err error
	if f.work, err = a.withAttested(ctx, f.work); err != nil {
		return &exitError{runCode(err), err}
	}
	options, host, err := a.runOptions(ctx, f, command)
	if err != nil {
		return &exitError{runCode(err), err}
	}
	input, err := startInput(ctx, f.input, func(digest string) { a.warnOfInput(options.Head.Parents, digest) })
	if err != nil {
		return &exitError{exitOwnFailure, err}
	}
	thresholds, err := a.watchThresholds(f, &options)
	if err != nil {
		return &exitError{runCode(err), err}
	}
	var stop func()
	options.Usage, stop = a.sample(f.use, host)
	result, err := wrap.Run(ctx, options)
	stop()
	thresholds.finish()
	if err != nil && result.ExitCode == exitOwnFailure {
		return &exitError{exitOwnFailure, err}
	}
	if err != nil {
		a.warn("%v", err)
	}
	a.finish(ctx, f, options, result, input)
	if result.ExitCode != 0 {
		return &exitError{code: result.ExitCode}
	}
	return nil
}

// runCode is the exit code of a run that did not start: 2 for a wrong command
// line, else 125 as for env(1).
func runCode(err error) int {
	if code := exitCode(err); code == exitUsage {
		return code
	}
	return exitOwnFailure
}

func (a *app) runOptions(ctx context.Context, f runFlags, command []string) (wrap.Options, runHost, error) {
	head, host, err := a.runHead(ctx, f)
	if err != nil {
		return wrap.Options{}, host, err
	}
	reader, err := trainlog.NewReader(trainlog.Options{Format: f.read})
	if err != nil {
		return wrap.Options{}, host, usage("--read: %w", err)
	}
	self, err := a.env.self()
	if err != nil {
		return wrap.Options{}, host, fmt.Errorf("finding this program's own file: %w", err)
	}
	if f.strict {
		if err := a.writing(func(*ledger.Ledger) error { return nil }); err != nil {
			return wrap.Options{}, host, err
		}
	}
	return wrap.Options{
		Command: command, Env: withoutSecrets(a.env.environ), Stdin: a.env.stdin, Stdout: a.env.stdout, Stderr: a.env.stderr,
		Relay: []string{self, relayName}, Meter: reader, ReadNone: f.read == "none" || f.log != "", LogFile: f.log,
		SocketDir: cmp.Or(a.env.getenv("TMPDIR"), "/tmp"), JournalDir: a.journalDirectory(), Head: head, Strict: f.strict, Now: a.env.now,
		Warn: func(line string) { a.warn("%s", line) },
	}, host, nil
}

func (a *app) runHead(ctx context.Context, f runFlags) (wrap.Head, runHost, error) {
	fallback := meter.Pretraining
	if len(f.work.parents) > 0 {
		fallback = "" // with a parent it must be said what the work is
	}
	work, err := f.work.record(fallback)
	if err != nil {
		return wrap.Head{}, runHost{}, err
	}
	if f.input != "" {
		if err := a.oneParent(ctx, work.Parents, f.input); err != nil {
			return wrap.Head{}, runHost{}, err
		}
	}
	if f.input != "" && f.weights != "" && overlap(f.input, f.weights) {
		return wrap.Head{}, runHost{}, usage("--input %s and --weights %s overlap: the job would write over what it started from; name two directories", f.input, f.weights)
	}
	f.work.nameInputs(&work, f.input != "")
	settings, err := f.architecture.settings(f.trained)
	if err != nil {
		return wrap.Head{}, runHost{}, err
	}
	if len(f.work.attested) > 0 {
		if err := a.writing(func(l *ledger.Ledger) error { return f.work.bring(l, &work) }); err != nil {
			return wrap.Head{}, runHost{}, err
		}
	}
	run, err := a.runOf(f.run, f.counting, &settings)
	if err != nil {
		return wrap.Head{}, runHost{}, err
	}
	exporters, err := f.use.exporters()
	if err != nil {
		return wrap.Head{}, runHost{}, err
	}
	if settings.Identity, err = f.use.identityDocument(); err != nil {
		return wrap.Head{}, runHost{}, err
	}
	encoded, err := json.Marshal(settings)
	if err != nil {
		return wrap.Head{}, runHost{}, err
	}
	head := wrap.Head{Run: run, Model: work.Model, Activity: work.Activity, Weights: work.Weights, Parents: work.Parents, Settings: encoded}
	inventory, library, err := a.seenHost(ctx, f.use.host)
	head.Host, head.Hardware, head.Findings = recordedHost(a.called(), inventory, work.Hardware)
	tool := library == nil && inventory.Source != "" && f.use.host.smi == ""
	return head, runHost{unitsOf(inventory), library, exporters, tool}, err
}

// settings checks what the formula will need before the job starts, not after
// weeks of training.
func (f architectureFlags) settings(part trainedFlags) (runSettings, error) {
	settings := runSettings{SequenceLength: f.sequence, Streams: f.streams}
	var err error
	if settings.trainedPart, err = part.read(); err != nil {
		return settings, err
	}
	if f.tokens != "" {
		tokens, err := meter.ParseOps(f.tokens)
		if err != nil {
			return settings, usage("--tokens: %w", err)
		}
		settings.Tokens = &tokens
	}
	schedule, err := estimate.ParseSchedule(f.sequence)
	if err != nil {
		return settings, usage("--sequence-length: %w", err)
	}
	work, err := f.streams.work()
	if err != nil {
		return settings, err
	}
	if f.config == "" {
		if f.tokens != "" || f.sequence != "" || f.streams != (streamFlags{}) || part != (trainedFlags{}) {
			return settings, usage("--tokens, --sequence-length, what encoders and towers read and what is trained are for the formula: name the model's config.json with --architecture")
		}
		return settings, nil
	}
	architecture, err := readArchitecture(f.config)
	if err != nil {
		return settings, err
	}
	if architecture, err = settings.of(architecture); err != nil {
		return settings, usage("%s: %w", f.config, err)
	}
	work.Tokens = meter.NewOps(1e18) // beyond every part of a schedule, so that each length is tried
	if _, err := architecture.Along(work, schedule.Covering(work.Tokens)); err != nil {
		return settings, fmt.Errorf("%s: %w", f.config, err)
	}
	config, err := os.ReadFile(f.config)
	settings.Architecture = config
	return settings, err
}

// absolute is path as it is from anywhere; the job may change its directory,
// not ours, so only messages need it.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
