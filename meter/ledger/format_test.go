package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	bolt "go.etcd.io/bbolt"

	"github.com/weighbridge/weighbridge/meter/proof"

	"github.com/weighbridge/weighbridge/meter/entry"
)

// example is the log of SPEC.md: a record, and the correction of it.
type example struct{ header, salt, body [2]string }

func readExample(t testing.TB) (example, string) {
	t.Helper()
	data, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "## Example")
	text, _, _ = strings.Cut(text, "\n## ")
	blocks := regexp.MustCompile("(?s)```[a-z]*\n(.*?)```").FindAllStringSubmatch(text, -1)
	if len(blocks) != 7 {
		t.Fatalf("SPEC.md has %d blocks in its example, expected header, salt and body of two entries and a head", len(blocks))
	}
	var e example
	for i := range 2 {
		e.header[i], e.salt[i], e.body[i] = blocks[i*3][1], strings.TrimSpace(blocks[i*3+1][1]), strings.TrimSuffix(blocks[i*3+2][1], "\n")
	}
	return e, blocks[6][1]
}

// The example of SPEC.md is right to the byte: headers (L3, L4), commitments
// (L5), bodies (L6), the correction (L9, L10, L11) and the root (L17).
func TestSpecExample(t *testing.T) {
	e, head := readExample(t)
	var leaves [][32]byte
	for i := range 2 {
		h, err := proof.ParseHeader([]byte(e.header[i]))
		if err != nil {
			t.Fatal(err)
		}
		salt, err := hex.DecodeString(e.salt[i])
		if err != nil || len(salt) != saltSize {
			t.Fatalf("salt %d: %v", i, err)
		}
		entry, err := decodeEntry(indexKey(uint64(i)), []byte(e.header[i]), append(salt, e.body[i]...))
		if err != nil {
			t.Errorf("entry %d: %v", i, err)
		}
		if want := origin("000102030405060708090a0b0c0d0e0f", entry.Held().Model); h.Origin != want {
			t.Errorf("origin %q, expected %q", h.Origin, want)
		}
		leaves = append(leaves, sha256.Sum256(append([]byte{0}, e.header[i]...)))
	}
	root := subtree(leaves)
	h, _ := proof.ParseHeader([]byte(e.header[1]))
	if want := fmt.Sprintf("%s\n2\n%s\n", h.Origin, base64.StdEncoding.EncodeToString(root[:])); head != want {
		t.Errorf("head %q, expected %q", head, want)
	}
}

// Every MUST of SPEC.md is cited by a test.
func TestEveryMustIsCited(t *testing.T) {
	spec, err := os.ReadFile("SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests bytes.Buffer
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(data)
	}
	ids := regexp.MustCompile(`(?m)^- \*\*(L\d+)\*\*`).FindAllSubmatch(spec, -1)
	if len(ids) < 20 {
		t.Fatalf("%d MUSTs in SPEC.md", len(ids))
	}
	for _, id := range ids {
		if !regexp.MustCompile(`[( ]` + string(id[1]) + `[,):]`).Match(tests.Bytes()) {
			t.Errorf("no test cites %s", id[1])
		}
	}
}

