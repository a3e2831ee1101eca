package verify

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/sign"
	"github.com/weighbridge/weighbridge/meter"
)

// FuzzBundle: whatever is read, nothing passes but the two statements that the
// key has signed.
func FuzzBundle(f *testing.F) {
	s := happy(f)
	var genuine [][]byte
	for _, b := range s.in.Bundles {
		e, problem := openBundle(b)
		if problem != nil {
			f.Fatal(problem)
		}
		genuine = append(genuine, e.payload)
		f.Add(b)
		f.Add(b[:len(b)-1])
		f.Add(bytes.Replace(b, []byte(`"payloadType"`), []byte(`"payload_type"`), 1))
		f.Add(bytes.Replace(b, []byte(`{"sig"`), []byte(`{"keyid":"x","sig"`), 1))
		f.Add(bytes.Replace(b, []byte(`"publicKey"`), []byte(`"tlogEntries":[{"logIndex":"1","canonicalizedBody":"e30="}],"publicKey"`), 1))
		f.Add(bytes.Replace(b, []byte(`"publicKey"`), []byte(`"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"AAAA"}]},"publicKey"`), 1))
		f.Add(bytes.Replace(b, []byte(`"publicKey":{`), []byte(`"x509CertificateChain":{"certificates":[{"rawBytes":"MAA="}]},"publicKey":{`), 1))
	}
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Verify(Input{Bundles: [][]byte{data}, Found: s.in.Found, ManifestDigest: manifestDigest}, s.policy)
		if err != nil || r.OK {
			t.Fatalf("one bundle passes for two: %+v, %v", r, err)
		}
		if len(r.Verified) == 0 {
			return
		}
		text, err := r.Verified[0].Encode()
		if err != nil || !slices.ContainsFunc(genuine, func(g []byte) bool { return bytes.Equal(g, text) }) {
			t.Fatalf("a statement that nobody signed: %s, %v", text, err)
		}
	})
}

// FuzzLedgerProof: whatever an entry, its salt and the checkpoints are, nothing but what was
// witnessed is metered.
func FuzzLedgerProof(f *testing.F) {
	l := newLab(f)
	genuine := l.attested(f, logs(f))
	body, salt, note := genuine.proof.Logs[1].Entries[1].Body, genuine.proof.Logs[1].Entries[1].Salt, genuine.proof.Logs[1].Checkpoints[1]
	f.Add(body, salt, note, uint64(0))
	f.Add(genuine.proof.Logs[1].Entries[0].Body, salt, genuine.proof.Logs[1].Checkpoints[0], uint64(1))
	f.Add(`{"record":{},"totals":[]}`, "", note[:len(note)/2], uint64(1)<<63)
	f.Fuzz(func(t *testing.T, asBody, asSalt, asNote string, first uint64) {
		v := verification{policy: l.policy(t)}
		p := l.attested(t, logs(t))
		shown := &p.proof.Logs[1]
		shown.Entries[1] = attest.ShownEntry{Salt: asSalt, Body: asBody}
		shown.Checkpoints[1], shown.First = asNote, first
		if p.proof.Validate() != nil {
			return
		}
		v.result.Verified = []attest.Statement{{TrainingCompute: &p.compute}, {LedgerProof: &p.proof}}
		v.ledgerProofs()
		if v.quantity().Level == Metered && (asBody != body || asSalt != salt || first != 0) {
			t.Fatalf("metered: %q %q %q %d", asBody, asSalt, asNote, first)
		}
	})
}

func FuzzParsePublicKey(f *testing.F) {
	for _, kind := range []string{sign.ECDSAP256, sign.Ed25519} {
		text, err := newKey(f, kind).PublicPEM()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
		f.Add(text[:len(text)/2])
	}
	f.Add([]byte(p224))
	f.Add([]byte(rsa2048))
	f.Fuzz(func(t *testing.T, data []byte) {
		if key, err := ParsePublicKey(data); (key == nil) == (err == nil) {
			t.Fatalf("key %v and error %v", key, err)
		}
	})
}

