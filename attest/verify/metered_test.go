package verify

import (
	"crypto/rand"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/witness"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// TestMetered (L3, L4, K2 to K6): a proof that holds, by keys of three parties, makes both tracks
// metered, and says which checkpoint it was.
func TestMetered(t *testing.T) {
	l := newLab(t)
	r := l.shipped(t, l.attested(t, logs(t))).verify(t)
	a := r.Assurance
	if !r.OK || a.Quantity.Level != Metered || a.Hardware.Level != Metered || a.Claim != Metered || a.Quantity.Next != CrossChecked {
		t.Fatalf("%s %+v", messages(r), a)
	}
	if len(a.Checkpoints) != 2 || a.Checkpoints[1].Size != 2 || a.Checkpoints[1].Entries != 2 || !a.Checkpoints[1].Quorum || a.Checkpoints[1].Meter != l.meter.ID() ||
		len(a.Checkpoints[1].Witnesses) != 1 || a.Checkpoints[1].Witnesses[0].Witness != "w" {
		t.Errorf("%+v", a.Checkpoints)
	}
}

// TestUnmetered (L3, L4): whatever is wanting leaves the level where it was, and is said.
func TestUnmetered(t *testing.T) {
	h100 := func(change func(*meter.Device)) func([]workLog) {
		return func(all []workLog) { change(&all[1].records[0].Hardware[0]) }
	}
	for _, c := range []struct {
		name   string
		logs   func([]workLog)
		parts  func(*parts)
		policy func(lab, *Policy)
		want   string // of the quantity; of the hardware where it begins with "hardware: "
	}{
		{"back-dated", func(all []workLog) {
			all[1].records[1].Period.End = seen.Add(-16 * time.Minute)
			all[1].records[1].Period.Start = seen.Add(-17 * time.Minute)
		}, nil, nil, "when witnesses saw the log without it"},
		{"older-than-a-day-at-first", func(all []workLog) {
			all[0].records[0].Period.Start = seen.Add(-26 * time.Hour)
			all[0].records[0].Period.End = seen.Add(-25 * time.Hour)
		}, nil, nil, "when witnesses first saw the log with it"},
		{"from-the-future", func(all []workLog) { all[1].records[1].Period.End = seen.Add(2*time.Hour + 16*time.Minute) }, nil, nil, "when witnesses saw the log with it"},
		{"undated", func(all []workLog) { all[1].records[0].Period = nil }, nil, nil, "does not say when the work was done"},
		{"declared", func(all []workLog) { all[0].records[0].Grade = meter.GradeDeclared }, nil, nil, "nothing metered them"},
		{"attested-elsewhere", func(all []workLog) { all[0].records[0].Grade = meter.GradeAttested }, nil, nil, "another organisation's word"},
		{"other-weights", func(all []workLog) { all[1].records[1].Output = digestOf("others") }, nil, nil, "says that it wrote these weights"},
		{"input-unnamed", func(all []workLog) { all[1].records[0].Parents[0].Input = "" }, nil, nil, "does not say which weights"},
		{"input-of-nobody", func(all []workLog) { all[1].records[0].Parents[0].Input = digestOf("x") }, nil, nil, "which no earlier record of acme/atlas@1 wrote"},
		{"input-written-later", func(all []workLog) { all[0].records[0].Period.End = seen.Add(14 * time.Minute) }, nil, nil, "which no earlier record of acme/atlas@1 wrote"},
		{"one-record-twice", func(all []workLog) { all[1].records[0].Run = "base" }, nil, nil, "the record base/0 stands in several entries"},
		{"a-log-left-out", nil, func(p *parts) { p.proof.Logs = p.proof.Logs[1:] }, nil, "no proof of the log " + origin(base) + " came along"},
		{"no-meter-key", nil, nil, func(_ lab, p *Policy) { p.Meters = nil }, "verify --meter-key"},
		{"no-witnesses", nil, nil, func(_ lab, p *Policy) { p.Witnesses = nil }, "verify --witness-policy"},
		{"other-witness", nil, nil, func(l lab, p *Policy) { p.Witnesses = quorum(t, newKey(t, "ed25519")) }, "0 witnesses of the policy: they do not meet its quorum"},
		{"one-of-two-witnesses", nil, nil, func(l lab, p *Policy) { p.Witnesses = quorum(t, l.witness, newKey(t, "ed25519")) }, "1 witnesses of the policy: they do not meet its quorum"},
		{"meter-releases", nil, nil, func(l lab, p *Policy) { p.Keys = append(p.Keys, public(t, l.meter)) }, "is one that releases weights too"},
		{"witness-releases", nil, nil, func(l lab, p *Policy) { p.Keys = append(p.Keys, public(t, l.witness)) }, "which releases weights, is that of a witness too"},
		{"meter-witnesses", nil, nil, func(l lab, p *Policy) { p.Witnesses = quorum(t, l.witness, l.meter) }, "is that of a witness too"},
		{"device-unnamed", h100(func(d *meter.Device) { d.UUID = "" }), nil, nil, "hardware: without a serial number or UUID"},
		{"device-reported", func(all []workLog) {
			for _, m := range all {
				for _, r := range m.records {
					r.Hardware[0].Grade = meter.GradeReported
				}
			}
		}, nil, nil, "hardware: not by the meter itself (reported)"},
		{"eight-of-one", h100(func(d *meter.Device) { d.Count = 8 }), nil, nil, "hardware: as 8 devices of one serial number"},
		{"no-device", func(all []workLog) { all[1].records[0].Hardware = nil }, nil, nil, "hardware: names no device"},
		{"another-count", nil, func(p *parts) { p.hardware.Devices[0].Count = 1 }, nil, "hardware: counts 1 of \"NVIDIA H100 SXM5 80GB\", the records name 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, all := newLab(t), logs(t)
			if c.logs != nil {
				c.logs(all)
			}
			p := l.attested(t, all)
			if c.parts != nil {
				c.parts(&p)
			}
			s := l.shipped(t, p)
			if c.policy != nil {
				c.policy(l, &s.policy)
			}
			r := s.verify(t)
			track, want := r.Assurance.Quantity, c.want
			if rest, ok := strings.CutPrefix(want, "hardware: "); ok {
				track, want = r.Assurance.Hardware, rest
			}
			if !r.OK || track.Level != Declared || !strings.Contains(strings.Join(track.Why, "\n"), want) {
				t.Errorf("%s %v: expected %q in %q", messages(r), track.Level, want, track.Why)
			}
		})
	}
}

