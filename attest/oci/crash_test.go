package oci

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// packer makes this test binary a process that packs and attaches, to be killed.
const packer = "WEIGHBRIDGE_TEST_PACKER"

func TestMain(m *testing.M) {
	if spec := os.Getenv(packer); spec != "" {
		dir, layout, _ := strings.Cut(spec, "|")
		if err := packAndAttach(dir, layout); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// packAndAttach copies, which has more moments to die in than linking, and prints
// a line for each thing that it says is done.
func packAndAttach(dir, layout string) error {
	ctx := context.Background()
	files, err := weights.Hash(ctx, dir, weights.Options{})
	if err != nil {
		return err
	}
	fmt.Println("begun")
	p, err := PackOptions{Weights: dir, Files: files, Layout: layout, Reference: "v1"}.pack(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Println("packed")
	l, err := Open(layout)
	if err != nil {
		return err
	}
	for i := range 4 {
		if _, err := l.Attach(ctx, Attachment{p.Manifest, fmt.Appendf(nil, `{"n":%d}`, i), predicate, moment}); err != nil {
			return err
		}
		fmt.Println("attached")
	}
	return l.Close()
}

// TestKilled: SIGKILL at random moments of packing and attaching. Before the
// process said "packed" the layout is refused or whole; after it, whole, with every
// bundle that it said was attached. Packing again always completes it.
func TestKilled(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := write(t, t.TempDir(), sample)
	want := hash(t, dir)
	refused, whole := 0, 0
	for i := range 60 {
		layout := filepath.Join(t.TempDir(), "layout")
		line := []string{"begun", "begun", "packed", "attached"}[i%4]
		said := killAfter(t, self, dir+"|"+layout, line, time.Duration(rand.IntN(15_000))*time.Microsecond)
		l, err := Open(layout)
		if err == nil {
			m := model(t, l, "v1")
			found, err := m.Files(context.Background(), weights.Options{})
			if err != nil || !slices.Equal(found.Files, want.Files) || len(m.Bundles) < said["attached"] {
				t.Errorf("kill %d: found %v, %v, %d bundles; the process said %v", i, found.Files, err, len(m.Bundles), said)
			}
			whole++
			l.Close()
		} else {
			if said["packed"] > 0 {
				t.Errorf("kill %d: %v, after the process said %v", i, err, said)
			}
			refused++
		}
		if i%5 == 0 {
			repack(t, dir, layout)
		}
	}
	t.Logf("%d layouts refused, %d whole", refused, whole)
}

func repack(t *testing.T, dir, layout string) {
	t.Helper()
	pack(t, PackOptions{Weights: dir, Files: hash(t, dir), Layout: layout, Reference: "v1"})
	if _, err := model(t, open(t, layout), "v1").Files(context.Background(), weights.Options{}); err != nil {
		t.Errorf("packed again: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(layout, ingestDir, "*")); len(left) != 0 {
		t.Errorf("left of the crash: %v", left)
	}
}

// killAfter runs the packer, kills it some time after it said line, and returns how
// often it said what.
func killAfter(t *testing.T, self, spec, line string, delay time.Duration) map[string]int {
	t.Helper()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), packer+"="+spec)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := map[string]int{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said[lines.Text()]++
		if lines.Text() == line && said[line] == 1 {
			time.AfterFunc(delay, func() { cmd.Process.Kill() })
		}
	}
	cmd.Wait() // killed or not
	if said["begun"] != 1 {
		t.Fatalf("the packer said %v", said)
	}
	return said
}
