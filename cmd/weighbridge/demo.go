package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// demoStep is one screen of the story: a real command, and how it must end.
type demoStep struct {
	title string
	tells string   // what to look at, two lines at most
	shows string   // a file to show before, or none
	args  []string // of this program
	exit  int      // the only exit code that lets the story go on
	after func() error
}

type demoResult struct {
	Schema    string           `json:"schema"`
	Directory string           `json:"directory"`
	Steps     []demoStepResult `json:"steps"`
}

type demoStepResult struct {
	Title   string          `json:"title"`
	Command []string        `json:"command"`
	Exit    int             `json:"exit"`
	Output  json.RawMessage `json:"output"`
}

func (a *app) demoCommand() *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the whole story on a real, small training run, offline, in a temporary directory",
		Long: `Demo trains a small character-level transformer on this machine under "run", fine-tunes it in a second run,
traces the lineage, evaluates it as it is and as if it had taken 10^26 operations, signs and packs the weights
with their attestations, verifies them, then flips one byte of the weights and shows the refusal. Every step is
a command of this program that you can type yourself. Nothing leaves the machine and nothing outside the
temporary directory is touched.

` + exitCodes,
		Example: "  weighbridge demo\n  weighbridge demo --json > story.json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), keep) },
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "keep the temporary directory, and say how to go on in it")
	return cmd
}

func (a *app) demo(ctx context.Context, keep bool) error {
	ctx, release := a.env.interrupts(ctx)
	defer release()
	dir, err := os.MkdirTemp("", "weighbridge-demo-")
	if err != nil {
		return fmt.Errorf("demo: %w; name a writable directory with TMPDIR", err)
	}
	if !keep {
		defer os.RemoveAll(dir)
	}
	self, err := a.env.self()
	if err != nil {
		return fmt.Errorf("demo: finding this program's own file: %w", err)
	}
	story := demo{app: a, self: self, dir: dir, result: demoResult{Schema: "weighbridge.dev/demo/v1", Directory: dir}}
	if err := story.tell(ctx); err != nil {
		return demoEnd(ctx, err, dir, keep)
	}
	switch {
	case a.json && keep:
		fmt.Fprint(a.env.stderr, story.goOn())
		return a.printJSON(story.result)
	case a.json:
		return a.printJSON(story.result)
	case keep:
		a.printf("%s", story.goOn())
	default:
		a.printf("\nThe directory %s is removed now; --keep leaves it.\n", dir)
	}
	return nil
}

// demoEnd is the error of a story that did not come to its end.
func demoEnd(ctx context.Context, err error, dir string, keep bool) error {
	switch {
	case ctx.Err() == nil:
		return err
	case keep:
		return fmt.Errorf("demo: interrupted; %s is kept", dir)
	}
	return errors.New("demo: interrupted; its directory is removed")
}

// demo is the story while it is told.
type demo struct {
	app    *app
	self   string
	dir    string
	result demoResult
}

func (d *demo) ledger() string { return filepath.Join(d.dir, "ledger.db") }

// goOn says how to type the steps in the directory that was kept.
func (d *demo) goOn() string {
	return fmt.Sprintf(`
Everything is in %s. To type the steps yourself:

  cd %s
  export WEIGHBRIDGE_LEDGER=%s

Then each command of the story works as it was shown, if weighbridge is on your path (it is %s);
a step that writes a model, a key or a shipment wants a new name for it, because nothing is overwritten.
`, d.dir, d.dir, d.ledger(), d.self)
}

func (d *demo) tell(ctx context.Context) error {
	steps, err := demoSteps(d.self, d.dir)
	if err != nil {
		return err
	}
	if !d.app.json {
		d.app.printf("Weighbridge's story in %d steps, in %s. It takes about a minute.\n", len(steps), d.dir)
	}
	for i, step := range steps {
		if !d.app.json {
			d.app.printf("\n== %d. %s\n%s\n\n", i+1, step.title, step.tells)
			if err := d.cat(step.shows); err != nil {
				return err
			}
			d.app.printf("$ weighbridge %s\n", d.show(step.args))
		}
		if err := d.do(ctx, step); err != nil {
			return fmt.Errorf("demo step %d, %s: %w", i+1, step.title, err)
		}
	}
	return nil
}

// cat shows a file that a step reads, as a person would.
func (d *demo) cat(name string) error {
	if name == "" {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(d.dir, name))
	d.app.printf("$ cat %s\n%s\n", name, text)
	return err
}

// show is the command line as a person would type it there.
func (d *demo) show(args []string) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = strings.ReplaceAll(arg, d.self, "weighbridge")
	}
	return strings.Join(words, " ")
}

// endPatience is how long an interrupted step may take to end by itself: run
// passes the signal on and records the run.
const endPatience = 10 * time.Second

// do runs one step in a process of its own, as a person would.
func (d *demo) do(ctx context.Context, step demoStep) error {
	args := step.args
	if d.app.json {
		args = append([]string{"--json"}, args...)
	}
	cmd := exec.CommandContext(ctx, d.self, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = endPatience
	cmd.Dir = d.dir
	cmd.Env = append(without(d.app.env.environ, "WEIGHBRIDGE_LEDGER"), "WEIGHBRIDGE_LEDGER="+d.ledger())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = d.app.env.stdout, d.app.env.stdout
	if d.app.json {
		cmd.Stdout, cmd.Stderr = &out, d.app.env.stderr
	}
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case cmd.ProcessState == nil:
		return err
	}
	found := cmd.ProcessState.ExitCode()
	if !d.app.json {
		d.app.printf("[exit %d]\n", found)
	}
	if found != step.exit {
		return fmt.Errorf("exit code %d, expected %d", found, step.exit)
	}
	d.result.Steps = append(d.result.Steps, demoStepResult{step.title, step.args, found, lastDocument(out.Bytes())})
	if step.after != nil {
		return step.after()
	}
	return nil
}

// lastDocument is the JSON document at the end of what a step printed: under
// run, the child's own lines come before it.
func lastDocument(out []byte) json.RawMessage {
	if at := bytes.LastIndex(out, []byte("\n{\n")); at >= 0 {
		out = out[at+1:]
	}
	if !json.Valid(out) {
		return json.RawMessage("null")
	}
	return bytes.TrimSpace(out)
}