// TestProofRefused (K2 to K6): a proof that contradicts what is stated is a problem, not a
// lower level.
func TestProofRefused(t *testing.T) {
	tuned := func(p *parts) *attest.LogProof { return &p.proof.Logs[1] }
	for _, c := range []struct {
		name  string
		parts func(*testing.T, lab, *parts)
		want  string
	}{
		{"entry-changed", func(_ *testing.T, _ lab, p *parts) {
			e := &tuned(p).Entries[0]
			e.Body = strings.ReplaceAll(e.Body, `"1000"`, `"1"`)
		}, "they are not those that were witnessed"},
		{"salt-changed", func(_ *testing.T, _ lab, p *parts) {
			tuned(p).Entries[0].Salt = base64.StdEncoding.EncodeToString(make([]byte, 32))
		}, "they are not those that were witnessed"},
		{"entry-dropped", func(_ *testing.T, _ lab, p *parts) { tuned(p).Entries = tuned(p).Entries[1:] }, "expected its last entry"},
		{"entries-swapped", func(_ *testing.T, _ lab, p *parts) {
			e := tuned(p).Entries
			e[0], e[1] = e[1], e[0]
		}, "they are not those that were witnessed"},
		{"no-entry", func(_ *testing.T, _ lab, p *parts) { tuned(p).Entries[0].Body = "{}" }, "entry 0: body"},
		{"of-an-earlier-state", func(_ *testing.T, _ lab, p *parts) {
			tuned(p).Checkpoints, tuned(p).Entries = tuned(p).Checkpoints[:1], tuned(p).Entries[:1]
		}, "the proof is of another state of the log"},
		{"of-another-log", func(t *testing.T, l lab, p *parts) {
			other, _ := l.proved(t, workLog{"acme/other@1", []meter.Record{worked("acme/other@1", "x", seen)}, []time.Time{seen}})
			p.proof.Logs = append(p.proof.Logs, other)
		}, "which the training-compute statement does not count"},
		{"under-another-name", func(t *testing.T, l lab, p *parts) {
			p.proof.Logs[0].Checkpoints = p.proof.Logs[1].Checkpoints
		}, "checkpoint 1 is of the log " + `"` + origin(model)},
		{"of-another-model", func(t *testing.T, l lab, p *parts) {
			*tuned(p), *p.compute.Ledger = l.proved(t, workLog{model, []meter.Record{worked("acme/other@1", "x", seen)}, []time.Time{seen}})
		}, "entry 0 is of the model acme/other@1"},
		{"checkpoints-backwards", func(_ *testing.T, _ lab, p *parts) {
			tuned(p).Checkpoints = []string{tuned(p).Checkpoints[1], tuned(p).Checkpoints[0]}
		}, "expected larger ones"},
		{"forged-cosignature", func(t *testing.T, l lab, p *parts) {
			forger := l
			forger.witness = newKey(t, "ed25519")
			forged, _ := forger.proved(t, logs(t)[1])
			lines := strings.Split(strings.TrimSpace(forged.Checkpoints[1]), "\n")
			true1 := strings.Split(strings.TrimSpace(tuned(p).Checkpoints[1]), "\n")
			last := lines[len(lines)-1]
			genuine := true1[len(true1)-1]
			tuned(p).Checkpoints[1] = strings.Replace(tuned(p).Checkpoints[1], genuine, withKeyID(t, last, genuine), 1)
		}, "cosignature: "},
		{"signed-by-another-meter", func(t *testing.T, l lab, p *parts) {
			forger := l
			forger.meter = newKey(t, "ed25519")
			*tuned(p), *p.compute.Ledger = forger.proved(t, logs(t)[1])
		}, "the meter's signature: "},
		{"one-checkpoint-by-another", func(t *testing.T, l lab, p *parts) {
			forger := l
			forger.meter = newKey(t, "ed25519")
			forged, _ := forger.proved(t, logs(t)[1])
			tuned(p).Checkpoints[0] = forged.Checkpoints[0]
		}, "at 1 entries"},
		{"other-totals-stated", func(t *testing.T, l lab, p *parts) {
			fewer := logs(t)
			fewer[1].records[0].Operations = meter.Exact(meter.NewOps(1))
			less := l.attested(t, fewer)
			p.compute.Lineage, p.compute.Activities = less.compute.Lineage, less.compute.Activities
		}, "the statement does not follow from the entries of its logs: for the models they give"},
		{"other-convention-stated", func(_ *testing.T, _ lab, p *parts) { p.compute.Convention.Attention = "causal" }, "for the convention they give"},
		{"other-methods-stated", func(_ *testing.T, _ lab, p *parts) {
			p.compute.Methods = append(p.compute.Methods, meter.Architecture)
		}, "for the methods they give"},
		{"later-period-stated", func(_ *testing.T, _ lab, p *parts) { p.compute.Period.Start = seen }, "for the period they give"},
		{"correction-of-nothing-stated", func(_ *testing.T, _ lab, p *parts) {
			r := logs(t)[0].records[0]
			p.compute.Corrections = []attest.Correction{{Model: base, Kind: attest.CorrectionVoid, Run: r.Run, Reason: "x", Author: "jo", Time: seen, Before: attest.CorrectedOf(r)}}
		}, "for the corrections they give []"},
		{"other-parent-stated", func(t *testing.T, l lab, p *parts) {
			p.compute.Lineage.Models[0].Parents[0].Input = digestOf("x")
		}, "the statement does not follow from the entries of its logs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLab(t)
			p := l.attested(t, logs(t))
			c.parts(t, l, &p)
			r := l.shipped(t, p).verify(t)
			if r.OK || strings.Join(codes(r), " ") != CodeLedgerProof || !strings.Contains(messages(r), c.want) || r.Assurance.Quantity.Level > Declared {
				t.Errorf("%v %s: expected %q", r.Assurance.Quantity, messages(r), c.want)
			}
		})
	}
}

