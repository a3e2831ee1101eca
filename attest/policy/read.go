package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/attest/witness"
	"github.com/weighbridge/weighbridge/fdp"
)

// reader turns what stands in the file into what is asked.
type reader struct {
	placed fdp.Places
	read   func(path string) ([]byte, error)
	names  map[string]verify.Signer
	keys   map[string]string // id of a key or identity to its signer
	root   *verify.TrustedRoot
}

func (r *reader) signer(at string, s signer) (verify.Signer, error) {
	out := verify.Signer{Name: s.Name, Role: s.Role, Organisation: s.Organisation}
	if _, twice := r.names[s.Name]; twice {
		return out, r.placed.Errorf(at+".name", "%s.name: two signers of the name %q: put all keys of one party under one signer", at, s.Name)
	}
	if len(s.Keys)+len(s.Identities) == 0 {
		return out, r.placed.Errorf(at, "%s: signer %q has no key: expected keys: [FILE], public keys in PEM, or identities: [{issuer, subject}]; without one no signature of it can be told", at, s.Name)
	}
	if len(s.Identities) > 0 && r.root == nil {
		return out, r.placed.Errorf(at+".identities", "%s.identities: the policy has no trusted_root and no certificate_roots: expected the files that say whose certificates and logs are believed about identities", at)
	}
	for i, who := range s.Identities {
		where := fmt.Sprintf("%s.identities[%d]", at, i)
		identity := verify.Identity{Subject: who.Subject, Issuer: who.Issuer}
		if err := identity.Validate(); err != nil {
			return out, r.placed.Errorf(where, "%s: %v", where, err)
		}
		if !r.root.Vouches(identity.Issuer) {
			return out, r.placed.Errorf(where+".issuer", "%s.issuer: %q: expected the URL of an identity provider, with a trusted_root, or the name of one of certificate_roots: %s", where, who.Issuer, strings.Join(r.root.RootNames(), "; "))
		}
		if owner, taken := r.keys[identity.ID()]; taken {
			return out, r.placed.Errorf(where, "%s: the identity %s is one of signer %q already: one identity in two names would count as two signers", where, identity.ID(), owner)
		}
		r.keys[identity.ID()] = s.Name
		out.Identities = append(out.Identities, identity)
	}
	for i, path := range s.Keys {
		where := fmt.Sprintf("%s.keys[%d]", at, i)
		key, err := r.key(path)
		if err != nil {
			return out, r.placed.Errorf(where, "%s: %v", where, err)
		}
		if owner, taken := r.keys[key.ID()]; taken {
			return out, r.placed.Errorf(where, "%s: the key %s is one of signer %q already: one key in two names would count as two signers", where, key.ID(), owner)
		}
		r.keys[key.ID()] = s.Name
		out.Keys = append(out.Keys, key)
	}
	r.names[s.Name] = out
	return out, nil
}

// roots are those of a Sigstore and of authorities of one's own together.
func (r *reader) roots(d document) (*verify.TrustedRoot, error) {
	var all []*verify.TrustedRoot
	if d.TrustedRoot != "" {
		root, err := r.trustedRoot(d.TrustedRoot)
		if err != nil {
			return nil, err
		}
		all = append(all, root)
	}
	for i, path := range d.Roots {
		at := fmt.Sprintf("certificate_roots[%d]", i)
		data, err := r.small(path)
		if err != nil {
			return nil, r.placed.Errorf(at, "%s: %v", at, err)
		}
		certificates, err := verify.ParseCertificates(data)
		if err != nil {
			return nil, r.placed.Errorf(at, "%s: %s: %v", at, path, err)
		}
		root, err := verify.CertificateRoot(certificates)
		if err != nil {
			return nil, r.placed.Errorf(at, "%s: %s: %v", at, path, err)
		}
		all = append(all, root)
	}
	return verify.JoinRoots(all...), nil
}

func (r *reader) trustedRoot(path string) (*verify.TrustedRoot, error) {
	data, err := r.small(path)
	if err != nil {
		return nil, r.placed.Errorf("trusted_root", "trusted_root: %v", err)
	}
	root, err := verify.ParseTrustedRoot(data)
	if err != nil {
		return nil, r.placed.Errorf("trusted_root", "trusted_root: %s: %v", path, err)
	}
	return root, nil
}

