package weights_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/weights"
)

func resources(t *testing.T, dir string, s attest.Serialization) ([]attest.Resource, []string) {
	t.Helper()
	found, empty, err := weights.Resources(context.Background(), dir, s, weights.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return found, empty
}

// TestResourcesOfFiles are the files that Hash finds.
func TestResourcesOfFiles(t *testing.T) {
	dir := write(t, t.TempDir(), map[string]string{"model.safetensors": noise(3<<20 + 17), "empty": "", "a-b/x": "1", "a/x": "2", ".git/HEAD": "x", "model.sig": "x"})
	want, err := weights.Hash(context.Background(), dir, weights.Options{Ignore: []string{"model.sig"}})
	if err != nil {
		t.Fatal(err)
	}
	found, empty := resources(t, dir, attest.Serialization{Method: attest.MethodFiles, HashType: attest.HashSHA256, IgnorePaths: []string{"model.sig"}})
	same := slices.EqualFunc(found, want.Files, func(r attest.Resource, f attest.File) bool {
		return r.Name == f.Name && "sha256:"+r.Digest == f.Digest && r.Algorithm == "sha256"
	})
	if !same || empty != nil {
		t.Errorf("got %v, %v", found, empty)
	}
}

// TestResourcesOfShards: each stretch has its own digest, the last is what is left,
// and files without bytes are named beside.
func TestResourcesOfShards(t *testing.T) {
	content := noise(2500)
	dir := write(t, t.TempDir(), map[string]string{"w": content, "empty": "", "exact": content[:1000]})
	found, empty := resources(t, dir, attest.Serialization{Method: attest.MethodShards, HashType: attest.HashSHA256, ShardSize: 1000})
	var want []attest.Resource
	for _, s := range []struct{ name, content string }{{"exact:0:1000", content[:1000]}, {"w:0:1000", content[:1000]}, {"w:1000:2000", content[1000:2000]}, {"w:2000:2500", content[2000:]}} {
		sum := sha256.Sum256([]byte(s.content))
		want = append(want, attest.Resource{Name: s.name, Algorithm: "sha256-sharded-1000", Digest: hex.EncodeToString(sum[:])})
	}
	if !slices.Equal(found, want) || !slices.Equal(empty, []string{"empty"}) {
		t.Errorf("got %v, %v", found, empty)
	}
}

// TestResourcesBLAKE2b holds against the value that RFC 7693 appendix A gives for "abc".
func TestResourcesBLAKE2b(t *testing.T) {
	dir := write(t, t.TempDir(), map[string]string{"w": "abc"})
	found, _ := resources(t, dir, attest.Serialization{Method: attest.MethodFiles, HashType: attest.HashBLAKE2b})
	const want = "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"
	if len(found) != 1 || found[0].Digest != want {
		t.Errorf("got %v", found)
	}
}

func TestResourcesRefused(t *testing.T) {
	dir := write(t, t.TempDir(), map[string]string{"w": noise(200_000)})
	link := write(t, t.TempDir(), map[string]string{"w": "1"})
	if err := os.Symlink("w", filepath.Join(link, "link")); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dir  string
		s    attest.Serialization
		want string
	}{
		"unknown hash":    {dir, attest.Serialization{Method: attest.MethodFiles, HashType: "md5"}, "not computed by this build"},
		"too many shards": {dir, attest.Serialization{Method: attest.MethodShards, HashType: attest.HashSHA256, ShardSize: 1}, "more than 100000 resources"},
		"link, not said":  {link, attest.Serialization{Method: attest.MethodFiles, HashType: attest.HashSHA256}, "symbolic link"},
	} {
		if _, _, err := weights.Resources(context.Background(), c.dir, c.s, weights.Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
