package canonical

import (
	"strings"
	"testing"
)

func TestEncode(t *testing.T) {
	got, err := Encode(struct {
		Name string            `json:"name"`
		More map[string]string `json:"more"`
		None []int             `json:"none"`
	}{"a<b>&\u2028", map[string]string{"b": "2", "a": "1"}, []int{}})
	if want := `{"name":"a<b>&\u2028","more":{"a":"1","b":"2"},"none":[]}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if _, err := Encode(func() {}); err == nil {
		t.Error("a function was encoded")
	}
}

func TestCompare(t *testing.T) {
	for _, c := range []struct{ found, canonical, want string }{
		{`{"a":1}`, `{"a":1}`, ""},
		{`{"a": 1}`, `{"a":1}`, `byte 5: found " 1}", expected "1}"`},
		{`{"a":1} `, `{"a":1}`, `byte 7: found " ", expected ""`},
		{``, `{}`, `byte 0: found "", expected "{}"`},
		{strings.Repeat("a", 100), strings.Repeat("a", 50) + "b", `byte 50: found "` + strings.Repeat("a", 24) + `", expected "b"`},
	} {
		err := Compare([]byte(c.found), []byte(c.canonical))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.found, err, c.want)
		}
	}
}
