package main

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// namedCommand is "weighbridge X [Y]" in a text; prose goes on behind it.
var namedCommand = regexp.MustCompile(`\bweighbridge((?: [a-z][a-z-]*){1,2})`)

// namedFlag is "--flag" in a text; "---" and "--" alone are no flags.
var namedFlag = regexp.MustCompile(`(?:^|[^-\w])--([a-z][a-z-]*)`)

// TestWordsNameWhatExists: a message that sends its reader to a command or a
// flag that does not exist is worse than none. Every string of the program, and
// the README, is looked through.
func TestWordsNameWhatExists(t *testing.T) {
	root := (&app{env: environment{getenv: func(string) string { return "" }}}).rootCommand()
	texts, named := programTexts(t), 0
	for _, text := range texts {
		n, problems := misnamed(root, text.words)
		named += n
		for _, p := range problems {
			t.Errorf("%s: %s", text.place, p)
		}
	}
	if named < 100 {
		t.Errorf("only %d commands and flags were found in %d texts", named, len(texts))
	}
}

// TestExamplesUseTheirFlags: in an example, a flag belongs to the very command.
func TestExamplesUseTheirFlags(t *testing.T) {
	root := (&app{env: environment{getenv: func(string) string { return "" }}}).rootCommand()
	lines := readmeCommands(t)
	var collect func(*cobra.Command)
	collect = func(cmd *cobra.Command) {
		if cmd.HasParent() && cmd.Example == "" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		lines = append(lines, strings.Split(strings.ReplaceAll(cmd.Example, "\\\n", " "), "\n")...)
		for _, sub := range cmd.Commands() {
			collect(sub)
		}
	}
	collect(root)
	if len(lines) < 30 {
		t.Fatalf("%d examples", len(lines))
	}
	for _, line := range lines {
		for _, p := range wrongFlags(root, line) {
			t.Errorf("%q: %s", line, p)
		}
	}
}

// TestWordsSeeWhatIsMisnamed shows that the checks above can fail.
func TestWordsSeeWhatIsMisnamed(t *testing.T) {
	root := (&app{env: environment{getenv: func(string) string { return "" }}}).rootCommand()
	for text, want := range map[string]int{
		"run weighbridge check": 0, "weighbridge ledger show MODEL lists them": 0, "weighbridge.dev/log": 0, "weighbridge ledgers": 1,
		"weighbridge ledger list": 1, "name it with --ledgre": 1, "with --ledger FILE": 0, "weighbridge lists --nope": 2,
	} {
		if _, got := misnamed(root, text); len(got) != want {
			t.Errorf("%q: found %q, expected %d", text, got, want)
		}
	}
	if got := wrongFlags(root, "  weighbridge trace a/b@1 --model x && weighbridge run --model x -- python --nope"); len(got) != 1 {
		t.Errorf("found %q, expected --model of trace", got)
	}
}

// misnamed returns how many names text has, and those that nothing bears.
func misnamed(root *cobra.Command, text string) (named int, problems []string) {
	for _, match := range namedCommand.FindAllStringSubmatch(text, -1) {
		named++
		words := strings.Fields(match[1])
		if slices.Contains([]string{"is", "that", "refuses"}, words[0]) {
			continue // the program itself, in a sentence
		}
		cmd := child(root, words[0])
		switch {
		case cmd == nil:
			problems = append(problems, "weighbridge "+words[0]+" is no command")
		case cmd.HasSubCommands() && len(words) == 2 && child(cmd, words[1]) == nil:
			problems = append(problems, "weighbridge "+strings.Join(words, " ")+" is no command")
		}
	}
	for _, match := range namedFlag.FindAllStringSubmatch(text, -1) {
		named++
		if !anywhere(root, match[1]) {
			problems = append(problems, "--"+match[1]+" is no flag")
		}
	}
	return named, problems
}

func child(cmd *cobra.Command, name string) *cobra.Command {
	for _, sub := range cmd.Commands() {
		if sub.Name() == name {
			return sub
		}
	}
	return nil
}

func anywhere(cmd *cobra.Command, flag string) bool {
	return flag == "help" || cmd.Flag(flag) != nil || slices.ContainsFunc(cmd.Commands(), func(sub *cobra.Command) bool { return anywhere(sub, flag) })
}

// wrongFlags returns the flags of a typed line that its commands do not have.
// What stands behind "--" is another program's, unless it is this one again.
func wrongFlags(root *cobra.Command, line string) []string {
	var problems []string
	for _, call := range regexp.MustCompile(`\bweighbridge `).Split(line, -1)[1:] {
		call, _, _ = strings.Cut(call, " -- ")
		cmd, _, err := root.Find(strings.Fields(call))
		if err != nil {
			problems = append(problems, err.Error())
			continue
		}
		for _, match := range namedFlag.FindAllStringSubmatch(call, -1) {
			if match[1] != "help" && flagOf(cmd, match[1]) == nil {
				problems = append(problems, cmd.CommandPath()+" has no --"+match[1])
			}
		}
	}
	return problems
}

func flagOf(cmd *cobra.Command, name string) *pflag.Flag {
	if f := cmd.Flags().Lookup(name); f != nil {
		return f
	}
	return cmd.InheritedFlags().Lookup(name)
}

type placedText struct{ place, words string }

// programTexts are the strings of all files but tests, and the README.
func programTexts(t *testing.T) []placedText {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join(top, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	texts := []placedText{{"README.md", string(readme)}}
	goFiles(t, func(path string, file *ast.File, set *token.FileSet) {
		if strings.HasSuffix(path, "_test.go") {
			return
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				words, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Error(err)
				}
				texts = append(texts, placedText{set.Position(lit.Pos()).String(), words})
			}
			return true
		})
	})
	return texts
}

func readmeCommands(t *testing.T) []string {
	t.Helper()
	var lines []string
	for _, step := range readmeSteps(t) {
		lines = append(lines, strings.ReplaceAll(step.command, "\\\n", " "))
	}
	return lines
}
