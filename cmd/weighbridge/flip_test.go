package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/sign/signtest"
)

// inProcess runs a command in this process, in dir's ledger, and returns what it
// printed.
func inProcess(t testing.TB, dir string, args ...string) (code int, stdout string) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	code = run(context.Background(), environment{args: append([]string{"--ledger", filepath.Join(dir, "ledger.db")}, args...), stdin: null, stdout: out, stderr: out, interrupts: uninterrupted,
		getenv: func(string) string { return "" }, now: time.Now, network: &http.Transport{}})
	text, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return code, string(text)
}

// must is inProcess that has to succeed.
func must(t testing.TB, dir string, args ...string) string {
	t.Helper()
	code, out := inProcess(t, dir, args...)
	if code != 0 {
		t.Fatalf("%v: exit %d: %s", args, code, out)
	}
	return out
}

// attestedShipment makes a small shipment of two files by a fresh key, and returns
// its directory, the public key's file and the claims file.
func attestedShipment(t testing.TB, dir string) (layout, key, claims string) {
	t.Helper()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{"weights/model.bin": "the weights", "weights/config.json": "{}"} {
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	must(t, dir, "record", "--model", "acme/atlas@1", "--activity", "pretraining", "--operations", "9e25")
	must(t, dir, "key", "generate", "--out", at("release.key"))
	must(t, dir, "attest", "acme/atlas@1", "--weights", at("weights"), "--key", at("release.key"), "--out", at("shipment"), "--claims", at("claims.jsonl"))
	return at("shipment"), at("release.key.pub"), at("claims.jsonl")
}

// unsigned are the places where a changed byte may leave everything as it was:
// nobody signs them, and nothing is read from them. Every other byte is refused.
var unsigned = []string{
	// index.json only says where manifests are. Its annotations, artifact types and
	// tags are hints: everything is read again from the manifests themselves.
	`(archive: )?index\.json: the key (annotations|artifactType|mediaType)`,
	`(archive: )?index\.json: the value of artifactType`,
	`(archive: )?index\.json: the (key|value of) (dev\.sigstore\.bundle\.(content|predicateType)|org\.opencontainers\.image\.(created|ref\.name))`,
	// tar: the blocks that fill up after a file, and the terminator of a checksum.
	`archive: padding after a file`,
	`archive: byte 155 of a header`,
}

// TestEveryByteOfAShipment: one flipped byte anywhere in a shipment, as a layout and
// as an archive, is refused, or leaves payloads, signers, subjects and verdict
// identical to the byte; the places of the second kind are listed.
func TestEveryByteOfAShipment(t *testing.T) {
	dir := t.TempDir()
	layout, key, _ := attestedShipment(t, dir)
	archive := filepath.Join(dir, "shipment.tar")
	must(t, dir, "save", layout, "--out", archive)
	recipient := verifyFlags{keys: []string{key}, require: []string{"training-compute", "hardware"}}
	places := flipAll(t, layout, recipient, 1, 0x01, 0x20)
	for place, n := range flipAll(t, archive, recipient, 1, 0x01) {
		places[place] += n
	}
	onlyUnsigned(t, places)
	for _, p := range unsigned {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(places)), regexp.MustCompile("^"+p+"$").MatchString) {
			t.Errorf("no changed byte passes at %s: it need not be listed", p)
		}
	}
}

