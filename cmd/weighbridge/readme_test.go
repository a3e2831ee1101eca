package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestReadmeSession runs what the README shows: each line that begins with "$ "
// is typed into a shell, in one empty directory, and must print what stands
// below it. There "…" stands for anything within a line and a line of "..." for
// any lines; "[exit N]" is the exit code where it is not 0.
func TestReadmeSession(t *testing.T) {
	steps := readmeSteps(t)
	dir := t.TempDir()
	var script strings.Builder
	for i, s := range steps {
		file := fmt.Sprintf("step%d", i)
		writeFile(t, filepath.Join(dir, file), fmt.Sprintf("{ %s\n} 2>&1 || echo \"[exit $?]\"\n", s.command))
		fmt.Fprintf(&script, "exec sh $SESSION/%s\nprints %d\n", file, i)
	}
	writeFile(t, filepath.Join(dir, "readme.txtar"), script.String())
	testscript.Run(t, testscript.Params{
		Files: []string{filepath.Join(dir, "readme.txtar")},
		Setup: func(env *testscript.Env) error {
			env.Setenv("SESSION", dir)
			return scriptEnvironment(env)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"prints": func(ts *testscript.TestScript, _ bool, args []string) {
				var i int
				fmt.Sscan(args[0], &i)
				if found := ts.ReadFile("stdout"); !steps[i].prints.MatchString(found) {
					ts.Fatalf("$ %s\nprinted\n%s\nwhere the README shows\n%s", steps[i].command, found, steps[i].shown)
				}
			},
		},
	})
}

type readmeStep struct {
	command string
	shown   string
	prints  *regexp.Regexp
}

func readmeSteps(t *testing.T) []readmeStep {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(top, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var steps []readmeStep
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		for _, part := range strings.Split("\n"+block[1], "\n$ ")[1:] {
			command, shown, _ := strings.Cut(part, "\n")
			for strings.HasSuffix(command, "\\") {
				var more string
				more, shown, _ = strings.Cut(shown, "\n")
				command += "\n" + more
			}
			steps = append(steps, readmeStep{command, shown, shownPattern(shown)})
		}
	}
	if len(steps) < 5 {
		t.Fatalf("the README shows %d commands", len(steps))
	}
	return steps
}

func shownPattern(shown string) *regexp.Regexp {
	var lines []string
	for _, line := range strings.Split(strings.TrimRight(shown, "\n"), "\n") {
		if line == "..." {
			lines = append(lines, "(?:.*\n)*?")
			continue
		}
		lines = append(lines, strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*")+"\n")
	}
	return regexp.MustCompile("^" + strings.Join(lines, "") + "$")
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestReadmeExitCodes: the table in the README is the one that help prints.
func TestReadmeExitCodes(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(top, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^  (\d+)    (.+)$`).FindAllStringSubmatch(exitCodes, -1)
	if len(rows) < 6 {
		t.Fatalf("%d exit codes in help", len(rows))
	}
	for _, row := range rows {
		if want := fmt.Sprintf("| %s | %s |", row[1], row[2]); !strings.Contains(string(text), want) {
			t.Errorf("the README does not show %q", want)
		}
	}
}
