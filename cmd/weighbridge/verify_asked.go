package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/attest/policy"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/fdp"
)

// asked is what is asked of what arrived: by flags, or by the rule of the policy
// file that speaks of it, which is known only when the shipment has been opened.
type asked struct {
	policy verify.Policy // of the flags; with a file what they ask for beyond it
	named  string        // the model that was named, "" where none was
	file   *policy.Policy
	digest string
	rules  *fdp.Rules   // of --rules; nil: those of the program
	rule   *policy.Rule // the one that matched
}

// ruleError says that no rule can be told for what arrived.
type ruleError struct {
	code string
	err  error
}

func (e *ruleError) Error() string { return e.err.Error() }
func (e *ruleError) Unwrap() error { return e.err }

// of returns what is asked of these bundles. repository is where they came from in
// a registry, "" for what is on disk. A model that was named chooses the rule;
// else the one that the statements claim does, and the rule then asks for it to be
// signed.
func (k *asked) of(repository string, bundles [][]byte) (verify.Policy, error) {
	if k.file == nil {
		return k.policy, nil
	}
	model := k.named
	trust := k.file.Trust()
	trust.Now = k.policy.Now
	claimed := verify.Claimed(bundles, trust)
	if len(claimed) == 0 {
		claimed = verify.Claimed(bundles, verify.Policy{}) // nobody trusted has signed: the refusal should still name the rule
	}
	if model == "" && len(claimed) > 0 {
		if len(claimed) > 1 {
			return verify.Policy{}, &ruleError{"models", fmt.Errorf("the statements claim to be about %d models (%s): no rule can be chosen; name the one that you mean with --model", len(claimed), strings.Join(claimed[:min(len(claimed), 8)], ", "))}
		}
		model = claimed[0]
	}
	rule, err := k.file.Match(model, repository)
	if err != nil {
		return verify.Policy{}, &ruleError{"no-rule", err}
	}
	k.rule = &rule
	if rule.Mode == policy.Off {
		return verify.Policy{}, &ruleError{"policy-off", fmt.Errorf("rule %q of the policy is off for %s: nothing was verified", rule.Name, model)}
	}
	return k.both(rule.Verify()), nil
}

// both is what rule and flags ask for together.
func (k *asked) both(p verify.Policy) verify.Policy {
	if k.policy.NotBefore.After(p.NotBefore) {
		p.NotBefore = k.policy.NotBefore
	}
	p.Now = k.policy.Now
	p.Timestamped = p.Timestamped || k.policy.Timestamped
	p.Revocations = append(slices.Clone(p.Revocations), k.policy.Revocations...)
	p.MinLedgerSize = max(p.MinLedgerSize, k.policy.MinLedgerSize)
	p.AcceptRules = append(slices.Clone(p.AcceptRules), k.policy.AcceptRules...)
	for _, t := range k.policy.Require {
		if !slices.Contains(p.Require, t) {
			p.Require = append(p.Require, t)
		}
	}
	ofRule, ofFlags := p.Models, k.policy.Models
	switch {
	case ofRule == nil:
		p.Models, p.Wanted = ofFlags, k.policy.Wanted
	case ofFlags != nil:
		p.Models = func(m string) bool { return ofRule(m) && ofFlags(m) }
		p.Wanted = k.policy.Wanted + ", and " + p.Wanted
	}
	return p
}

// asked reads what the flags ask for: keys, or the policy file with the rules. now
// is the time as of which certificates are judged.
func (f verifyFlags) asked(now time.Time) (*asked, error) {
	k := &asked{named: f.wanted.namedModel(f.reference)}
	k.policy.Now = now
	var err error
	if k.policy.Keys, err = readPublicKeys("--key", f.keys); err != nil {
		return nil, err
	}
	if err := errors.Join(f.identities.policy(&k.policy), f.witnessed.trust(&k.policy)); err != nil {
		return nil, err
	}
	for _, name := range f.require {
		predicateType, err := predicateTypeOf(name, requirable())
		if err != nil {
			return nil, usage("--require: %w", err)
		}
		k.policy.Require = append(k.policy.Require, predicateType)
	}
	if err := f.wanted.policy(f.reference, &k.policy); err != nil {
		return nil, err
	}
	if f.rules != "" {
		rules, err := readRules(f.rules)
		if err != nil {
			return nil, err
		}
		k.rules = rules
		k.policy.AcceptRules = append(k.policy.AcceptRules, rules.Digest())
	}
	if f.trust.file != "" {
		k.file, k.digest, err = readPolicy("--policy", f.trust.file)
	}
	return k, err
}

func readPublicKeys(flag string, paths []string) ([]*verify.PublicKey, error) {
	var keys []*verify.PublicKey
	for _, path := range paths {
		if elsewhere(path) { // and may hold a PIN, so it is not shown
			return nil, usage("%s names a token or a key service: verification reads files and asks nobody; write the public half with `weighbridge key show KEY --out FILE` and name that file", flag)
		}
		data, err := readUpTo(path, maxKeyFile)
		if err != nil {
			return nil, usage("%s: %w", flag, err)
		}
		key, err := verify.ParsePublicKey(data)
		if err != nil {
			return nil, usage("%s %s: %w", flag, path, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}