// BenchmarkVerify verifies a shipment of two statements and prints the ratio to
// two bare crypto/ecdsa verifications of as many bytes.
func BenchmarkVerify(b *testing.B) {
	s := happy(b)
	key := s.key.private.Public().(*ecdsa.PublicKey)
	digest := sha256.Sum256(make([]byte, attestedBytes(b, s)))
	sig, err := ecdsa.SignASN1(nil, s.key.private.(*ecdsa.PrivateKey), digest[:])
	if err != nil {
		b.Fatal(err)
	}
	var bare, ours time.Duration
	for b.Loop() {
		start := time.Now()
		for range 2 {
			if !ecdsa.VerifyASN1(key, digest[:], sig) {
				b.Fatal("the bare signature does not verify")
			}
		}
		middle := time.Now()
		if r, err := Verify(s.in, s.policy); err != nil || !r.OK {
			b.Fatalf("%+v, %v", r, err)
		}
		bare, ours = bare+middle.Sub(start), ours+time.Since(middle)
	}
	b.ReportMetric(float64(ours)/float64(bare), "x-bare-ecdsa")
}

// BenchmarkVerifyLongLineage verifies one statement about 1 000 files and a
// lineage of 1 000 models.
func BenchmarkVerifyLongLineage(b *testing.B) {
	s := long(b, 1000)
	b.SetBytes(int64(attestedBytes(b, s)))
	for b.Loop() {
		if r, err := Verify(s.in, s.policy); err != nil || !r.OK {
			b.Fatalf("%+v, %v", r, err)
		}
	}
}

// BenchmarkVerifyDetermination verifies a shipment with a determination, which is
// recomputed, and prints how much of the time that takes.
func BenchmarkVerifyDetermination(b *testing.B) {
	s := happy(b)
	d := determination(b)
	s.in.Bundles = append(s.in.Bundles, signed(b, s.key, payload(b, manifestDigest, s.in.Found, d)))
	var alone, ours time.Duration
	for b.Loop() {
		start := time.Now()
		embedded, err := attest.EmbeddedBasis()
		if err != nil {
			b.Fatal(err)
		}
		if r, err := d.Recompute(embedded); err != nil || r.Rules == "" {
			b.Fatal(r, err)
		}
		middle := time.Now()
		if r, err := Verify(s.in, s.policy); err != nil || !r.OK {
			b.Fatalf("%+v, %v", r, err)
		}
		alone, ours = alone+middle.Sub(start), ours+time.Since(middle)
	}
	b.ReportMetric(float64(alone)/float64(ours), "recomputation-share")
}

func attestedBytes(tb testing.TB, s shipment) int {
	tb.Helper()
	n := 0
	for _, data := range s.in.Bundles {
		e, problem := openBundle(data)
		if problem != nil {
			tb.Fatal(problem)
		}
		n += len(e.payload)
	}
	return n
}

// long is a shipment of n files with a lineage of n models, one after the other.
func long(tb testing.TB, n int) shipment {
	tb.Helper()
	s := happy(tb)
	var contents []string
	for i := range n {
		contents = append(contents, fmt.Sprintf("shard-%05d.safetensors", i), fmt.Sprint(i))
	}
	s.in.Found = files(tb, contents...)
	c := compute(tb, s.in.Found)
	own := c.Lineage.Models[0].Work
	name := func(i int) meter.ModelRef { return meter.ModelRef(fmt.Sprintf("acme/atlas@2.%d", i)) }
	lookup := func(m meter.ModelRef) (attest.LineageModel, bool) {
		i := 0
		if m != model {
			if _, err := fmt.Sscanf(string(m), "acme/atlas@2.%d", &i); err != nil {
				return attest.LineageModel{}, false
			}
		}
		node := attest.LineageModel{Work: own}
		if i+1 < n {
			node.Parents = []meter.Parent{{Model: name(i + 1), Relation: meter.Continues}}
		}
		return node, true
	}
	lineage, err := attest.LineageOf(model, lookup)
	if err != nil {
		tb.Fatal(err)
	}
	c.Lineage = lineage
	s.in.Bundles = [][]byte{signed(tb, s.key, payload(tb, manifestDigest, s.in.Found, c))}
	s.policy.Require = []string{attest.TypeTrainingCompute}
	return s
}
