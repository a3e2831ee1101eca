package verify

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/fdp"
	"github.com/weighbridge/weighbridge/meter"
)

// vector is one way in which a shipment goes wrong. It changes a happy path; the
// result must be refused with exactly the codes, and a message must say the
// words.
type vector struct {
	name   string
	change func(t *testing.T, s *shipment)
	codes  string
	says   string
}

func replaced(old, new string) func(*testing.T, *shipment) {
	return func(t *testing.T, s *shipment) {
		changed := bytes.Replace(s.in.Bundles[1], []byte(old), []byte(new), 1)
		if bytes.Equal(changed, s.in.Bundles[1]) {
			t.Fatalf("nothing to replace: %q", old)
		}
		s.in.Bundles[1] = changed
	}
}

// resigned signs the changed hardware statement again: what a signer does wrong.
func resigned(old, new string) func(*testing.T, *shipment) {
	return func(t *testing.T, s *shipment) {
		text := payload(t, manifestDigest, s.in.Found, hardware())
		changed := bytes.Replace(text, []byte(old), []byte(new), 1)
		if bytes.Equal(changed, text) {
			t.Fatalf("nothing to replace: %q", old)
		}
		s.in.Bundles[1] = raw(t, s.key, attest.PayloadType, changed)
	}
}

func found(contents ...string) func(*testing.T, *shipment) {
	return func(t *testing.T, s *shipment) { s.in.Found = files(t, contents...) }
}

