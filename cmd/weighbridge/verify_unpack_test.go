package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/weighbridge/weighbridge/attest/oci/ocitest"
)

// stalling is a registry that holds a shipment, and stops in the middle of one of
// its weights files until it is closed.
func stalling(t *testing.T, dir, layout string) (reference string, stalled chan struct{}) {
	t.Helper()
	registry := ocitest.New(true)
	reference = registry.Host() + "/acme/atlas:1"
	must(t, dir, "push", layout, reference)
	content, err := os.ReadFile(filepath.Join(dir, "weights", "model.bin"))
	if err != nil {
		t.Fatal(err)
	}
	digest := fmt.Sprintf("%x", sha256.Sum256(content))
	stalled, end := make(chan struct{}), make(chan struct{})
	registry.Respond(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, digest) {
			return false
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		w.Write(content[:len(content)/2])
		w.(http.Flusher).Flush()
		stalled <- struct{}{}
		<-end
		return true
	})
	t.Cleanup(func() { close(end); registry.Close() })
	return reference, stalled
}

// program is the command itself, to be started as a process of its own.
func program(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "weighbridge") // TestMain goes by the name
	if err := os.Symlink(self, name); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestUnpackEnded: whoever is killed in the middle leaves at most what is plainly a
// part, whoever is interrupted nothing; the next one unpacks all.
func TestUnpackEnded(t *testing.T) {
	for name, c := range map[string]struct {
		signal os.Signal
		left   int
		says   string
	}{"killed": {os.Kill, 1, ""}, "interrupted": {os.Interrupt, 0, "interrupted: nothing was unpacked"}, "terminated": {syscall.SIGTERM, 0, "interrupted: nothing was unpacked"}} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			layout, key, _ := attestedShipment(t, dir)
			reference, stalled := stalling(t, dir, layout)
			place := t.TempDir()
			out := filepath.Join(place, "out")
			cmd := exec.Command(program(t), "verify", reference, "--key", key, "--unpack", out)
			var said bytes.Buffer
			cmd.Stderr = &said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-stalled
			cmd.Process.Signal(c.signal)
			if err := cmd.Wait(); err == nil || !strings.Contains(said.String(), c.says) {
				t.Errorf("%v: %s", err, said.String())
			}
			left, _ := filepath.Glob(out + "*")
			if len(left) != c.left || c.left == 1 && !strings.HasPrefix(left[0], out+".partial-") {
				t.Errorf("left %v", left)
			}
			must(t, dir, "verify", layout, "--key", key, "--unpack", out)
			if got, err := os.ReadFile(filepath.Join(out, "model.bin")); err != nil || len(got) == 0 {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
}

// unpacksNothing verifies what an attack made, to take the weights out.
func (v *victim) unpacksNothing(args []string) {
	if args[0] != "verify" || slices.Contains(args, "--claims") || slices.Contains(args, "--partial") || slices.Contains(args, "--file") {
		return // of plain files nothing is unpacked
	}
	out := filepath.Join(v.t.TempDir(), "out")
	if code, said := inProcess(v.t, v.dir, append(slices.Clone(args), "--unpack", out)...); code != exitVerification && code != exitFailure || strings.Contains(said, "verified:") {
		v.t.Errorf("with --unpack: exit %d\n%.2000s", code, said)
	}
	if left, err := os.ReadDir(filepath.Dir(out)); err != nil || len(left) > 0 {
		v.t.Errorf("--unpack left %v, %v", left, err)
	}
}
