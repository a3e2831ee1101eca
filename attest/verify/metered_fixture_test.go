package verify

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/attest/witness"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
	"github.com/weighbridge/weighbridge/meter/proof"
)

const base meter.ModelRef = "acme/atlas@1"

const product = "NVIDIA H100 SXM5 80GB"

// seen is when the witness saw the first checkpoint of each log.
var seen = created.Add(-3 * time.Hour)

// lab is who meters, releases and is witnessed.
type lab struct {
	release, meter, witness signer
}

// workLog is one log as the lab keeps it, before it is hashed and signed.
type workLog struct {
	model   meter.ModelRef
	records []meter.Record
	seen    []time.Time // of the checkpoint after each record; zero: none was made
}

func origin(m meter.ModelRef) string {
	return "weighbridge.dev/log/000102030405060708090a0b0c0d0e0f/" + string(m)
}

func worked(m meter.ModelRef, run string, end time.Time) meter.Record {
	return meter.Record{
		Schema: meter.RecordSchema, Model: m, Run: run, Activity: meter.Pretraining, Weights: meter.WeightsKept,
		Operations: meter.Exact(meter.NewOps(1000)), Method: meter.Counted, Grade: meter.GradeMeasured, Outcome: meter.Finished,
		Period:   &meter.Period{Start: end.Add(-time.Minute), End: end},
		Hardware: []meter.Device{{Product: product, UUID: "GPU-" + run, Count: 1, Grade: meter.GradeMeasured}},
	}
}

// logs are a base and a model fine-tuned from it in two runs.
func logs(t testing.TB) []workLog {
	first := worked(base, "base", seen.Add(-time.Hour))
	first.Output = digestOf("base weights")
	one, two := worked(model, "one", seen.Add(-time.Minute)), worked(model, "two", seen.Add(time.Hour))
	for _, r := range []*meter.Record{&one, &two} {
		r.Activity, r.Parents = meter.FineTuning, []meter.Parent{{Model: base, Relation: meter.FineTunes, Input: first.Output}}
	}
	two.Output = weights(t).Root()
	return []workLog{
		{base, []meter.Record{first}, []time.Time{seen}},
		{model, []meter.Record{one, two}, []time.Time{seen, seen.Add(2 * time.Hour)}},
	}
}

// proved hashes a log, and has its checkpoints signed and cosigned.
func (l lab) proved(t testing.TB, m workLog) (attest.LogProof, attest.Head) {
	t.Helper()
	out, head := attest.LogProof{Origin: origin(m.model)}, attest.Head{}
	var tree proof.Tree
	for i, r := range m.records {
		sum, err := meter.SumRecords(m.records[:i+1])
		if err != nil {
			t.Fatal(err)
		}
		content, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		body, salt := entry.EncodeBody("record", content, entryTotals(sum)), bytes.Repeat([]byte{byte(i + 1)}, 32)
		tree.Add(proof.Header{Origin: out.Origin, Index: uint64(i), Commitment: proof.Commit(salt, body)}.Encode())
		out.Entries = append(out.Entries, attest.ShownEntry{Salt: base64.StdEncoding.EncodeToString(salt), Body: string(body)})
		root := tree.RootAt(tree.Size())
		head = attest.Head{Origin: out.Origin, Size: uint64(i + 1), Root: "sha256:" + hex.EncodeToString(root[:])}
		if !m.seen[i].IsZero() {
			out.Checkpoints = append(out.Checkpoints, l.checkpoint(t, proof.Head{Origin: out.Origin, Size: head.Size, Root: root}, m.seen[i]))
		}
	}
	return out, head
}

func (l lab) checkpoint(t testing.TB, h proof.Head, at time.Time) string {
	t.Helper()
	signature, err := l.meter.SignNote(h.Origin, h.String())
	if err != nil {
		t.Fatal(err)
	}
	cosignature, err := l.witness.CosignNote("w", h.String(), at)
	if err != nil {
		t.Fatal(err)
	}
	return witness.Checkpoint{Head: h, Signatures: []string{signature, cosignature}}.String()
}

// policy is a recipient's who knows the three keys.
func (l lab) policy(t testing.TB) Policy {
	return Policy{Keys: []*PublicKey{public(t, l.release)}, Meters: []*PublicKey{public(t, l.meter)}, Witnesses: quorum(t, l.witness)}
}

func quorum(t testing.TB, keys ...signer) *witness.Policy {
	t.Helper()
	text, group := "", ""
	for i, key := range keys {
		line, err := key.WitnessKey("w")
		if err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintf("witness w%d %s\n", i, line)
		group += fmt.Sprintf(" w%d", i)
	}
	p, err := witness.ParsePolicy([]byte(text + "group g all" + group + "\nquorum g\n"))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func newLab(t testing.TB) lab {
	return lab{newKey(t, sign.Ed25519), newKey(t, sign.Ed25519), newKey(t, sign.Ed25519)}
}

// parts are what a shipment of the lab says.
type parts struct {
	compute  attest.TrainingCompute
	hardware attest.Hardware
	proof    attest.LedgerProof
}

// attested is what the lab states of logs that are as it says.
func (l lab) attested(t testing.TB, logs []workLog) parts {
	t.Helper()
	p := parts{proof: attest.LedgerProof{Model: model, Tool: tool, CreatedAt: created}, hardware: hardware(), compute: compute(t, weights(t))}
	p.compute.Ledger, p.hardware.Devices, p.hardware.NotSeen = nil, nil, nil
	records := map[meter.ModelRef][]meter.Record{}
	chips := map[string]bool{}
	for _, m := range logs {
		shown, head := l.proved(t, m)
		p.proof.Logs = append(p.proof.Logs, shown)
		records[m.model] = m.records
		if m.model == model {
			p.compute.Ledger = &head
		} else {
			p.compute.Logs = append(p.compute.Logs, head)
		}
		for _, r := range m.records {
			for _, d := range r.Hardware {
				chips[d.UUID+d.Serial] = true
			}
		}
	}
	var err error
	if p.compute.Lineage, err = attest.LineageFromRecords(model, func(m meter.ModelRef) ([]meter.Record, bool) { return records[m], len(records[m]) > 0 }); err != nil {
		t.Fatal(err)
	}
	if p.compute.Activities, err = p.compute.Lineage.Models[0].Activities(); err != nil {
		t.Fatal(err)
	}
	p.compute.Methods, p.compute.Period = attest.MethodsOf(records[model]), attest.PeriodOf(records[model])
	p.compute.Convention = attest.ConventionOf(slices.Concat(records[model], records[base]))
	for _, m := range p.compute.Lineage.Models {
		p.hardware.Worked(m.Model, records[m.Model])
	}
	if len(p.hardware.Models) > 0 {
		p.hardware.Devices = []attest.Device{{Product: product, Count: uint64(len(chips)), Grade: p.hardware.Models[0].Products[0].Grade, ECCN: "undetermined"}}
	}
	slices.SortFunc(p.proof.Logs, func(a, b attest.LogProof) int { return bytes.Compare([]byte(a.Origin), []byte(b.Origin)) })
	return p
}

// shipped is the shipment of parts.
func (l lab) shipped(t testing.TB, p parts) shipment {
	m := weights(t)
	s := shipment{key: l.release, policy: l.policy(t), in: Input{Found: m, ManifestDigest: manifestDigest}}
	for _, predicate := range []any{p.compute, p.hardware, p.proof} {
		s.in.Bundles = append(s.in.Bundles, signed(t, l.release, payload(t, manifestDigest, m, predicate)))
	}
	return s
}
