package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// TestHelpIsNoWiderThanATerminal: the prose of every command's help fits, and
// nothing of it is lost.
func TestHelpIsNoWiderThanATerminal(t *testing.T) {
	seen := 0
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		seen++
		for line := range strings.SplitSeq(cmd.Long, "\n") {
			if !strings.HasPrefix(line, " ") && utf8.RuneCountInString(line) > helpWidth {
				t.Errorf("%s: %d characters: %s", cmd.CommandPath(), utf8.RuneCountInString(line), line)
			}
		}
		for _, sub := range cmd.Commands() {
			visit(sub)
		}
	}
	visit((&app{env: environment{getenv: func(string) string { return "" }}}).rootCommand())
	if seen < 20 {
		t.Fatalf("%d commands", seen)
	}
}

func TestFolded(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("word ", 60))
	text := "A short\nparagraph stays.\n\n" + long + "\nwith more\n\n  " + long + "\n"
	got := folded(text)
	if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(text), " ") {
		t.Errorf("words were lost:\n%s", got)
	}
	if !strings.HasPrefix(got, "A short\nparagraph stays.\n\nword ") || !strings.HasSuffix(got, "with more\n\n  "+long+"\n") {
		t.Errorf("what was not too wide was changed:\n%s", got)
	}
}
