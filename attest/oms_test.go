package attest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func resource(name, content string) Resource {
	return Resource{Name: name, Algorithm: HashSHA256, Digest: strings.TrimPrefix(file(name, content).Digest, "sha256:")}
}

func modelSignature(t testing.TB, resources ...Resource) ModelSignature {
	t.Helper()
	m, err := NewModelSignature("atlas", Serialization{Method: MethodFiles, HashType: HashSHA256, IgnorePaths: []string{"model.sig"}}, resources)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestModelSignatureRoundTrip: what is written is read back, its root that of the
// same files' manifest.
func TestModelSignatureRoundTrip(t *testing.T) {
	m := modelSignature(t, resource("model/w", "1"), resource("a/x", "2"), resource("a-b/x", "3"))
	manifest, err := NewManifest([]File{file("model/w", "1"), file("a/x", "2"), file("a-b/x", "3")})
	if err != nil || m.Root != manifest.Root() {
		t.Errorf("root %s, the manifest's is %s: %v", m.Root, manifest.Root(), err)
	}
	payload, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseModelSignature(payload)
	if err != nil || again.Root != m.Root || !slices.Equal(again.Resources, m.Resources) || again.Order() != "bytes" {
		t.Errorf("read back as %+v, %v", again, err)
	}
	if got := again.Compare([]Resource{resource("a-b/x", "3"), resource("a/y", "2"), resource("new", "4"), resource("model/w", "other")}); len(got) != 3 {
		t.Errorf("differences %v", got)
	}
}

// TestModelSignatureOrders: the two orders that tools list resources in.
func TestModelSignatureOrders(t *testing.T) {
	files := Serialization{Method: MethodFiles, HashType: HashSHA256}
	shards := Serialization{Method: MethodShards, HashType: HashSHA256, ShardSize: 1_000_000_000}
	for _, c := range []struct {
		s     Serialization
		names []string
		want  string
	}{
		{files, []string{"a", "b/c"}, "both"},
		{files, []string{"a-b/x", "a/x"}, "bytes"},
		{files, []string{"a/x", "a-b/x"}, "components"},
		{files, []string{"b", "a"}, "unknown"},
		{shards, []string{"w:10000000000:10000000001", "w:2000000000:2000000001"}, "bytes"},
		{shards, []string{"w:2000000000:2000000001", "w:10000000000:10000000001"}, "components"},
	} {
		m := ModelSignature{Serialization: c.s}
		for _, n := range c.names {
			m.Resources = append(m.Resources, Resource{Name: n})
		}
		if got := m.Order(); got != c.want {
			t.Errorf("%q: %s, expected %s", c.names, got, c.want)
		}
	}
}

// TestShardNames: the last two numbers count; a path may hold colons.
func TestShardNames(t *testing.T) {
	s := Serialization{Method: MethodShards, HashType: HashSHA256, ShardSize: 10}
	for name, want := range map[string]string{"w:0:10": "w", "a:1:2:0:5": "a:1:2", "w:0:11": "", "w:5:5": "", "w:6:5": "", "w:05:10": "", "w:-1:5": "", "w:0": "", "w": "", "w:0:5:": ""} {
		if path, _, ok := (Resource{Name: name}).File(s); ok != (want != "") || ok && path != want {
			t.Errorf("%q: %q, %v", name, path, ok)
		}
	}
}

// omsVectors change a good statement and must be refused, naming the problem.
var omsVectors = []struct{ name, old, new, want string }{
	{"another-predicate", "model_signing/signature/v1.0", "model_signing/signature/v2.0", "expected " + TypeOMS},
	{"before-1.0", "https://model_signing/signature/v1.0", "https://model_signing/Digests/v0.1", "expected " + TypeOMS},
	{"statement-v0.1", "Statement/v1", "Statement/v0.1", "expected " + StatementType},
	{"two-subjects", `"subject":[`, `"subject":[{"name":"x","digest":{"sha256":"00"}},`, "2 subjects"},
	{"unknown-field", `"serialization":`, `"more":1,"serialization":`, `field "more"`},
	{"unknown-serialization", `"method":`, `"chunking":1,"method":`, `field "chunking" is not known`},
	{"no-method", `"method":"files",`, ``, `method ""`},
	{"method", `"files"`, `"tensors"`, `method "tensors"`},
	{"hash", `"hash_type":"sha256"`, `"hash_type":"md5"`, `hash_type "md5"`},
	{"shard-size-of-files", `"method":"files"`, `"method":"files","shard_size":5`, "shard_size 5"},
	{"shard-size-fraction", `"method":"files"`, `"method":"shards","shard_size":1.5`, "whole number"},
	{"shards-without-size", `"files"`, `"shards"`, "shard_size 0"},
	{"ignore-outside", `["model.sig"]`, `["../model.sig"]`, "ignore_paths"},
	{"ignore-absolute", `["model.sig"]`, `["/model.sig"]`, "ignore_paths"},
	{"traversal", `"name":"a/x"`, `"name":"../x"`, "without .."},
	{"absolute", `"name":"a/x"`, `"name":"/x"`, "without .."},
	{"twice", `"name":"b"`, `"name":"a/x"`, "listed twice"},
	{"algorithm", `"algorithm":"sha256"`, `"algorithm":"blake3"`, `algorithm "blake3"`},
	{"digest-upper-case", `"digest":"6b86b273`, `"digest":"6B86b273`, "lower-case"},
	{"digest-short", `"digest":"6b86b273`, `"digest":"6b86b2`, "64 lower-case"},
	{"digest-a-set", `"digest":"6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"`, `"digest":{"sha256":"6b"}`, "expected a string"},
	{"other-root", `"digest":"6b86b273`, `"digest":"7b86b273`, "the resources listed give"},
	{"no-resources", `"resources":[`, `"resources":[],"x":[`, `field "x"`},
	{"key-in-another-case", `"resources"`, `"Resources"`, `field "Resources"`},
	{"key-twice", `"method":"files"`, `"method":"files","method":"files"`, "twice"},
}

func TestModelSignatureRefused(t *testing.T) {
	payload, err := modelSignature(t, resource("a/x", "1"), resource("b", "2")).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if len(omsVectors) < 20 {
		t.Fatalf("%d vectors", len(omsVectors))
	}
	for _, v := range omsVectors {
		changed := bytes.Replace(payload, []byte(v.old), []byte(v.new), 1)
		if bytes.Equal(changed, payload) {
			t.Fatalf("%s: nothing changed in %s", v.name, payload)
		}
		if _, err := ParseModelSignature(changed); err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: got %v; expected %q", v.name, err, v.want)
		}
	}
	if _, err := NewModelSignature("m", Serialization{Method: MethodFiles, HashType: HashSHA256}, nil); err == nil {
		t.Error("an empty model was taken")
	}
}

func FuzzParseModelSignature(f *testing.F) {
	payload, err := modelSignature(f, resource("a/x", "1"), resource("b", "2")).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	for _, v := range omsVectors {
		f.Add(bytes.Replace(payload, []byte(v.old), []byte(v.new), 1))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseModelSignature(data)
		if err != nil {
			return
		}
		again, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := ParseModelSignature(again); err != nil || b.Root != m.Root || fmt.Sprint(b.Resources) != fmt.Sprint(m.Resources) {
			t.Errorf("%v: read again as %v, %v", m, b, err)
		}
	})
}
