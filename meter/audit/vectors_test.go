package audit

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
)

type tarMember struct {
	header  *tar.Header
	content []byte
}

func listed(name string, content []byte) File {
	sum := sha256.Sum256(content)
	return File{name, int64(len(content)), hex.EncodeToString(sum[:])}
}

func member(name string, content []byte) tarMember { return tarMember{header(name, 0), content} }

// refit puts the list of files into a manifest, where that can still be read.
func refit(t testing.TB, data []byte, files []File) []byte {
	t.Helper()
	var m Manifest
	if json.Unmarshal(data, &m) != nil {
		return data
	}
	again, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, data) {
		return data // a vector about the encoding
	}
	m.Files = files
	out, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// edit replaces text in the members whose name matches.
func edit(name, old, new string) func(string, []byte) []tarMember {
	return func(have string, content []byte) []tarMember {
		if regexp.MustCompile(name).MatchString(have) {
			content = []byte(strings.Replace(string(content), old, new, 1))
		}
		return []tarMember{member(have, content)}
	}
}

func drop(name string) func(string, []byte) []tarMember {
	return func(have string, content []byte) []tarMember {
		if regexp.MustCompile(name).MatchString(have) {
			return nil
		}
		return []tarMember{member(have, content)}
	}
}

// beside adds a member before the one that is named.
func beside(name string, add ...tarMember) func(string, []byte) []tarMember {
	return func(have string, content []byte) []tarMember {
		if have == name {
			return append(append([]tarMember{}, add...), member(have, content))
		}
		return []tarMember{member(have, content)}
	}
}

// lines changes the lines of the log that a directory holds.
func lines(directory string, change func([]string) []string) func(string, []byte) []tarMember {
	return func(have string, content []byte) []tarMember {
		if strings.HasPrefix(have, directory+"/entries-") {
			all := strings.SplitAfter(string(content), "\n")
			content = []byte(strings.Join(change(all[:len(all)-1]), ""))
		}
		return []tarMember{member(have, content)}
	}
}

// reforged writes one body again, with its commitment, and leaves root and proofs
// as they were: a forger without the head.
func reforged(directory string, index int, old, new string) func(string, []byte) []tarMember {
	return lines(directory, func(all []string) []string {
		var line entryLine
		if json.Unmarshal([]byte(all[index]), &line) != nil {
			return all
		}
		body := strings.Replace(*line.Body, old, new, 1)
		salt, _ := hex.DecodeString(*line.Salt)
		sum := sha256.Sum256(append(salt, body...))
		at := strings.Index(line.Header, "sha256:")
		line.Header, line.Body = line.Header[:at]+"sha256:"+hex.EncodeToString(sum[:])+"\n", &body
		data, _ := encodeLine(line)
		all[index] = string(data)
		return all
	})
}

// odd is a member with a header that the format does not have.
func odd(change func(*tar.Header)) tarMember {
	m := member("statements/1.json", []byte("{}"))
	change(m.header)
	return m
}