// withKeyID is a forged signature line under the id of the genuine one's key.
func withKeyID(t *testing.T, forged, genuine string) string {
	t.Helper()
	at := strings.LastIndex(genuine, " ") + 1
	ours, err := base64.StdEncoding.DecodeString(genuine[at:])
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := base64.StdEncoding.DecodeString(forged[strings.LastIndex(forged, " ")+1:])
	if err != nil {
		t.Fatal(err)
	}
	return genuine[:at] + base64.StdEncoding.EncodeToString(append(ours[:4:4], theirs[4:]...))
}

// TestLastEntryAlone (K2): the last entry is shown to stand in the last checkpoint, which
// is not enough for the level; a path of another entry is refused.
func TestLastEntryAlone(t *testing.T) {
	l := newLab(t)
	p := l.attested(t, logs(t))
	shown := &p.proof.Logs[1]
	salt, _ := base64.StdEncoding.DecodeString(shown.Entries[0].Salt)
	var before proof.Tree // of one leaf: its root is the leaf's hash
	before.Add(proof.Header{Origin: shown.Origin, Index: 0, Commitment: proof.Commit(salt, []byte(shown.Entries[0].Body))}.Encode())
	sibling := before.RootAt(before.Size())
	shown.Checkpoints, shown.Entries, shown.First = shown.Checkpoints[1:], shown.Entries[1:], 1
	shown.Hashes = []string{base64.StdEncoding.EncodeToString(sibling[:])}
	r := l.shipped(t, p).verify(t)
	if why := strings.Join(r.Assurance.Quantity.Why, "\n"); !r.OK || r.Assurance.Quantity.Level != Declared || !strings.Contains(why, "the last entry alone came along") || r.Assurance.Checkpoints[1].Entries != 1 {
		t.Fatalf("%s %s", messages(r), why)
	}
	if why := strings.Join(r.Assurance.Quantity.Why, "\n"); strings.Contains(why, "the running totals of the last entry") {
		t.Error("the same totals are said to differ:", why)
	}
	all := logs(t)
	all[1].records[0].Operations = meter.Exact(meter.NewOps(1))
	less := p
	less.compute.Lineage, less.compute.Activities = l.attested(t, all).compute.Lineage, l.attested(t, all).compute.Activities
	if why := strings.Join(l.shipped(t, less).verify(t).Assurance.Quantity.Why, "\n"); !strings.Contains(why, "the running totals of the last entry of "+shown.Origin+" are fine-tuning 2000 (2 record(s), measured); the statement says fine-tuning 1001 (2 record(s), measured) of acme/atlas@2") {
		t.Errorf("other totals: %s", why)
	}
	sibling[0] ^= 1
	shown.Hashes[0] = base64.StdEncoding.EncodeToString(sibling[:])
	if r := l.shipped(t, p).verify(t); r.OK || !strings.Contains(messages(r), "is not in the head of 2 entries") {
		t.Errorf("another path: %s", messages(r))
	}
}

