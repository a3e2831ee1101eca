package canonical

import (
	"strings"
	"testing"
	"time"
)

// read reads {"text":..,"number":..,"list":[..],"at":..}; number and list may be left out.
func read(text string) (s string, n uint64, list []uint64, at time.Time, ok bool) {
	r := New(text)
	r.Open()
	r.Need("text")
	s = r.Text()
	if r.Key("number") {
		n = r.Count()
	}
	if r.Key("list") {
		r.List(func() { list = append(list, r.Uint()) })
	}
	r.Need("at")
	at = r.Time()
	r.Close()
	return s, n, list, at, r.Whole()
}

func TestReads(t *testing.T) {
	s, n, list, at, ok := read(`{"text":"a <b> & c","number":18446744073709551615,"list":[0,1,22],"at":"2026-11-25T05:00:00.12Z"}`)
	if !ok || s != "a <b> & c" || n != 1<<64-1 || len(list) != 3 || list[2] != 22 || !at.Equal(time.Date(2026, 11, 25, 5, 0, 0, 120_000_000, time.UTC)) {
		t.Error(s, n, list, at, ok)
	}
	if _, n, list, _, ok := read(`{"text":"","at":"2024-02-29T23:59:59Z"}`); !ok || n != 0 || list != nil {
		t.Error(n, list, ok)
	}
}

// Whatever is not the one encoding, or might not be, is given up on.
func TestGivesUp(t *testing.T) {
	good := `{"text":"a","number":5,"list":[1,2],"at":"2026-11-25T05:00:00Z"}`
	if _, _, _, _, ok := read(good); !ok {
		t.Fatal("the example is not read")
	}
	for _, c := range [][2]string{
		{`{"text"`, ` {"text"`}, {`{"text"`, `{ "text"`}, {`{"text"`, `{,"text"`}, {`"text":`, `"text": `}, {`"text"`, `"Text"`}, {`"text"`, `"texts"`},
		{`"a"`, `"a`}, {`"a"`, `a`}, {`"a"`, `"\u0061"`}, {`"a"`, "\"\x01\""}, {`"a"`, `"é"`}, {`"a"`, "\"\x7f\""}, {`"a"`, `null`},
		{`:5`, `:05`}, {`:5`, `:-5`}, {`:5`, `:5.0`}, {`:5`, `:5e1`}, {`:5`, `:"5"`}, {`:5`, `:0`}, {`:5`, `:18446744073709551616`}, {`:5`, `:`},
		{`[1,2]`, `[]`}, {`[1,2]`, `[1,]`}, {`[1,2]`, `[1 ,2]`}, {`[1,2]`, `[1,2`}, {`[1,2]`, `1`},
		{`T05:00:00Z`, `T05:00:00+00:00`}, {`T05:00:00Z`, `T05:00:00.0Z`}, {`T05:00:00Z`, `T05:00:00.10Z`}, {`T05:00:00Z`, `T25:00:00Z`}, {`T05:00:00Z`, `T05:00:60Z`},
		{`-11-25T`, `-11-31T`}, {`-11-25T`, `-02-30T`}, {`2026-`, `+026-`}, {`Z"}`, `Z","at":"2026-11-25T05:00:00Z"}`}, {`Z"}`, `Z"}}`}, {`Z"}`, `Z"} `}, {`Z"}`, `Z"`},
		{`"number":5,`, `"number":5,"number":5,`}, {`"number":5,"list":[1,2]`, `"list":[1,2],"number":5`}, {`"number":5,`, `"number":5`},
	} {
		bad := strings.Replace(good, c[0], c[1], 1)
		if bad == good {
			t.Fatalf("%q is not in the example", c[0])
		}
		if s, n, list, at, ok := read(bad); ok {
			t.Errorf("%s was read as %q, %d, %v, %s", bad, s, n, list, at)
		}
	}
	if _, _, _, _, ok := read(""); ok {
		t.Error("nothing was read")
	}
}
