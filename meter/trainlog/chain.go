package trainlog

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// chain is the SHA-256 over the lines that figures were taken from. Each line
// adds the offset of its first byte in the log (8 bytes, big-endian), its bytes
// as they stood there, and a newline; a line holds no newline of its own, so the
// lines can be told apart.
type chain struct {
	hash       hash.Hash // nil before the first line
	buffer     []byte    // lines not hashed yet: many short ones are hashed at once
	first, end int64
}

const chainBuffer = 4 << 10

func (c *chain) add(raw []byte, at int64) {
	if c.hash == nil {
		c.hash, c.first = sha256.New(), at
	}
	c.end = at + int64(len(raw))
	c.buffer = binary.BigEndian.AppendUint64(c.buffer, uint64(at))
	c.buffer = append(append(c.buffer, raw...), '\n')
	if len(c.buffer) >= chainBuffer {
		c.hash.Write(c.buffer)
		c.buffer = c.buffer[:0]
	}
}

// clone returns an independent copy.
func (c *chain) clone() chain {
	d := *c
	if c.hash == nil {
		return d
	}
	d.buffer = append([]byte(nil), c.buffer...)
	d.hash, _ = c.hash.(hash.Cloner).Clone() // SHA-256 of the standard library always can
	return d
}

// sum returns the digest and the offsets of the first byte and behind the last,
// all zero when no line was used. It ends the chain.
func (c *chain) sum() (digest string, first, end int64) {
	if c.hash == nil {
		return "", 0, 0
	}
	c.hash.Write(c.buffer)
	c.buffer = nil
	return "sha256:" + hex.EncodeToString(c.hash.Sum(nil)), c.first, c.end
}