// TestBytesOfAFullShipment: the same of a shipment with all that can be in one besides, a
// determination, its verdict as an SVR, a ledger proof, a second party's signature and timestamps, at
// every 127th byte and at least one of each file.
func TestBytesOfAFullShipment(t *testing.T) {
	sigstore, err := signtest.New(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sigstore.Close)
	v := &victim{t: t, dir: t.TempDir()}
	_, v.key, _ = attestedShipment(t, v.dir)
	root, err := sigstore.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	v.write("trusted_root.json", root)
	stamped := []string{"--timestamp-authority", sigstore.TimestampURL()}
	must(t, v.dir, append([]string{"attest", "acme/atlas@1", "--weights", v.at("weights"), "--key", v.at("release.key"), "--out", v.at("full"), "--include", "training-compute,hardware,determination,svr,ledger-proof",
		"--checkpoints", v.cosigned(), "--entries", "all"}, stamped...)...)
	must(t, v.dir, "key", "generate", "--out", v.at("auditor.key"))
	must(t, v.dir, append([]string{"co-sign", v.at("full"), "--key", v.at("auditor.key"), "--signer", v.key}, stamped...)...)
	must(t, v.dir, "save", v.at("full"), "--out", v.at("full.tar"))

	// Both must have signed all of it: else a co-signature whose manifest is no longer listed
	// would be missed by nobody.
	v.write("policy.yaml", []byte(`schema: weighbridge.dev/policy/v1
trusted_root: trusted_root.json
signers: [{name: acme, keys: [release.key.pub]}, {name: cert, keys: [auditor.key.pub]}]
rules:
  - name: full
    models: ["acme/*"]
    mode: enforce
    timestamped: true
    statements: [{predicates: [training-compute, hardware, determination, ledger-proof, "https://in-toto.io/attestation/svr/v0.2"], signers: [acme, cert], threshold: 2}]
    meter_keys: [meter.key.pub]
    witness_policy: witnesses.txt
`))
	recipient := verifyFlags{trust: policyFlags{file: v.at("policy.yaml")}}
	places := flipAll(t, v.at("full"), recipient, 127, 0x01)
	for place, n := range flipAll(t, v.at("full.tar"), recipient, 127, 0x20) {
		places[place] += n
	}
	onlyUnsigned(t, places)
	result := judged(t, v.at("full"), v.at("full"), recipient)
	for part, times := range map[string]int{`"predicate_type":"` + attest.TypeDetermination: 1, `"predicate_type":"` + attest.TypeSVR: 1, `"predicate_type":"` + attest.TypeLedgerProof: 1, `"quorum":true`: 1, `"timestamps":[{`: 5} {
		if n := bytes.Count(result, []byte(part)); n < times {
			t.Errorf("%d times %s, expected %d: the shipment is not full\n%s", n, part, times, result)
		}
	}
}

// cosigned is a checkpoint of the log, signed by a meter and cosigned by a witness whom
// witnesses.txt names.
func (v *victim) cosigned() string {
	must(v.t, v.dir, "key", "generate", "--for", "meter", "--out", v.at("meter.key"))
	must(v.t, v.dir, "key", "generate", "--kind", "ed25519", "--out", v.at("witness.key"))
	witness := func(more ...string) string {
		return must(v.t, v.dir, append([]string{"ledger", "witness", "--name", "witness.example.org", "--key", v.at("witness.key")}, more...)...)
	}
	v.write("witnesses.txt", []byte("witness w "+strings.TrimSpace(witness("--show-key"))+"\nquorum w\n"))
	v.write("heads.txt", []byte(must(v.t, v.dir, "ledger", "head", "acme/atlas@1", "--sign", v.at("meter.key"))))
	v.write("cosigned.txt", []byte(witness("--state", v.at("seen"), "--meter-key", v.at("meter.key.pub"), "--head", v.at("heads.txt"), "--first")))
	return v.at("cosigned.txt")
}

// onlyUnsigned refuses places that are not listed.
func onlyUnsigned(t *testing.T, places map[string]int) {
	t.Helper()
	for _, place := range slices.Sorted(maps.Keys(places)) {
		t.Logf("unsigned: %s (%d changes)", place, places[place])
		if !slices.ContainsFunc(unsigned, func(p string) bool { return regexp.MustCompile("^" + p + "$").MatchString(place) }) {
			t.Errorf("a changed byte passes at a place that is not listed: %s", place)
		}
	}
}

// accepted begins a result without any problem.
var accepted = []byte(`{"schema":"weighbridge.dev/verify/v1","ok":true,`)

// flip is one byte to change.
type flip struct {
	file string
	at   int
	mask byte
}

