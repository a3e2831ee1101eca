package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/weighbridge/weighbridge/attest/witness"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// entry holds a proof of an entry against the head that was kept.
func (r *provedResult) entry(p *proof.Inclusion, kept []proof.Head) error {
	head, err := keptOf(kept, p.Head)
	if err != nil {
		return err
	}
	header, err := p.Verify(head)
	r.Origin, r.Size, r.Entry = head.Origin, head.Size, &header.Index
	r.Commitment = "sha256:" + hex.EncodeToString(header.Commitment[:])
	return err
}

// growth holds a proof that a log grew against the two heads that were kept.
func (r *provedResult) growth(p *proof.Consistency, kept []proof.Head) error {
	if p.Old.Size == 0 { // such a head says nothing; whether it was kept does not matter
		return p.Verify(p.Old, p.New)
	}
	earlier, err := keptOf(kept, p.Old)
	if err != nil {
		return err
	}
	later, err := keptOf(kept, p.New)
	if err != nil {
		return err
	}
	r.Origin, r.Size, r.From = later.Origin, later.Size, &earlier.Size
	return p.Verify(earlier, later)
}

// keptOf is the kept head that a proof is about: that of the same log and size.
// What root it has is for the proof to meet.
func keptOf(kept []proof.Head, about proof.Head) (proof.Head, error) {
	var sizes []string
	for _, h := range kept {
		switch {
		case h.Origin != about.Origin:
		case h.Size == about.Size:
			return h, nil
		default:
			sizes = append(sizes, fmt.Sprint(h.Size))
		}
	}
	if len(sizes) > 0 {
		return proof.Head{}, fmt.Errorf("it is about a head of %d entries, those kept have %s: ask for a proof of such a size (--size)", about.Size, strings.Join(sizes, ", "))
	}
	return proof.Head{}, fmt.Errorf("it is about %s, of which no head was kept: the heads given with --head are of other logs", about.Origin)
}

// keptHeads reads the files of --head.
func keptHeads(paths []string, meter believe) ([]proof.Head, error) {
	var kept []proof.Head
	for _, path := range paths {
		text, err := readUpTo(path, maxHeads)
		if err != nil {
			return nil, fmt.Errorf("--head: %w", err)
		}
		heads, err := signedHeads(string(text), meter)
		if err != nil {
			err = fmt.Errorf("--head %s: %w", path, err)
			if meter != nil {
				err = &exitError{exitVerification, err}
			}
			return nil, err
		}
		kept = append(kept, heads...)
	}
	return kept, forkedHeads(kept)
}

// maxHeads bounds a file with heads that were kept, signed or not.
const maxHeads = witness.MaxBytes

// forkedHeads returns an error where two heads of one log and size differ: somebody
// was shown another log.
func forkedHeads(heads []proof.Head) error {
	type place struct {
		origin string
		size   uint64
	}
	roots := map[place]proof.Head{}
	for _, h := range heads {
		at := place{h.Origin, h.Size}
		if known, found := roots[at]; found && known != h {
			return &exitError{exitVerification, fmt.Errorf("the heads given with --head fork: %s has at %d entries the root %x in one and %x in another; keep both, and do not rely on this log until it is clear who was shown which", h.Origin, h.Size, known.Root, h.Root)}
		}
		roots[at] = h
	}
	return nil
}

// proofFile reads no more of a file than a proof may have.
func (a *app) proofFile(path string) ([]byte, error) {
	in := a.env.stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("--verify: %w", err)
		}
		defer file.Close()
		in = file
	}
	data, err := io.ReadAll(io.LimitReader(in, proof.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("--verify %s: %w", path, err)
	}
	return data, nil
}
