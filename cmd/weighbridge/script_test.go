package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/weighbridge/weighbridge/attest/oci/ocitest"
	"github.com/weighbridge/weighbridge/attest/sign/signtest"
	"github.com/weighbridge/weighbridge/meter/wrap"
)

// TestMain makes the test binary the command itself: a script's "exec
// weighbridge" runs the real main in a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"weighbridge": main, "sends": sendsProgram, "sigstore-kms-disk": pluginProgram})
}

// pluginProgram is a key service whose keys, disk://FILE, are files.
func pluginProgram() {
	if err := signtest.Plugin(os.Args, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// sendsProgram is a job that reports: it copies its standard input to the socket
// that weighbridge run gave it.
func sendsProgram() {
	conn, err := net.Dial("unix", os.Getenv(wrap.SocketVariable))
	if err == nil {
		_, err = io.Copy(conn, os.Stdin)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestScripts runs every story in testdata/script: flags, exit codes, both
// output streams and the files left on disk are what a user sees.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%d scripts in testdata/script: %v", len(scripts), err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               scriptEnvironment,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exitcode":  exitCodeCommand,
			"unchanged": unchangedCommand(),
			"damage":    damageCommand,
			"certify":   certifyCommand,
		},
	})
}

// sigstoreFiles starts a Sigstore of the script's own: $SIGSTORE and $TSA are its
// addresses, and sigstore/ holds its files and a token for release@acme.example.
func sigstoreFiles(env *testscript.Env) error {
	s, err := signtest.New(time.Now)
	if err != nil {
		return err
	}
	env.Defer(s.Close)
	env.Setenv("SIGSTORE", s.URL)
	env.Setenv("TSA", s.TimestampURL())
	root, err := s.TrustedRoot()
	if err != nil {
		return err
	}
	config, err := s.SigningConfig()
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{"trusted_root.json": root, "signing_config.json": config, "tsa.pem": s.TimestampCertificates(),
		"token": []byte(s.Token("release@acme.example", "https://login.acme.example"))} {
		path := filepath.Join(env.WorkDir, "sigstore", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
			return err
		}
	}
	return nil
}

// scriptEnvironment gives each script a ledger of its own, two empty registries on
// loopback (the second without the referrers API), an exporter of metrics, and no
// way out.
func scriptEnvironment(env *testscript.Env) error {
	for name, api := range map[string]bool{"REGISTRY": true, "REGISTRY_OLD": false} {
		registry := ocitest.New(api)
		env.Defer(registry.Close)
		env.Setenv(name, registry.Host())
	}
	if err := sigstoreFiles(env); err != nil {
		return err
	}
	exporter := httptest.NewServer(http.HandlerFunc(exporterHandler))
	env.Defer(exporter.Close)
	env.Setenv("EXPORTER", exporter.URL)
	env.Setenv("WEIGHBRIDGE_LEDGER", filepath.Join(env.WorkDir, "state", "ledger.db"))
	env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
	env.Setenv("NO_COLOR", "1")
	return os.MkdirAll(filepath.Join(env.WorkDir, "home"), 0o700)
}
