package policy

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/meter/entry"
	"github.com/weighbridge/weighbridge/meter/epoch"
	"github.com/weighbridge/weighbridge/meter/proof"
)

const (
	meterLedger = "weighbridge.dev/log/000102030405060708090a0b0c0d0e0f/"
	meterAtlas  = meterLedger + "acme/atlas@1"
)

// meterKey is the private key of epoch n-1.
func meterKey(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func publicOf(n byte) ed25519.PublicKey { return meterKey(n).Public().(ed25519.PublicKey) }

func publicPEM(t *testing.T, n byte) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(publicOf(n))
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

func noteLine(n byte, name, text string) string {
	hash := sha256.Sum256(append([]byte(name+"\n\x01"), publicOf(n)...))
	return "— " + name + " " + base64.StdEncoding.EncodeToString(append(hash[:4], ed25519.Sign(meterKey(n), []byte(text))...))
}

func atlasHead(size uint64) proof.Head {
	return proof.Head{Origin: meterAtlas, Size: size, Root: sha256.Sum256([]byte{byte(size)})}
}

// epochLog is a log of key epochs of a ledger, written without one.
type epochLog struct {
	t     *testing.T
	notes []epoch.Stored
	tree  proof.Tree
}

func (l *epochLog) previous() string {
	root := l.tree.RootAt(l.tree.Size())
	return base64.StdEncoding.EncodeToString(root[:])
}

func (l *epochLog) add(s epoch.Step, heads string) {
	l.t.Helper()
	content, err := s.Encode()
	if err != nil {
		l.t.Fatal(err)
	}
	body, err := entry.EncodeNoteBody(entry.Note{Schema: entry.NoteSchema, Kind: epoch.Kind, Author: "jo@acme.example", Time: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC), Content: content})
	if err != nil {
		l.t.Fatal(err)
	}
	salt := bytes.Repeat([]byte{7}, 32)
	header := proof.Header{Origin: meterLedger + epoch.Log, Index: l.tree.Size(), Commitment: proof.Commit(salt, body)}.Encode()
	l.tree.Add(header)
	l.notes = append(l.notes, epoch.Stored{Header: header, Salt: salt, Body: body, Heads: heads})
}

func (l *epochLog) boundary(sizes []uint64) (epoch.Boundary, string) {
	l.t.Helper()
	var heads []proof.Head
	for _, size := range sizes {
		heads = append(heads, atlasHead(size))
	}
	b, text, err := epoch.NewBoundary(heads)
	if err != nil {
		l.t.Fatal(err)
	}
	return b, text
}

// begin begins the epoch of key n, which the key before it hands over where it may.
func (l *epochLog) begin(n byte, handed bool, size uint64) {
	l.t.Helper()
	logs, text := l.boundary([]uint64{size})
	key, err := epoch.EncodeKey(publicOf(n))
	if err != nil {
		l.t.Fatal(err)
	}
	b := epoch.Began{Epoch: uint64(n - 1), PublicKey: key, Previous: l.previous(), Logs: logs}
	signed, err := b.Text(meterLedger + epoch.Log)
	if err != nil {
		l.t.Fatal(err)
	}
	b.Possession = noteLine(n, meterLedger+epoch.Log, signed)
	if handed {
		b.Handover = noteLine(n-1, meterLedger+epoch.Log, signed)
	}
	l.add(epoch.Step{Began: &b}, text)
}

func (l *epochLog) revoke(n byte, good ...uint64) {
	l.t.Helper()
	b, text := l.boundary(good)
	l.add(epoch.Step{Revoked: &epoch.Revoked{Epoch: uint64(n - 1), Reason: "laptop stolen", Previous: l.previous(), Good: b}}, text)
}

func (l *epochLog) document() []byte {
	l.t.Helper()
	d, err := epoch.NewDocument(meterLedger+epoch.Log, l.notes, func(origin string) bool { return origin == meterAtlas })
	if err != nil {
		l.t.Fatal(err)
	}
	data, err := d.Encode()
	if err != nil {
		l.t.Fatal(err)
	}
	return data
}

// rotated: key 1 from 2 entries of atlas on, key 2 from 5, handed over.
func rotated(t *testing.T) *epochLog {
	l := &epochLog{t: t}
	l.begin(1, false, 2)
	l.begin(2, true, 5)
	return l
}

// withEpochs reads the policy of these tests with lines about the meter; the document of
// key epochs is epochs.json, and meter1.pub to meter4.pub are keys. Of lines that say so
// the lab's key is that of the second epoch.
func withEpochs(t *testing.T, lines string, document []byte) (*Policy, error) {
	t.Helper()
	text := strings.Replace(whole, "    min_ledger_size: 3\n", lines, 1)
	if strings.Contains(lines, "# to a signer") {
		text = strings.Replace(text, "keys: [a.pub]", "keys: [meter2.pub]", 1)
	}
	return Parse([]byte(text), "policy.yaml", func(name string) ([]byte, error) {
		switch name {
		case "meter1.pub", "meter2.pub", "meter3.pub", "meter4.pub":
			return publicPEM(t, name[5]-'0'), nil
		case "epochs.json":
			return document, nil
		}
		return files(name)
	})
}

