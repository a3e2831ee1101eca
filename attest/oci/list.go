package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// fallbackTag is where registries without the referrers API keep what refers to a
// digest (distribution-spec v1.1, "Referrers Tag Schema").
func fallbackTag(d digest.Digest) string {
	return strings.Replace(d.String(), ":", "-", 1)
}

// referrers lists what refers to d: what the API says and what the fallback tag
// lists, because either may have been written by a client that knew only one.
func (s *repositorySource) referrers(ctx context.Context, d ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	listed, _, err := s.byAPI(ctx, d)
	if err != nil {
		return nil, err
	}
	index, err := s.byTag(ctx, d)
	if err != nil {
		return nil, err
	}
	for _, e := range index.Manifests {
		if !slices.ContainsFunc(listed, func(l ocispec.Descriptor) bool { return l.Digest == e.Digest }) {
			listed = append(listed, e)
		}
	}
	return listed, nil
}

// byAPI asks the referrers API; known is false where the registry has none.
func (s *repositorySource) byAPI(ctx context.Context, d ocispec.Descriptor) (listed []ocispec.Descriptor, known bool, err error) {
	err = s.Repository.Referrers(ctx, d, "", func(page []ocispec.Descriptor) error {
		listed = append(listed, page...)
		if len(listed) > maxReferrers {
			return fmt.Errorf("more than %d referrers", maxReferrers)
		}
		return nil
	})
	if errors.Is(err, errdef.ErrUnsupported) || isStatus(err, http.StatusNotFound) {
		return nil, false, nil
	}
	return listed, true, err
}

// byTag reads the index at the fallback tag; an empty one where there is none.
func (s *repositorySource) byTag(ctx context.Context, d ocispec.Descriptor) (ocispec.Index, error) {
	empty := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex}
	found, data, err := s.document(ctx, fallbackTag(d.Digest), maxIndex)
	if errors.Is(err, errdef.ErrNotFound) || err == nil && found.Digest == d.Digest {
		return empty, nil // some registries answer with the subject itself
	}
	if err != nil {
		return empty, err
	}
	index, err := parseIndex(data, s.reference)
	if err != nil || found.MediaType != ocispec.MediaTypeImageIndex {
		return empty, fmt.Errorf("tag %s: %s is no index of referrers: %w", fallbackTag(d.Digest), clip(found.MediaType), errors.Join(err))
	}
	return index, nil
}

func isStatus(err error, status int) bool {
	var response *errcode.ErrorResponse
	return errors.As(err, &response) && response.StatusCode == status
}

func isUnauthorized(err error) bool {
	return errors.Is(err, auth.ErrBasicCredentialNotFound) || isStatus(err, http.StatusUnauthorized) || isStatus(err, http.StatusForbidden)
}

// settle is how long another client may take between reading a fallback index and
// writing it back; listings are how often the index is read again.
const (
	settle   = 300 * time.Millisecond
	listings = 12
)

// list sees to it that everybody can find the manifests about subject. Where the
// registry has the API it lists them itself. Else they are merged into the index
// at the fallback tag; two clients who do so at once overwrite each other, and no
// registry can be asked to write only if nothing changed: so the index is read
// again, after a time in which the other is done, until everything is in it.
func (s *repositorySource) list(ctx context.Context, subject ocispec.Descriptor, referrers []ocispec.Descriptor) error {
	for range listings {
		listed, known, err := s.byAPI(ctx, subject)
		if err != nil {
			return err
		}
		if known {
			if missing(listed, referrers) == nil {
				return nil
			}
		} else if done, err := s.merge(ctx, subject, referrers); done || err != nil {
			return err
		}
		if err := wait(ctx, settle+rand.N(settle)); err != nil {
			return err
		}
	}
	return fmt.Errorf("%d manifests were pushed, but are not listed as referrers of %s: push again", len(referrers), subject.Digest)
}

// merge adds what is missing to the fallback index, and reports whether nothing was.
func (s *repositorySource) merge(ctx context.Context, subject ocispec.Descriptor, referrers []ocispec.Descriptor) (done bool, err error) {
	index, err := s.byTag(ctx, subject)
	if err != nil {
		return false, err
	}
	add := missing(index.Manifests, referrers)
	if add == nil {
		return true, nil
	}
	index.Manifests = append(index.Manifests, add...)
	data, err := json.Marshal(index)
	if err != nil {
		return false, err
	}
	if len(index.Manifests) > maxReferrers || len(data) > maxIndex {
		return false, fmt.Errorf("tag %s would list %d referrers in %d bytes: expected at most %d in %d", fallbackTag(subject.Digest), len(index.Manifests), len(data), maxReferrers, maxIndex)
	}
	d := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageIndex, Digest: digest.FromBytes(data), Size: int64(len(data))}
	return false, s.PushReference(ctx, d, bytes.NewReader(data), fallbackTag(subject.Digest))
}

// missing returns those of want that listed has not.
func missing(listed, want []ocispec.Descriptor) (rest []ocispec.Descriptor) {
	for _, w := range want {
		if !slices.ContainsFunc(listed, func(l ocispec.Descriptor) bool { return l.Digest == w.Digest }) {
			rest = append(rest, w)
		}
	}
	return rest
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
