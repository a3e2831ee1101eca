package disclosure

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/meter/canonical"
)

type vectors struct {
	Digests []struct {
		Section, Disclosure, Digest string
		Contents                    []any
	}
	Presentations []struct {
		Section     string
		Signed      string // base64url of a payload, as a JWT has it
		Payload     json.RawMessage
		Disclosures []string
		Processed   any
	}
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	data, err := os.ReadFile("testdata/rfc9901.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Digests) < 14 || len(v.Presentations) < 5 {
		t.Fatalf("%d digests and %d presentations", len(v.Digests), len(v.Presentations))
	}
	return v
}

// TestDigestsOfTheRFC: each disclosure that RFC 9901 prints has the digest and the
// contents that it prints beside it.
func TestDigestsOfTheRFC(t *testing.T) {
	for _, v := range readVectors(t).Digests {
		if got := Digest(v.Disclosure); got != v.Digest {
			t.Errorf("%s: digest %s, expected %s", v.Section, got, v.Digest)
		}
		d, err := Parse(v.Disclosure)
		if err != nil {
			t.Errorf("%s: %v", v.Section, err)
			continue
		}
		var value any
		if err := json.Unmarshal(d.Value, &value); err != nil {
			t.Fatal(err)
		}
		got := []any{d.Salt, d.Name, value}
		if d.Element {
			got = []any{d.Salt, value}
		}
		if !reflect.DeepEqual(got, v.Contents) {
			t.Errorf("%s: contents %v, expected %v", v.Section, got, v.Contents)
		}
	}
}

// TestPresentationsOfTheRFC: what RFC 9901 processes is processed to the same.
func TestPresentationsOfTheRFC(t *testing.T) {
	for _, v := range readVectors(t).Presentations {
		payload := []byte(v.Payload)
		if v.Signed != "" {
			var err error
			if payload, err = base64.RawURLEncoding.DecodeString(v.Signed); err != nil {
				t.Fatal(err)
			}
		}
		opened, err := Open(payload, v.Disclosures)
		if err != nil {
			t.Errorf("%s: %v", v.Section, err)
			continue
		}
		var got any
		if err := json.Unmarshal(opened.JSON, &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, v.Processed) {
			t.Errorf("%s: got %s", v.Section, opened.JSON)
		}
	}
}

func text(json string) string { return base64.RawURLEncoding.EncodeToString([]byte(json)) }

// TestRefused: what RFC 9901, section 7.1 rejects, by name.
func TestRefused(t *testing.T) {
	member, element := text(`["s","a",1]`), text(`["s",1]`)
	of := func(digests ...string) string {
		list, _ := json.Marshal(digests)
		return `{"_sd_alg":"sha-256","_sd":` + string(list) + `}`
	}
	nested := text(`["t","b",{"_sd":["` + Digest(member) + `"]}]`)
	deep := strings.Repeat(`[`, maxDepth+2) + strings.Repeat(`]`, maxDepth+2)
	vectors := []struct {
		name, payload string
		disclosures   []string
		want          string
	}{
		{"forged", of(Digest(text(`["s","a",2]`))), []string{member}, "belongs to nothing"},
		{"given-twice", of(Digest(member)), []string{member, member}, "given twice"},
		{"digest-twice", of(Digest(member), Digest(member)), []string{member}, "two places"},
		{"digest-twice-closed", of("x", "x"), nil, "two places"},
		{"digest-twice-through-a-disclosure", of(Digest(member), Digest(nested)), []string{member, nested}, "two places"},
		{"inner-without-outer", of(Digest(nested)), []string{member}, "belongs to nothing"},
		{"element-for-member", of(Digest(element)), []string{element}, "array element"},
		{"member-for-element", `{"l":[{"...":"` + Digest(member) + `"}]}`, []string{member}, "stands for an element"},
		{"name-taken", `{"a":0,"_sd":["` + Digest(member) + `"]}`, []string{member}, "there already"},
		{"name-taken-by-another", of(Digest(member), Digest(text(`["u","a",1]`))), []string{member, text(`["u","a",1]`)}, "there already"},
		{"reserved-sd", of(Digest(text(`["s","_sd",[]]`))), []string{text(`["s","_sd",[]]`)}, "reserved"},
		{"reserved-dots", of(Digest(text(`["s","...",1]`))), []string{text(`["s","...",1]`)}, "reserved"},
		{"dots-with-another-key", `{"l":[{"...":"x","y":1}]}`, nil, "reserved"},
		{"dots-outside-an-array", `{"l":{"...":"x"}}`, nil, "reserved"},
		{"digest-no-string", `{"_sd":[1]}`, nil, "a digest is a string"},
		{"sd-no-array", `{"_sd":"x"}`, nil, "array of digests"},
		{"other-hash", `{"_sd_alg":"sha-1","_sd":[]}`, nil, "expected sha-256"},
		{"hash-no-string", `{"_sd_alg":256}`, nil, "expected sha-256"},
		{"no-object", `[1]`, nil, "JSON object"},
		{"padded-base64", of(), []string{member + "="}, "base64url"},
		{"line-feed-in-base64", of(), []string{member[:4] + "\n" + member[4:]}, "base64url"},
		{"plus-for-minus", of(), []string{"WyI+"}, "base64url"},
		{"no-array", of(), []string{text(`{"a":1}`)}, "JSON array"},
		{"one-element", of(), []string{text(`["s"]`)}, "JSON array"},
		{"four-elements", of(), []string{text(`["s","a",1,2]`)}, "JSON array"},
		{"trailing", of(), []string{text(`["s","a",1] 2`)}, "follows"},
		{"salt-no-string", of(), []string{text(`[1,"a",1]`)}, "salt"},
		{"salt-null", of(), []string{text(`[null,"a",1]`)}, "salt"},
		{"name-no-string", of(), []string{text(`["s",1,1]`)}, "name"},
		{"too-large", of(), []string{strings.Repeat("A", MaxBytes+1)}, "at most"},
		{"too-many", of(), make([]string, MaxCount+1), "at most"},
		{"too-deep", of(Digest(text(`["s","a",` + deep + `]`))), []string{text(`["s","a",` + deep + `]`)}, "deeper"},
	}
	for _, v := range vectors {
		_, err := Open([]byte(v.payload), v.disclosures)
		if err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%s: %v, expected %q", v.name, err, v.want)
		}
	}
}

