package weights

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// open opens a file of the set, and returns its state. A link that is allowed is
// followed inside the root; what it leads to must still be what was seen.
func (s *set) open(f found) (*os.File, fs.FileInfo, error) {
	if !f.link {
		return openSeen(s.root, f.name, f.info)
	}
	full := filepath.Join(s.root.Name(), f.name)
	file, err := s.root.OpenFile(filepath.FromSlash(f.name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, unreadable(full, err)
	}
	info, err := file.Stat()
	if err == nil && !(os.SameFile(info, f.info) && info.Mode().IsRegular()) {
		err = &ChangedError{full, "a link to one file", "a link to another"}
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// refusedLink refuses a link that no signature covers. model_signing, which
// follows links to files, signs nothing of what lies behind one to a directory.
func (s *set) refusedLink(name string, directory bool) error {
	target, _ := s.root.Readlink(name)
	found := fmt.Sprintf("is a symbolic link to %q, which leads nowhere or out of the weights", target)
	if directory {
		found = fmt.Sprintf("is a symbolic link to %q, a directory, whose files OMS tools leave unsigned", target)
	}
	return &RefusedError{filepath.Join(s.root.Name(), name), found, "put the files themselves in its place (cp -L copies what links point to), or name it as ignored"}
}
