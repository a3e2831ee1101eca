package ledger_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// TestMain lets the test binary be its own child: with the variable set it
// appends records until it is killed, and prints each sequence once it returned.
func TestMain(m *testing.M) {
	if path := os.Getenv("LEDGER_TEST_APPEND"); path != "" {
		appendForever(path, os.Getenv("LEDGER_TEST_RUN"))
	}
	os.Exit(m.Run())
}

func appendForever(path, run string) {
	for sequence := uint64(0); ; sequence++ {
		l, err := ledger.Open(path, ledger.Options{})
		if err == nil {
			_, err = l.Append(record(run, sequence, 1))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(sequence)
		l.Close()
	}
}

// A SIGKILL at a random moment loses no append that returned, and leaves a
// ledger that opens and checks clean: 200 times on one file.
func TestKilledAtAnyMoment(t *testing.T) {
	const kills = 200
	path := filepath.Join(t.TempDir(), "ledger.db")
	var acknowledged uint64
	for i := range kills {
		acknowledged += appendAndKill(t, path, strconv.Itoa(i))
		report, err := ledger.Check(path)
		if errors.Is(err, os.ErrNotExist) && acknowledged == 0 {
			continue // killed before there was a ledger
		}
		if err != nil || !report.OK || report.Entries < acknowledged {
			t.Fatalf("kill %d: %d acknowledged, %+v, %v", i, acknowledged, report, err)
		}
	}
	if acknowledged == 0 {
		t.Fatal("no append was acknowledged before its process was killed")
	}
	l := open(t, path)
	defer l.Close()
	node, _, err := l.Node("acme/atlas@1")
	if low := node.Own[0].Operations.Low; err != nil || low.Cmp(meter.NewOps(acknowledged)) < 0 {
		t.Errorf("total %s for %d acknowledged operations, %v", low, acknowledged, err)
	}
	t.Logf("%d kills, %d acknowledged appends, none lost", kills, acknowledged)
}

// appendAndKill returns how many appends a child acknowledged before its end.
func appendAndKill(t *testing.T, path, run string) uint64 {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "LEDGER_TEST_APPEND="+path, "LEDGER_TEST_RUN="+run)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Duration(rand.IntN(60))*time.Millisecond, func() { child.Process.Kill() })
	defer timer.Stop()
	n := uint64(0)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		n++
	}
	if err := child.Wait(); err == nil || child.ProcessState.ExitCode() == 1 {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return n
}