// TestVectors (A1 to A10): each damage by name, with the code of the first problem;
// the reader in Python refuses what a reader of the entries can see.
func TestVectors(t *testing.T) {
	data := file(t, nil)
	const nobody = "-" // read.py does not look at that
	vectors := []struct {
		name   string
		change func(string, []byte) []tarMember
		code   string
		python string
	}{
		{"entry-dropped", lines("logs/0001", func(l []string) []string { return append(l[:1:1], l[2:]...) }), "header-differs", "header"},
		{"last-entry-dropped", lines("logs/0001", func(l []string) []string { return l[:len(l)-1] }), "entry-missing", "root"},
		{"entry-twice", lines("logs/0001", func(l []string) []string { return append(l, l[len(l)-1]) }), "entry-extra", "header"},
		{"entries-swapped", lines("logs/0001", func(l []string) []string { l[0], l[1] = l[1], l[0]; return l }), "header-differs", "header"},
		{"all-entries-dropped", drop("^logs/0001/entries"), "entry-missing", ""},
		{"log-dropped", drop("^logs/0003"), "manifest", ""},
		{"body-changed", edit("^logs/0001/entries", `1000000000000000000000000`, `1000000000000000000000001`), "header-differs", "body"},
		{"salt-changed", edit("^logs/0001/entries", `"salt":"`, `"salt":"00`), "entry-unreadable", ""},
		{"header-changed", edit("^logs/0001/entries", `sha256:`, `sha256:00`), "header-differs", ""},
		{"forged-body", reforged("logs/0000", 0, `300000000000000000000000`, `100000000000000000000000`), "totals-differ", ""},
		{"forged-note", reforged("logs/0003", 0, `hold`, `pass`), "root-differs", "root"},
		{"forged-outcome", reforged("logs/0000", 0, `"outcome":"stated"`, `"outcome":"finished"`), "root-differs", "root"},
		{"body-not-canonical", reforged("logs/0000", 0, `{"record"`, `{ "record"`), "body-unreadable", "root"},
		{"correction-of-nothing", reforged("logs/0001", 5, `"entry":2`, `"entry":4`), "correction", ""},
		{"correction-of-itself", reforged("logs/0001", 5, `"entry":2`, `"entry":5`), "correction", "corrects nothing"},
		{"run-twice", reforged("logs/0001", 1, `"run-b"`, `"run-a"`), "counted-twice", ""},
		{"of-another-model", reforged("logs/0001", 1, `acme/base@1`, `acme/bass@1`), "header-differs", ""},
		{"proof-changed", edit("^logs/0001/entries", `"proof":["`, `"proof":["AAAA`), "proof-differs", ""},
		{"proof-short", lines("logs/0001", func(l []string) []string {
			l[0] = regexp.MustCompile(`"proof":\["[^"]*",`).ReplaceAllString(l[0], `"proof":[`)
			return l
		}), "proof-differs", "proof"},
		{"head-of-more", edit("^logs/0001/head", "\n7\n", "\n8\n"), "entry-missing", "root"},
		{"head-of-another-root", edit("^logs/0001/head", "\n7\n", "\n7\nA"), "head", ""},
		{"head-no-checkpoint", edit("^logs/0001/head", "weighbridge", "Weighbridge"), "head", ""},
		{"line-unknown-field", edit("^logs/0001/entries", `{"header"`, `{"more":1,"header"`), "entry-unreadable", nobody},
		{"line-white-space", edit("^logs/0001/entries", `{"header"`, `{ "header"`), "entry-unreadable", nobody},
		{"line-key-in-another-case", edit("^logs/0001/entries", `{"header"`, `{"Header"`), "entry-unreadable", ""},
		{"body-without-salt", lines("logs/0001", func(l []string) []string {
			l[0] = regexp.MustCompile(`"salt":"[^"]*",`).ReplaceAllString(l[0], "")
			return l
		}), "entry-unreadable", ""},
		{"no-last-line-feed", edit("^logs/0000/entries", "]}\n", "]}"), "entry-unreadable", ""},
		{"body-withheld-by-another", lines("logs/0001", func(l []string) []string {
			l[0] = regexp.MustCompile(`"salt":.*"proof"`).ReplaceAllString(l[0], `"proof"`)
			return l
		}), "manifest", ""},
		{"evidence-changed", edit("^evidence/", "loss 2.0", "loss 1.0"), "evidence-differs", "evidence"},
		{"evidence-dropped", drop("^evidence/"), "evidence-missing", "evidence"},
		{"evidence-of-nothing", beside("rules/us-4e091/clauses.yaml", member("evidence/ff"+strings.Repeat("0", 62), nil)), "evidence-differs", "evidence"},
		{"manifest-dropped", drop("^manifest"), "manifest", ""},
		{"manifest-unknown-field", edit("^manifest", `"model"`, `"more": 1, "model"`), "manifest", nobody},
		{"manifest-white-space", edit("^manifest", "{\n", "{\n\n"), "manifest", nobody},
		{"manifest-another-schema", edit("^manifest", "auditors-file/v1", "auditors-file/v2"), "manifest", nobody},
		{"manifest-another-total", edit("^manifest", "9100000000000000000000000", "9000000000000000000000000"), "lineage-differs", "lineage"},
		{"manifest-model-left-out", edit("^manifest", "   \"acme/base@1\"\n", "   \"acme/atlas@1\"\n"), "lineage-differs", "lineage"},
		{"manifest-another-model", edit("^manifest", `"model": "acme/atlas@1"`, `"model": "acme/base@1"`), "lineage-differs", "lineage"},
		{"manifest-another-size", edit("^manifest", `"size": 7`, `"size": 8`), "manifest", nobody},
		{"readme-changed", edit("README", "auditor", "Auditor"), "member", nobody},
		{"readme-dropped", drop("README"), "member", nobody},
		{"name-twice", beside("statements/0.json", member("statements/0.json", []byte("{}"))), "member", "member"},
		{"out-of-order", beside("manifest.json", member("rules/zz", []byte("x"))), "member", nobody},
		{"parent-path", beside("statements/0.json", member("rules/../../etc/passwd", nil)), "member", nobody},
		{"absolute-path", beside("statements/0.json", member("/etc/passwd", nil)), "member", nobody},
		{"unknown-kind", beside("logs/0000/head", member("delivery/x", nil)), "member", nobody},
		{"symlink", beside("manifest.json", odd(func(h *tar.Header) { h.Typeflag, h.Linkname = tar.TypeSymlink, "/etc/passwd" })), "member", ""},
		{"hard-link", beside("manifest.json", odd(func(h *tar.Header) { h.Typeflag, h.Linkname = tar.TypeLink, "manifest.json" })), "member", nobody},
		{"device", beside("manifest.json", odd(func(h *tar.Header) { h.Typeflag = tar.TypeChar })), "member", ""},
		{"directory", beside("manifest.json", odd(func(h *tar.Header) { h.Typeflag, h.Name = tar.TypeDir, "statements/1/" })), "member", ""},
		{"with-a-time", beside("manifest.json", odd(func(h *tar.Header) { h.ModTime = time.Unix(1, 0) })), "member", nobody},
		{"executable", beside("manifest.json", odd(func(h *tar.Header) { h.Mode = 0o755 })), "member", nobody},
		{"with-an-owner", beside("manifest.json", odd(func(h *tar.Header) { h.Uname = "root" })), "member", nobody},
		{"after-the-manifest", func(name string, content []byte) []tarMember {
			if name == nameManifest {
				return []tarMember{member(name, content), member("statements/9.json", nil)}
			}
			return []tarMember{member(name, content)}
		}, "member", ""},
	}
	for _, v := range vectors {
		changed := rewrite(t, data, v.change)
		r := check(t, changed)
		switch {
		case v.code == "" && !r.OK:
			t.Errorf("%s: %+v", v.name, r.Problems)
		case v.code != "" && (r.OK || r.Problems[0].Code != v.code):
			t.Errorf("%s: %+v, expected %s", v.name, r.Problems, v.code)
		}
		if v.code == "" || v.python == nobody {
			continue
		}
		if out, err := runPython(t, changed); err == nil || !strings.Contains(out, v.python) {
			t.Errorf("%s: read.py: %v, expected %q: %s", v.name, err, v.python, out)
		}
	}
}

