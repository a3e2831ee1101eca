package verify

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

const model meter.ModelRef = "acme/atlas@2"

var (
	created = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	tool    = attest.Tool{Name: "weighbridge", Version: "test"}
)

func digestOf(s string) string {
	d := sha256.Sum256([]byte(s))
	return "sha256:" + hex.EncodeToString(d[:])
}

func files(t testing.TB, contents ...string) attest.Manifest {
	t.Helper()
	var list []attest.File
	for i := 0; i < len(contents); i += 2 {
		list = append(list, attest.File{Name: contents[i], Size: int64(len(contents[i+1])), Digest: digestOf(contents[i+1])})
	}
	m, err := attest.NewManifest(list)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func weights(t testing.TB) attest.Manifest {
	return files(t, "config.json", "{}", "model-1.safetensors", "one", "model-2.safetensors", "two")
}

var manifestDigest = digestOf("manifest")

// signer is a key, and its private half for what sign refuses to sign.
type signer struct {
	*sign.Key
	private crypto.Signer
}

func newKey(t testing.TB, kind string) signer {
	t.Helper()
	text, err := sign.GenerateKey(kind)
	if err != nil {
		t.Fatal(err)
	}
	key, err := sign.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return signer{key, private.(crypto.Signer)}
}

func public(t testing.TB, key signer) *PublicKey {
	t.Helper()
	text, err := key.PublicPEM()
	if err != nil {
		t.Fatal(err)
	}
	k, err := ParsePublicKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func compute(t testing.TB, m attest.Manifest) attest.TrainingCompute {
	t.Helper()
	estimate, err := meter.ParseOps("9.5e25")
	if err != nil {
		t.Fatal(err)
	}
	known := attest.LineageModel{
		Work: []attest.Work{{Activity: meter.Pretraining, Weights: meter.WeightsKept, Interval: meter.Exact(estimate), Records: 3, Grade: meter.GradeMeasured}},
	}
	lineage, err := attest.LineageOf(model, func(r meter.ModelRef) (attest.LineageModel, bool) { return known, r == model })
	if err != nil {
		t.Fatal(err)
	}
	own, err := lineage.Models[0].Activities()
	if err != nil {
		t.Fatal(err)
	}
	return attest.TrainingCompute{
		Model: model, Weights: attest.WeightsOf(m), Activities: own, Lineage: lineage, Ledger: &attest.Head{Origin: "weighbridge.dev/ledger/x/acme/atlas@2", Size: 3, Root: digestOf("head")},
		Completeness: attest.Completeness, Tool: tool, CreatedAt: created,
	}
}

func hardware() attest.Hardware {
	return attest.Hardware{Model: model, NotSeen: []string{"no accelerator was seen"}, Tool: tool, CreatedAt: created}
}

// statedFacts are the facts that follow from compute and hardware, with additions,
// after a change of their text. Their grades are those of the unchanged facts.
func statedFacts(t testing.TB, change ...string) fdp.Facts {
	t.Helper()
	h := hardware()
	facts, err := attest.FactsOf(compute(t, weights(t)), &h)
	if err != nil {
		t.Fatal(err)
	}
	over, err := fdp.ParseFacts([]byte(`{"weights": {"publication": "unpublished"}}`), "added.json")
	if err != nil {
		t.Fatal(err)
	}
	if facts, err = facts.Merge(over); err != nil {
		t.Fatal(err)
	}
	text, err := facts.Encode()
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer(change...).Replace(string(text))
	if len(change) > 0 && changed == string(text) {
		t.Fatalf("nothing to replace: %q in %s", change, text)
	}
	parsed, err := fdp.ParseFacts([]byte(changed), "facts.json")
	if err != nil {
		t.Fatal(err)
	}
	return parsed.WithGrades(facts.Grades())
}

// determination is one that follows from facts that agree with compute, unless
// their text is changed.
func determination(t testing.TB, change ...string) attest.Determination {
	t.Helper()
	return determined(t, embedded(t), statedFacts(t, change...))
}

func embedded(t testing.TB) attest.Basis {
	t.Helper()
	b, err := attest.EmbeddedBasis()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func determined(t testing.TB, b attest.Basis, facts fdp.Facts) attest.Determination {
	t.Helper()
	d, err := attest.Determine(b, facts, attest.Question{Regime: "us-4e091", AsOf: "2026-11-24"}, tool, created)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// ownRules are the embedded rules with another threshold, 1e25: the
// signer's own.
func ownRules(t testing.TB) attest.Basis {
	t.Helper()
	b := embedded(t)
	changed := false
	files := b.Rules.Files()
	for name, text := range files {
		other := regexp.MustCompile(`(?m)"?1e26"?`).ReplaceAll(text, []byte(`"1e25"`))
		changed = changed || string(other) != string(text)
		files[name] = other
	}
	rules, err := fdp.RulesFromFiles(files)
	if err != nil || !changed {
		t.Fatal(err, changed)
	}
	return attest.Basis{Rules: rules, Catalogue: b.Catalogue}
}

// payload encodes a statement about the weights m in the shipment digest.
func payload(t testing.TB, digest string, m attest.Manifest, predicate any) []byte {
	t.Helper()
	named := model
	if h, ok := predicate.(attest.Hardware); ok {
		named = h.Model
	}
	s, err := attest.NewStatement(attest.Subjects(named, digest, m.Root()), predicate)
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func signed(t testing.TB, key signer, text []byte) []byte {
	t.Helper()
	b, err := key.Sign(context.Background(), text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// shipment is a happy path: two statements by one key about the weights above.
type shipment struct {
	key    signer
	in     Input
	policy Policy
}

func happy(t testing.TB) shipment {
	t.Helper()
	key, m := newKey(t, sign.ECDSAP256), weights(t)
	return shipment{
		key: key,
		in: Input{
			Bundles: [][]byte{
				signed(t, key, payload(t, manifestDigest, m, compute(t, m))),
				signed(t, key, payload(t, manifestDigest, m, hardware())),
			},
			Found:          m,
			ManifestDigest: manifestDigest,
		},
		policy: Policy{Keys: []*PublicKey{public(t, key)}},
	}
}

func (s shipment) verify(t testing.TB) Result {
	t.Helper()
	r, err := Verify(s.in, s.policy)
	if err != nil {
		t.Fatal(err)
	}
	if r.OK != (len(r.Problems) == 0) || r.Schema != ResultSchema || len(r.NotChecked) < 5 {
		t.Fatalf("a result that contradicts itself: %+v", r)
	}
	return r
}

func codes(r Result) []string {
	var out []string
	for _, p := range r.Problems {
		out = append(out, p.Code)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func messages(r Result) string {
	var b strings.Builder
	for _, p := range r.Problems {
		b.WriteString(p.Code + ": " + p.Message + " [" + p.Hint + "]\n")
	}
	return b.String()
}
