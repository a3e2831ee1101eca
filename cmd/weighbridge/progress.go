package main

import (
	"path/filepath"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// watched makes options for a long read: on a terminal, standard error shows how
// much is done, the rate and the time left; done takes that line away again.
// Elsewhere nothing is shown.
func (a *app) watched(what string, o weights.Options) (options weights.Options, done func()) {
	if !term.IsTerminal(int(a.env.stderr.Fd())) {
		return o, func() {}
	}
	bar := progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(a.env.stderr), progressbar.OptionSetDescription(what), progressbar.OptionShowBytes(true),
		progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	o.Total = func(bytes int64) { bar.ChangeMax64(bytes) }
	o.Progress = func(bytes int64) { bar.Add64(bytes) }
	return o, func() { bar.Finish() }
}

// digestCache remembers digests between commands, for one's own files. A cache
// that cannot be used is said and done without.
func (a *app) digestCache(off bool) *weights.DigestCache {
	dir := a.env.getenv("XDG_CACHE_HOME")
	if !filepath.IsAbs(dir) { // the specification: a relative path is ignored
		home := a.env.getenv("HOME")
		if !filepath.IsAbs(home) {
			return nil
		}
		dir = filepath.Join(home, ".cache")
	}
	if off {
		return nil
	}
	cache, err := weights.OpenDigestCache(filepath.Join(dir, "weighbridge", "digests"), a.env.now)
	if err != nil {
		a.warn("%v; every file is read", err)
		return nil
	}
	return cache
}
