package attest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/entry"
	"github.com/weighbridge/weighbridge/meter/proof"
)

const exampleOrigin = "weighbridge.dev/log/000102030405060708090a0b0c0d0e0f/acme/atlas@2"

// exampleEntry is an entry of the example's log with the totals up to it.
func exampleEntry(t testing.TB, sequence uint64) (ShownEntry, []byte) {
	t.Helper()
	record := meter.Record{
		Schema: meter.RecordSchema, Model: "acme/atlas@2", Run: "r", Sequence: sequence, Activity: meter.FineTuning, Weights: meter.WeightsKept,
		Operations: meter.Exact(meter.NewOps(1000)), Method: meter.Counted, Grade: meter.GradeMeasured, Outcome: meter.Finished,
		Period: &meter.Period{Start: created.Add(-time.Hour), End: created.Add(-time.Minute)},
	}
	content, err := record.Encode()
	if err != nil {
		t.Fatal(err)
	}
	total := entry.Total{Activity: meter.FineTuning, Operations: meter.Exact(meter.NewOps(1000 * (sequence + 1))), Records: sequence + 1, Grade: meter.GradeMeasured}
	body := entry.EncodeBody("record", content, []entry.Total{total})
	salt := sha256.Sum256([]byte{byte(sequence)})
	header := proof.Header{Origin: exampleOrigin, Index: sequence, Commitment: proof.Commit(salt[:], body)}.Encode()
	return ShownEntry{Salt: base64.StdEncoding.EncodeToString(salt[:]), Body: string(body)}, header
}

// exampleSignature is a signature line (c2sp.org/signed-note) by a key of one byte.
func exampleSignature(name string, kind, seed byte, message string, stamp []byte) string {
	key := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune(seed)), ed25519.SeedSize)))
	id := sha256.Sum256(append([]byte(name+"\n"), append([]byte{kind}, key.Public().(ed25519.PublicKey)...)...))
	line := append(append(id[:4:4], stamp...), ed25519.Sign(key, []byte(message))...)
	return fmt.Sprintf("— %s %s\n", name, base64.StdEncoding.EncodeToString(line))
}

// exampleLedgerProof shows the last of two entries.
func exampleLedgerProof(t testing.TB) LedgerProof {
	t.Helper()
	_, before := exampleEntry(t, 0)
	last, header := exampleEntry(t, 1)
	var one, two proof.Tree
	one.Add(before)
	two.Add(before)
	two.Add(header)
	sibling := one.RootAt(one.Size())
	body := proof.Head{Origin: exampleOrigin, Size: 2, Root: two.RootAt(two.Size())}.String()
	stamp := binary.BigEndian.AppendUint64(nil, uint64(created.Unix()))
	note := body + "\n" + exampleSignature(exampleOrigin, 1, 'm', body, nil) +
		exampleSignature("witness.example.org", 4, 'w', fmt.Sprintf("cosignature/v1\ntime %d\n%s", created.Unix(), body), stamp)
	return LedgerProof{
		Model: "acme/atlas@2", Tool: tool, CreatedAt: created,
		Logs: []LogProof{{Origin: exampleOrigin, Checkpoints: []string{note}, First: 1, Hashes: []string{base64.StdEncoding.EncodeToString(sibling[:])}, Entries: []ShownEntry{last}}},
	}
}

// TestLedgerProofValidate (K1): limits and order, which no change of an example's text
// reaches.
func TestLedgerProofValidate(t *testing.T) {
	if err := exampleLedgerProof(t).Validate(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*LedgerProof)
		want   string
	}{
		"no logs":         {func(p *LedgerProof) { p.Logs = nil }, "logs: 0"},
		"no name":         {func(p *LedgerProof) { p.Logs[0].Origin = "" }, "origin"},
		"no checkpoint":   {func(p *LedgerProof) { p.Logs[0].Checkpoints = nil }, "checkpoints: 0"},
		"checkpoints":     {func(p *LedgerProof) { p.Logs[0].Checkpoints = make([]string, maxProofCheckpoints+1) }, "checkpoints: 4097"},
		"no entry":        {func(p *LedgerProof) { p.Logs[0].Entries = nil }, "at least the last one"},
		"two from 1 on":   {func(p *LedgerProof) { p.Logs[0].Entries = append(p.Logs[0].Entries, p.Logs[0].Entries[0]) }, "expected all from 0 on, or the last one"},
		"long path":       {func(p *LedgerProof) { p.Logs[0].Hashes = make([]string, maxProofHashes+1) }, "hashes: 65"},
		"short salt":      {func(p *LedgerProof) { p.Logs[0].Entries[0].Salt = "AAAA" }, "salt of 32 bytes"},
		"no body":         {func(p *LedgerProof) { p.Logs[0].Entries[0].Body = "" }, "and a body"},
		"one log twice":   {func(p *LedgerProof) { p.Logs = append(p.Logs, p.Logs[0]) }, "each log once, sorted"},
		"too many logs":   {func(p *LedgerProof) { p.Logs = make([]LogProof, maxProofLogs+1) }, "logs: 4097"},
		"too many bytes":  {func(p *LedgerProof) { p.Logs[0].Entries[0].Body = strings.Repeat("x", MaxProofBytes) }, "show the last entries alone"},
		"long notes":      {func(p *LedgerProof) { p.Logs[0].Checkpoints[0] = strings.Repeat("x", MaxProofBytes) }, "or fewer checkpoints"},
		"no model":        {func(p *LedgerProof) { p.Model = "" }, "model"},
		"no time":         {func(p *LedgerProof) { p.CreatedAt = time.Time{} }, "createdAt"},
		"no tool":         {func(p *LedgerProof) { p.Tool = Tool{} }, "tool"},
		"index too large": {func(p *LedgerProof) { p.Logs[0].First = maxCount + 1 }, "at least the last one"},
	} {
		p := exampleLedgerProof(t)
		c.change(&p)
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
