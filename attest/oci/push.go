package oci

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// Push sends m with every manifest about it to the repository that to names, and
// tags it there where to has a tag. Blobs that are there are not sent; from another
// repository of the same registry they are mounted. What is sent is hashed on its
// way, and a blob that is not what its digest says ends the push before the
// registry has all of it. The tag is set last: who pulls by it gets everything.
func (m *Model) Push(ctx context.Context, r Remote, to string, o TransferOptions) (Transferred, error) {
	repository, err := r.repository(to)
	if err != nil {
		return Transferred{}, err
	}
	p := &pushing{repositorySource: &repositorySource{repository, to}, from: m.layout.source, progress: o.Progress}
	if d, err := repository.Reference.Digest(); err == nil && d != m.Manifest.Digest {
		return Transferred{}, &RegistryError{to, "reading the reference", fmt.Errorf("the model's manifest is %s", m.Manifest.Digest), "leave the digest out, or name the one of the model"}
	}
	cargo := m.cargo()
	pieces, err := m.pieces(cargo)
	if err != nil {
		return Transferred{}, err
	}
	p.done = Transferred{Manifest: m.Manifest, Referrers: len(cargo) - 1, Blobs: len(pieces)}
	err = weights.ForEach(ctx, sizesOf(pieces), weights.Options{Workers: o.workers()}, func(ctx context.Context, _ *weights.Hasher, i int) error {
		return p.push(ctx, pieces[i])
	})
	if err != nil {
		return Transferred{}, err
	}
	return p.done, p.manifests(ctx, cargo)
}

// pushing is one call that sends blobs from a source to a repository.
type pushing struct {
	*repositorySource
	from source

	mu       sync.Mutex
	progress func(int64)
	done     Transferred
}

// manifests pushes the manifests, lists those about others, and sets the tag.
func (p *pushing) manifests(ctx context.Context, cargo []*entry) error {
	for _, e := range cargo {
		if err := p.Manifests().Push(ctx, e.descriptor, bytes.NewReader(e.data)); err != nil {
			return p.fail("pushing the manifest "+e.descriptor.Digest.String(), err)
		}
	}
	for _, subject := range cargo {
		var about []ocispec.Descriptor
		for _, e := range cargo {
			if e.manifest.Subject != nil && e.manifest.Subject.Digest == subject.descriptor.Digest {
				about = append(about, e.listing())
			}
		}
		if about == nil {
			continue
		}
		if err := p.list(ctx, subject.descriptor, about); err != nil {
			return p.fail("listing what refers to "+subject.descriptor.Digest.String(), err)
		}
	}
	tag := p.Reference.Reference
	if tag == "" || p.Reference.ValidateReferenceAsDigest() == nil {
		return nil
	}
	if err := p.Manifests().PushReference(ctx, cargo[0].descriptor, bytes.NewReader(cargo[0].data), tag); err != nil {
		return p.fail("setting the tag "+tag, err)
	}
	return nil
}

// push sends one blob, or finds a way not to.
func (p *pushing) push(ctx context.Context, blob piece) error {
	there, err := p.Blobs().Exists(ctx, blob.descriptor)
	if err != nil {
		return p.fail("asking for the blob "+blob.descriptor.Digest.String(), err)
	}
	if there {
		return p.count(&p.done.Present, 0)
	}
	for attempt := 1; ; attempt++ {
		sent, mounted, err := p.send(ctx, blob)
		var bad *BlobError
		switch {
		case errors.As(err, &bad):
			return bad
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && (attempt == attempts || isUnauthorized(err)):
			return p.fail(fmt.Sprintf("sending %s %s of %d bytes", blob.role, blob.descriptor.Digest, blob.descriptor.Size), err)
		case err == nil && mounted:
			return p.count(&p.done.Mounted, 0)
		case err == nil:
			return p.count(&p.done.Sent, sent)
		}
	}
}

// send mounts the blob or sends it, and returns how many bytes went.
func (p *pushing) send(ctx context.Context, blob piece) (bytes int64, mounted bool, err error) {
	var sent *checked
	content := func() (io.ReadCloser, error) {
		body, err := p.from.open(ctx, blob.descriptor, blob.role, blob.name)
		if err != nil {
			return nil, err
		}
		sent = &checked{ReadCloser: body, ctx: ctx, piece: blob, sum: digest.SHA256.Digester(), progress: p.report}
		return sent, nil
	}
	err = p.upload(ctx, blob, content)
	switch {
	case sent == nil:
		return 0, true, err
	case sent.wrong != nil: // net/http wraps it, and not always
		return sent.bytes, false, sent.wrong
	}
	return sent.bytes, false, err
}

func (p *pushing) upload(ctx context.Context, blob piece, content func() (io.ReadCloser, error)) error {
	if from, isRemote := p.from.(*repositorySource); isRemote && from.Reference.Registry == p.Reference.Registry && from.Reference.Repository != p.Reference.Repository {
		if mounter, can := p.Blobs().(registry.Mounter); can {
			return mounter.Mount(ctx, blob.descriptor, from.Reference.Repository, content)
		}
	}
	body, err := content()
	if err != nil {
		return err
	}
	defer body.Close()
	return p.Blobs().Push(ctx, blob.descriptor, body)
}

func (p *pushing) report(n int64) {
	if p.progress == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.progress(n)
}

func (p *pushing) count(n *int, bytes int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	*n++
	p.done.Bytes += bytes
	return nil
}

// checked hashes a blob on its way out. The bytes that complete it are given on
// only when all of them are right, so that a registry never has a wrong blob whole.
type checked struct {
	io.ReadCloser
	ctx      context.Context // of the push, for what a broken read means
	piece    piece
	sum      digest.Digester
	bytes    int64
	progress func(int64)
	wrong    error
}

func (c *checked) Read(b []byte) (int, error) {
	if c.wrong != nil {
		return 0, c.wrong
	}
	n, err := c.ReadCloser.Read(b)
	c.sum.Hash().Write(b[:n])
	c.bytes += int64(n)
	ends := err == io.EOF || c.bytes >= c.piece.descriptor.Size
	if err == io.EOF || ends && err == nil {
		c.wrong = c.piece.verdict(c.ctx, c.sum.Digest().String(), c.bytes, nil, func() {})
	} else if err != nil {
		c.wrong = c.piece.verdict(c.ctx, "", c.bytes, err, func() {})
	}
	if c.wrong != nil {
		return 0, c.wrong
	}
	c.progress(int64(n))
	return n, err
}
