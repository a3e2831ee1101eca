package main

import (
	"strings"
	"testing"
)

// TestHardwareFile: the file that declares accelerators is read strictly.
func TestHardwareFile(t *testing.T) {
	devices, err := parseHardware([]byte(`[{"product":"NVIDIA H100 SXM5 80GB","count":8}]`))
	if err != nil || len(devices) != 1 || devices[0].Count != 8 {
		t.Fatalf("%v, %v", devices, err)
	}
	for name, c := range map[string]struct{ text, want string }{
		"duplicate-key":     {`[{"product":"a","product":"b","count":1}]`, "product"},
		"key-in-other-case": {`[{"Product":"a","count":1}]`, `unknown field "Product"`},
		"unknown-field":     {`[{"product":"a","count":1,"sku":"x"}]`, `unknown field "sku"`},
		"trailing-bytes":    {`[{"product":"a","count":1}] x`, ""},
		"truncated":         {`[{"product":"a","count":1}`, ""},
		"no-count":          {`[{"product":"a"}]`, "both are needed"},
		"negative":          {`[{"product":"a","count":-1}]`, "count"},
		"empty-list":        {`[]`, "empty"},
		"an-object":         {`{"product":"a","count":1}`, ""},
		"empty":             {``, ""},
	} {
		if _, err := parseHardware([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, expected %q", name, err, c.want)
		}
	}
}

func FuzzHardwareFile(f *testing.F) {
	f.Add([]byte(`[{"product":"NVIDIA H100 SXM5 80GB","count":8}]`))
	f.Add([]byte(`[{"product":"a","product":"b","count":1}]`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		devices, err := parseHardware(data)
		if err != nil {
			return
		}
		for _, d := range devices {
			if d.Product == "" || d.Count == 0 {
				t.Fatalf("%q was read as %v", data, d)
			}
		}
	})
}
