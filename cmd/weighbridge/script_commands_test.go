package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// exitCodeCommand is "exitcode N program args...": it runs the program and
// fails unless the program exits with exactly N. Its streams can be matched by
// "stdout" and "stderr" afterwards, as after exec.
func exitCodeCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode N program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	found := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		found = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%s: %v", args[1], err)
	}
	if found != want {
		ts.Fatalf("%s exited with %d, expected %d", args[1], found, want)
	}
}

// unchangedCommand is "unchanged FILE": the first call in a script notes the
// file's bytes, each later one fails when they differ. It shows that a reading
// command only reads.
func unchangedCommand() func(*testscript.TestScript, bool, []string) {
	var mutex sync.Mutex // scripts run at the same time
	noted := map[string]string{}
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: unchanged FILE")
		}
		path := ts.MkAbs(args[0])
		mutex.Lock()
		defer mutex.Unlock()
		digest := fmt.Sprintf("%x", sha256.Sum256([]byte(ts.ReadFile(args[0]))))
		if before, found := noted[path]; found && before != digest {
			ts.Fatalf("%s changed", args[0])
		}
		noted[path] = digest
	}
}

// damageCommand is "damage FILE OLD NEW": it replaces the first OLD in the file by
// NEW, which must be as long.
func damageCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 || len(args[1]) != len(args[2]) {
		ts.Fatalf("usage: damage FILE OLD NEW, of one length")
	}
	before := ts.ReadFile(args[0])
	after := strings.Replace(before, args[1], args[2], 1)
	if after == before {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(after), 0o644))
}
