package oci

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
)

// OpenRemote reads what a registry holds of the model that reference names: its
// manifest and config, every manifest about it, found by the referrers API and by
// the fallback tag both, and the bundles. Of the weights nothing is fetched before
// [Model.Files], [Model.Store] or [Model.Unpack]. A tag is looked up once; from
// there on everything goes by digest.
func OpenRemote(ctx context.Context, r Remote, reference string) (*Layout, error) {
	repository, err := r.repository(reference)
	if err != nil {
		return nil, err
	}
	s := &repositorySource{repository, reference}
	model, err := s.resolve(ctx)
	if err != nil {
		return nil, err
	}
	index, err := s.index(ctx, model)
	if err != nil {
		return nil, err
	}
	l := &Layout{path: reference, source: s}
	return l, l.read(ctx, index)
}

// repositorySource is the source of what a registry holds.
type repositorySource struct {
	*remote.Repository
	reference string
}

// Close closes idle connections.
func (s *repositorySource) Close() error { return nil }

func (s *repositorySource) fail(doing string, err error) error {
	next := ""
	switch {
	case errors.Is(err, errdef.ErrNotFound):
		next = "compare the name and the tag with what was pushed; a registry also says this of what one may not see"
	case isUnauthorized(err):
		next = "log in with docker login or oras login, or name the docker config directory with DOCKER_CONFIG"
	}
	return &RegistryError{s.reference, doing, err, next}
}

// resolve looks the reference up. The digest is that of the bytes that came, whatever
// the registry's headers say.
func (s *repositorySource) resolve(ctx context.Context) (ocispec.Descriptor, error) {
	if s.Reference.Reference == "" {
		return ocispec.Descriptor{}, &RegistryError{s.reference, "reading the reference", errors.New("neither a tag nor a digest"), "name HOST/REPOSITORY:TAG or HOST/REPOSITORY@DIGEST"}
	}
	d, _, err := s.document(ctx, s.Reference.Reference, maxManifest)
	if err != nil {
		return d, s.fail("reading the manifest", err)
	}
	if s.Reference.ValidateReferenceAsDigest() != nil {
		d.Annotations = map[string]string{ocispec.AnnotationRefName: s.Reference.Reference}
	}
	return d, nil
}

// document fetches a manifest or an index by tag or digest.
func (s *repositorySource) document(ctx context.Context, reference string, limit int64) (ocispec.Descriptor, []byte, error) {
	d, body, err := s.FetchReference(ctx, reference)
	if err != nil {
		return d, nil, err
	}
	defer body.Close()
	if d.Size > limit {
		return d, nil, fmt.Errorf("%s has %d bytes: expected at most %d", reference, d.Size, limit)
	}
	data, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err != nil {
		return d, nil, err
	}
	if found := digest.FromBytes(data); found != d.Digest || int64(len(data)) != d.Size {
		return d, nil, fmt.Errorf("%s: the registry sent %d bytes of digest %s and calls them %d of %s", reference, len(data), found, d.Size, d.Digest)
	}
	return ocispec.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size}, data, nil
}

// index lists the model, all that refers to it, all that refers to that, and so on,
// as index.json of a layout would.
func (s *repositorySource) index(ctx context.Context, model ocispec.Descriptor) (ocispec.Index, error) {
	index := ocispec.Index{Manifests: []ocispec.Descriptor{model}}
	seen := map[digest.Digest]bool{model.Digest: true}
	for i := 0; i < len(index.Manifests); i++ {
		about, err := s.referrers(ctx, index.Manifests[i])
		if err != nil {
			return index, s.fail("listing what refers to "+index.Manifests[i].Digest.String(), err)
		}
		for _, d := range about {
			if !seen[d.Digest] {
				index.Manifests = append(index.Manifests, ocispec.Descriptor{MediaType: d.MediaType, Digest: d.Digest, Size: d.Size})
			}
			seen[d.Digest] = true
		}
		if len(index.Manifests) > maxReferrers {
			return index, s.fail("listing referrers", fmt.Errorf("more than %d of them", maxReferrers))
		}
	}
	return index, nil
}

func (s *repositorySource) open(ctx context.Context, d ocispec.Descriptor, role, name string) (io.ReadCloser, error) {
	fetch := s.Blobs().Fetch
	if role == RoleManifest {
		fetch = s.Manifests().Fetch
	}
	body, err := fetch(ctx, d)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, errdef.ErrNotFound):
		return nil, unopened(d, role, name, ProblemMissing, "nothing in "+s.reference)
	case err != nil:
		return nil, unopened(d, role, name, ProblemUnreadable, err.Error())
	}
	return &bounded{body, d.Size, d.Size + 1}, nil
}

// bounded ends a body one byte behind the size that it should have.
type bounded struct {
	io.ReadCloser
	size, left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// Seek asks the registry for the rest from an offset on; not every one can.
func (b *bounded) Seek(offset int64, whence int) (int64, error) {
	seeker, can := b.ReadCloser.(io.Seeker)
	if !can || whence != io.SeekStart {
		return 0, errors.ErrUnsupported
	}
	n, err := seeker.Seek(offset, whence)
	b.left = b.size + 1 - n
	return n, err
}
