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
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/ledger"
)

// TestMain lets the test binary be its own child: with the variable set it
// appends records until it is killed, and prints each sequence once it returned.
func TestMain(m *testing.M) {
	if path := os.Getenv("LEDGER_TEST_APPEND"); path != "" {
		if err := appendForever(path, os.Getenv("LEDGER_TEST_RUN"), os.Getenv("LEDGER_TEST_LIMIT")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// appendForever does what a run does at its end, again and again: it opens the
// ledger, puts evidence, appends a record that names it, and closes. Every
// second record is superseded by itself without evidence.
func appendForever(path, run, limit string) error {
	if size, err := strconv.ParseUint(limit, 10, 64); err == nil {
		if err := limitFiles(size); err != nil {
			return err
		}
	}
	for sequence := uint64(0); ; sequence++ {
		l, err := ledger.Open(path, ledger.Options{})
		if err != nil {
			return err
		}
		log, err := l.PutEvidence("log", strings.NewReader(fmt.Sprintf("%s step %d\n", run, sequence/4)))
		if err != nil {
			return err
		}
		r := record(run, sequence, 1)
		r.Evidence = []meter.Evidence{log}
		if _, err := l.Append(r); err != nil {
			return err
		}
		fmt.Println("appended")
		if limit == "" && sequence%2 == 1 {
			r.Evidence = nil
			if _, err := l.Correct(supersede(r)); err != nil {
				return err
			}
			fmt.Println("corrected")
		}
		if err := l.Close(); err != nil {
			return err
		}
	}
}

// A SIGKILL at a random moment loses nothing that returned, and leaves a ledger
// that opens and checks clean (L2, L20): 200 times, on four files.
func TestKilledAtAnyMoment(t *testing.T) {
	const files, kills = 4, 50
	for i := range files {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "ledger.db")
			var entries, records uint64
			for kill := range kills {
				appended, corrected := appendAndKill(t, path, strconv.Itoa(kill))
				entries, records = entries+appended+corrected, records+appended
				report, err := ledger.Check(path)
				if errors.Is(err, os.ErrNotExist) && entries == 0 {
					continue // killed before there was a ledger
				}
				if err != nil || !report.OK || report.Entries < entries {
					t.Fatalf("kill %d: %d acknowledged, %+v, %v", kill, entries, report, err)
				}
			}
			if records == 0 {
				t.Fatal("no append was acknowledged before its process was killed")
			}
			l := open(t, path)
			defer l.Close()
			if low := own(t, l).Operations.Low; low.Cmp(meter.NewOps(records)) < 0 {
				t.Errorf("total %s for %d acknowledged operations", low, records)
			}
			t.Logf("%d kills, %d acknowledged entries, none lost", kills, entries)
		})
	}
}

// appendAndKill returns how many appends and corrections a child acknowledged
// before its end. Some are killed while they start, most while they append.
func appendAndKill(t *testing.T, path, run string) (appended, corrected uint64) {
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
	kill := func(within int) *time.Timer {
		return time.AfterFunc(time.Duration(rand.IntN(within))*time.Microsecond, func() { child.Process.Kill() })
	}
	starting := rand.IntN(5) == 0
	if starting {
		defer kill(20_000).Stop()
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if !starting && appended == 0 {
			defer kill(30_000).Stop()
		}
		switch lines.Text() {
		case "appended":
			appended++
		case "corrected":
			corrected++
		}
	}
	if err := child.Wait(); err == nil || child.ProcessState.ExitCode() == 1 {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return appended, corrected
}
