package weights

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// DigestCache remembers the digests of files that were hashed, so that a set of
// which nothing changed need not be read again. An entry holds for one device,
// inode, size, time of modification and of change, and for the bytes at places
// that only the holder of the cache's key can tell: whoever writes to a file
// changes its time of change, and whoever turns back the clock must also leave
// those places alone. Files are not remembered when they are small, when they were
// changed so lately that another write could bear the same time, or on a file
// system whose times cannot be relied on. What cannot be read or written in the
// cache is hashed as if there were none. A nil DigestCache remembers nothing.
//
// It guards against edits, not against somebody who can write to the cache: a
// recipient who verifies reads every byte.
type DigestCache struct {
	dir string
	key []byte
	now func() time.Time
}

// Bounds of the cache.
const (
	minCached   = 1 << 20         // bytes; below, reading is as quick as asking
	settled     = 3 * time.Second // since the last change; coarser than the times of any file system here
	sampleCount = 64
	sampleSize  = 4 << 10
)

// OpenDigestCache opens the cache in dir, and makes it when it is not there. It is
// refused when others could write to it. now tells whether a file has settled.
func OpenDigestCache(dir string, now func() time.Time) (*DigestCache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("weights: digest cache: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("weights: digest cache: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) != os.Getuid() || info.Mode().Perm()&0o022 != 0 {
		return nil, &RefusedError{dir, "is a digest cache that others can write to (" + info.Mode().String() + ")", "remove it, or make it yours alone (chmod 700)"}
	}
	key, err := cacheKey(filepath.Join(dir, "key"))
	if err != nil {
		return nil, fmt.Errorf("weights: digest cache: %w", err)
	}
	return &DigestCache{dir, key, now}, nil
}

// cacheKey reads the key, or makes one. Of several processes that make one at the
// same time the first wins.
func cacheKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		made := make([]byte, 32)
		rand.Read(made)
		if err := writeBeside(path, made, os.Link); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		key, err = os.ReadFile(path)
	}
	if err == nil && len(key) != 32 {
		err = fmt.Errorf("%s has %d bytes, expected 32: remove the directory of the cache", path, len(key))
	}
	return key, err
}

// cached is one entry.
type cached struct {
	Identity identity `json:"identity"`
	Sample   string   `json:"sample"`
	Digest   string   `json:"digest"`
	MAC      string   `json:"mac"` // over the rest, by the cache's key
}

// identity is what a file is, as far as its metadata tell.
type identity struct {
	Device   uint64 `json:"device"`
	Inode    uint64 `json:"inode"`
	Size     int64  `json:"size"`
	Modified int64  `json:"modified"` // nanoseconds of the Unix epoch
	Changed  int64  `json:"changed"`
}

func identify(info fs.FileInfo) (identity, bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}, false
	}
	return identity{uint64(s.Dev), s.Ino, s.Size, s.Mtim.Nano(), s.Ctim.Nano()}, true
}

// usable says whether a file's metadata can stand for its content.
func (c *DigestCache) usable(f *os.File, info fs.FileInfo) (identity, bool) {
	if c == nil || info.Size() < minCached || !keepsTimes(f) {
		return identity{}, false
	}
	id, ok := identify(info)
	age := c.now().Sub(time.Unix(0, max(id.Changed, id.Modified)))
	return id, ok && age > settled
}

// written has the kernel write out what somebody wrote to f through a mapping. Until
// then further writes to the same pages would not change the times of f; from now on
// they do. It returns the cache to keep the digest in, nil where there is none, and f
// as it stands.
func (c *DigestCache) written(f *os.File, info fs.FileInfo) (*DigestCache, fs.FileInfo) {
	if _, ok := c.usable(f, info); !ok {
		return nil, info
	}
	if err := f.Sync(); err != nil {
		return nil, info
	}
	after, err := f.Stat()
	if err != nil {
		return nil, info
	}
	return c, after
}

// find returns the digest of f when the cache knows it. The file is read at the
// sampled places only, and left at its beginning.
func (c *DigestCache) find(f *os.File, info fs.FileInfo) (digest string, known bool) {
	id, ok := c.usable(f, info)
	if !ok {
		return "", false
	}
	data, err := os.ReadFile(c.path(id))
	if err != nil {
		return "", false
	}
	var e cached
	if json.Unmarshal(data, &e) != nil || e.Identity != id || !hmac.Equal([]byte(e.MAC), []byte(c.mac(e))) {
		return "", false
	}
	sample, err := c.sample(f, id)
	if err != nil || sample != e.Sample {
		return "", false
	}
	return e.Digest, true
}

// keep remembers the digest of f, whose state has not changed since info.
func (c *DigestCache) keep(f *os.File, info fs.FileInfo, digest string) {
	id, ok := c.usable(f, info)
	if !ok {
		return
	}
	if after, err := f.Stat(); err != nil || !sameIdentity(after, id) {
		return
	}
	sample, err := c.sample(f, id)
	if err != nil {
		return
	}
	e := cached{Identity: id, Sample: sample, Digest: digest}
	e.MAC = c.mac(e)
	data, _ := json.Marshal(e)
	if os.MkdirAll(filepath.Dir(c.path(id)), 0o700) == nil {
		writeBeside(c.path(id), data, os.Rename) // a failure leaves no entry
	}
}

func sameIdentity(info fs.FileInfo, id identity) bool {
	now, ok := identify(info)
	return ok && now == id
}

// path names the entry by device and inode: a file that changed replaces its own.
func (c *DigestCache) path(id identity) string {
	name := hex.EncodeToString(c.hash("name", id.Device, id.Inode))
	return filepath.Join(c.dir, name[:2], name)
}

// sample is a digest of the first and the last block and of blocks between them,
// at places that follow from the key and the file.
func (c *DigestCache) sample(f *os.File, id identity) (string, error) {
	h := hmac.New(sha256.New, c.key)
	block := make([]byte, sampleSize)
	for i := range sampleCount {
		at := int64(binary.BigEndian.Uint64(c.hash("place", id.Device, id.Inode, uint64(id.Size), uint64(i))) % uint64(id.Size))
		switch i {
		case 0:
			at = 0
		case 1:
			at = id.Size - sampleSize
		}
		n, err := f.ReadAt(block[:min(sampleSize, id.Size-at)], at)
		if err != nil && err != io.EOF {
			return "", err
		}
		h.Write(block[:n])
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (c *DigestCache) hash(what string, numbers ...uint64) []byte {
	h := hmac.New(sha256.New, c.key)
	h.Write([]byte(what))
	for _, n := range numbers {
		binary.Write(h, binary.BigEndian, n)
	}
	return h.Sum(nil)
}

func (c *DigestCache) mac(e cached) string {
	e.MAC = ""
	data, _ := json.Marshal(e)
	h := hmac.New(sha256.New, c.key)
	h.Write(data)
	return hex.EncodeToString(h.Sum(nil))
}

// writeBeside writes a file of its own and puts it in place whole.
func writeBeside(path string, data []byte, put func(old, new string) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".part-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return put(f.Name(), path)
}
