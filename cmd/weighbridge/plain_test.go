package main

import (
	"testing"
	"unicode"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"acme/atlas@1, 東京, é": "acme/atlas@1, 東京, é",
		"\x1b[2Jx":            `\x1b[2Jx`,
		"\u009b2J":            `\u009b2J`,
		"a\x7f\r\n\tb":        `a\x7f\r\n\tb`,
		"\u202eevil\u2066":    `\u202eevil\u2066`,
		"\u2028\u200b\ufeff":  `\u2028\u200b\ufeff`,
		"a\xffb":              `a\xffb`,
		"\ufffd":              "\ufffd",
		"'":                   "'",
		"":                    "",
	} {
		if got := printable(in); got != want {
			t.Errorf("%q: %q, expected %q", in, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("\x1b]0;x\a")
	f.Add("a\xff\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		got := printable(s)
		for _, r := range got {
			if !unicode.IsGraphic(r) {
				t.Fatalf("%q: %q", s, got)
			}
		}
		if again := printable(got); again != got {
			t.Fatalf("%q: %q, then %q", s, got, again)
		}
	})
}
