package main

import (
	"io/fs"
	"os"
	"syscall"
)

// hostFiles are the files of a machine under a directory that somebody else may have
// filled: only regular files and directories are opened, and none is waited for.
type hostFiles struct {
	fs.ReadLinkFS
	root *os.Root
}

// filesUnder returns the files under root.
func filesUnder(root *os.Root) fs.FS {
	links, ok := root.FS().(fs.ReadLinkFS)
	if !ok {
		return root.FS() // not of the standard library that go.mod asks for
	}
	return hostFiles{links, root}
}

// Open opens a file. One of another kind, a pipe without a writer first, would keep
// the reader waiting.
func (h hostFiles) Open(name string) (fs.File, error) {
	refused := &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	if !fs.ValidPath(name) {
		return nil, refused
	}
	file, err := h.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = refused
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}
