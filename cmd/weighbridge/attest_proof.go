package main

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/witness"
	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// What --entries names.
const (
	entriesLast = "last"
	entriesAll  = "all"
)

// checkProof refuses flags of a ledger proof that do not go together.
func (f attestFlags) checkProof() error {
	named := slices.Contains(f.include, "ledger-proof")
	switch {
	case f.entries != entriesLast && f.entries != entriesAll:
		return usage("--entries %q: expected %s or %s", f.entries, entriesLast, entriesAll)
	case len(f.checkpoints) == 0 && (named || f.entries != entriesLast):
		return usage("a ledger proof needs --checkpoints FILE, with heads that the meter signed and witnesses cosigned (weighbridge ledger witness)")
	case len(f.checkpoints) == 0:
		return nil
	case !slices.Contains(f.include, "training-compute"):
		return usage("--checkpoints proves the logs that training compute counts: add training-compute to --include")
	case len(f.disclose) > 0:
		return usage("--checkpoints and --disclose do not go together: a ledger proof shows entries in the open, and the figures in them")
	}
	return nil
}

// checkpoints reads files of witnessed checkpoints.
func (a *app) checkpoints(paths []string) ([]witness.Checkpoint, error) {
	var all []witness.Checkpoint
	for _, path := range paths {
		points, err := a.readCheckpoints("--checkpoints", path)
		if err != nil {
			return nil, err
		}
		all = append(all, points...)
	}
	return all, nil
}

// ledgerProof shows of every log that compute counts the checkpoints and the entries.
func (a *app) ledgerProof(f attestFlags, h *history, compute attest.TrainingCompute, points []witness.Checkpoint) (*attest.LedgerProof, error) {
	out := &attest.LedgerProof{Model: f.model, Tool: a.tool(), CreatedAt: compute.CreatedAt}
	heads := compute.Heads()
	slices.SortFunc(heads, func(a, b attest.Head) int { return strings.Compare(a.Origin, b.Origin) })
	for _, head := range heads {
		of, err := checkpointsOf(head, points)
		if err != nil {
			return nil, err
		}
		show := showLast
		if f.entries == entriesAll {
			show = showAll
		}
		shown, err := show(h.ledger, of)
		if err != nil {
			return nil, err
		}
		out.Logs = append(out.Logs, shown)
	}
	return out, nil
}

// checkpointsOf are those of one log, each size once, the smallest first; the last
// must be of the head that is attested.
func checkpointsOf(head attest.Head, points []witness.Checkpoint) ([]witness.Checkpoint, error) {
	bySize := map[uint64]witness.Checkpoint{}
	for _, p := range points {
		if p.Head.Origin != head.Origin || p.Head.Size == 0 {
			continue
		}
		if p.Head.Size > head.Size {
			return nil, fmt.Errorf("--checkpoints: %s had %d entries when it was witnessed, and has %d in this ledger: an older state of the ledger stands in the place of the newer one", head.Origin, p.Head.Size, head.Size)
		}
		if before, twice := bySize[p.Head.Size]; twice {
			merged, err := before.Merge(p)
			if err != nil {
				return nil, fmt.Errorf("--checkpoints: %w", err)
			}
			p = merged
		}
		bySize[p.Head.Size] = p
	}
	var out []witness.Checkpoint
	for _, p := range bySize {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b witness.Checkpoint) int { return cmp.Compare(a.Head.Size, b.Head.Size) })
	if len(out) == 0 || out[len(out)-1].Head.Size != head.Size {
		return nil, fmt.Errorf("--checkpoints: none is of %s with its %d entries: sign the head as it is now (weighbridge ledger head MODEL --sign KEY) and have it cosigned (weighbridge ledger witness)", head.Origin, head.Size)
	}
	if last := out[len(out)-1].Head; attest.HeadOf(last.Origin, last.Size, last.Root) != head {
		return nil, fmt.Errorf("--checkpoints: %s with %d entries had the root %x when it was witnessed, and has %s in this ledger: it was forked", head.Origin, head.Size, last.Root, head.Root)
	}
	return out, nil
}

// showAll shows every entry of a log, and holds the earlier checkpoints to them.
func showAll(l *ledger.Ledger, points []witness.Checkpoint) (attest.LogProof, error) {
	last := points[len(points)-1].Head
	out := attest.LogProof{Origin: last.Origin}
	for _, p := range points {
		out.Checkpoints = append(out.Checkpoints, p.String())
	}
	var tree proof.Tree
	next, bytes := 0, 0
	err := l.Raw(last.Origin, last.Size, func(r ledger.Raw) error {
		if bytes += len(r.Body); bytes > attest.MaxProofBytes {
			return fmt.Errorf("%s: its %d entries have more than %d bytes, which is too much for a statement: show the last ones alone (--entries last)", last.Origin, last.Size, attest.MaxProofBytes)
		}
		tree.Add(r.Header)
		out.Entries = append(out.Entries, openEntry(r))
		if head := points[next].Head; uint64(len(out.Entries)) == head.Size {
			if root := tree.RootAt(tree.Size()); root != head.Root {
				return fmt.Errorf("--checkpoints: %s with %d entries had the root %x when it was witnessed, and has %x in this ledger: it was forked", head.Origin, head.Size, head.Root, root)
			}
			next++
		}
		return nil
	})
	return out, err
}

// showLast shows the last entry of a log, and its path to the last checkpoint.
func showLast(l *ledger.Ledger, points []witness.Checkpoint) (attest.LogProof, error) {
	last := points[len(points)-1]
	out := attest.LogProof{Origin: last.Head.Origin, Checkpoints: []string{last.String()}, First: last.Head.Size - 1}
	inclusion, err := l.Prove(last.Head.Origin, out.First, last.Head.Size)
	if err != nil {
		return out, err
	}
	for _, h := range inclusion.Hashes {
		out.Hashes = append(out.Hashes, base64.StdEncoding.EncodeToString(h[:]))
	}
	raw, err := l.RawAt(last.Head.Origin, out.First)
	out.Entries = []attest.ShownEntry{openEntry(raw)}
	return out, err
}

func openEntry(r ledger.Raw) attest.ShownEntry {
	return attest.ShownEntry{Salt: base64.StdEncoding.EncodeToString(r.Salt), Body: string(r.Body)}
}
