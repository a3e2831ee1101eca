package weights

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"
)

// ignoredByDefault are the names that OMS always leaves out, at the top level of
// the model only (model-signing-spec v1.0, ignored paths).
var ignoredByDefault = []string{".git", ".gitattributes", ".github", ".gitignore"}

// Dir returns the directory that names of the set at path are relative to: path
// itself, or for a single file the directory that it stands in. It refuses what
// [Hash] refuses in path itself.
func Dir(path string) (string, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", &RefusedError{path, "does not exist", "name the directory that holds the weights, or one weights file"}
	case err != nil:
		return "", fmt.Errorf("weights: %w", err)
	case info.IsDir():
		return path, nil
	case info.Mode().IsRegular():
		return filepath.Dir(path), nil
	}
	target, _ := os.Readlink(path)
	return "", refusedType(path, info.Mode(), target)
}

// OpenRegular opens the regular file name below root for reading, and returns its
// state. A link is not followed, a pipe is not waited for: both are a
// [*RefusedError]; what was swapped between the look and the opening is a
// [*ChangedError].
func OpenRegular(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	seen, err := root.Lstat(filepath.FromSlash(name))
	if err != nil {
		return nil, nil, err
	}
	return openSeen(root, name, seen)
}

func openSeen(root *os.Root, name string, seen fs.FileInfo) (*os.File, fs.FileInfo, error) {
	full := filepath.Join(root.Name(), name)
	if !seen.Mode().IsRegular() {
		target, _ := root.Readlink(name)
		return nil, nil, refusedType(full, seen.Mode(), target)
	}
	// O_NONBLOCK: a pipe that was put in the file's place meanwhile must not hang us.
	f, err := root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, unreadable(full, err)
	}
	info, err := f.Stat()
	// The type is asked again: another thing may have got the number of a removed file.
	if err == nil && !(os.SameFile(info, seen) && info.Mode().IsRegular()) {
		err = &ChangedError{full, "one file", "another of the same name"}
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

func unreadable(path string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return &RefusedError{path, "may not be read", "give the user who runs this the right to read it"}
	}
	return fmt.Errorf("weights: %w", err)
}

func refusedType(path string, mode fs.FileMode, target string) error {
	const replace = "move it out of the weights, or name it as ignored"
	switch mode.Type() {
	case fs.ModeSymlink:
		return &RefusedError{path, fmt.Sprintf("is a symbolic link to %q; expected a regular file or directory", target),
			"put the file itself in its place (cp -L copies what links point to), or name the target"}
	case fs.ModeNamedPipe:
		return &RefusedError{path, "is a named pipe; expected a regular file", replace}
	case fs.ModeSocket:
		return &RefusedError{path, "is a socket; expected a regular file", replace}
	case fs.ModeDir:
		return &RefusedError{path, "is a directory; expected a regular file", replace}
	}
	return &RefusedError{path, fmt.Sprintf("is a device or another special file (%s); expected a regular file", mode), replace}
}

// set is the list of files to hash.
type set struct {
	root  *os.Root
	valid func(name string) bool
	links bool // symbolic links inside the set stand for what they lead to
	files []found
}

type found struct {
	name string // relative to the root, slashes
	info fs.FileInfo
	link bool // the name is a symbolic link, info is what it leads to
}

// openSet lists the weights at path without reading any. valid says which names may be
// in it.
func openSet(ctx context.Context, path string, ignore []string, valid func(name string) bool, links bool) (*set, error) {
	dir, err := Dir(path)
	if err != nil {
		return nil, err
	}
	ignored, err := ignoreList(ignore)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, unreadable(path, err)
	}
	s := &set{root: root, valid: valid, links: links}
	if dir == path {
		err = s.walk(ctx, ".", ignored)
	} else {
		err = s.add(filepath.Base(path))
	}
	if err == nil && len(s.files) == 0 {
		err = &RefusedError{path, "holds no file to hash; expected at least one regular file (OMS refuses an empty model)", "name the directory that holds the weights"}
	}
	if err != nil {
		root.Close()
		return nil, err
	}
	slices.SortFunc(s.files, func(a, b found) int { return cmp.Compare(a.name, b.name) })
	return s, nil
}

func ignoreList(extra []string) (map[string]bool, error) {
	ignored := map[string]bool{}
	for _, name := range slices.Concat(ignoredByDefault, extra) {
		clean := strings.TrimSuffix(name, "/")
		if clean == "" || clean == "." || path.IsAbs(clean) || path.Clean(clean) != clean || clean == ".." || strings.HasPrefix(clean, "../") {
			return nil, fmt.Errorf("weights: ignored path %q: expected a path relative to the weights, with slashes, without .. and patterns", name)
		}
		ignored[clean] = true
	}
	return ignored, nil
}

// walk adds all files below the directory name, entries in the order of their
// names, so that of several refusals the first one is always the same.
func (s *set) walk(ctx context.Context, name string, ignored map[string]bool) error {
	entries, err := s.entries(name)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		child := path.Join(name, entry.Name())
		switch {
		case ignored[child]:
		case entry.IsDir():
			err = s.walk(ctx, child, ignored)
		default:
			err = s.add(child)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// entries returns the entries of a directory, sorted. What was opened must be the
// directory that was seen: a link put in its place could hold files of another.
func (s *set) entries(name string) ([]fs.DirEntry, error) {
	full := filepath.Join(s.root.Name(), name)
	if !utf8.ValidString(name) { // before the entries, so that the directory is named, not a file in it
		return nil, refusedName(full)
	}
	seen, err := s.root.Lstat(name)
	if err != nil {
		return nil, unreadable(full, err)
	}
	dir, err := s.root.Open(name)
	if err != nil {
		return nil, unreadable(full, err)
	}
	defer dir.Close()
	if info, err := dir.Stat(); err != nil || !os.SameFile(seen, info) {
		return nil, errors.Join(&ChangedError{full, "one directory", "another of the same name"}, err)
	}
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return nil, unreadable(full, err)
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, nil
}

func (s *set) add(name string) error {
	full := filepath.Join(s.root.Name(), name)
	if !s.valid(name) {
		return refusedName(full)
	}
	info, err := s.root.Lstat(name)
	if err != nil {
		return unreadable(full, err)
	}
	link := s.links && info.Mode().Type() == fs.ModeSymlink
	if link {
		if info, err = s.root.Stat(name); err != nil || info.IsDir() {
			return s.refusedLink(name, err == nil)
		}
	}
	if !info.Mode().IsRegular() {
		target, _ := s.root.Readlink(name)
		return refusedType(full, info.Mode(), target)
	}
	s.files = append(s.files, found{name, info, link})
	return nil
}

func refusedName(full string) error {
	if utf8.ValidString(full) {
		return &RefusedError{full, "has a name with control characters, which no attestation covers", "rename it, or sign the files alone (weighbridge sign)"}
	}
	return &RefusedError{full, "has a name that is not valid UTF-8", "rename it"}
}