// TestIssued: what an issuer hides opens to the same, one by one and all
// together; nothing of it can be read before.
func TestIssued(t *testing.T) {
	i := Issuer{Random: rand.Reader}
	object := map[string]any{"shown": "x"}
	i.Hide(object, "", []Member{{"number", "n", json.Number("6300000000000000000000000")}, {"nested", "o", map[string]any{"k": "<&>"}}})
	object["list"] = i.HideElements("list", "list", []any{"first", "second", "second"})
	if i.Err() != nil {
		t.Fatal(i.Err())
	}
	payload, err := canonical.Encode(object)
	if err != nil {
		t.Fatal(err)
	}
	// A digest is 43 random letters, and any two digits stand in one of them now and then.
	readable := regexp.MustCompile(`"[A-Za-z0-9_-]{43}"`).ReplaceAll(payload, nil)
	for _, hidden := range []string{"63", "second", "<&>"} {
		if bytes.Contains(readable, []byte(hidden)) {
			t.Errorf("%q can be read in %s", hidden, payload)
		}
	}
	var all []string
	for _, made := range i.Made {
		all = append(all, made.Text)
		if opened, err := Open(payload, []string{made.Text}); err != nil || len(opened.Shown) != 1 {
			t.Errorf("%s: %v, %q", made.Path, err, opened.Shown)
		}
	}
	opened, err := Open(payload, all)
	if want := `{"list":["first","second","second"],"n":6300000000000000000000000,"o":{"k":"<&>"},"shown":"x"}`; err != nil || string(opened.JSON) != want {
		t.Errorf("%v\n got %s\nwant %s", err, opened.JSON, want)
	}
	if opened.Closed != 2+5 { // decoys: 2 members of 4 digests, 3 elements of 8
		t.Errorf("%d digests without a disclosure", opened.Closed)
	}
}

// TestEqualValues: equal values never have equal digests, here and at another
// issue.
func TestEqualValues(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		i := Issuer{Random: rand.Reader}
		i.HideElements("f", "p", []any{"6.3e24", "6.3e24"})
		i.Hide(map[string]any{}, "p", []Member{{"f", "n", "6.3e24"}})
		for _, m := range i.Made {
			if seen[Digest(m.Text)] {
				t.Fatal("two equal digests")
			}
			seen[Digest(m.Text)] = true
		}
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("no randomness") }

// TestNoRandomness: without random bytes nothing is issued.
func TestNoRandomness(t *testing.T) {
	i := Issuer{Random: broken{}}
	i.Hide(map[string]any{}, "", []Member{{"f", "n", 1}})
	if i.Err() == nil {
		t.Error("salts without randomness")
	}
}

// TestDecoysHideTheCount: the number of digests does not tell the number of
// elements, and there is a decoy always.
func TestDecoysHideTheCount(t *testing.T) {
	for n := range 20 {
		i := Issuer{Random: rand.Reader}
		if got := len(i.HideElements("f", "p", make([]any, n))); got%padArray != 0 || got <= n {
			t.Errorf("%d elements: %d digests", n, got)
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, v := range readVectors(f).Presentations {
		if v.Payload != nil {
			f.Add([]byte(v.Payload), strings.Join(v.Disclosures, "~"))
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, disclosures string) {
		opened, err := Open(payload, strings.Split(disclosures, "~"))
		if err != nil {
			return
		}
		if again, err := Open(opened.JSON, nil); err != nil || !bytes.Equal(again.JSON, opened.JSON) {
			t.Errorf("opening twice: %v\n%s\n%s", err, opened.JSON, again.JSON)
		}
	})
}
