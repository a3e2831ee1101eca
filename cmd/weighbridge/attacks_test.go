package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weighbridge/weighbridge/attest/oci/ocitest"
)

// attack is one of the attacks on who receives weights, as a whole: the shipment
// is made, attacked, and verified as a user does it. number is that of the threat
// model (attest/SPEC.md, "Attacks on a recipient"). The first reason that is given is
// that of the attack, not what follows from it, and not any other.
type attack struct {
	number int
	name   string
	do     func(v *victim) (args []string)
	says   string // in the first problem, or in the error; of a problem its code stands in front
}

// victim is a shipment, and what an attacker can reach of it.
type victim struct {
	t                        *testing.T
	dir, layout, key, claims string
}

func (v *victim) at(name string) string { return filepath.Join(v.dir, name) }

func (v *victim) verify(target string, more ...string) []string {
	return append([]string{"verify", target, "--key", v.key}, more...)
}

// claimed replaces the bundles beside the plain directory.
func (v *victim) claimed(change func(lines [][]byte) [][]byte) []string {
	data, err := os.ReadFile(v.claims)
	if err != nil {
		v.t.Fatal(err)
	}
	lines := change(bytes.Split(bytes.TrimSpace(data), []byte("\n")))
	v.write("claims.jsonl", append(bytes.Join(lines, []byte("\n")), '\n'))
	return v.verify(v.at("weights"), "--claims", v.claims)
}

func (v *victim) write(name string, data []byte) {
	if err := os.MkdirAll(filepath.Dir(v.at(name)), 0o755); err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(v.at(name), data, 0o644); err != nil {
		v.t.Fatal(err)
	}
}

// indexed edits index.json of the layout.
func (v *victim) indexed(change func(entries []any) []any) []string {
	file := filepath.Join(v.layout, "index.json")
	data, err := os.ReadFile(file)
	if err != nil {
		v.t.Fatal(err)
	}
	var index map[string]any
	if err := json.Unmarshal(data, &index); err != nil {
		v.t.Fatal(err)
	}
	index["manifests"] = change(index["manifests"].([]any))
	if data, err = json.Marshal(index); err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		v.t.Fatal(err)
	}
	return v.verify(v.layout)
}

// pushed puts the shipment into a registry that answers some requests its own way.
func (v *victim) pushed(answer func(w http.ResponseWriter, r *http.Request) bool) []string {
	registry := ocitest.New(true)
	v.t.Cleanup(registry.Close)
	reference := registry.Host() + "/acme/atlas:1"
	must(v.t, v.dir, "push", v.layout, reference)
	registry.Respond(answer)
	return v.verify(reference)
}

// another attests another model of the same ledger by the same key.
func (v *victim) another(model, operations string) {
	v.write("other/model.bin", []byte("other weights"))
	must(v.t, v.dir, "record", "--model", model, "--activity", "pretraining", "--operations", operations)
	must(v.t, v.dir, "attest", model, "--weights", v.at("other"), "--key", v.at("release.key"), "--out", v.at("another"), "--claims", v.at("another.jsonl"))
}

func blobs(r *http.Request) bool { return strings.Contains(r.URL.Path, "/blobs/") }

