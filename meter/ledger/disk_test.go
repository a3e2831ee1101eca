package ledger_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// A ledger that is held is waited for, and its holder named, whoever wants
// what.
func TestLockedLedgerNamesItsHolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, path)
	for _, o := range []ledger.Options{{LockTimeout: 1}, {LockTimeout: 1, ReadOnly: true}} {
		if _, err := ledger.Open(path, o); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("locked by process %d (", os.Getpid())) {
			t.Errorf("%+v: found %v", o, err)
		}
	}
	released := make(chan error)
	go func() {
		time.Sleep(30 * time.Millisecond)
		released <- l.Close()
	}()
	reader, err := ledger.Open(path, ledger.Options{ReadOnly: true})
	if err := errors.Join(err, <-released); err != nil {
		t.Fatalf("a reader did not wait: %v", err)
	}
	second, err := ledger.Open(path, ledger.Options{ReadOnly: true, LockTimeout: 1})
	if err != nil {
		t.Fatalf("two readers do not go together: %v", err)
	}
	if _, err := ledger.Open(path, ledger.Options{LockTimeout: 1}); err == nil || !strings.Contains(err.Error(), "locked by process") {
		t.Errorf("a writer beside readers: %v", err)
	}
	if err := errors.Join(reader.Close(), second.Close()); err != nil {
		t.Error(err)
	}
}

// Opened read-only, a ledger refuses to be written and does not change by a
// byte, whatever is read (L16).
func TestReadOnlyNeverChangesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	fill(t, path, 300)
	before := digestOf(t, path)
	l, err := ledger.Open(path, ledger.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	_, appendErr := l.Append(record("r", 900, 1))
	_, correctErr := l.Correct(void("r", 0))
	_, putErr := l.PutEvidence("log", strings.NewReader("x"))
	for _, err := range []error{appendErr, correctErr, putErr} {
		if err == nil || !strings.Contains(err.Error(), "open for reading only; open it for writing") {
			t.Errorf("found %v", err)
		}
	}
	_, _, headErr := l.Head(model)
	_, _, nodeErr := l.Node(model)
	records, recordsErr := l.Records(model)
	models, modelsErr := l.Models()
	if err := errors.Join(headErr, nodeErr, recordsErr, modelsErr, l.Close()); err != nil || len(records) != 300 || len(models) != 1 {
		t.Errorf("%d records, %d models, %v", len(records), len(models), err)
	}
	if report, err := ledger.Check(path); err != nil || !report.OK {
		t.Errorf("%+v, %v", report, err)
	}
	if after := digestOf(t, path); after != before {
		t.Error("the file changed")
	}
}

func digestOf(t *testing.T, path string) [32]byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(data)
}

// What is no place for a ledger is refused in words that say so, and stays as
// it is (L1, L15).
func TestPlacesThatAreNoLedger(t *testing.T) {
	dir := t.TempDir()
	text, empty, missing := filepath.Join(dir, "text"), filepath.Join(dir, "empty"), filepath.Join(dir, "missing")
	if err := errors.Join(os.WriteFile(text, []byte(strings.Repeat("no ledger\n", 2000)), 0o600), os.WriteFile(empty, nil, 0o600),
		unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		path, want string
		options    ledger.Options
	}{
		{dir, "found a directory, expected a file", ledger.Options{}},
		{filepath.Join(dir, "fifo"), "special file", ledger.Options{}},
		{filepath.Join(text, "ledger.db"), "not a directory; name another place", ledger.Options{}},
		{text, "damaged or no ledger: 20000 bytes without a valid header", ledger.Options{}},
		{empty, "damaged or no ledger: 0 bytes", ledger.Options{}},
		{missing, "record something first", ledger.Options{ReadOnly: true}},
	} {
		if l, err := ledger.Open(c.path, c.options); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v; expected %q", c.path, l, err, c.want)
		}
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Error("a reader made a file")
	}
	if info, err := os.Stat(empty); err != nil || info.Size() != 0 {
		t.Error("a refused file was written")
	}
	if _, err := ledger.Check(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("check of nothing: %v", err)
	}
}

// Without the right to write, a new ledger and an append are refused with the
// way out.
func TestUnwritableDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o555)); err != nil {
		t.Fatal(err)
	}
	asNobody(t, func() {
		if _, err := ledger.Open(filepath.Join(dir, "ledger.db"), ledger.Options{}); err == nil ||
			!strings.Contains(err.Error(), "permission denied; name a writable place on a local disk with --ledger") {
			t.Errorf("found %v", err)
		}
		if _, err := ledger.EvidenceAt(filepath.Join(dir, "ledger.db")).Put("log", strings.NewReader("x")); err == nil ||
			!strings.Contains(err.Error(), "permission denied; nothing was stored") {
			t.Errorf("found %v", err)
		}
	})
	if found := files(t, dir); len(found) != 0 {
		t.Errorf("left %q", found)
	}
}

// asNobody runs f without root's rights over files, where the tests have them:
// the file system's user id belongs to the thread (setfsuid(2)).
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := syscall.Setfsuid(65534); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setfsuid(0)
	f()
}

// A disk that fills up gives a clear error; what was acknowledged is there
// afterwards and checks clean, and with room again appends go on (L2, L20). The
// disk is a small tmpfs where the tests may mount one; a limit on the size of files
// (setrlimit(2)) works everywhere.
func TestFullDiskLosesNothing(t *testing.T) {
	t.Run("file size limit", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "ledger.db")
		fillUp(t, path, "LEDGER_TEST_LIMIT=262144", "file too large")
	})
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=300k"); err != nil {
		t.Logf("no tmpfs could be mounted (%v): only the limit was tried", err)
		return
	}
	defer unix.Unmount(disk, 0)
	t.Run("tmpfs", func(t *testing.T) { fillUp(t, filepath.Join(disk, "ledger.db"), "", "no space left on device") })
}

func fillUp(t *testing.T, path, setting, want string) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "LEDGER_TEST_APPEND="+path, "LEDGER_TEST_RUN=full", setting)
	var said strings.Builder
	child.Stderr = &said
	out, err := child.Output()
	if err == nil || !strings.Contains(said.String(), want) || !strings.Contains(said.String(), "nothing was recorded") && !strings.Contains(said.String(), "nothing was stored") {
		t.Fatalf("the child ended with %v and said %q, expected %q", err, said.String(), want)
	}
	acknowledged := uint64(strings.Count(string(out), "\n"))
	report, err := ledger.Check(path)
	if err != nil || !report.OK || acknowledged == 0 || report.Entries != acknowledged {
		t.Fatalf("%d acknowledged, %+v, %v", acknowledged, report, err)
	}
	if setting == "" {
		return
	}
	l := open(t, path)
	defer l.Close()
	must(t)(l.Append(record("full", acknowledged, 1)))
	if got := own(t, l).Operations; got != meter.Exact(meter.NewOps(acknowledged+1)) {
		t.Errorf("total %s after %d appends", got, acknowledged+1)
	}
}

// limitFiles keeps this process from writing beyond a size in any file.
func limitFiles(size uint64) error {
	signal.Ignore(syscall.SIGXFSZ)
	return unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: size})
}
