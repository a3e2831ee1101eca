package weights_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/weights"
)

// TestResourcesBLAKE3 holds against the vectors of the BLAKE3 specification's
// authors for inputs of 0, 1, 2 ... 250, 0, 1 ...
func TestResourcesBLAKE3(t *testing.T) {
	pattern := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(i % 251)
		}
		return string(b)
	}
	dir := write(t, t.TempDir(), map[string]string{"empty": "", "one": pattern(1), "w": pattern(102400)})
	found, _ := resources(t, dir, attest.Serialization{Method: attest.MethodFiles, HashType: attest.HashBLAKE3})
	want := map[string]string{
		"empty": "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
		"one":   "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
		"w":     "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085",
	}
	if len(found) != len(want) {
		t.Fatalf("got %v", found)
	}
	for _, r := range found {
		if r.Digest != want[r.Name] || r.Algorithm != "blake3" {
			t.Errorf("%s: %s %s, expected %s", r.Name, r.Algorithm, r.Digest, want[r.Name])
		}
	}
}

// TestLinksAllowed: what a signature allows stands for what it leads to, inside
// the set; the rest is refused, and no circle hangs.
func TestLinksAllowed(t *testing.T) {
	how := attest.Serialization{Method: attest.MethodFiles, HashType: attest.HashSHA256, AllowSymlinks: true}
	dir := write(t, t.TempDir(), map[string]string{"w": "1", "sub/x": "2"})
	link := func(dir, target, name string) {
		t.Helper()
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	link(dir, "w", "file-link")
	link(dir, "../w", "sub/up")
	found, _ := resources(t, dir, how)
	var names []string
	for _, r := range found {
		names = append(names, r.Name)
	}
	if !slices.Equal(names, []string{"file-link", "sub/up", "sub/x", "w"}) {
		t.Errorf("got %v", names)
	}
	for name, c := range map[string]struct{ target, want string }{
		"dangling": {"nowhere", "leads nowhere"},
		"out":      {"/etc/hostname", "out of the weights"},
		"out-up":   {"../../etc", "out of the weights"},
		"circle":   {".", "a directory"},
		"by-link":  {"via", "out of the weights"},
		"to-self":  {"l", "leads nowhere"},
		"device":   {"/dev/null", "out of the weights"},
	} {
		dir := write(t, t.TempDir(), map[string]string{"w": "1"})
		link(dir, c.target, "l")
		link(dir, "/etc/hostname", "via")
		if _, _, err := weights.Resources(context.Background(), dir, how, weights.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, expected %q", name, err, c.want)
		}
	}
}
