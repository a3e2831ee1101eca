package policy

import (
	"encoding/pem"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/sign/signtest"
	"github.com/weighbridge/weighbridge/attest/verify"
)

// Public keys, made by openssl.
const (
	keyC = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA4SqCegvoXSBlXAzem9EHxM+dNJRkO23RK6jEMYEODz0=\n-----END PUBLIC KEY-----\n"
	keyD = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAFF50QGlwG9yplM0ao30D7s8KFUJQlmRJYl4ToS2pviE=\n-----END PUBLIC KEY-----\n"

	keyA = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"
	keyB = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n"
)

func files(name string) ([]byte, error) {
	switch name {
	case "a.pub":
		return []byte(keyA), nil
	case "b.pub", "again.pub":
		return []byte(keyB), nil
	case "large.pub":
		return []byte(strings.Repeat("\n", maxFile) + keyA), nil
	case "not.pub":
		return []byte("hello"), nil
	}
	return nil, fs.ErrNotExist
}

const whole = `schema: weighbridge.dev/policy/v1
signers:
  - {name: lab, role: lab, organisation: Acme, keys: [a.pub]}
  - {name: auditor, role: auditor, organisation: Cert, keys: [b.pub]}
rules:
  - name: atlas
    models: ["acme/atlas@*"]
    references: ["registry.example.com/acme/**"]
    mode: enforce
    statements:
      - {predicates: [training-compute, hardware], signers: [lab]}
      - {predicates: [training-compute], signers: [lab, auditor], threshold: 2}
    regimes:
      - {regime: us-4e091, maximum: does-not-apply}
    minimum_levels: {claim: declared}
    not_before: 2026-11-01
    min_ledger_size: 3
  - {name: rest of acme, models: ["acme/*"], mode: warn, statements: [{predicates: ["https://example.com/t/v1"], signers: [auditor]}]}
  - {name: sandbox, models: ["sandbox/**"], mode: off}
`

func parse(t *testing.T, text string) *Policy {
	t.Helper()
	p, err := Parse([]byte(text), "policy.yaml", files)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestParse (P5, P7, P8): everything that the format has is asked of verification.
func TestParse(t *testing.T) {
	r := parse(t, whole).Rules[0]
	p := r.Verify()
	if len(p.Keys) != 2 || len(p.Demands) != 2 || p.Demands[1].Threshold != 2 || p.Demands[0].Threshold != 1 ||
		strings.Join(p.Require, " ") != attest.TypeTrainingCompute+" "+attest.TypeHardware ||
		p.Levels.Claim != verify.Declared || p.MinLedgerSize != 3 || !p.NotBefore.Equal(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", p)
	}
	if !p.Models("acme/atlas@2") || p.Models("acme/other@2") || p.Models("evil/atlas@2") {
		t.Error("the models that a rule is about")
	}
	if g := r.Regimes; len(g) != 1 || g[0].Regime != "us-4e091" || g[0].Maximum != "does-not-apply" || g[0].BySigner {
		t.Errorf("%+v", g)
	}
}

// TestWitnessed (P12): keys of meters and a policy of witnesses are read from beside the
// file; a meter's key that releases, and what is neither, is refused where it stands.
func TestWitnessed(t *testing.T) {
	const key = "witness w w+114ceccd+BBRedEBpcBvcqZTNGqN9A+7PChVCUJZkSWJeE6Etqb4h\nquorum w\n"
	read := func(name string) ([]byte, error) {
		switch name {
		case "meter.pub":
			return []byte(keyC), nil
		case "witnesses.txt":
			return []byte(key), nil
		}
		return files(name)
	}
	with := func(line string) string { return strings.Replace(whole, "    min_ledger_size: 3\n", line, 1) }
	p, err := Parse([]byte(with("    meter_keys: [meter.pub]\n    witness_policy: witnesses.txt\n")), "policy.yaml", read)
	if err != nil {
		t.Fatal(err)
	}
	if asked := p.Rules[0].Verify(); len(asked.Meters) != 1 || asked.Witnesses == nil || len(asked.Keys) != 2 {
		t.Errorf("%+v", asked)
	}
	if asked := p.Rules[1].Verify(); asked.Meters != nil || asked.Witnesses != nil {
		t.Errorf("another rule: %+v", asked)
	}
	for line, want := range map[string]string{
		"    meter_keys: [a.pub]\n":             "policy.yaml:17:18: rules[0].meter_keys[0]: the key sha256:",
		"    meter_keys: [nowhere.pub]\n":       "rules[0].meter_keys[0]: file does not exist",
		"    witness_policy: nowhere.txt\n":     "policy.yaml:17:21: rules[0].witness_policy: file does not exist",
		"    witness_policy: meter.pub\n":       "rules[0].witness_policy: meter.pub: witness policy: ",
		"    witness_policy: [witnesses.txt]\n": "witness_policy",
	} {
		if _, err := Parse([]byte(with(line)), "policy.yaml", read); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// TestMatch (P2, P3): the first rule that matches decides, and none refuses.
func TestMatch(t *testing.T) {
	p := parse(t, whole)
	for _, c := range []struct{ model, reference, rule string }{
		{"acme/atlas@2", "registry.example.com/acme/models/atlas", "atlas"},
		{"acme/atlas@2", "", "rest of acme"}, // a rule for a place says nothing of what is on disk
		{"acme/atlas@2", "registry.example.net/acme/atlas", "rest of acme"},
		{"acme/other@1", "registry.example.com/acme/atlas", "rest of acme"},
		{"sandbox/x@1", "", "sandbox"},
		{"evil/atlas@2", "", ""},
		{"", "", ""},
	} {
		r, err := p.Match(c.model, c.reference)
		var none *NoRuleError
		if r.Name != c.rule || (c.rule == "") != errors.As(err, &none) {
			t.Errorf("%q %q: rule %q, %v", c.model, c.reference, r.Name, err)
		}
	}
}

// TestPatterns (P4): the two stars, and nothing else.
func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"acme/*", "acme/x@1", true}, {"acme/*", "acme/x/y", false}, {"acme/**", "acme/x/y", true}, {"**", "", true}, {"*", "", true},
		{"**", "a/b", true}, {"*", "a/b", false}, {"a*b*c", "axxbyyc", true}, {"a*b*c", "axxbyy", false}, {"acme/*", "xacme/y", false},
		{"acme/*", "acme/", true}, {"acme/x", "acme/xx", false}, {"**/x", "a/b/x", true}, {"*/x", "a/b/x", false}, {"a**", "a", true},
		{strings.Repeat("*a", 40), strings.Repeat("a", 200) + "b", false},
	} {
		if got := matches(c.pattern, c.name); got != c.want {
			t.Errorf("%q %q: %v", c.pattern, c.name, got)
		}
	}
}

