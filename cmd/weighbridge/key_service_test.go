package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest/sign/kms"
)

// TestHostilePlugins: programs that do anything but answer come to an end, and to a
// sentence.
func TestHostilePlugins(t *testing.T) {
	cases := map[string]struct{ program, want string }{
		"hangs":                     {"exec sleep 1000", "did not answer within"},
		"hangs after an answer":     {"echo '{}'; exec sleep 1000", "did not answer within"},
		"answers without end":       {"exec cat /dev/zero", "answered more than 65536 bytes and was stopped"},
		"and does not mind":         {"trap '' PIPE TERM; while :; do printf '%01000d' 0; done", "answered more than 65536 bytes and was stopped"},
		"complains without end":     {"exec cat /dev/zero >&2", "said more than 65536 bytes on its standard error and was stopped"},
		"fails":                     {"exit 1", "ended without an answer: exit status 1"},
		"dies":                      {"echo '{}'; kill -9 $$", "ended without an answer: signal: killed"},
		"is silent":                 {"exit 0", "no JSON document"},
		"says garbage":              {"echo hello", "no JSON document"},
		"says no":                   {`echo '{"errorMessage":"denied"}'; exit 3`, "the plugin says: denied"},
		"answers something else":    {"echo '{}'", "which was asked for"},
		"has no interpreter at all": {"", "exec format error"},
	}
	for name, c := range cases {
		path := filepath.Join(t.TempDir(), "sigstore-kms-hostile")
		text := "#!/bin/sh\n" + c.program + "\n"
		if c.program == "" {
			text = "\x7f"
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		var said bytes.Buffer
		p := plugin{path: path, says: &said, patience: time.Second}
		if !strings.Contains(c.want, "within") {
			p.patience = time.Minute
		}
		if key, err := kms.Open("x", p.ask); err == nil || key != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, expected %q", name, err, c.want)
		}
		if strings.ContainsRune(said.String(), 0) {
			t.Errorf("%s: its bytes went to the terminal", name)
		}
	}
}
