package ledger_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			inside, _ := filepath.Rel(dir, path)
			out = append(out, inside)
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

// Evidence lies under its digest, once, and comes back as it was (L13, L14).
func TestEvidenceIsKeptByItsDigest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path)
	defer l.Close()
	text := strings.Repeat("step 1\n", 100_000)
	first, err := l.PutEvidence("log", strings.NewReader(text))
	if err != nil || first.Size != int64(len(text)) || first.Kind != "log" {
		t.Fatalf("%+v, %v", first, err)
	}
	again, err := l.PutEvidence("log", iotest.OneByteReader(strings.NewReader(text)))
	if err != nil || again != first {
		t.Errorf("the same again: %+v, %v", again, err)
	}
	name := strings.TrimPrefix(first.Digest, "sha256:")
	if found := files(t, path+".evidence"); len(found) != 1 || found[0] != filepath.Join(name[:2], name) {
		t.Errorf("found %q", found)
	}
	r, err := l.Evidence(first.Digest)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if back, err := io.ReadAll(r); err != nil || string(back) != text {
		t.Errorf("%d bytes came back, %v", len(back), err)
	}
	withIt := record("r", 0, 1)
	withIt.Evidence = []meter.Evidence{first}
	must(t)(l.Append(withIt))
}

// A source that breaks off leaves nothing in the store (L20).
func TestEvidenceThatBreaksOffLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path)
	defer l.Close()
	broken := io.MultiReader(bytes.NewReader(make([]byte, 100_000)), iotest.ErrReader(errors.New("the disk went away")))
	if _, err := l.PutEvidence("log", broken); err == nil || !strings.Contains(err.Error(), "the disk went away; nothing was stored") {
		t.Errorf("found %v", err)
	}
	if found := files(t, path+".evidence"); len(found) != 0 {
		t.Errorf("left %q", found)
	}
}

// Evidence that was changed, cut or replaced gives an error at its end, never
// io.EOF (L14); what is no digest opens nothing.
func TestChangedEvidenceIsNotReadToItsEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	store := ledger.EvidenceAt(path)
	kept, err := store.Put("log", strings.NewReader("step 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(path+".evidence", kept.Digest[7:9], kept.Digest[7:])
	for _, bad := range []string{"step 2\n", "step 1", "step 1\n\n", ""} {
		if err := errors.Join(os.Remove(name), os.WriteFile(name, []byte(bad), 0o600)); err != nil {
			t.Fatal(err)
		}
		r, err := store.Open(kept.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(r); err == nil || !strings.Contains(err.Error(), "differs") || !strings.Contains(err.Error(), "restore it from a copy") {
			t.Errorf("%q: %v", bad, err)
		}
		r.Close()
	}
	for _, bad := range []string{"", "sha256:", "sha256:../../../../etc/passwd", kept.Digest[7:], strings.ToUpper(kept.Digest), "sha256:" + strings.Repeat("0", 64)} {
		if _, err := store.Open(bad); err == nil {
			t.Errorf("opened %q", bad)
		}
	}
	if err := errors.Join(os.Remove(name), os.Symlink("/dev/zero", name)); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(kept.Digest); err == nil {
		t.Error("a symbolic link was followed")
	}
	mended, err := store.Put("log", strings.NewReader("step 1\n"))
	if err != nil || mended != kept {
		t.Errorf("%+v, %v", mended, err)
	}
	r, err := store.Open(kept.Digest)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if text, err := io.ReadAll(r); err != nil || string(text) != "step 1\n" {
		t.Errorf("putting it again did not mend it: %q, %v", text, err)
	}
}

// A record that names evidence that is not there, or of another size, is
// refused and leaves nothing (L13, L20).
func TestRecordWithoutItsEvidenceIsRefused(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	defer l.Close()
	kept, err := l.PutEvidence("log", strings.NewReader("step 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	missing, longer := kept, kept
	missing.Digest, longer.Size = "sha256:"+strings.Repeat("0", 64), 99
	for want, e := range map[string]meter.Evidence{"is not in": missing, "found 7 bytes, expected a file of 99": longer} {
		bad := record("r", 0, 1)
		bad.Evidence = []meter.Evidence{e}
		if _, err := l.Append(bad); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "evidence store first") {
			t.Errorf("found %v, expected %q", err, want)
		}
	}
	if _, found, err := l.Head(model); found || err != nil {
		t.Errorf("a refused record made a log, %v", err)
	}
}

// What no record names is worth a note, not a problem.
func TestStrangeFilesInTheStoreAreNotes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path)
	must(t)(l.Append(record("r", 0, 1)))
	if _, err := l.PutEvidence("log", strings.NewReader("step 1\n")); err != nil {
		t.Fatal(err)
	}
	l.Close()
	for _, name := range []string{".part-123", "README"} {
		if err := os.WriteFile(filepath.Join(path+".evidence", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	report, err := ledger.Check(path)
	if err != nil || !report.OK || len(report.Notes) != 3 {
		t.Fatalf("%+v, %v", report, err)
	}
	for i, code := range []string{"evidence-part", "evidence-stranger", "evidence-unnamed"} {
		if report.Notes[i].Code != code {
			t.Errorf("note %d: %+v, expected %s", i, report.Notes[i], code)
		}
	}
}
