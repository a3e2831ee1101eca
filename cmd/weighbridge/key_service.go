package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"

	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/attest/sign/kms"
)

// serviceKey is a key in a key service, by the plugin that the name asks for. What
// leaves this machine is the plugin's doing, so it is said who is asked.
func (a *app) serviceKey(flag, name string) (*sign.Key, error) {
	program, reference, _ := kms.ParseName(name)
	path, err := exec.LookPath(program)
	if err != nil {
		return nil, fmt.Errorf("%s %s: no program %s on $PATH (%w): key services are asked through Sigstore's plugins, also those that cosign has built in; install the one of this service", flag, keyName(name), program, err)
	}
	a.warn("the key service behind %s is asked for its public key, and to sign, through %s", printable(keyName(name)), path)
	// Our own secrets open other keys than this one. COSIGN_PASSWORD and
	// COSIGN_PKCS11_PIN stay: a plugin made for cosign may take its own from them.
	p := plugin{path: path, environ: without(a.env.environ, "WEIGHBRIDGE_PIN", "WEIGHBRIDGE_PASSWORD"), says: a.env.stderr, patience: time.Minute}
	found, err := kms.Open(reference, p.ask)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, keyName(name), err)
	}
	key, err := sign.NewKey(found)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", flag, keyName(name), err)
	}
	return key, nil
}

// plugin is a program of a key service.
type plugin struct {
	path     string
	environ  []string
	says     io.Writer // what it says on its standard error
	patience time.Duration
}

// maxSaid bounds what a plugin may say on its standard error.
const maxSaid = 64 << 10

// ask is kms.Ask. The exit status decides nothing where there is an answer, as the
// protocol has it.
func (p plugin) ask(arguments []string, message []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), p.patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.path, arguments...)
	cmd.WaitDelay = time.Second
	cmd.Env, cmd.Stdin = p.environ, bytes.NewReader(message)
	var answer bytes.Buffer
	out := &bounded{to: &answer, left: kms.MaxAnswer, stop: cancel}
	said := &bounded{to: safe{p.says}, left: maxSaid, stop: cancel}
	cmd.Stdout, cmd.Stderr = out, said
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case out.left < 0:
		return nil, fmt.Errorf("%s answered more than %d bytes and was stopped", p.path, kms.MaxAnswer)
	case said.left < 0:
		return nil, fmt.Errorf("%s said more than %d bytes on its standard error and was stopped", p.path, maxSaid)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s did not answer within %s and was stopped", p.path, p.patience)
	case err != nil && (!errors.As(err, &exit) || exit.ExitCode() < 0 || answer.Len() == 0):
		return nil, fmt.Errorf("%s ended without an answer: %w", p.path, err)
	}
	return answer.Bytes(), nil
}

// bounded passes on so many bytes, and ends the program that writes more.
type bounded struct {
	to   io.Writer
	left int // negative when it was too much
	stop func()
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		b.stop()
		return 0, io.ErrShortWrite
	}
	return b.to.Write(p)
}

// safe makes what a program says safe for a terminal.
type safe struct{ io.Writer }

func (s safe) Write(p []byte) (int, error) {
	_, err := io.WriteString(s.Writer, printableLines(string(p)))
	return len(p), err
}
