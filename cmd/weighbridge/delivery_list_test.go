package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/fdp/delivery"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// TestUnreadableDelivery: a delivery whose steps another version wrote is told, and
// hides none of the others.
func TestUnreadableDelivery(t *testing.T) {
	dir := t.TempDir()
	open := []string{"delivery", "open", "--id", "good-1", "--customer", "Good", "--model", "acme/atlas@1", "--author", "jo@cloud.example"}
	if code, out := inProcess(t, dir, open...); code != 0 {
		t.Fatal(out)
	}
	l, err := ledger.Open(filepath.Join(dir, "ledger.db"), ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	note := ledger.Note{Schema: ledger.NoteSchema, Kind: delivery.Kind, Author: "jo@cloud.example", Time: time.Unix(1_800_000_000, 0).UTC(), Content: []byte(`{"opened":{"later":true}}`)}
	if _, err := l.AppendNoteAfter(deliveryLogs+"bad-1", 0, note); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	code, out := inProcess(t, dir, "delivery", "list")
	for _, want := range []string{"delivery bad-1: delivery/bad-1, entry 0: ", "bad-1 ", "unreadable", "good-1 ", "Good"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, without %q:\n%s", code, want, out)
		}
	}
	if code, out := inProcess(t, dir, "delivery", "show", "bad-1"); code != exitFailure || !strings.Contains(out, "entry 0") {
		t.Errorf("exit %d:\n%s", code, out)
	}
}