// TestHiddenNotMetered (L3): what is hidden is not held to the entries, and said so.
func TestHiddenNotMetered(t *testing.T) {
	l := newLab(t)
	p := l.attested(t, logs(t))
	s := l.shipped(t, p)
	open, err := attest.NewStatement(attest.Subjects(model, manifestDigest, s.in.Found.Root()), p.compute)
	if err != nil {
		t.Fatal(err)
	}
	hidden, err := attest.Conceal(open, nil, map[meter.ModelRef]attest.Detail{}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, err := hidden.Statement.Encode()
	if err != nil {
		t.Fatal(err)
	}
	s.in.Bundles[0] = signed(t, l.release, text)
	r := s.verify(t)
	if why := strings.Join(r.Assurance.Quantity.Why, "\n"); !r.OK || r.Assurance.Quantity.Level != Declared || !strings.Contains(why, "hides figures") {
		t.Errorf("%s %s", messages(r), why)
	}
}

// TestMeterRevoked (K5): checkpoints by a meter key that is revoked hold where a quorum
// saw them before; where no quorum of the policy did, they do not.
func TestMeterRevoked(t *testing.T) {
	l := newLab(t)
	for _, c := range []struct {
		name      string
		at        time.Time
		witnesses *witness.Policy
		ok        bool
	}{
		{"seen-before", created, quorum(t, l.witness), true},
		{"seen-after", seen.Add(time.Hour), quorum(t, l.witness), false},
		{"quorum-not-met", created, quorum(t, l.witness, newKey(t, "ed25519")), false},
		{"no-witnesses-named", created, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := l.shipped(t, l.attested(t, logs(t)))
			s.policy.Revocations = []Revocation{{Signer: l.meter.ID(), At: c.at, Reason: "stolen"}}
			s.policy.Witnesses = c.witnesses
			r := s.verify(t)
			want := map[bool]Level{true: Metered, false: Declared}[c.ok]
			if r.OK != c.ok || r.Assurance.Quantity.Level != want {
				t.Errorf("%s %+v", messages(r), r.Assurance.Quantity)
			}
			for _, p := range r.Problems {
				if p.Code != CodeLedgerProof || !strings.Contains(p.Message, "the meter's key: signed by "+l.meter.ID()+", which is revoked") || !strings.Contains(p.Hint, "--witness-policy") {
					t.Errorf("%+v", p)
				}
			}
		})
	}
}

