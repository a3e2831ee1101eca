package main

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/weighbridge/weighbridge/attest/oci/ocitest"
)

// TestTagMovedBetweenResolveAndPull: attack 9 of the threat model through the whole
// command. A registry moves the tag to a stranger's model once somebody has looked it
// up: what is verified is what is kept, by digest. Where the tag was moved before, the
// stranger's model is what is verified, and it is refused.
func TestTagMovedBetweenResolveAndPull(t *testing.T) {
	v := &victim{t: t, dir: t.TempDir()}
	v.layout, v.key, v.claims = attestedShipment(t, v.dir)
	v.write("other/model.bin", []byte("a stranger's weights"))
	must(t, v.dir, "record", "--model", "stranger/x@1", "--activity", "pretraining", "--operations", "1")
	must(t, v.dir, "key", "generate", "--out", v.at("stranger.key"))
	must(t, v.dir, "attest", "stranger/x@1", "--weights", v.at("other"), "--key", v.at("stranger.key"), "--out", v.at("strange"))

	registry := ocitest.New(true)
	t.Cleanup(registry.Close)
	reference := registry.Host() + "/acme/atlas:1"
	must(t, v.dir, "push", v.layout, reference)
	must(t, v.dir, "push", v.at("strange"), registry.Host()+"/acme/atlas:2")
	moved := func(after int32) {
		var looks atomic.Int32
		registry.Respond(func(_ http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/manifests/1") && looks.Add(1) > after {
				r.URL.Path = strings.TrimSuffix(r.URL.Path, "1") + "2"
			}
			return false
		})
	}
	for name, args := range map[string][]string{
		"verify and keep": v.verify(reference, "--out", v.at("kept")),
		"pull":            {"pull", reference, "--out", v.at("pulled")},
	} {
		t.Run(name, func(t *testing.T) {
			moved(1)
			must(t, v.dir, args...)
			kept := args[len(args)-1]
			if out := must(t, v.dir, v.verify(kept, "--model", "acme/atlas@1")...); !strings.HasPrefix(out, "verified:") {
				t.Error(out)
			}
			var other bool
			for _, file := range regularFiles(t, kept) {
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				other = other || bytes.Contains(data, []byte("a stranger's weights"))
			}
			if other {
				t.Error("bytes of the other model were kept")
			}
		})
	}
	moved(0)
	code, out := inProcess(t, v.dir, v.verify(reference, "--out", v.at("refused"))...)
	if code != exitVerification || !strings.Contains(out, "unknown-signer") {
		t.Errorf("moved before it was looked up: exit %d:\n%s", code, out)
	}
}
