package main

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
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
	pid     int
	build   func() (*debug.BuildInfo, bool)
	network *http.Transport // only used for a registry that was named
}

func hostEnvironment() environment {
	return environment{
		args: os.Args[1:], stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		environ: os.Environ(), getenv: os.Getenv, now: time.Now, host: os.DirFS("/"),
		self: os.Executable, pid: os.Getpid(), build: debug.ReadBuildInfo,
		network: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true},
	}
}

// defaultLedger is $WEIGHBRIDGE_LEDGER, else $XDG_STATE_HOME/weighbridge/ledger.db,
// where XDG_STATE_HOME is ~/.local/state when unset (XDG Base Directory 0.8).
func (e environment) defaultLedger() string {
	if path := e.getenv("WEIGHBRIDGE_LEDGER"); path != "" {
		return path
	}
	state := e.getenv("XDG_STATE_HOME")
	if !filepath.IsAbs(state) { // the specification: a relative path is ignored
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
