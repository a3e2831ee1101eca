package oci

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/opencontainers/go-digest"
)

func itoa(n int) string { return strconv.Itoa(n) }

func digestOf(data []byte) string { return digest.FromBytes(data).String() }

// object is a JSON document under edit.
type object = map[string]any

// edited is a shipment whose documents a test changes as somebody would who knows
// the digests: each edit writes the new blob under its own digest, and the
// documents that name it follow.
type edited struct {
	t      testing.TB
	layout string
	index  object
}

func edit(t testing.TB, layout string) *edited {
	t.Helper()
	e := &edited{t: t, layout: layout}
	e.index = e.parse(e.read("index.json"))
	return e
}

func (e *edited) path(name string) string { return filepath.Join(e.layout, name) }

func (e *edited) read(name string) []byte {
	e.t.Helper()
	data, err := os.ReadFile(e.path(name))
	if err != nil {
		e.t.Fatal(err)
	}
	return data
}

func (e *edited) write(name string, data []byte) {
	e.t.Helper()
	os.Remove(e.path(name)) // it may be a link to the weights
	if err := os.WriteFile(e.path(name), data, 0o666); err != nil {
		e.t.Fatal(err)
	}
}

func (e *edited) parse(data []byte) object {
	e.t.Helper()
	var o object
	if err := json.Unmarshal(data, &o); err != nil {
		e.t.Fatal(err)
	}
	return o
}

func (e *edited) encode(o any) []byte {
	e.t.Helper()
	data, err := json.Marshal(o)
	if err != nil {
		e.t.Fatal(err)
	}
	return data
}

func (e *edited) save() { e.write("index.json", e.encode(e.index)) }

func (e *edited) entries() []any { return e.index["manifests"].([]any) }

func (e *edited) entry(i int) object { return e.entries()[i].(object) }

// blob stores data under its digest and points the descriptor d at it.
func (e *edited) blob(d object, data []byte) {
	e.write(blobName(digestOf(data)), data)
	d["digest"], d["size"] = digestOf(data), len(data)
}

// manifest changes the manifest of entry i; raw turns its final bytes into others.
func (e *edited) manifest(i int, change func(m object), raw ...func([]byte) []byte) {
	e.t.Helper()
	d := e.entry(i)
	m := e.parse(e.read(blobName(d["digest"].(string))))
	if change != nil {
		change(m)
	}
	data := e.encode(m)
	for _, r := range raw {
		data = r(data)
	}
	e.blob(d, data)
	e.save()
}

// layer changes a layer's descriptor in the manifest of entry i.
func (e *edited) layer(i, layer int, change func(d object)) {
	e.t.Helper()
	e.manifest(i, func(m object) { change(m["layers"].([]any)[layer].(object)) })
}

func annotations(d object) object { return d["annotations"].(object) }

// rename gives a layer another path, in both annotations.
func rename(name string) func(object) {
	return func(d object) { annotations(d)[annotationPath], annotations(d)[annotationTitle] = name, name }
}