// TestEveryByte (A1): whichever byte of the archive is changed (each third), the file is refused,
// or only the name of the program that wrote it, or the time, is another.
func TestEveryByte(t *testing.T) {
	data := file(t, nil)
	whole := check(t, data)
	tool, end := bytes.Index(data, []byte(` "tool": {`)), bytes.Index(data, []byte(` "logs": [`))
	for i := 0; i < len(data); i += 3 {
		changed := bytes.Clone(data)
		changed[i] ^= 0x01
		r := check(t, changed)
		same := reflect.DeepEqual(r.Lineage, whole.Lineage) && reflect.DeepEqual(r.Logs, whole.Logs)
		if r.OK && !(same && tool < i && i < end) { // there stands which program wrote it, and when: the exporter's word, and no more
			t.Fatalf("byte %d (%q of %q) was changed, and nobody saw it", i, data[i], data[max(0, i-20):min(len(data), i+20)])
		}
	}
	for _, cut := range []int{0, 1, 511, 512, 1024, len(data) / 2, len(data) - 1024} {
		if r := check(t, data[:cut]); r.OK {
			t.Errorf("cut off at %d of %d", cut, len(data))
		}
	}
	if r := check(t, append(bytes.Clone(data), "more"...)); r.OK {
		t.Error("something behind the archive")
	}
}

// TestCodes: SPEC.md lists every code with what is wrong.
func TestCodes(t *testing.T) {
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	for code, meaning := range Codes() {
		if !bytes.Contains(spec, []byte("| `"+code+"` | "+meaning+" |")) {
			t.Errorf("SPEC.md lacks | `%s` | %s |", code, meaning)
		}
	}
	if !bytes.Contains(spec, []byte(Schema)) || !bytes.Contains(spec, []byte(ReportSchema)) {
		t.Error("SPEC.md does not name the schemas")
	}
	for _, kind := range Kinds() {
		if !bytes.Contains(spec, []byte(kind+"/")) {
			t.Errorf("SPEC.md does not name %s/", kind)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(file(f, nil))
	f.Add([]byte("README.txt"))
	f.Fuzz(func(t *testing.T, data []byte) { check(t, data) })
}