const meter1, meter2 = "    meter_keys: [meter1.pub]\n    key_epochs: epochs.json\n", "    meter_keys: [meter2.pub]\n    key_epochs: epochs.json\n"

// TestKeyEpochs (P13): the keys are those that the epochs lead to from the known one,
// each for the heads that it was right for.
func TestKeyEpochs(t *testing.T) {
	revoked := rotated(t)
	revoked.revoke(1, 3)
	behind := rotated(t)
	behind.revoke(2, 6)
	behind.begin(3, false, 7)
	for _, c := range []struct {
		name, lines string
		document    []byte
		keys        []byte          // in the order of the epochs
		right       map[byte]uint64 // by key, the size of a head that it was right for
		wrong       map[byte]uint64
		says        string
	}{
		{"a rotation, from the first key", meter1, rotated(t).document(), []byte{1, 2}, map[byte]uint64{1: 5, 2: 900}, map[byte]uint64{1: 6, 2: 4}, "epoch"},
		{"a rotation, from the second key", meter2, rotated(t).document(), []byte{1, 2}, map[byte]uint64{1: 1, 2: 5}, map[byte]uint64{1: 6, 2: 4}, "epoch"},
		{"a revocation between leads to no later key", meter1, revoked.document(), []byte{1}, map[byte]uint64{1: 3}, map[byte]uint64{1: 4}, "is revoked"},
		{"a revocation, from the key after it", meter2, revoked.document(), []byte{1, 2}, map[byte]uint64{1: 3, 2: 5}, map[byte]uint64{1: 4, 2: 4}, "epoch"},
		{"the newest is revoked", meter1, behind.document(), []byte{1, 2}, map[byte]uint64{2: 6}, map[byte]uint64{2: 7}, "is revoked"},
		{"without epochs", "    meter_keys: [meter1.pub, meter2.pub]\n", nil, []byte{1, 2}, nil, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := withEpochs(t, c.lines, c.document)
			if err != nil {
				t.Fatal(err)
			}
			asked := p.Rules[0].Verify()
			if len(asked.Meters) != len(c.keys) || (asked.RightMeter == nil) != (c.document == nil) {
				t.Fatalf("%d keys, expected %d", len(asked.Meters), len(c.keys))
			}
			byNumber := map[byte]*verify.PublicKey{}
			for i, n := range c.keys {
				if byNumber[n] = asked.Meters[i]; string(asked.Meters[i].PEM()) != string(publicPEM(t, n)) {
					t.Errorf("key %d is %s", i, asked.Meters[i].ID())
				}
			}
			for n, size := range c.right {
				if err := asked.RightMeter(atlasHead(size), byNumber[n]); err != nil {
					t.Errorf("key %d for %d entries: %v", n, size, err)
				}
			}
			for n, size := range c.wrong {
				if err := asked.RightMeter(atlasHead(size), byNumber[n]); err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("key %d for %d entries: %v", n, size, err)
				}
			}
			if other := p.Rules[1].Verify(); other.Meters != nil || other.RightMeter != nil {
				t.Errorf("another rule: %+v", other)
			}
		})
	}
}

// TestKeyEpochsRefused (P13): a document that nobody vouches for, and one that is none.
func TestKeyEpochsRefused(t *testing.T) {
	whole := rotated(t).document()
	for _, c := range []struct {
		name, lines string
		document    []byte
		says        string
	}{
		{"the known key is none of it", "    meter_keys: [meter4.pub]\n    key_epochs: epochs.json\n", whole, "rules[0].key_epochs: epochs.json: sha256:"},
		{"beside no key", "    key_epochs: epochs.json\n", whole, "it stands beside 0 meter_keys: expected one"},
		{"beside two keys", "    meter_keys: [meter1.pub, meter2.pub]\n    key_epochs: epochs.json\n", whole, "it stands beside 2 meter_keys: expected one"},
		{"no file", "    meter_keys: [meter1.pub]\n    key_epochs: missing.json\n", nil, "rules[0].key_epochs: file does not exist"},
		{"no document", meter1, []byte("hello"), "rules[0].key_epochs: epochs.json: key epochs: "},
		{"nothing", meter1, []byte{}, "expected what weighbridge key show --for meter --json printed"},
		{"a byte after it", meter1, append(bytes.Clone(whole), '\n'), "key epochs: "},
		{"an altered one", meter1, bytes.Replace(whole, []byte("jo@acme"), []byte("jo@evil"), 1), "epoch-unreadable"},
		{"an unknown field", meter1, bytes.Replace(whole, []byte(`"origin"`), []byte(`"x": 1, "origin"`), 1), "unknown field"},
		{"a list", "    meter_keys: [meter1.pub]\n    key_epochs: [epochs.json]\n", whole, "key_epochs"},
		{"it leads to a signer's key", "    meter_keys: [meter1.pub]\n    key_epochs: epochs.json # to a signer\n", whole, "rules[0].key_epochs: epochs.json: the key sha256:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := withEpochs(t, c.lines, c.document)
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "policy.yaml:") {
				t.Errorf("%v", err)
			}
		})
	}
}
