package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/attest/witness"
	"github.com/weighbridge/weighbridge/fdp"
)

// Schema names the format.
const Schema = "weighbridge.dev/policy/v1"

// document is the file as it is written.
type document struct {
	Schema      string   `json:"schema" required:"true"`
	TrustedRoot string   `json:"trusted_root,omitempty"`      // file, relative to the policy
	Roots       []string `json:"certificate_roots,omitempty"` // files, relative to the policy
	Signers     []signer `json:"signers" required:"true"`
	Rules       []rule   `json:"rules" required:"true"`
}

type signer struct {
	Name         string     `json:"name" required:"true"`
	Role         string     `json:"role,omitempty"`
	Organisation string     `json:"organisation,omitempty"`
	Keys         []string   `json:"keys,omitempty"` // files, relative to the policy
	Identities   []identity `json:"identities,omitempty"`
}

// identity is who signs with a certificate: who an issuer says has signed.
type identity struct {
	Issuer  string `json:"issuer" required:"true"`
	Subject string `json:"subject" required:"true"`
}

type rule struct {
	Name          string      `json:"name" required:"true"`
	Models        []string    `json:"models,omitempty"`
	References    []string    `json:"references,omitempty"`
	Mode          string      `json:"mode" oneof:"off|warn|enforce" required:"true"`
	Statements    []statement `json:"statements,omitempty"`
	Regimes       []regime    `json:"regimes,omitempty"`
	Levels        levels      `json:"minimum_levels,omitempty"`
	Timestamped   bool        `json:"timestamped,omitempty"`
	NotBefore     string      `json:"not_before,omitempty"`
	MinLedgerSize int         `json:"min_ledger_size,omitempty"`
	AcceptRules   []string    `json:"accept_rules,omitempty"`
	MeterKeys     []string    `json:"meter_keys,omitempty"`     // files, relative to the policy
	KeyEpochs     string      `json:"key_epochs,omitempty"`     // file, relative to the policy
	WitnessPolicy string      `json:"witness_policy,omitempty"` // file, relative to the policy
}

type statement struct {
	Predicates []string `json:"predicates" required:"true"`
	Signers    []string `json:"signers" required:"true"`
	Threshold  int      `json:"threshold,omitempty"` // 1 when absent
}

type regime struct {
	Regime  string `json:"regime" required:"true"`
	Maximum string `json:"maximum" oneof:"does-not-apply|undetermined|applies" required:"true"`
	By      string `json:"by,omitempty" oneof:"recipient|signer"`
}

type levels struct {
	Claim    string `json:"claim,omitempty"`
	Quantity string `json:"quantity,omitempty"`
	Hardware string `json:"hardware,omitempty"`
}

// Mode is what a rule does with what it finds.
type Mode string

// The modes.
const (
	Off     Mode = "off"     // nothing is verified, and nothing is said to be
	Warn    Mode = "warn"    // everything is verified; what is wrong is told, and does not refuse
	Enforce Mode = "enforce" // what is wrong refuses
)

// Policy is a policy file.
type Policy struct {
	Signers []verify.Signer
	Rules   []Rule
	Root    *verify.TrustedRoot // of trusted_root and certificate_roots; nil where there is neither
}

// Rule is what is asked of the models that its patterns match.
type Rule struct {
	Name       string
	Models     []string // patterns; empty: any model
	References []string // patterns of the place that was named; empty: any place
	Mode       Mode
	Demands    []verify.Demand
	Regimes    []Regime
	Levels     verify.MinLevels
	NotBefore  time.Time
	MinLedger  uint64
	Rules      []string // digests of rules that may come with a determination

	Meters    []*verify.PublicKey // keys of meters, which sign the heads of logs; with Epochs those that they lead to
	Epochs    *verify.MeterEpochs // nil: every key of a meter is right for every head
	Witnesses *witness.Policy     // who must have cosigned them; nil: nobody is believed

	Timestamped bool // every signature must carry a verified timestamp

	signers []verify.Signer // those that its demands name
	root    *verify.TrustedRoot
}

