package main

import (
	"context"
	"io/fs"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"
)

// environment carries every edge of the program: what it reads of the world and
// where it writes. Tests of a command build one; nothing else in this program
// reaches for a global.
type environment struct {
	args    []string // without the program's name
	stdin   *os.File // files, because run hands them to its child
	stdout  *os.File
	stderr  *os.File
	environ []string
	getenv  func(string) string
	now     func() time.Time
	host    fs.FS // the machine's files, rooted at /
	self    func() (string, error)
	build   func() (*debug.BuildInfo, bool)
	// interrupts cancels the context at the first SIGINT or SIGTERM, until it is
	// released. Only commands that have something to clean up ask for it.
	interrupts func(context.Context) (context.Context, context.CancelFunc)
	network    *http.Transport // only used for a registry that was named
}

func hostEnvironment() environment {
	return environment{
		args: os.Args[1:], stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		environ: os.Environ(), getenv: os.Getenv, now: time.Now, host: os.DirFS("/"),
		self: os.Executable, build: debug.ReadBuildInfo,
		network: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true},
		interrupts: func(ctx context.Context) (context.Context, context.CancelFunc) {
			return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		},
	}
}

// defaultLedger is $WEIGHBRIDGE_LEDGER, else $XDG_STATE_HOME/weighbridge/ledger.db,
// where XDG_STATE_HOME is ~/.local/state when unset (XDG Base Directory 0.8). It
// is empty when no absolute directory is known: a ledger never lands by chance
// in the directory that a job was started in.
func (e environment) defaultLedger() string {
	if path := e.getenv("WEIGHBRIDGE_LEDGER"); path != "" {
		return path
	}
	state := e.getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // the specification: a relative path is ignored
		if home := e.getenv("HOME"); !filepath.IsAbs(home) {
			return ""
		}
		state = filepath.Join(e.getenv("HOME"), ".local", "state")
	}
	return filepath.Join(state, "weighbridge", "ledger.db")
}

// dockerConfig is the file with the credentials for registries:
// $DOCKER_CONFIG/config.json, else ~/.docker/config.json, as docker has it.
func (e environment) dockerConfig() string {
	if dir := e.getenv("DOCKER_CONFIG"); dir != "" {
		return filepath.Join(dir, "config.json")
	}
	return filepath.Join(e.getenv("HOME"), ".docker", "config.json")
}

// today is the date of the law where no other is asked for, UTC.
func (a *app) today() time.Time {
	year, month, day := a.env.now().UTC().Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
