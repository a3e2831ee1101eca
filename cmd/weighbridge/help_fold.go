package main

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// helpWidth is the width, in characters, of the prose in help.
const helpWidth = 110

// foldHelp breaks the lines of help, so that the text in the code may be changed
// without breaking it by hand.
func foldHelp(cmd *cobra.Command) {
	cmd.Long = folded(cmd.Long)
	for _, sub := range cmd.Commands() {
		foldHelp(sub)
	}
}

// folded breaks the paragraphs of a text that are too wide. Lines that begin with a
// space, as tables and examples do, stay as they are.
func folded(text string) string {
	var out, paragraph []string
	flush := func() {
		if slices.ContainsFunc(paragraph, func(line string) bool { return utf8.RuneCountInString(line) > helpWidth }) {
			paragraph = broken(strings.Fields(strings.Join(paragraph, " ")))
		}
		out, paragraph = append(out, paragraph...), nil
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line == "" || line[0] == ' ' {
			flush()
			out = append(out, line)
			continue
		}
		paragraph = append(paragraph, line)
	}
	flush()
	return strings.Join(out, "\n")
}

// broken sets words in lines.
func broken(words []string) []string {
	var lines []string
	for _, word := range words {
		if last := len(lines) - 1; last >= 0 && utf8.RuneCountInString(lines[last])+1+utf8.RuneCountInString(word) <= helpWidth {
			lines[last] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}