// Regime is the highest verdict that a rule lets pass.
type Regime struct {
	Regime  string
	Maximum string // does-not-apply, undetermined or applies
	// BySigner takes the verdict of an attested determination, recomputed; else the
	// recipient's own evaluation of the attested compute.
	BySigner bool
}

// Parse reads a policy file. name stands in errors; read returns the bytes of a key
// file by the path that the policy gives. Errors are of the form
// file:line:column: message.
func Parse(data []byte, name string, read func(path string) ([]byte, error)) (*Policy, error) {
	var d document
	placed, err := fdp.DecodeDocument(data, name, &d)
	if err != nil {
		return nil, err
	}
	if d.Schema != Schema {
		return nil, placed.Errorf("schema", "schema: found %q, expected %q", d.Schema, Schema)
	}
	r := reader{placed: placed, read: read, names: map[string]verify.Signer{}, keys: map[string]string{}}
	p := &Policy{}
	if p.Root, err = r.roots(d); err != nil {
		return nil, err
	}
	r.root = p.Root
	for i, s := range d.Signers {
		signer, err := r.signer(fmt.Sprintf("signers[%d]", i), s)
		if err != nil {
			return nil, err
		}
		p.Signers = append(p.Signers, signer)
	}
	seen := map[string]bool{}
	for i, raw := range d.Rules {
		at := fmt.Sprintf("rules[%d]", i)
		rule, err := r.rule(at, raw)
		if err != nil {
			return nil, err
		}
		if seen[rule.Name] {
			return nil, placed.Errorf(at+".name", "%s.name: two rules of the name %q: each needs its own, because reports go by it", at, rule.Name)
		}
		seen[rule.Name] = true
		p.Rules = append(p.Rules, rule)
	}
	return p, nil
}

// Trust is a policy that trusts all signers and asks for nothing else.
func (p *Policy) Trust() verify.Policy {
	all := verify.Policy{Root: p.Root}
	for _, s := range p.Signers {
		all.Keys, all.Identities = append(all.Keys, s.Keys...), append(all.Identities, s.Identities...)
	}
	return all
}

// Verify returns what is asked of statements under r. The models that they may be
// about are those of the rule's patterns, whatever chose the rule.
func (r Rule) Verify() verify.Policy {
	p := verify.Policy{Signers: r.signers, Demands: r.Demands, Levels: r.Levels, NotBefore: r.NotBefore, MinLedgerSize: r.MinLedger, AcceptRules: r.Rules, Root: r.root, Timestamped: r.Timestamped,
		Meters: r.Meters, Witnesses: r.Witnesses}
	if r.Epochs != nil {
		p.RightMeter = r.Epochs.Right
	}
	for _, s := range r.signers {
		p.Keys, p.Identities = append(p.Keys, s.Keys...), append(p.Identities, s.Identities...)
	}
	for _, d := range r.Demands {
		for _, t := range d.Predicates {
			if !slices.Contains(p.Require, t) {
				p.Require = append(p.Require, t)
			}
		}
	}
	if len(r.Models) > 0 {
		p.Models = func(m string) bool { return matchesAny(r.Models, m) }
		p.Wanted = fmt.Sprintf("a model of rule %q (%s)", r.Name, strings.Join(r.Models, ", "))
	}
	return p
}

// predicateType is the type of a word of the policy, or a type URI as it is.
func predicateType(word string) (string, error) {
	switch word {
	case "training-compute":
		return attest.TypeTrainingCompute, nil
	case "hardware":
		return attest.TypeHardware, nil
	case "determination":
		return attest.TypeDetermination, nil
	case "ledger-proof":
		return attest.TypeLedgerProof, nil
	case "release-note":
		return attest.TypeReleaseNote, nil
	}
	if strings.Contains(word, "://") {
		return word, nil
	}
	return "", fmt.Errorf("statement %q is not known: expected training-compute, hardware, determination, ledger-proof, release-note, or the URI of a predicate type", word)
}