// Other bytes than the one encoding of a body are refused (L6, L7, L10, L11).
func TestBodyCorruptions(t *testing.T) {
	e, _ := readExample(t)
	for _, c := range []struct{ name, old, new string }{
		{"unknown field", `{"correction"`, `{"x":1,"correction"`},
		{"unknown field inside", `"kind"`, `"x":1,"kind"`},
		{"both", `{"correction"`, `{"record":null,"correction"`},
		{"duplicate key", `"reason"`, `"reason":"x","reason"`},
		{"key in other case", `"reason"`, `"Reason"`},
		{"white space", `"reason":`, `"reason": `},
		{"no totals", `"totals"`, `"total"`},
		{"kind", `"supersede"`, `"replace"`},
		{"void with a record", `"supersede"`, `"void"`},
		{"schema", `correction/v1`, `correction/v2`},
		{"not utc", `00Z","record"`, `00+00:00","record"`},
		{"no author", `"author":"jo@acme.example"`, `"author":""`},
		{"control character", `"author":"jo`, `"author":"\u001bjo`},
		{"record of another run", `"run":"2026-11-24-a1b2","sequence":0,"entry"`, `"run":"2026-11-24-ffff","sequence":0,"entry"`},
		{"total as a number", `"totals":[{"activity":"pretraining","operations":{"low":"2400"`, `"totals":[{"activity":"pretraining","operations":{"low":2400`},
		{"total of no records", `"records":1`, `"records":0`},
		{"total of an unknown activity", `"totals":[{"activity":"pretraining"`, `"totals":[{"activity":"training"`},
		{"total without an order", `"low":"2400","estimate":"2400","high":"3000"},"records"`, `"low":"2400","estimate":"2400","high":"1"},"records"`},
		{"total's grade", `"records":1,"grade":"derived"`, `"records":1,"grade":"sure"`},
		{"trailing bytes", `]}`, `]}{}`},
		{"null totals", `"totals":[`, `"totals":null,"x":[`},
	} {
		at := strings.LastIndex(e.body[1], c.old)
		if at < 0 {
			t.Fatalf("%s: %q is not in the body", c.name, c.old)
		}
		if c.name != "trailing bytes" {
			at = strings.Index(e.body[1], c.old)
		}
		bad := e.body[1][:at] + c.new + e.body[1][at+len(c.old):]
		if _, err := entry.ParseBody([]byte(bad)); err == nil {
			t.Errorf("%s: accepted %s", c.name, bad)
		}
	}
	if _, err := entry.ParseBody(bytes.Repeat([]byte(" "), entry.MaxBodyBytes+1)); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a body over the limit: %v", err)
	}
	if _, err := entry.ParseBody(bytes.Repeat([]byte("["), 100_000)); err == nil {
		t.Error("deep nesting was accepted")
	}
}

// Other bytes than the one encoding of a header are refused (L3).
func TestHeaderCorruptions(t *testing.T) {
	e, _ := readExample(t)
	good := e.header[1]
	for _, bad := range []string{
		"", good[:len(good)-1], good + "\n", strings.Replace(good, "\n1\n", "\n01\n", 1), strings.Replace(good, "\n1\n", "\n+1\n", 1),
		strings.Replace(good, "\n1\n", "\n18446744073709551616\n", 1), strings.Replace(good, "sha256:", "sha512:", 1), strings.Replace(good, "sha256:", "sha256:A", 1),
		strings.Replace(good, "entry/v1", "entry/v2", 1), strings.ReplaceAll(good, "\n", "\r\n"),
	} {
		if h, err := proof.ParseHeader([]byte(bad)); err == nil {
			t.Errorf("accepted %q as %+v", bad, h)
		}
	}
}

func FuzzParseHeader(f *testing.F) {
	e, _ := readExample(f)
	f.Add([]byte(e.header[0]))
	f.Add([]byte("weighbridge.dev/entry/v1\n\n0\nsha256:\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if h, err := proof.ParseHeader(data); err == nil && !bytes.Equal(h.Encode(), data) {
			t.Fatalf("%q has two encodings", data)
		}
	})
}