// TestRefused (P1, P10): what a policy may not say, each with file, line and column.
func TestRefused(t *testing.T) {
	cases := []struct{ name, old, new, says string }{
		{"other-schema", "policy/v1", "policy/v2", `policy.yaml:1:9: schema: found "weighbridge.dev/policy/v2"`},
		{"unknown-field", "mode: warn", "mod: warn", `unknown field "mod"`},
		{"no-mode", ", mode: warn", "", `without the field "mode"`},
		{"unknown-mode", "mode: warn", "mode: maybe", "expected one of off, warn, enforce"},
		{"key-twice", "mode: warn", "mode: warn, mode: off", "stands twice"},
		{"no-pattern", `models: ["acme/*"], `, "", "has no pattern"},
		{"bad-pattern", `"acme/*"`, `"acme/?"`, "only * and ** are special"},
		{"three-stars", `"acme/*"`, `"acme/***"`, "expected * for a part"},
		{"no-statements", `, statements: [{predicates: ["https://example.com/t/v1"], signers: [auditor]}]`, "", "asks for no statements"},
		{"empty-signers", `signers: [auditor]}]`, `signers: []}]`, "an empty list asks for nothing"},
		{"unknown-signer", `signers: [auditor]}]`, `signers: [audit]}]`, `no signer "audit"`},
		{"signer-twice-in-a-demand", "[lab, auditor]", "[lab, lab]", "it counts once"},
		{"threshold-too-high", "threshold: 2", "threshold: 3", "expected 1 to 2"},
		{"threshold-below-zero", "threshold: 2", "threshold: -1", "expected 1 to 2"},
		{"unknown-predicate", "[training-compute, hardware]", "[training-computes]", "is not known"},
		{"unknown-level", "claim: declared", "claim: gold", "hardware-rooted"},
		{"unknown-verdict", "maximum: does-not-apply", "maximum: no", "expected one of does-not-apply, undetermined, applies"},
		{"regime-twice", "      - {regime: us-4e091, maximum: does-not-apply}", "      - {regime: us-4e091, maximum: does-not-apply}\n      - {regime: us-4e091, maximum: applies}", "stands twice"},
		{"bad-date", "not_before: 2026-11-01", "not_before: soon", "expected a date or a time"},
		{"negative-size", "min_ledger_size: 3", "min_ledger_size: -3", "expected 0 or more"},
		{"bad-digest", "min_ledger_size: 3", "accept_rules: [latest]", "64 lower-case"},
		{"two-rules-of-a-name", "name: sandbox", "name: atlas", "two rules of the name"},
		{"two-signers-of-a-name", "name: auditor", "name: lab", "two signers of the name"},
		{"one-key-of-two-signers", "keys: [a.pub]", "keys: [again.pub]", "would count as two signers"},
		{"no-key", "keys: [a.pub]", "keys: []", "has no key"},
		{"no-such-key-file", "keys: [a.pub]", "keys: [c.pub]", "does not exist"},
		{"key-file-too-large", "keys: [a.pub]", "keys: [large.pub]", "expected at most 65536"},
		{"not-a-key", "keys: [a.pub]", "keys: [not.pub]", "expected one PEM block"},
		{"identity", "keys: [a.pub]", "identities: [{issuer: \"https://a\", subject: b}]", "the policy has no trusted_root"},
		{"anchor", "name: sandbox", "name: &x sandbox", "anchor"},
		{"second-document", "mode: off}\n", "mode: off}\n---\n{}\n", "second document"},
		{"no-rules", "rules:", "rulez:", `unknown field "rulez"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(whole, c.old, c.new, 1)
			if text == whole {
				t.Fatal("nothing to replace")
			}
			p, err := Parse([]byte(text), "policy.yaml", files)
			if err == nil || p != nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "policy.yaml:") {
				t.Errorf("%v", err)
			}
		})
	}
	if len(cases) < 30 {
		t.Error(len(cases))
	}
}

// FuzzParse: whatever is read, a rule that is in force names signers with keys, and
// asks for statements.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"schema":"weighbridge.dev/policy/v1","signers":[],"rules":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data, "policy.yaml", files)
		if err != nil {
			return
		}
		for _, r := range p.Rules {
			if v := r.Verify(); r.Mode != Off && (len(v.Keys) == 0 || len(v.Require) == 0 || len(v.Demands) == 0) {
				t.Fatalf("a rule that asks for nothing: %+v", r)
			}
		}
	})
}

// TestIdentities (P10, P11): identities and timestamps need a trusted root, and no
// identity stands in two names.
func TestIdentities(t *testing.T) {
	sigstore, err := signtest.New(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer sigstore.Close()
	root, err := sigstore.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	authority, err := signtest.NewAuthority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var own []byte
	for _, c := range authority.Chain() {
		own = append(own, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	read := func(name string) ([]byte, error) {
		switch name {
		case "root.json":
			return root, nil
		case "own.pem":
			return own, nil
		}
		return files(name)
	}
	const text = `schema: weighbridge.dev/policy/v1
trusted_root: root.json
signers:
  - {name: lab, identities: [{issuer: "https://a.example", subject: b}]}
  - {name: auditor, identities: [{issuer: "https://a.example", subject: c}]}
rules:
  - {name: all, models: ["**"], mode: enforce, timestamped: true, statements: [{predicates: [training-compute], signers: [lab, auditor], threshold: 2}]}
`
	p, err := Parse([]byte(text), "policy.yaml", read)
	if err != nil {
		t.Fatal(err)
	}
	if v := p.Rules[0].Verify(); len(v.Identities) != 2 || v.Root == nil || !v.Timestamped || len(p.Trust().Identities) != 2 {
		t.Errorf("%+v", v)
	}
	certified := strings.ReplaceAll(strings.Replace(text, "trusted_root: root.json", "certificate_roots: [own.pem]", 1), "https://a.example", "CN=own root,O=test")
	if p, err = Parse([]byte(strings.Replace(certified, "timestamped: true, ", "", 1)), "policy.yaml", read); err != nil || len(p.Root.RootNames()) != 1 {
		t.Error(err)
	}
	for _, c := range []struct{ old, new, says string }{
		{"trusted_root: root.json\n", "", "the policy has no trusted_root"},
		{"trusted_root: root.json", "trusted_root: a.pub", "trusted root"},
		{"subject: c", "subject: b", "would count as two signers"},
		{"subject: c", `subject: ""`, "expected 1 to 300"},
		{"trusted_root: root.json", "certificate_roots: [own.pem]", `expected the URL of an identity provider, with a trusted_root, or the name of one of certificate_roots: CN=own root,O=test`},
		{"trusted_root: root.json", "certificate_roots: [a.pub]", "expected PEM blocks of the type CERTIFICATE"},
		{"trusted_root: root.json", "certificate_roots: [none.pem]", "certificate_roots[0]"},
	} {
		if _, err := Parse([]byte(strings.Replace(text, c.old, c.new, 1)), "policy.yaml", read); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.says, err)
		}
	}
}