// TestOtherCounts (L4): a product in several entries of the statement is one reason, and
// many products are not a reason each.
func TestOtherCounts(t *testing.T) {
	h := attest.Hardware{Devices: []attest.Device{{Product: "B", Count: 1, ECCN: "3A090.a"}, {Product: "A", Count: 2}, {Product: "B", Count: 1}, {Product: "C", Count: 1}}}
	chips := map[string]map[string]bool{"B": {"1": true}, "A": {"2": true}, "C": {"3": true}}
	want := []string{`the hardware statement counts 2 of "A", the records name 1 different ones`, `the hardware statement counts 2 of "B", the records name 1 different ones`}
	if got := otherCounts(h, chips); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for i := range 100 {
		h.Devices = append(h.Devices, attest.Device{Product: string(rune('a' + i)), Count: 1})
	}
	if got := otherCounts(h, chips); len(got) != 4 || got[3] != "and 99 more of this kind" {
		t.Errorf("%q", got)
	}
}

// TestFew: of many reasons of one kind the first are shown, and how many more there are.
func TestFew(t *testing.T) {
	for n, want := range map[int]string{0: "", 1: "a", 4: "a a a a", 5: "a a a and 2 more of this kind", 300: "a a a and 297 more of this kind"} {
		if got := strings.Join(few(slices.Repeat([]string{"a"}, n)), " "); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

// TestOutside (L3): of all checkpoints the tightest bounds hold, both ends included.
func TestOutside(t *testing.T) {
	at := func(size uint64, minutes ...int) point {
		p := point{metAt: seen.Add(time.Duration(minutes[len(minutes)-1]) * time.Minute)}
		p.Head.Size = size
		for _, m := range minutes {
			p.seen = append(p.seen, witness.Cosignature{Time: seen.Add(time.Duration(m) * time.Minute)})
		}
		return p
	}
	unmet := at(1, 500)
	unmet.metAt = time.Time{}
	l := provedLog{points: []point{at(1, 0, 60), at(2, 50), unmet, at(3, 120, 180), at(4, 300)}}
	for _, c := range []struct {
		index   uint64
		minutes int
		want    string
	}{
		{0, 0, ""}, {0, 15, ""}, {0, 16, "saw the log with it"}, {0, 50 - 24*60, ""}, {0, 50 - 24*60 - 1, "first saw the log with it"},
		{1, 45, ""}, {1, 44, "without it"}, {1, 65, ""}, {1, 66, "saw the log with it"},
		{2, 45, ""}, {2, 44, "without it"}, {2, 135, ""}, {2, 136, "saw the log with it"},
		{3, 165, ""}, {3, 164, "without it"}, {3, 315, ""}, {3, 316, "saw the log with it"},
	} {
		got := l.outside(c.index, seen.Add(time.Duration(c.minutes)*time.Minute))
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("entry %d at %d minutes: %q, expected %q", c.index, c.minutes, got, c.want)
		}
	}
	const year = 365 * 24 * 60
	dated := provedLog{points: []point{at(1, -year, 0)}} // one of two witnesses says that it saw the log a year ago
	for minutes, want := range map[int]string{
		-year: "is more than 24h0m0s before " + timeText(seen) + ", when witnesses first saw the log with it", -24*60 - 1: "first saw", -24 * 60: "is after", 0: "is after " + timeText(seen.Add(-year*time.Minute)),
	} {
		if got := dated.outside(0, seen.Add(time.Duration(minutes)*time.Minute)); !strings.Contains(got, want) {
			t.Errorf("a quorum with one old date, at %d minutes: %q, expected %q", minutes, got, want)
		}
	}
}