// maxFile bounds the files that a policy names, in bytes; a document of key epochs has a
// larger limit of its own.
const maxFile = 64 << 10

func (r *reader) small(path string) ([]byte, error) {
	data, err := r.read(path)
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s has %d bytes: expected at most %d", path, len(data), maxFile)
	}
	return data, err
}

func (r *reader) key(path string) (*verify.PublicKey, error) {
	data, err := r.small(path)
	if err != nil {
		return nil, err
	}
	key, err := verify.ParsePublicKey(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

func (r *reader) rule(at string, raw rule) (Rule, error) {
	out := Rule{Name: raw.Name, Models: raw.Models, References: raw.References, Mode: Mode(raw.Mode), Rules: raw.AcceptRules, Timestamped: raw.Timestamped, root: r.root}
	if len(raw.Models) == 0 && len(raw.References) == 0 {
		return out, r.placed.Errorf(at, "%s: rule %q has no pattern: expected models or references; models: [\"**\"] is every model", at, raw.Name)
	}
	if err := r.patterns(at, raw); err != nil {
		return out, err
	}
	if out.Mode != Off && len(raw.Statements) == 0 {
		return out, r.placed.Errorf(at, "%s: rule %q asks for no statements: expected statements: [{predicates: [training-compute, hardware], signers: [NAME]}]", at, raw.Name)
	}
	for i, s := range raw.Statements {
		demand, err := r.demand(fmt.Sprintf("%s.statements[%d]", at, i), s)
		if err != nil {
			return out, err
		}
		out.Demands = append(out.Demands, demand)
		for _, signer := range demand.Signers {
			if !slices.ContainsFunc(out.signers, func(have verify.Signer) bool { return have.Name == signer.Name }) {
				out.signers = append(out.signers, signer)
			}
		}
	}
	for i, g := range raw.Regimes {
		where := fmt.Sprintf("%s.regimes[%d]", at, i)
		if slices.ContainsFunc(out.Regimes, func(have Regime) bool { return have.Regime == g.Regime }) {
			return out, r.placed.Errorf(where, "%s: the regime %q stands twice: keep one", where, g.Regime)
		}
		out.Regimes = append(out.Regimes, Regime{g.Regime, g.Maximum, g.By == "signer"})
	}
	if err := r.witnessed(at, raw, &out); err != nil {
		return out, err
	}
	return out, r.limits(at, raw, &out)
}

// witnessed reads whose signatures under the heads of logs are believed.
func (r *reader) witnessed(at string, raw rule, out *Rule) error {
	for i, path := range raw.MeterKeys {
		where := fmt.Sprintf("%s.meter_keys[%d]", at, i)
		key, err := r.key(path)
		if err == nil {
			err = r.releasesNothing(key)
		}
		if err != nil {
			return r.placed.Errorf(where, "%s: %v", where, err)
		}
		out.Meters = append(out.Meters, key)
	}
	if err := r.epochs(raw, out); err != nil {
		where := at + ".key_epochs"
		return r.placed.Errorf(where, "%s: %v", where, err)
	}
	if raw.WitnessPolicy == "" {
		return nil
	}
	where := at + ".witness_policy"
	data, err := r.small(raw.WitnessPolicy)
	if err != nil {
		return r.placed.Errorf(where, "%s: %v", where, err)
	}
	if out.Witnesses, err = witness.ParsePolicy(data); err != nil {
		return r.placed.Errorf(where, "%s: %s: %v", where, raw.WitnessPolicy, err)
	}
	return nil
}

func (r *reader) releasesNothing(meter *verify.PublicKey) error {
	if owner, taken := r.keys[meter.ID()]; taken {
		return fmt.Errorf("the key %s is one of signer %q: a meter's key releases nothing", meter.ID(), owner)
	}
	return nil
}

// epochs reads which keys the one key of the meter leads to, and which head each was
// right for.
func (r *reader) epochs(raw rule, out *Rule) error {
	if raw.KeyEpochs == "" {
		return nil
	}
	if len(out.Meters) != 1 {
		return fmt.Errorf("it stands beside %d meter_keys: expected one, the key that you know to be the meter's: anybody can write such a document", len(out.Meters))
	}
	data, err := r.read(raw.KeyEpochs)
	if err != nil {
		return err
	}
	if out.Epochs, err = verify.ParseMeterEpochs(data, out.Meters[0]); err != nil {
		return fmt.Errorf("%s: %w", raw.KeyEpochs, err)
	}
	out.Meters = out.Epochs.Trusted()
	for _, key := range out.Meters {
		if err := r.releasesNothing(key); err != nil {
			return fmt.Errorf("%s: %w", raw.KeyEpochs, err)
		}
	}
	return nil
}

func (r *reader) patterns(at string, raw rule) error {
	for _, list := range []struct {
		field    string
		patterns []string
	}{{"models", raw.Models}, {"references", raw.References}} {
		for i, p := range list.patterns {
			if err := validPattern(p); err != nil {
				where := fmt.Sprintf("%s.%s[%d]", at, list.field, i)
				return r.placed.Errorf(where, "%s: %v", where, err)
			}
		}
	}
	return nil
}

func (r *reader) demand(at string, s statement) (verify.Demand, error) {
	d := verify.Demand{Threshold: max(s.Threshold, 1)}
	if len(s.Predicates) == 0 || len(s.Signers) == 0 {
		return d, r.placed.Errorf(at, "%s: expected at least one predicate and one signer: an empty list asks for nothing", at)
	}
	if s.Threshold < 0 || s.Threshold > len(s.Signers) {
		return d, r.placed.Errorf(at+".threshold", "%s.threshold: found %d, expected 1 to %d, the number of signers", at, s.Threshold, len(s.Signers))
	}
	for i, word := range s.Predicates {
		t, err := predicateType(word)
		if err != nil {
			where := fmt.Sprintf("%s.predicates[%d]", at, i)
			return d, r.placed.Errorf(where, "%s: %v", where, err)
		}
		d.Predicates = append(d.Predicates, t)
	}
	for i, name := range s.Signers {
		where := fmt.Sprintf("%s.signers[%d]", at, i)
		signer, known := r.names[name]
		if !known {
			return d, r.placed.Errorf(where, "%s: no signer %q in this policy: expected one of %s", where, name, strings.Join(slices.Sorted(maps.Keys(r.names)), ", "))
		}
		if slices.Contains(s.Signers[:i], name) {
			return d, r.placed.Errorf(where, "%s: signer %q stands twice: it counts once", where, name)
		}
		d.Signers = append(d.Signers, signer)
	}
	return d, nil
}

func (r *reader) limits(at string, raw rule, out *Rule) error {
	for _, l := range []struct {
		field, word string
		to          *verify.Level
	}{{"claim", raw.Levels.Claim, &out.Levels.Claim}, {"quantity", raw.Levels.Quantity, &out.Levels.Quantity}, {"hardware", raw.Levels.Hardware, &out.Levels.Hardware}} {
		if l.word == "" {
			continue
		}
		level, err := verify.ParseLevel(l.word)
		if err != nil {
			where := at + ".minimum_levels." + l.field
			return r.placed.Errorf(where, "%s: %v", where, err)
		}
		*l.to = level
	}
	if raw.MinLedgerSize < 0 {
		return r.placed.Errorf(at+".min_ledger_size", "%s.min_ledger_size: found %d, expected 0 or more entries", at, raw.MinLedgerSize)
	}
	if raw.Timestamped && r.root == nil {
		return r.placed.Errorf(at+".timestamped", "%s.timestamped: the policy has no trusted_root: expected the file that says which timestamp authorities are believed", at)
	}
	out.MinLedger = uint64(raw.MinLedgerSize)
	for i, digest := range raw.AcceptRules {
		if !attest.ValidDigest(digest) {
			where := fmt.Sprintf("%s.accept_rules[%d]", at, i)
			return r.placed.Errorf(where, "%s: found %q, expected sha256: and 64 lower-case hexadecimal digits", where, digest)
		}
	}
	if raw.NotBefore == "" {
		return nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		if t, err := time.Parse(layout, raw.NotBefore); err == nil {
			out.NotBefore = t
			return nil
		}
	}
	return r.placed.Errorf(at+".not_before", "%s.not_before: found %q, expected a date or a time, as in 2026-11-25 or 2026-11-25T08:00:00Z", at, raw.NotBefore)
}
