package oci

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/weighbridge/weighbridge/attest"
)

// FuzzDecode: what decode takes, Go's decoder reads in one way only: the exact
// keys give the same value, and there is nothing behind it.
func FuzzDecode(f *testing.F) {
	layout := shipment(f)
	e := edit(f, layout)
	f.Add(e.read("index.json"))
	f.Add(e.read("oci-layout"))
	for i := range 2 {
		f.Add(e.read(blobName(e.entry(i)["digest"].(string))))
	}
	for _, s := range []string{"", "{", "[]", "null", `{"a":1,"a":2}`, `{"Layers":[]}`, `{"layers":[]} `, `{"layers":[]}{}`, "{\"\xff\":1}", `{"annotations":{"Size":"1"}}`, strings.Repeat("[", 50), `{"ſize":1}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var m ocispec.Manifest
		if decode(data, &m) != nil {
			return
		}
		var same ocispec.Manifest
		decoder := json.NewDecoder(bytes.NewReader(data))
		if err := decoder.Decode(&same); err != nil || !reflect.DeepEqual(m, same) {
			t.Errorf("%q: %v and %v, %v", data, m, same, err)
		}
		encoded, err := json.Marshal(m)
		if err != nil {
			return // a descriptor that JSON cannot hold
		}
		if err := decode(encoded, &same); err != nil {
			t.Errorf("%q: what we would write is refused: %v", encoded, err)
		}
	})
}

// FuzzNames: names that are taken stay below any directory, and differ where case
// is ignored.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"a\nb", "a\nA", "../x\ny", "a/b\na", `c:\x` + "\ny", "/\n", "\n", "code/x\nCODE/y", "é\nÉ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		names := strings.Split(list, "\n")
		if checkNames(names) != nil {
			return
		}
		seen := map[string]bool{}
		for _, n := range names {
			if seen[strings.ToLower(n)] || !attest.ValidName(n) || strings.Contains(n, "..") && strings.Contains("/"+n+"/", "/../") || strings.HasPrefix(n, "/") {
				t.Errorf("taken: %q", names)
			}
			seen[strings.ToLower(n)] = true
		}
	})
}

// FuzzOpenManifest: any bytes as a model's manifest, under their true digest, are
// a model or an error, and never reach outside.
func FuzzOpenManifest(f *testing.F) {
	layout := shipment(f)
	index := string(edit(f, layout).read("index.json"))
	e := edit(f, layout)
	good := e.read(blobName(e.entry(0)["digest"].(string)))
	f.Add(good)
	f.Add(bytes.ReplaceAll(good, []byte("README.md"), []byte("../x")))
	f.Add(bytes.ReplaceAll(good, []byte("sha256:"), []byte("sha512:")))
	f.Add([]byte(`{"schemaVersion":2}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e := &edited{t: t, layout: layout, index: (&edited{t: t}).parse([]byte(index))}
		name := blobName(digestOf(data))
		if _, err := os.Lstat(e.path(name)); err == nil {
			return // a blob of the sample
		}
		defer os.Remove(e.path(name))
		e.blob(e.entry(0), data)
		e.save()
		l, err := Open(layout)
		if err != nil {
			return
		}
		defer l.Close()
		for _, m := range l.Models() {
			if err := m.Declared.Validate(); err != nil {
				t.Errorf("%q: %v", data, err)
			}
		}
	})
}
