package oci

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// TestUnpack gives back the files, which then are the recipient's own: editing
// them does not change the shipment.
func TestUnpack(t *testing.T) {
	dir, layout, _ := packed(t, sample)
	m := model(t, open(t, layout), "")
	existing := t.TempDir() // empty
	for _, destination := range []string{filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "out") + "/", existing} {
		got, err := m.Unpack(context.Background(), destination, UnpackOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if want := hash(t, dir); !slices.Equal(got.Files, want.Files) || !slices.Equal(hash(t, destination).Files, want.Files) {
			t.Errorf("unpacked %v", got.Files)
		}
		write(t, destination, map[string]string{"config.json": "edited"})
		if left, _ := filepath.Glob(destination + ".partial-*"); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	if _, err := m.Files(context.Background(), weights.Options{}); err != nil {
		t.Errorf("the shipment changed with the unpacked files: %v", err)
	}
}

func TestUnpackRefuses(t *testing.T) {
	_, layout, _ := packed(t, sample)
	m := model(t, open(t, layout), "")
	full := write(t, t.TempDir(), map[string]string{"config.json": "mine"})
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ destination, want string }{
		"not-empty": {full, "nothing is overwritten"}, "a-file": {filepath.Join(full, "config.json"), "is not a directory"}, "a-link": {link, "is not a directory"},
		"in-the-layout": {filepath.Join(layout, "out"), "lies in the layout"}, "no-parent": {filepath.Join(full, "no", "where"), "no such file"},
	} {
		if _, err := m.Unpack(context.Background(), c.destination, UnpackOptions{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if data, _ := os.ReadFile(filepath.Join(full, "config.json")); string(data) != "mine" {
		t.Error("a file was overwritten")
	}
}

// TestUnpackBudget: one layer named many times asks for more than the shipment
// holds; nothing is written.
func TestUnpackBudget(t *testing.T) {
	files := map[string]string{}
	for i := range 10 {
		files["copy-"+itoa(i)] = strings.Repeat("the same bytes ", 1000)
	}
	_, layout, _ := packed(t, files)
	m := model(t, open(t, layout), "")
	destination := filepath.Join(t.TempDir(), "out")
	if _, err := m.Unpack(context.Background(), destination, UnpackOptions{}); err == nil || !strings.Contains(err.Error(), "150000 bytes; expected at most 30000") {
		t.Errorf("got %v", err)
	}
	if _, err := m.Unpack(context.Background(), destination, UnpackOptions{MaxBytes: 149_999}); err == nil {
		t.Error("one byte over the budget was written")
	}
	if left, _ := os.ReadDir(filepath.Dir(destination)); len(left) != 0 {
		t.Errorf("left %v", left)
	}
	if _, err := m.Unpack(context.Background(), destination, UnpackOptions{MaxBytes: 150_000}); err != nil {
		t.Error(err)
	}
}

// TestUnpackCancelled: destination is as it was, nothing is left beside it.
func TestUnpackCancelled(t *testing.T) {
	_, layout, _ := packed(t, sample)
	m := model(t, open(t, layout), "")
	ctx, cancel := context.WithCancel(context.Background())
	destination := filepath.Join(t.TempDir(), "out")
	_, err := m.Unpack(ctx, destination, UnpackOptions{Progress: func(int64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(destination)); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}

// TestUnpackSwappedBlob: the layout was opened and is changed behind it; what does
// not verify while it is written never gets the destination's name.
func TestUnpackSwappedBlob(t *testing.T) {
	layout := shipment(t)
	m := model(t, open(t, layout), "")
	e := edit(t, layout)
	e.write(weightsBlob, []byte(`{"model_type":"LLAMA"}`))
	destination := filepath.Join(t.TempDir(), "out")
	_, err := m.Unpack(context.Background(), destination, UnpackOptions{})
	var bad *BlobError
	if !errors.As(err, &bad) || bad.Problem != ProblemDigest || bad.Name != "config.json" {
		t.Errorf("got %v", err)
	}
	os.Remove(e.path(weightsBlob))
	if err := os.Symlink("/etc/passwd", e.path(weightsBlob)); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Unpack(context.Background(), destination, UnpackOptions{}); !errors.As(err, &bad) || bad.Problem != ProblemType {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(destination)); len(left) != 0 {
		t.Errorf("left %v", left)
	}
}