// flipAll tries every byte of every file of target, or each so many, and returns the
// places where a change was not refused.
func flipAll(t *testing.T, target string, recipient verifyFlags, every int, masks ...byte) map[string]int {
	t.Helper()
	want := judged(t, target, target, recipient)
	if !bytes.HasPrefix(want, accepted) {
		t.Fatalf("the shipment itself: %s", want)
	}
	var flips []flip
	for _, file := range regularFiles(t, target) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for at := len(flips) % max(min(every, len(data)), 1); at < len(data); at += every {
			for _, mask := range masks {
				flips = append(flips, flip{strings.TrimPrefix(file, target), at, mask})
			}
		}
	}
	var mu sync.Mutex
	var wait sync.WaitGroup
	passed := map[string]int{}
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		own := filepath.Join(t.TempDir(), filepath.Base(target))
		copyAll(t, target, own)
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := w; i < len(flips); i += workers {
				place, same := tryFlip(t, own, target, recipient, flips[i], want)
				if !same {
					continue
				}
				mu.Lock()
				passed[place]++
				mu.Unlock()
			}
		}()
	}
	wait.Wait()
	t.Logf("%s: %d changes at %d bytes, one of %d", filepath.Base(target), len(flips), len(flips)/len(masks), every)
	return passed
}

// tryFlip changes one byte, verifies, and changes it back.
func tryFlip(t *testing.T, own, target string, recipient verifyFlags, f flip, want []byte) (place string, passed bool) {
	file := own + f.file
	data, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
		return "", false
	}
	changed := bytes.Clone(data)
	changed[f.at] ^= f.mask
	write := func(bytes []byte) {
		if err := os.Chmod(file, 0o600); err != nil {
			t.Error(err)
		}
		if err := os.WriteFile(file, bytes, 0o600); err != nil {
			t.Error(err)
		}
	}
	write(changed)
	defer write(data)
	got := judged(t, own, target, recipient)
	if !bytes.HasPrefix(got, accepted) {
		return "", false
	}
	place = placeOf(f.file, data, f.at)
	if !bytes.Equal(got, want) {
		t.Errorf("%s byte %d ^ %#x passes and says something else:\n%s\nexpected\n%s", f.file, f.at, f.mask, got, want)
	}
	return place, true
}

// judged is the whole result as JSON; the path that was named is not part of it.
func judged(t *testing.T, own, target string, f verifyFlags) []byte {
	a := &app{env: environment{now: time.Now, getenv: func(string) string { return "" }}}
	asked, err := f.asked(a.env.now())
	if err != nil {
		t.Error(err)
		return nil
	}
	text, err := json.Marshal(a.judge(context.Background(), own, f, asked))
	if err != nil {
		t.Error(err)
	}
	return bytes.ReplaceAll(text, []byte(own), []byte(target))
}

var blobName = regexp.MustCompile(`blobs/sha256/[0-9a-f]{64}`)

// placeOf names a byte: the file, and in JSON the last key before it.
func placeOf(file string, data []byte, at int) string {
	if file == "" {
		return placeInArchive(data, at)
	}
	if strings.HasSuffix(file, ".json") {
		return strings.TrimPrefix(file, "/") + ": " + lastKey(data, at)
	}
	return blobName.ReplaceAllString(file, "blob")
}

var jsonKey = regexp.MustCompile(`"([^"]*)":`)

// lastKey names a byte of JSON: white space, a key, or the value of one.
func lastKey(data []byte, at int) string {
	if bytes.ContainsRune([]byte(" \n\t\r"), rune(data[at])) {
		return "white space"
	}
	last := "the beginning"
	for _, m := range jsonKey.FindAllSubmatchIndex(data, -1) {
		switch {
		case m[0] <= at && at < m[1]:
			return "the key " + string(data[m[2]:m[3]])
		case m[1] <= at:
			last = "the value of " + string(data[m[2]:m[3]])
		}
	}
	return last
}

// placeInArchive names a byte of a tar archive.
func placeInArchive(data []byte, at int) string {
	for block := 0; block+512 <= len(data); {
		header := data[block : block+512]
		name := string(bytes.TrimRight(header[:100], "\x00"))
		if name == "" {
			return "archive: the blocks at its end"
		}
		var size int
		fmt.Sscanf(string(header[124:135]), "%o", &size)
		begin, end := block+512, block+512+(size+511)/512*512
		switch {
		case at < begin:
			return fmt.Sprintf("archive: byte %d of a header", at-block)
		case at < begin+size:
			return "archive: " + placeOf("/"+name, data[begin:begin+size], at-begin)
		case at < end:
			return "archive: padding after a file"
		}
		block = end
	}
	return "archive: ?"
}

func regularFiles(t *testing.T, root string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	return files
}

func copyAll(t *testing.T, from, to string) {
	t.Helper()
	for _, file := range regularFiles(t, from) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := to + strings.TrimPrefix(file, from)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func uninterrupted(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}