func FuzzParseBody(f *testing.F) {
	e, _ := readExample(f)
	f.Add([]byte(e.body[0]))
	f.Add([]byte(e.body[1]))
	f.Add([]byte(`{"record":{},"totals":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := entry.ParseBody(data)
		if err != nil {
			return
		}
		kind, content := "record", []byte(nil)
		if found.Record != nil {
			content, err = found.Record.Encode()
		} else {
			kind = "correction"
			content, err = found.Correction.Encode()
		}
		if err != nil {
			t.Fatal(err)
		}
		if again := entry.EncodeBody(kind, content, found.Totals); !bytes.Equal(again, data) {
			t.Fatalf("%s became %s", data, again)
		}
	})
}

func transactions(t *testing.T, l *Ledger) int {
	t.Helper()
	id := 0
	if err := l.view(func(tx *bolt.Tx) error { id = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return id
}

// One append alone is one transaction; 64 that wait together are one, too, and
// one among them that fails takes nothing from the others (L2, L20).
func TestWritersThatWaitShareOneTransaction(t *testing.T) {
	l, err := Open(filepath.Join(t.TempDir(), "ledger.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i := range uint64(3) {
		before := transactions(t, l)
		if _, err := l.Append(sample("alone", i, 1)); err != nil || transactions(t, l) != before+1 {
			t.Errorf("append %d took %d transactions, %v", i, transactions(t, l)-before, err)
		}
	}
	var group sync.WaitGroup
	before := transactions(t, l)
	l.queue.turn.Lock()
	for i := range uint64(64) {
		group.Go(func() {
			if _, err := l.Append(sample("together", i, 1)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Go(func() {
		var conflict *ConflictError
		if _, err := l.Append(sample("alone", 0, 2)); !errors.As(err, &conflict) {
			t.Errorf("found %v, expected a conflict", err)
		}
	})
	for waiting := 0; waiting < 65; {
		l.queue.mutex.Lock()
		waiting = len(l.queue.waiting)
		l.queue.mutex.Unlock()
	}
	l.queue.turn.Unlock()
	group.Wait()
	if took := transactions(t, l) - before; took != 1 {
		t.Errorf("64 appends and a conflict took %d transactions", took)
	}
	if node, _, err := l.Node(atlas); err != nil || node.Own[0].Records != 67 {
		t.Errorf("%+v, %v", node, err)
	}
}

// What bbolt does on a damaged page, dying of it, is an error here.
func TestPanicsAndFaultsAreErrors(t *testing.T) {
	l := &Ledger{path: "ledger.db"}
	var damage *DamageError
	if err := l.guard(func() error { panic("page 7: invalid") }); !errors.As(err, &damage) || !strings.Contains(err.Error(), "page 7: invalid; nothing was changed") {
		t.Errorf("found %v", err)
	}
	if err := l.guard(func() error { return errors.ErrUnsupported }); err != errors.ErrUnsupported {
		t.Errorf("found %v", err)
	}
}

// Network file systems are refused by the number of statfs(2), with the way out.
func TestNetworkFileSystemsAreRefused(t *testing.T) {
	for name, magic := range map[string]uint32{"NFS": 0x6969, "SMB": 0xFE534D42, "Ceph": 0x00C36400, "Lustre": 0x0BD00BD0} {
		if err := networkError("/data", magic, ""); err == nil || !strings.Contains(err.Error(), "("+name+")") || !strings.Contains(err.Error(), "name a local place with --ledger") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := networkError("/data", 0xEF53, ""); err != nil { // ext4
		t.Error(err)
	}
}

// The tiles, frontier and root of a log are those of its leaves, full and
// partial, over three levels (L18): the checker's tree, which shares nothing with
// the writer's but the hash, finds no fault at any of the edges.
func TestTreesAgreeOverTheEdgesOfTiles(t *testing.T) {
	l, err := Open(filepath.Join(t.TempDir(), "ledger.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	size := uint64(0)
	for _, until := range []uint64{1, 2, 3, 255, 256, 257, 511, 513, 65535, 65536, 65537, 65536 + 256} {
		err := l.commit(func(w *writer) error {
			g, err := w.open(atlas)
			for ; err == nil && size < until; size++ {
				err = g.tree.grow(indexKey(size))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		err = l.view(func(tx *bolt.Tx) error {
			log := part(tx, "")
			checked := treeCheck{stored: part(tx, "tiles"), problem: func(code, where, format string, args ...any) {
				t.Errorf("%d leaves:%s %s: %s", until, where, code, fmt.Sprintf(format, args...))
			}}
			for i := range until {
				checked.add(sha256.Sum256(append([]byte{0}, indexKey(i)...)))
			}
			checked.finish(log.Get([]byte("head"))[8:], log.Get([]byte("frontier")))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A FUSE mount is judged by what mounted it.
func TestFuseMounts(t *testing.T) {
	const mountinfo = `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
36 22 0:31 / /mnt/far rw - fuse.sshfs host:/ rw
37 22 0:32 / /mnt/near rw - fuse.bindfs /data rw
38 22 0:33 / /mnt/a\040b rw - fuse.s3fs bucket rw
`
	for dir, want := range map[string]string{"/mnt/far/x": "fuse.sshfs", "/mnt/farther": "ext4", "/mnt/near": "fuse.bindfs", "/mnt/a b/c": "fuse.s3fs", "/": "ext4"} {
		if got := mountType(strings.NewReader(mountinfo), dir); got != want {
			t.Errorf("%s: found %s, expected %s", dir, got, want)
		}
	}
	if err := networkError("/d", 0x65735546, "fuse.sshfs"); err == nil || !strings.Contains(err.Error(), "(fuse.sshfs)") {
		t.Errorf("sshfs: %v", err)
	}
	if err := networkError("/d", 0x65735546, "fuse.bindfs"); err != nil {
		t.Errorf("a local mount: %v", err)
	}
}
