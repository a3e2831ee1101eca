package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/attest/policy"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/fdp"
)

// policyFlags name the policy file.
type policyFlags struct{ file string }

func (p *policyFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&p.file, "policy", "", "policy `FILE` (YAML): which signers are trusted for which models, and what must be there; see attest/policy/SPEC.md")
}

// maxKeyFile bounds a file with a key, public or private, or with a token, in bytes.
const maxKeyFile = 64 << 10

// readPolicy reads a policy file; the key files that it names lie beside it, or
// where their absolute paths say.
func readPolicy(flag, path string) (*policy.Policy, string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, "", usage("%s: %w", flag, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, fdp.MaxDocumentBytes+1))
	if err != nil {
		return nil, "", fmt.Errorf("%s %s: %w", flag, path, err)
	}
	read, err := policy.Parse(data, path, func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		data, err := readRegular(name, verify.MaxEpochsBytes) // the largest of them; package policy holds the others to less
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
		return data, err
	})
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", flag, err)
	}
	sum := sha256.Sum256(data)
	return read, "sha256:" + hex.EncodeToString(sum[:]), nil
}

// repositoryOf is the name in a registry without tag and digest; "" for a path.
func repositoryOf(target string) string {
	if !isRemote(target) {
		return ""
	}
	name, _, _ := strings.Cut(target, "@")
	if at := strings.LastIndexByte(name, ':'); at > strings.LastIndexByte(name, '/') {
		name = name[:at]
	}
	return name
}

// policyOutcome is what the policy decided.
type policyOutcome struct {
	File     string `json:"file"`
	Digest   string `json:"digest"` // of the file
	Rule     string `json:"rule"`   // the one that matched; "" where none did
	Mode     string `json:"mode"`
	Decision string `json:"decision"` // accepted, refused, warned (it would have been refused) or not-verified
}

func (p policyFlags) outcome(k *asked, r verify.Result) *policyOutcome {
	if k.file == nil {
		return nil
	}
	out := &policyOutcome{File: p.file, Digest: k.digest, Mode: string(policy.Enforce), Decision: "refused"}
	if k.rule != nil {
		out.Rule, out.Mode = k.rule.Name, string(k.rule.Mode)
	}
	switch {
	case out.Mode == string(policy.Off):
		out.Decision = "not-verified"
	case r.OK:
		out.Decision = "accepted"
	case out.Mode == string(policy.Warn):
		out.Decision = "warned"
	}
	return out
}

// verifyResult is what verify prints: the result of the statements, what the
// policy decided, and what the recipient's own facts make of it.
type verifyResult struct {
	verify.Result
	Policy     *policyOutcome   `json:"policy,omitempty"`
	Evaluation *evaluateResult  `json:"evaluation,omitempty"`
	Parents    []verifiedParent `json:"parents,omitempty"` // shipments of --parent that agree
	Unpacked   *unpackResult    `json:"unpacked,omitempty"`
}

// refused says whether the command fails.
func (r verifyResult) refused() bool {
	if r.Unpacked != nil && !r.Unpacked.Written {
		return true // the files that were asked for are not there
	}
	if r.Policy != nil {
		return r.Policy.Decision == "refused"
	}
	return !r.OK
}

var errNoCompute = errors.New("no training-compute statement was accepted: there is nothing to evaluate")
