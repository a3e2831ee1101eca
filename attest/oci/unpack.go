package oci

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// UnpackOptions are the options of [Model.Unpack].
type UnpackOptions struct {
	// MaxBytes is how many bytes may be written. 0 means twice the bytes of the
	// distinct layers: a manifest may name one layer many times, and so ask for far
	// more than the shipment holds.
	MaxBytes int64
	Workers  int               // files at once, as in weights.Options
	Progress func(bytes int64) // as in weights.Options
}

func (m *Model) checkBudget(budget int64) error {
	var total, distinct int64
	for _, b := range m.blobs() {
		distinct = saturated(distinct, b.layer.Size)
		for range b.names {
			total = saturated(total, b.layer.Size)
		}
	}
	if budget == 0 {
		budget = saturated(distinct, distinct)
	}
	if total > budget {
		return &LayoutError{Path: m.layout.path, Found: fmt.Sprintf("unpacks to %d bytes", total), Expected: fmt.Sprintf("at most %d", budget), Next: "allow more bytes if that is what the shipment should hold"}
	}
	return nil
}

// saturated adds sizes, which come from a manifest and may be any.
func saturated(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func (m *Model) checkDestination(destination string) error {
	if inside(destination, m.layout.path) {
		return &LayoutError{Path: m.layout.path, Found: fmt.Sprintf("destination %q lies in the layout", destination), Next: "name a directory outside it"}
	}
	info, err := os.Lstat(destination)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	found := "is not a directory"
	if err == nil && info.IsDir() {
		entries, err := os.ReadDir(destination)
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		if len(entries) == 0 {
			return nil
		}
		found = fmt.Sprintf("holds %q", entries[0].Name())
	}
	return &LayoutError{Path: m.layout.path, Found: fmt.Sprintf("destination %q %s", destination, found), Expected: "a new or empty directory", Next: "name another; nothing is overwritten"}
}

// fill writes all files below stage, and has them on disk when it returns.
func (m *Model) fill(ctx context.Context, stage string, o UnpackOptions) error {
	root, err := os.OpenRoot(stage)
	if err != nil {
		return err
	}
	defer root.Close()
	directories := m.directories()
	for _, d := range directories[1:] {
		if err := root.Mkdir(filepath.FromSlash(d), 0o777); err != nil {
			return err
		}
	}
	files := m.Declared.Files
	sizes := make([]int64, len(files))
	for i, f := range files {
		sizes[i] = f.Size
	}
	err = weights.ForEach(ctx, sizes, weights.Options{Workers: o.Workers, Progress: o.Progress}, func(ctx context.Context, h *weights.Hasher, i int) error {
		return m.unpack(ctx, h, root, i)
	})
	for i := len(directories) - 1; err == nil && i >= 0; i-- {
		err = (&writer{root: root}).sync(directories[i])
	}
	return err
}

// directories returns ".", then those that the files lie in, parents first.
func (m *Model) directories() []string {
	seen := map[string]bool{".": true}
	all := []string{"."}
	for _, f := range m.Declared.Files {
		for d := path.Dir(f.Name); !seen[d]; d = path.Dir(d) {
			seen[d] = true
			all = append(all, d)
		}
	}
	slices.SortFunc(all[1:], strings.Compare) // a parent is a prefix of its children
	return all
}

// destinationFile is a file that is written, and how that failed: an error of what is
// read says something of the shipment, an error of what is written does not.
type destinationFile struct {
	*os.File
	failed error
}

func (d *destinationFile) Write(p []byte) (int, error) {
	n, err := d.File.Write(p)
	d.failed = err
	return n, err
}

// unpack writes one file and verifies what it wrote.
func (m *Model) unpack(ctx context.Context, h *weights.Hasher, root *os.Root, i int) error {
	f, layer := m.Declared.Files[i], m.layers[i]
	b := blob{layer, []string{f.Name}}
	src, err := m.layout.source.open(ctx, layer, RoleWeights, f.Name)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := root.OpenFile(filepath.FromSlash(f.Name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	var digest string
	if file, ok := src.(*os.File); ok && clone(dst, file) == nil { // what is hashed is the clone, not what it came from
		digest, _, err = h.Sum(ctx, dst, nil)
	} else {
		to := &destinationFile{File: dst}
		digest, _, err = h.Sum(ctx, src, to)
		if err != nil && to.failed == nil && ctx.Err() == nil {
			err = b.problem(ProblemUnreadable, err.Error())
		}
	}
	if err == nil && digest != f.Digest {
		err = b.problem(ProblemDigest, digest)
	}
	if err == nil {
		err = dst.Sync()
	}
	return errors.Join(err, dst.Close())
}