func attacks() []attack {
	return []attack{
		{1, "a parent that is attested twice is counted once", func(v *victim) []string {
			for _, child := range []string{"b/tuned@1", "b/tuned@2"} {
				must(v.t, v.dir+"/b", "record", "--model", child, "--activity", "fine-tuning", "--operations", "1", "--parent", v.layout+":fine-tunes", "--parent-key", v.key)
			}
			must(v.t, v.dir+"/b", "record", "--model", "b/merged@1", "--activity", "merging", "--operations", "1", "--parent", "b/tuned@1:merges", "--parent", "b/tuned@2:merges")
			must(v.t, v.dir+"/b", "attest", "b/merged@1", "--weights", v.at("weights"), "--weights-of", "acme/atlas@1", "--key", v.at("release.key"), "--out", v.at("merged"))
			out := must(v.t, v.dir, v.verify(v.at("merged"))...)
			if !strings.Contains(out, "pretraining 9.00e25 (1 record(s), attested)") {
				v.t.Errorf("the base is not counted once:\n%s", out)
			}
			return []string{"record", "--model", "acme/atlas@1", "--activity", "fine-tuning", "--operations", "1", "--parent", v.at("merged") + ":merges", "--parent-key", v.key}
		}, "acme/atlas@1 is itself a model of the attested lineage of b/merged@1"},
		{2, "a lineage with an ancestor left out has no upper bound", func(v *victim) []string {
			must(v.t, v.dir, "record", "--model", "acme/split@1", "--activity", "fine-tuning", "--operations", "1", "--parent", "acme/hidden@1:fine-tunes")
			must(v.t, v.dir, "attest", "acme/split@1", "--weights", v.at("weights"), "--key", v.at("release.key"), "--out", v.at("split"))
			v.write("policy.yaml", []byte("schema: weighbridge.dev/policy/v1\nsigners: [{name: a, keys: [release.key.pub]}]\nrules: [{name: r, models: [\"**\"], mode: enforce, statements: [{predicates: [training-compute], signers: [a]}], regimes: [{regime: us-4e091, maximum: does-not-apply}]}]\n"))
			return []string{"verify", v.at("split"), "--policy", v.at("policy.yaml")}
		}, "verdict: us-4e091: controlled undetermined, evaluated here"},
		{3, "a time that nobody witnessed reaches no level above declared", func(v *victim) []string { return v.levelled("{quantity: metered}") }, "level: the quantity reaches the level declared: the policy asks for metered"},
		{4, "a log without its later records", func(v *victim) []string {
			must(v.t, v.dir, "record", "--model", "acme/atlas@1", "--activity", "fine-tuning", "--operations", "9e25")
			return v.verify(v.layout, "--min-ledger-size", "2")
		}, "ledger-size: bundle 1: the statement was made of 1 ledger entries: expected at least 2"},
		{5, "a cheap run's statements on other weights", func(v *victim) []string {
			v.another("acme/cheap@1", "1e20")
			return v.verify(v.at("weights"), "--claims", v.at("another.jsonl"))
		}, "other-weights: bundle 1: the statement is about other weights: it names OMS root "},
		{5, "an older attestation of the same weights", func(v *victim) []string { return v.verify(v.layout, "--not-before", "2099-01-01") }, "too-old: bundle 1: the statement was made at "},
		{6, "a key that the policy no longer names", func(v *victim) []string {
			must(v.t, v.dir, "key", "generate", "--out", v.at("next.key"))
			return []string{"verify", v.layout, "--key", v.at("next.key.pub")}
		}, "unknown-signer: bundle 1: no key that was named signed it"},
		{6, "a key that was revoked", func(v *victim) []string {
			must(v.t, v.dir, "key", "revoke", "--public", v.key, "--at", "2000-01-01", "--reason", "stolen", "--list", v.at("revoked.json"))
			return v.verify(v.layout, "--revocations", v.at("revoked.json"))
		}, "revoked: bundle 1: signed by sha256:"},
		{9, "statements moved to other weights", func(v *victim) []string {
			v.another("acme/small@1", "1e20")
			v.write("weights/model.bin", []byte("other weights"))
			return v.verify(v.at("weights"), "--claims", v.claims)
		}, "other-weights: bundle 1: the statement is about other weights: it names OMS root "},
		{9, "a registry that answers with the referrers of another manifest", func(v *victim) []string {
			v.another("acme/cheap@1", "1e20")
			registry := ocitest.New(true)
			v.t.Cleanup(registry.Close)
			must(v.t, v.dir, "push", v.layout, registry.Host()+"/acme/atlas:1")
			must(v.t, v.dir, "push", v.at("another"), registry.Host()+"/acme/atlas:2")
			digest := func(tag string) string {
				sum := sha256.Sum256(registry.Manifest("acme/atlas", tag))
				return "sha256:" + hex.EncodeToString(sum[:])
			}
			registry.Respond(func(_ http.ResponseWriter, r *http.Request) bool {
				r.URL.Path = strings.Replace(r.URL.Path, "/referrers/"+digest("2"), "/referrers/"+digest("1"), 1)
				return false
			})
			return v.verify(registry.Host() + "/acme/atlas:2")
		}, "no-attestation: no attestation came with these weights"},
		{9, "swapped subjects", func(v *victim) []string {
			return v.claimed(func(lines [][]byte) [][]byte { return rewrite(v.t, lines, `#oms-root`, `#oms-roof`) })
		}, "bad-signature: bundle 1: gives the id of a key that was named, but that key did not sign these bytes"},
		{9, "a tag moved to another model of the same signer", func(v *victim) []string {
			v.another("acme/small@1", "1e20")
			file := filepath.Join(v.at("another"), "index.json")
			data, err := os.ReadFile(file)
			if err != nil {
				v.t.Fatal(err)
			}
			if err := os.WriteFile(file, bytes.ReplaceAll(data, []byte("acme.small.1"), []byte("acme.atlas.1")), 0o644); err != nil {
				v.t.Fatal(err)
			}
			return v.verify(v.at("another"), "--reference", "acme/atlas@1")
		}, "model-differs: bundle 1: the statement is about acme/small@1: expected acme/atlas@1"},
		{9, "a renamed file under the same root", func(v *victim) []string {
			if err := os.Rename(v.at("weights/model.bin"), v.at("weights/pytorch.bin")); err != nil {
				v.t.Fatal(err)
			}
			return v.verify(v.at("weights"), "--claims", v.claims)
		}, "names: bundle 1: the files have the bytes that were attested, under other names"},
		{9, "an empty file that was added", func(v *victim) []string {
			v.write("weights/__init__.py", nil)
			return v.verify(v.at("weights"), "--claims", v.claims)
		}, "__init__.py is extra"},
		{9, "an empty file that was added, beside a part of the files", func(v *victim) []string {
			v.write("weights/__init__.py", nil)
			return v.verify(v.at("weights"), "--claims", v.claims, "--partial")
		}, "__init__.py is extra"},
		{9, "another predicate type in the payload than was signed", func(v *victim) []string {
			return v.claimed(func(lines [][]byte) [][]byte {
				return rewrite(v.t, lines, "hardware/v1", "hardware/v2")
			})
		}, "bad-signature: bundle 2: gives the id of a key that was named, but that key did not sign these bytes"},
		{9, "a predicate type in an annotation decides nothing", func(v *victim) []string {
			args := v.indexed(func(entries []any) []any {
				for _, e := range entries {
					if a, ok := e.(map[string]any)["annotations"].(map[string]any); ok && a["dev.sigstore.bundle.predicateType"] != nil {
						a["dev.sigstore.bundle.predicateType"] = "https://weighbridge.dev/determination/v1"
					}
				}
				return entries
			})
			must(v.t, v.dir, args...)
			return append(args, "--require", "determination")
		}, "missing-statement: no statement of type https://weighbridge.dev/determination/v1 that verifies; found https://weighbridge.dev/training-compute/v1 (verified), https://weighbridge.dev/hardware/v1 (verified)"},
		{10, "a ledger rolled back before it was attested", func(v *victim) []string {
			before, err := os.ReadFile(v.at("ledger.db"))
			if err != nil {
				v.t.Fatal(err)
			}
			must(v.t, v.dir, "record", "--model", "acme/atlas@1", "--activity", "fine-tuning", "--operations", "9e25")
			v.write("ledger.db", before)
			must(v.t, v.dir, "attest", "acme/atlas@1", "--weights", v.at("weights"), "--key", v.at("release.key"), "--out", v.at("back"))
			return v.verify(v.at("back"), "--min-ledger-size", "2")
		}, "ledger-size: bundle 1: the statement was made of 1 ledger entries: expected at least 2"},
		{12, "other bytes for a digest, as many", func(v *victim) []string {
			return v.pushed(func(w http.ResponseWriter, r *http.Request) bool {
				if !blobs(r) || r.Method != http.MethodGet {
					return false
				}
				data, err := os.ReadFile(filepath.Join(v.layout, "blobs", "sha256", strings.TrimPrefix(filepath.Base(r.URL.Path), "sha256:")))
				if err != nil {
					v.t.Error(err)
				}
				data[0] ^= 1
				w.Write(data)
				return true
			})
		}, "wrong-digest: found sha256:"},
		{12, "fewer bytes for a digest", func(v *victim) []string {
			return v.pushed(func(w http.ResponseWriter, r *http.Request) bool {
				if blobs(r) && r.Method == http.MethodGet {
					io.WriteString(w, "other bytes")
				}
				return blobs(r) && r.Method == http.MethodGet
			})
		}, "mismatch Content-Length"},
		{12, "an endless body", func(v *victim) []string {
			return v.pushed(func(w http.ResponseWriter, r *http.Request) bool {
				if !blobs(r) || r.Method != http.MethodGet {
					return false
				}
				chunk := make([]byte, 1<<16)
				for {
					if _, err := w.Write(chunk); err != nil {
						return true
					}
				}
			})
		}, "wrong-size: found more; expected "},
		{12, "a loop of redirects", func(v *victim) []string {
			return v.pushed(func(w http.ResponseWriter, r *http.Request) bool {
				if blobs(r) {
					http.Redirect(w, r, r.URL.Path+"/", http.StatusTemporaryRedirect)
				}
				return blobs(r)
			})
		}, "more than 5 redirects, the last to http://127.0.0.1:"},
		{13, "no referrers", func(v *victim) []string {
			return v.pushed(referrers(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`))
		}, "no-attestation: no attestation came with these weights"},
		{13, "a page of referrers that leads to itself", func(v *victim) []string {
			return v.pushed(func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.Contains(r.URL.Path, "/referrers/") {
					return false
				}
				w.Header().Set("Link", "<"+r.URL.Path+`>; rel="next"`)
				return referrers(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`)(w, r)
			})
		}, "referrer listing exceeded 64 pages"},
		{13, "a referrer filtered out of the index", func(v *victim) []string {
			return v.indexed(func(entries []any) []any { return entries[:len(entries)-1] })
		}, "missing-statement: no statement of type https://weighbridge.dev/hardware/v1 that verifies; found https://weighbridge.dev/training-compute/v1 (verified)"},
		{13, "one of several co-signatures filtered out", func(v *victim) []string {
			must(v.t, v.dir, "key", "generate", "--out", v.at("auditor.key"))
			must(v.t, v.dir, "co-sign", v.layout, "--key", v.at("auditor.key"), "--signer", v.key, "--statements", "training-compute")
			v.write("policy.yaml", []byte("schema: weighbridge.dev/policy/v1\nsigners: [{name: a, keys: [release.key.pub]}, {name: b, keys: [auditor.key.pub]}]\nrules: [{name: r, models: [\"**\"], mode: enforce, statements: [{predicates: [training-compute], signers: [a, b], threshold: 2}]}]\n"))
			must(v.t, v.dir, "verify", v.layout, "--policy", v.at("policy.yaml"))
			v.indexed(func(entries []any) []any { return entries[:len(entries)-1] })
			return []string{"verify", v.layout, "--policy", v.at("policy.yaml")}
		}, "missing-signer: https://weighbridge.dev/training-compute/v1 is signed by a: the policy asks for 2 of a, b"},
		{14, "a million signatures", func(v *victim) []string {
			return v.claimed(func(lines [][]byte) [][]byte {
				lines[0] = bytes.Replace(lines[0], []byte(`"signatures":[`), append([]byte(`"signatures":[`), bytes.Repeat([]byte(`{},`), 1_000_000)...), 1)
				return lines
			})
		}, "signature-count: bundle 1: 1000001 signatures: expected one, and never more than 32"},
		{14, "more bundles than anybody sends", func(v *victim) []string {
			return v.claimed(func(lines [][]byte) [][]byte {
				for len(lines) < 1000 {
					lines = append(lines, lines[0])
				}
				return lines
			})
		}, "too-many-bundles: 1000 bundles: expected at most 256"},
		{14, "deep JSON", func(v *victim) []string {
			return v.claimed(func(lines [][]byte) [][]byte {
				return append(lines, []byte(`{"a":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+"}"))
			})
		}, "at byte 37: nested deeper than 32 levels"},
		{14, "a number of 41 digits", func(v *victim) []string {
			return v.claimed(func(lines [][]byte) [][]byte { return append(lines, []byte(`{"a":`+strings.Repeat("9", 41)+"}")) })
		}, "a number of 41 characters: expected at most 40"},
		{14, "a manifest over 4 MiB", func(v *victim) []string {
			return v.indexed(func(entries []any) []any {
				entries[0].(map[string]any)["size"] = 5 << 20
				return entries
			})
		}, "too-large: found a descriptor of 5242880 bytes; expected at most 4194304 bytes"},
		{15, "a policy that names a key through a link", func(v *victim) []string {
			if err := os.Symlink(v.key, v.at("link.pub")); err != nil {
				v.t.Fatal(err)
			}
			v.write("policy.yaml", []byte("schema: weighbridge.dev/policy/v1\nsigners: [{name: a, keys: [link.pub]}]\nrules: []\n"))
			return []string{"verify", v.layout, "--policy", v.at("policy.yaml")}
		}, "link.pub: is a symbolic link to "},
		{15, "a part that lies outside the directory", func(v *victim) []string {
			return v.verify(v.at("weights"), "--claims", v.claims, "--file", "../claims.jsonl")
		}, "--file \"../claims.jsonl\": expected the path of a file inside"},
		{21, "two statements of different heads", func(v *victim) []string {
			must(v.t, v.dir, "record", "--model", "acme/atlas@1", "--activity", "evaluation", "--operations", "1e20")
			must(v.t, v.dir, "attest", "acme/atlas@1", "--weights", v.at("weights"), "--key", v.at("release.key"), "--out", v.at("later"), "--claims", v.at("later.jsonl"))
			later, err := os.ReadFile(v.at("later.jsonl"))
			if err != nil {
				v.t.Fatal(err)
			}
			return v.claimed(func(lines [][]byte) [][]byte {
				return append(lines, bytes.Split(bytes.TrimSpace(later), []byte("\n"))...)
			})
		}, "several-statements: two different statements of type https://weighbridge.dev/training-compute/v1"},
		{22, "a key twice in a bundle", func(v *victim) []string {
			return v.claimed(func(lines [][]byte) [][]byte {
				lines[0] = bytes.Replace(lines[0], []byte(`"payloadType":`), []byte(`"payloadType":"x","payloadType":`), 1)
				return lines
			})
		}, `the key \"payloadType\" is written twice in one object`},
		{22, "a key twice in a policy", func(v *victim) []string {
			v.write("policy.yaml", []byte("schema: weighbridge.dev/policy/v1\nsigners: []\nsigners: []\nrules: []\n"))
			return []string{"verify", v.layout, "--policy", v.at("policy.yaml")}
		}, `policy.yaml:3:1: document: key "signers" stands twice`},
		{23, "a meter that nobody measured reaches no level of the hardware", func(v *victim) []string { return v.levelled("{hardware: hardware-rooted}") }, "level: the hardware reaches the level none: the policy asks for hardware-rooted"},
	}
}

// levelled is a policy that asks for levels.
func (v *victim) levelled(levels string) []string {
	v.write("policy.yaml", fmt.Appendf(nil, "schema: weighbridge.dev/policy/v1\nsigners: [{name: a, keys: [release.key.pub]}]\nrules: [{name: r, models: [\"**\"], mode: enforce, statements: [{predicates: [training-compute], signers: [a]}], minimum_levels: %s}]\n", levels))
	return []string{"verify", v.layout, "--policy", v.at("policy.yaml")}
}

func referrers(answer string) func(w http.ResponseWriter, r *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/referrers/") {
			return false
		}
		w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
		io.WriteString(w, answer)
		return true
	}
}

// rewrite changes the text of every payload, under its old signature.
func rewrite(t *testing.T, lines [][]byte, old, new string) [][]byte {
	t.Helper()
	for i, line := range lines {
		_, after, _ := bytes.Cut(line, []byte(`"payload":"`))
		encoded, _, _ := bytes.Cut(after, []byte(`"`))
		text, err := base64.StdEncoding.DecodeString(string(encoded))
		if err != nil {
			t.Fatal(err)
		}
		changed := base64.StdEncoding.EncodeToString(bytes.ReplaceAll(text, []byte(old), []byte(new)))
		lines[i] = bytes.Replace(line, encoded, []byte(changed), 1)
	}
	return lines
}

// TestAttacks: each is refused for its own reason, and without it nothing is.
func TestAttacks(t *testing.T) {
	all := attacks()
	if len(all) < 36 {
		t.Fatalf("%d attacks", len(all))
	}
	t.Run("none", func(t *testing.T) {
		v := &victim{t: t, dir: t.TempDir()}
		v.layout, v.key, v.claims = attestedShipment(t, v.dir)
		for _, args := range [][]string{v.verify(v.layout), v.verify(v.at("weights"), "--claims", v.claims), v.pushed(nil)} {
			if out := must(t, v.dir, args...); !strings.HasPrefix(out, "verified:") {
				t.Errorf("%v:\n%s", args, out)
			}
		}
	})
	for _, a := range all {
		t.Run(fmt.Sprintf("%d %s", a.number, a.name), func(t *testing.T) {
			v := &victim{t: t, dir: t.TempDir()}
			v.layout, v.key, v.claims = attestedShipment(t, v.dir)
			args := a.do(v)
			v.unpacksNothing(args)
			code, out := inProcess(t, v.dir, args...)
			expected := exitVerification
			if !strings.HasPrefix(out, "REFUSED: ") {
				expected = exitFailure // what was named is no shipment to verify, or nothing was
			}
			if code != expected || !strings.Contains(firstReason(out), a.says) {
				t.Errorf("%v: exit %d, expected %d and a refusal that says %q:\n%.2000s", args, code, expected, a.says, out)
			}
			if strings.Contains(out, "\nverified:") || strings.HasPrefix(out, "verified:") {
				t.Errorf("it says verified:\n%.2000s", out)
			}
		})
	}
}

// firstReason is the first problem of a result that was refused, or the error of a command.
func firstReason(out string) string {
	if _, problem, found := strings.Cut(out, "\n  problem  "); found {
		out = problem
	}
	first, _, _ := strings.Cut(out, "\n")
	return first
}