func vectors() []vector {
	const both = CodeMissingStatement
	return []vector{
		{"no-bundles", func(t *testing.T, s *shipment) { s.in.Bundles = nil }, "missing-statement no-attestation", "absence is never a pass"},
		{"missing-hardware", func(t *testing.T, s *shipment) { s.in.Bundles = s.in.Bundles[:1] }, both, "no statement of type " + attest.TypeHardware},
		{"missing-training-compute", func(t *testing.T, s *shipment) { s.in.Bundles = s.in.Bundles[1:] }, both, "no statement of type " + attest.TypeTrainingCompute},
		{"the-same-type-twice-instead", func(t *testing.T, s *shipment) { s.in.Bundles[1] = s.in.Bundles[0] }, both, attest.TypeHardware},
		{"too-many-bundles", func(t *testing.T, s *shipment) { s.in.Bundles = slices.Repeat(s.in.Bundles, 200) }, "missing-statement too-many-bundles", "at most 256"},

		{"swapped-subjects", func(t *testing.T, s *shipment) {
			s.in.Bundles[1] = signed(t, s.key, payload(t, s.in.Found.Root(), files(t, "x", "y"), hardware()))
		}, "missing-statement other-weights", "names OMS root " + files0().Root()},
		{"for-other-weights", func(t *testing.T, s *shipment) {
			m := files(t, "config.json", "other")
			s.in.Bundles = [][]byte{signed(t, s.key, payload(t, manifestDigest, m, compute(t, m))), signed(t, s.key, payload(t, manifestDigest, m, hardware()))}
		}, "missing-statement other-weights", "config.json changed"},
		{"for-another-shipment", func(t *testing.T, s *shipment) {
			s.in.Bundles[1] = signed(t, s.key, payload(t, digestOf("other manifest"), s.in.Found, hardware()))
		}, "missing-statement other-manifest", "names OCI manifest " + digestOf("other manifest") + ", this one is " + manifestDigest},
		{"foreign-about-something-else", func(t *testing.T, s *shipment) {
			s.in.Bundles = append(s.in.Bundles, signed(t, s.key, []byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":"00"}}],"predicateType":"https://slsa.dev/provenance/v1"}`)))
		}, "other-weights", "about something else"},

		{"changed-file", found("config.json", "{}", "model-1.safetensors", "one", "model-2.safetensors", "Two"), "missing-statement other-weights", "model-2.safetensors changed"},
		{"missing-file", found("config.json", "{}", "model-1.safetensors", "one"), "missing-statement other-weights", "model-2.safetensors is missing"},
		{"extra-file", found("config.json", "{}", "model-1.safetensors", "one", "model-2.safetensors", "two", "run.py", "import os"), "missing-statement other-weights", "run.py is extra"},
		{"renamed-file", found("config.json", "{}", "model-1.safetensors", "one", "model-9.safetensors", "two"), "missing-statement names", "model-2.safetensors was renamed to model-9.safetensors"},
		{"renamed-file-in-a-long-list", renameUnlisted, "missing-statement names", "the statement gives names digest"},
		{"two-files-exchanged", found("config.json", "{}", "model-1.safetensors", "two", "model-2.safetensors", "one"), "missing-statement other-weights", "model-1.safetensors changed"},

		{"another-key", func(t *testing.T, s *shipment) { s.policy.Keys = []*PublicKey{public(t, newKey(t, sign.ECDSAP256))} }, "missing-statement unknown-signer", "check that --key is the signer's key"},
		{"another-kind-of-key", func(t *testing.T, s *shipment) { s.policy.Keys = []*PublicKey{public(t, newKey(t, sign.Ed25519))} }, "missing-statement unknown-signer", "no key that was named signed it"},
		{"another-signature-under-our-hint", func(t *testing.T, s *shipment) {
			other := signed(t, newKey(t, sign.ECDSAP256), payload(t, manifestDigest, s.in.Found, hardware()))
			s.in.Bundles[1] = bytes.Replace(other, []byte(hintOf(t, other)), []byte(hintOf(t, s.in.Bundles[0])), 1)
		}, "bad-signature missing-statement", "altered after it was signed"},
		{"payload-of-another-bundle", func(t *testing.T, s *shipment) {
			s.in.Bundles[1] = bytes.Replace(s.in.Bundles[1], field(t, s.in.Bundles[1], "payload"), field(t, s.in.Bundles[0], "payload"), 1)
		}, "bad-signature missing-statement", "did not sign these bytes"},
		{"relabelled-in-the-payload", func(t *testing.T, s *shipment) {
			text := bytes.Replace(payload(t, manifestDigest, s.in.Found, hardware()), []byte("hardware/v1"), []byte("training-compute/v1"), 1)
			s.in.Bundles[1] = withPayload(t, s.in.Bundles[1], text)
		}, "bad-signature missing-statement", "altered"},
		{"other-payload-type", func(t *testing.T, s *shipment) {
			s.in.Bundles[1] = raw(t, s.key, "text/plain", payload(t, manifestDigest, s.in.Found, hardware()))
		}, "missing-statement payload-type", `payload type "text/plain"`},
		{"payload-type-relabelled", replaced(`"payloadType":"application/vnd.in-toto+json"`, `"payloadType":"application/vnd.in-toto+jsom"`), "missing-statement payload-type", "payload type"},
		{"type-confusion", func(t *testing.T, s *shipment) { // signed as text, offered as a statement
			text := raw(t, s.key, "text/plain", payload(t, manifestDigest, s.in.Found, hardware()))
			s.in.Bundles[1] = bytes.Replace(text, []byte("text/plain"), []byte(attest.PayloadType), 1)
		}, "bad-signature missing-statement", "altered"},

		{"truncated", func(t *testing.T, s *shipment) { s.in.Bundles[1] = s.in.Bundles[1][:len(s.in.Bundles[1])/2] }, "bundle missing-statement", "not a Sigstore bundle"},
		{"empty-file", func(t *testing.T, s *shipment) { s.in.Bundles[1] = nil }, "bundle missing-statement", "not a Sigstore bundle"},
		{"trailing-bytes", func(t *testing.T, s *shipment) { s.in.Bundles[1] = append(s.in.Bundles[1], "{}"...) }, "bundle missing-statement", "trailing bytes"},
		{"huge", func(t *testing.T, s *shipment) {
			s.in.Bundles[1] = append(s.in.Bundles[1], bytes.Repeat([]byte(" "), attest.MaxStatementBytes)...)
		}, "bundle missing-statement", "expected at most 8388608"},
		{"deep", func(t *testing.T, s *shipment) {
			s.in.Bundles[1] = []byte(strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000))
		}, "bundle missing-statement", "nested deeper than 32"},
		{"duplicate-key", replaced(`"payloadType":`, `"payloadType":"application/vnd.in-toto+json","payloadType":`), "bundle missing-statement", "written twice"},
		{"escape-sequence-in-a-key", replaced(`"payloadType":`, `"\u001b[2J\u202e":1,"payloadType":`), "bundle missing-statement", "unknown field"},
		{"raw-c1-and-bidi-in-a-key", replaced(`"payloadType":`, "\"\u009b2J\u202e\":1,\"payloadType\":"), "bundle missing-statement", "unknown field"},
		{"escape-sequence-in-the-media-type", replaced(`.v0.3+json`, `.v0.3+json\u001b]0;x\u0007`), "bundle missing-statement", "media type"},
		{"signed-escape-sequence", resigned(`"predicateType":"https`, "\"predicateType\":[\"\u009b2J\u202e\"],\"p\":\"https"), "missing-statement statement", "statement"},
		{"unknown-field", replaced(`"payloadType":`, `"extra":1,"payloadType":`), "bundle missing-statement", "unknown field"},
		{"case-of-a-key", replaced(`"payloadType":`, `"PayloadType":`), "bundle missing-statement", "unknown field"},
		{"future-media-type", replaced(`.v0.3+json`, `.v0.9+json`), "bundle missing-statement", "media type"},
		{"no-media-type", replaced(`application/vnd.dev.sigstore.bundle.v0.3+json`, ``), "bundle missing-statement", "media type"},
		{"two-signatures", replaced(`"signatures":[`, `"signatures":[{"sig":"AAAA"},`), "missing-statement signature-count", "2 signatures"},
		{"no-signature", func(t *testing.T, s *shipment) {
			s.in.Bundles[1] = bytes.Replace(s.in.Bundles[1], []byte(`{"sig":"`+string(field(t, s.in.Bundles[1], "sig"))+`"}`), nil, 1)
		}, "missing-statement signature-count", "0 signatures"},
		{"many-signatures", replaced(`"signatures":[`, `"signatures":[`+strings.Repeat(`{"sig":"AAAA"},`, 40)), "missing-statement signature-count", "never more than 32"},
		{"empty-signature", func(t *testing.T, s *shipment) {
			s.in.Bundles[1] = bytes.Replace(s.in.Bundles[1], field(t, s.in.Bundles[1], "sig"), nil, 1)
		}, "bad-signature missing-statement", "did not sign"},
		{"certificate-instead-of-a-key", func(t *testing.T, s *shipment) {
			old := fmt.Sprintf(`"publicKey":{"hint":%q}`, hintOf(t, s.in.Bundles[1]))
			replaced(old, `"certificate":{"rawBytes":"AAAA"}`)(t, s)
		}, "missing-statement not-key-signed", "neither a key nor a certificate"},
		{"bare-signature", func(t *testing.T, s *shipment) {
			s.in.Bundles[1] = []byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"x"}},"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AAAA"},"signature":"AAAA"}}`)
		}, "missing-statement payload-type", "bare signature"},
		{"envelope-without-bundle", func(t *testing.T, s *shipment) {
			s.in.Bundles[1] = []byte(`{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"sig":"AAAA"}]}`)
		}, "bundle missing-statement", "not a Sigstore bundle"},

		{"unknown-predicate-version", resigned("hardware/v1", "hardware/v2"), "missing-statement predicate-version", "verify with the version of weighbridge that made it"},
		{"signed-duplicate-key", resigned(`"devices":`, `"devices":[],"devices":`), "missing-statement statement", "written twice"},
		{"signed-case-of-a-key", resigned(`"devices":`, `"Devices":`), "missing-statement statement", "canonical"},
		{"signed-unknown-field", resigned(`"devices":`, `"verified":true,"devices":`), "missing-statement statement", "unknown field"},
		{"signed-41-digits", resigned(`"devices":[]`, `"devices":[{"product":"x","count":`+strings.Repeat("1", 41)+`}]`), "missing-statement statement", "41 characters"},
		{"signed-deep", resigned(`"devices":[]`, `"devices":`+strings.Repeat("[", 64)+strings.Repeat("]", 64)), "missing-statement statement", "nested deeper"},
		{"signed-trailing-bytes", resigned(`"createdAt":"2026-11-24T12:00:00Z"}}`, `"createdAt":"2026-11-24T12:00:00Z"}} `), "missing-statement statement", "canonical"},
		{"signed-one-subject", resigned(`,{"name":"acme/atlas@2#oms-root"`, `],"x":[{"name":"x"`), "missing-statement statement", "statement"},
		{"signed-nonsense", func(t *testing.T, s *shipment) { s.in.Bundles[1] = raw(t, s.key, attest.PayloadType, []byte("hello")) }, "missing-statement statement", "statement"},

		{"determination-altered-and-signed-again", withDetermination(func(t *testing.T, d *attest.Determination) {
			alter(t, d, `"controlled":"does-not-apply"`, `"controlled":"undetermined"`)
		}), "recomputation", "does not follow from its facts"},
		{"determination-with-a-hidden-missing-fact", withDetermination(func(t *testing.T, d *attest.Determination) {
			alter(t, d, `"near":false`, `"near":true`)
		}), "recomputation", "does not follow from its facts"},
		{"determination-of-facts-that-understate", withFacts(`95000000000000000000000000`, `9500000000000000000000000`), "facts", "operations: attested is"},
		{"determination-of-facts-that-overstate", withFacts(`95000000000000000000000000`, `99000000000000000000000000`), "facts", "operations: attested is"},
		{"determination-of-facts-of-other-activity", withFacts(`"activity":"pretraining"`, `"activity":"evaluation"`), "facts", "operations: attested is"},
		{"determination-of-work-marked-discarded", withFacts(`"weights":"kept"`, `"weights":"discarded"`), "facts", "operations: attested is"},
		{"determination-of-work-of-no-state", withFacts(`"weights":"kept"}`, `"weights":"kept","data_published":true}`), "facts", ""},
		{"determination-of-facts-with-another-relation", func(t *testing.T, s *shipment) {
			relation(t, s, `"relation":"fine-tunes"`, `"relation":"distills-from"`)
		}, "facts", "attested"},
		{"determination-of-facts-without-the-parent", func(t *testing.T, s *shipment) {
			relation(t, s, `"parents":[{"model":"open/base@1","relation":"fine-tunes"}]`, `"parents":[]`)
		}, "facts", "parents: attested is"},
		{"determination-of-raised-grades", withDetermination(func(t *testing.T, d *attest.Determination) {
			facts := statedFacts(t)
			grades := facts.Grades()
			grades["weights"] = meter.GradeAttested
			*d = determined(t, embedded(t), facts.WithGrades(grades))
		}), "facts", "weights: found"},
		{"determination-under-unknown-rules", withDetermination(unknownRules), "not-recomputed", "rules that this build does not carry"},
		{"determination-under-unknown-rules-required", func(t *testing.T, s *shipment) {
			s.policy.Require = []string{attest.TypeTrainingCompute, attest.TypeDetermination}
			withDetermination(unknownRules)(t, s)
		}, "missing-statement not-recomputed", attest.TypeDetermination + " (refused)"},
		{"determination-with-another-catalogue", withDetermination(func(t *testing.T, d *attest.Determination) {
			facts, err := statedFacts(t).Merge(fdp.Facts{Training: fdp.Training{Hardware: []fdp.Hardware{{Product: "T4"}}}})
			if err != nil {
				t.Fatal(err)
			}
			*d = determined(t, embedded(t), facts)
			d.Catalogue = digestOf("another catalogue")
		}), "not-recomputed", "another accelerator catalogue"},
		{"determination-of-facts-that-are-not-canonical", withDetermination(func(t *testing.T, d *attest.Determination) {
			d.Facts = json.RawMessage(strings.Replace(string(d.Facts), "95000000000000000000000000", "95e24", 1))
		}), "recomputation", "canonical"},
		{"determination-for-other-weights", func(t *testing.T, s *shipment) {
			s.in.Bundles = append(s.in.Bundles, signed(t, s.key, payload(t, manifestDigest, files(t, "x", "y"), determination(t))))
		}, "other-weights", "names OMS root"},
		{"another-model-than-asked-for", func(t *testing.T, s *shipment) {
			s.policy.Models, s.policy.Wanted = func(m string) bool { return m == "acme/atlas@1" }, "acme/atlas@1"
		}, "missing-statement model-differs", "about acme/atlas@2: expected acme/atlas@1"},
		{"older-than-asked-for", func(t *testing.T, s *shipment) { s.policy.NotBefore = created.Add(1) }, "missing-statement too-old", "made at 2026-11-24T12:00:00Z"},
		{"of-a-shorter-log-than-asked-for", func(t *testing.T, s *shipment) { s.policy.MinLedgerSize = 4 }, "ledger-size missing-statement", "of 3 ledger entries: expected at least 4"},
		{"of-no-log-where-one-is-asked-for", func(t *testing.T, s *shipment) {
			c := compute(t, s.in.Found)
			c.Ledger, s.policy.MinLedgerSize = nil, 1
			s.in.Bundles[0] = signed(t, s.key, payload(t, manifestDigest, s.in.Found, c))
		}, "ledger-size missing-statement", "of 0 ledger entries"},
		{"of-shorter-logs-than-asked-for", func(t *testing.T, s *shipment) {
			c := compute(t, s.in.Found)
			c.Logs = []attest.Head{{Origin: "a/acme/atlas@1", Size: 9, Root: c.Ledger.Root}, {Origin: "b/acme/atlas@2", Size: 2, Root: c.Ledger.Root}}
			s.policy.MinLedgerSize = 6
			s.in.Bundles[0] = signed(t, s.key, payload(t, manifestDigest, s.in.Found, c))
		}, "ledger-size missing-statement", "of 5 ledger entries"},
		{"older-attestation-beside-the-newer", func(t *testing.T, s *shipment) {
			c := compute(t, s.in.Found)
			c.Ledger.Size, c.CreatedAt = 2, created.Add(-time.Hour)
			s.in.Bundles = append(s.in.Bundles, signed(t, s.key, payload(t, manifestDigest, s.in.Found, c)))
		}, "several-statements", "2026-11-24T12:00:00Z, of 3 entries; 2026-11-24T11:00:00Z, of 2 entries"},
		{"two-different-statements", func(t *testing.T, s *shipment) {
			other := hardware()
			other.NotSeen = []string{"something else"}
			s.in.Bundles = append(s.in.Bundles, signed(t, s.key, payload(t, manifestDigest, s.in.Found, other)))
		}, "several-statements", "two different statements of type " + attest.TypeHardware},
		{"two-models", func(t *testing.T, s *shipment) {
			other := hardware()
			other.Model = "acme/atlas@3"
			s.in.Bundles[1] = signed(t, s.key, payload(t, manifestDigest, s.in.Found, other))
		}, "models", "acme/atlas@2, acme/atlas@3"},
	}
}

// withFacts adds a determination of facts whose text was changed.
func withFacts(old, new string) func(*testing.T, *shipment) {
	return withDetermination(func(t *testing.T, d *attest.Determination) { *d = determination(t, old, new) })
}

// relation attests a fine-tune, and adds a determination of changed facts.
func relation(t *testing.T, s *shipment, old, new string) {
	c, h := compute(t, s.in.Found), hardware()
	tuned := c.Lineage.Models[0]
	tuned.Parents = []meter.Parent{{Model: "open/base@1", Relation: meter.FineTunes}}
	var err error
	if c.Lineage, err = attest.LineageOf(model, func(m meter.ModelRef) (attest.LineageModel, bool) { return tuned, m == model }); err != nil {
		t.Fatal(err)
	}
	facts, err := attest.FactsOf(c, &h)
	if err != nil {
		t.Fatal(err)
	}
	text, err := facts.Encode()
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), old, new, 1)
	if changed == string(text) {
		t.Fatalf("nothing to replace: %q in %s", old, text)
	}
	stated, err := fdp.ParseFacts([]byte(changed), "facts.json")
	if err != nil {
		t.Fatal(err)
	}
	s.in.Bundles = [][]byte{
		signed(t, s.key, payload(t, manifestDigest, s.in.Found, c)), s.in.Bundles[1],
		signed(t, s.key, payload(t, manifestDigest, s.in.Found, determined(t, embedded(t), stated.WithGrades(facts.Grades())))),
	}
}

// unknownRules is the forgery that embedded:true once allowed: any verdict, under
// a digest that nobody has.
func unknownRules(t *testing.T, d *attest.Determination) {
	digest := d.Rules.Digest
	d.Rules.Digest = digestOf("rules that nobody has")
	alter(t, d, digest, d.Rules.Digest)
	alter(t, d, `"controlled":"does-not-apply"`, `"controlled":"applies"`)
}

func withDetermination(change func(*testing.T, *attest.Determination)) func(*testing.T, *shipment) {
	return func(t *testing.T, s *shipment) {
		d := determination(t)
		change(t, &d)
		s.in.Bundles = append(s.in.Bundles, signed(t, s.key, payload(t, manifestDigest, s.in.Found, d)))
	}
}

func alter(t *testing.T, d *attest.Determination, old, new string) {
	t.Helper()
	changed := strings.Replace(string(d.Result), old, new, 1)
	if changed == string(d.Result) {
		t.Fatalf("nothing to replace: %q in %.400s", old, d.Result)
	}
	d.Result = json.RawMessage(changed)
}

func files0() attest.Manifest {
	return attest.Manifest{Files: []attest.File{{Name: "x", Size: 1, Digest: digestOf("y")}}}
}

// renameUnlisted: a statement that does not list its files binds their names all
// the same.
func renameUnlisted(t *testing.T, s *shipment) {
	c := compute(t, s.in.Found)
	c.Weights.Files = nil
	s.in.Bundles[0] = signed(t, s.key, payload(t, manifestDigest, s.in.Found, c))
	s.in.Found = files(t, "config.json", "{}", "model-1.safetensors", "one", "model-9.safetensors", "two")
}

// TestVectors (V1 to V9, D3, D4, R1 to R3): each is refused for its own reason, the result says
// what to do next, and no unverified text of the bundle is shown as a fact.
func TestVectors(t *testing.T) {
	names := map[string]bool{}
	for _, v := range vectors() {
		if names[v.name] {
			t.Errorf("%s: two vectors of one name", v.name)
		}
		names[v.name] = true
		t.Run(v.name, func(t *testing.T) {
			s := happy(t)
			v.change(t, &s)
			r := s.verify(t)
			if r.OK || strings.Join(codes(r), " ") != v.codes {
				t.Errorf("codes %v, expected %s\n%s", codes(r), v.codes, messages(r))
			}
			if !strings.Contains(messages(r), v.says) {
				t.Errorf("nothing says %q:\n%s", v.says, messages(r))
			}
			for _, p := range r.Problems {
				if strings.ContainsFunc(p.Message+p.Hint, func(c rune) bool { return !unicode.IsGraphic(c) }) {
					t.Errorf("a control character in %q", p.Message)
				}
				if p.Message == "" || p.Hint == "" {
					t.Errorf("a problem without message or next step: %+v", p)
				}
			}
			if len(r.Verified) != len(slices.DeleteFunc(r.Statements, func(l Statement) bool { return !l.OK })) {
				t.Errorf("statements %+v, %d verified", r.Statements, len(r.Verified))
			}
		})
	}
	if len(names) < 50 {
		t.Errorf("%d vectors", len(names))
	}
	t.Logf("%d negative vectors", len(names))
}

// TestEveryByte (V9): with any byte of a bundle changed, it is refused, or it says
// exactly what it said before, by the same signer.
func TestEveryByte(t *testing.T) {
	s := happy(t)
	s.in.Bundles, s.policy.Require = s.in.Bundles[1:], []string{attest.TypeHardware}
	want, err := json.Marshal(s.verify(t))
	if err != nil {
		t.Fatal(err)
	}
	original := s.in.Bundles[0]
	refused, same := 0, 0
	for i := range original {
		for _, flip := range []byte{0x01, 0x02, 0x04, 0x20, 0x80, 0xff} {
			changed := bytes.Clone(original)
			changed[i] ^= flip
			s.in.Bundles = [][]byte{changed}
			r := s.verify(t)
			if !r.OK {
				refused++
				continue
			}
			same++
			if got, err := json.Marshal(r); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("byte %d changed to %q: %s, expected %s", i, changed[i], got, want)
			}
		}
		if s.in.Bundles = [][]byte{original[:i]}; s.verify(t).OK {
			t.Fatalf("the first %d bytes pass", i)
		}
	}
	if refused < 5*len(original) {
		t.Errorf("of %d changes %d were refused", refused+same, refused)
	}
	t.Logf("%d bytes: %d changes refused, %d said the same (hint, white space, unused bits)", len(original), refused, same)
}

// field returns the text of a string field of the envelope.
func field(t testing.TB, data []byte, name string) []byte {
	t.Helper()
	_, after, ok := bytes.Cut(data, []byte(`"`+name+`":"`))
	value, _, closed := bytes.Cut(after, []byte(`"`))
	if !ok || !closed {
		t.Fatalf("no %s in %s", name, data)
	}
	return value
}

func withPayload(t testing.TB, data, text []byte) []byte {
	t.Helper()
	return bytes.Replace(data, field(t, data, "payload"), []byte(base64.StdEncoding.EncodeToString(text)), 1)
}
