package oci

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// archive is the source of a layout in an uncompressed tar file. Nothing is taken
// out of it: a blob is a stretch of the file.
type archive struct {
	file  *os.File
	spans map[string]span // by name in the archive
}

type span struct{ offset, size int64 }

func (s *archive) Close() error { return s.file.Close() }

func (s *archive) open(_ context.Context, d ocispec.Descriptor, role, name string) (io.ReadCloser, error) {
	at, found := s.spans[path.Join(blobsDir, d.Digest.Encoded())]
	switch {
	case !found:
		return nil, unopened(d, role, name, ProblemMissing, "nothing")
	case at.size != d.Size:
		return nil, unopened(d, role, name, ProblemSize, fmt.Sprintf("one of %d bytes", at.size))
	}
	return stretch{io.NewSectionReader(s.file, at.offset, at.size)}, nil
}

// stretch is a part of a file that stays open.
type stretch struct{ *io.SectionReader }

func (stretch) Close() error { return nil }

// IsArchive reports whether path is a regular file that begins as an archive of a
// layout does: a tar header whose file is one of a layout's. It says nothing about
// the rest.
func IsArchive(path string) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	header, err := tar.NewReader(f).Next()
	if err != nil {
		return false
	}
	_, problem := archiveName(header)
	return problem == ""
}

// OpenArchive reads the layout in the tar file at path as [Open] reads one on disk.
// Every header is looked at first: files of a layout under their own names, each
// once, and nothing else. A compressed archive is refused.
func OpenArchive(path string) (*Layout, error) {
	dir, base := filepath.Split(path)
	root, err := os.OpenRoot(filepath.Clean(dir + "."))
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	defer root.Close()
	f, _, err := weights.OpenRegular(root, base)
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	s := &archive{file: f, spans: map[string]span{}}
	l := &Layout{path: path, source: s}
	if err := l.loadArchive(context.Background(), s); err != nil {
		f.Close()
		return nil, err
	}
	return l, nil
}

func (l *Layout) loadArchive(ctx context.Context, s *archive) error {
	if err := s.list(l); err != nil {
		return err
	}
	data, err := s.document(l, layoutFile, maxLayoutFile)
	if err == nil {
		err = parseVersion(data, l.path)
	}
	if err != nil {
		return err
	}
	if data, err = s.document(l, indexFile, maxIndex); err != nil {
		return err
	}
	index, err := parseIndex(data, l.path)
	if err != nil {
		return err
	}
	return l.read(ctx, index)
}

// list reads all headers of the archive, and looks at what is behind the last file.
func (s *archive) list(l *Layout) error {
	reader := tar.NewReader(s.file)
	var behind int64 // the last file
	for n := 0; ; n++ {
		header, err := reader.Next()
		if err == io.EOF {
			return s.end(l, behind)
		}
		if err != nil {
			return l.fail(fmt.Sprintf("header %d", n), err.Error(), "an uncompressed tar archive of an OCI layout, as `weighbridge save` writes it")
		}
		name, problem := archiveName(header)
		if problem != "" {
			return l.fail(fmt.Sprintf("header %d", n), fmt.Sprintf("%q %s", clip(header.Name), problem), "the regular files of an OCI layout, and nothing else")
		}
		if _, twice := s.spans[name]; twice {
			return l.fail(name, "stands twice in the archive", "each file once")
		}
		if len(s.spans) == maxEntries {
			return l.fail("", fmt.Sprintf("more than %d files", maxEntries), "a layout")
		}
		offset, err := s.file.Seek(0, io.SeekCurrent) // archive/tar reads headers block by block, never ahead
		if err != nil {
			return err
		}
		if header.Typeflag == tar.TypeDir {
			behind = offset
			continue
		}
		s.spans[name] = span{offset, header.Size}
		behind = offset + (header.Size+tarBlock-1)/tarBlock*tarBlock
	}
}

// archiveName returns the name of a file of a layout, or what is wrong with it.
func archiveName(h *tar.Header) (name, problem string) {
	name = strings.TrimPrefix(h.Name, "./")
	hex, isBlob := strings.CutPrefix(name, blobsDir+"/")
	switch {
	case h.Typeflag == tar.TypeDir:
		switch strings.TrimSuffix(name, "/") {
		case "", ocispec.ImageBlobsDir, blobsDir:
			return name, ""
		}
		return name, "is a directory that no layout has"
	case h.Typeflag != tar.TypeReg:
		return name, "is a link, a device or another special file"
	case name == layoutFile, name == indexFile:
		return name, ""
	case isBlob && digest.NewDigestFromEncoded(digest.SHA256, hex).Validate() == nil:
		return name, ""
	}
	return name, "is no file of a layout"
}

const (
	tarBlock      = 512     // bytes
	maxArchiveEnd = 1 << 20 // bytes behind the last file
)

// end holds what is behind the last file to POSIX (pax, "ustar Interchange Format"): two
// blocks of zeros end an archive, and more of them fill up its last record. archive/tar
// also takes an archive that just stops, which may have been cut off.
func (s *archive) end(l *Layout, behind int64) error {
	tail, err := io.ReadAll(io.NewSectionReader(s.file, behind, maxArchiveEnd+1))
	switch {
	case err != nil:
		return err
	case len(tail) > maxArchiveEnd || strings.Trim(string(tail), "\x00") != "":
		return l.fail("", "bytes behind the end of the archive", "two blocks of 512 zeros, and up to a mebibyte of them as padding")
	case len(tail) < 2*tarBlock || len(tail)%tarBlock != 0:
		return l.fail("", fmt.Sprintf("%d bytes of zeros at the end of the archive", len(tail)), "two blocks of 512 zeros or more, in whole blocks: it was cut off; get it again")
	}
	return nil
}

func (s *archive) document(l *Layout, name string, limit int64) ([]byte, error) {
	at, found := s.spans[name]
	if !found {
		return nil, &LayoutError{Path: l.path, Where: name, Found: "is not in the archive", Next: "name an archive that `weighbridge save` made"}
	}
	if at.size > limit {
		return nil, l.fail(name, fmt.Sprintf("has %d bytes", at.size), fmt.Sprintf("at most %d", limit))
	}
	data := make([]byte, at.size)
	if _, err := s.file.ReadAt(data, at.offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("archive %q: %s: %w", l.path, name, err)
	}
	return data, nil
}
