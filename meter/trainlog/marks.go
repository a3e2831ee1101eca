package trainlog

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// matcher finds the first of many texts at once, after Wu and Manber ("A fast
// algorithm for multi-pattern searching", 1994): three bytes of the text tell how
// far the next place is at which any of them could end.
type matcher struct {
	every bool // an empty mark: every line may mean something
	least int  // length of the shortest mark
	shift [tableSize]uint8
	first [tableSize]uint8 // 1 + index of the list of marks whose beginning ends with the three bytes
	lists [][]string
	heads []string // marks that begin with ^: a line begins with the rest
	head  [256]bool
}

const tableSize = 1 << 13

func slot(a, b, c byte) int { return slotOf(uint32(a) | uint32(b)<<8 | uint32(c)<<16) }

// slotOf is slot of three bytes in the lower part of a word; the fourth does not
// matter.
func slotOf(word uint32) int { return int(word<<8*0x9e3779b1>>19) & (tableSize - 1) }

// newMatcher prepares a search for marks of at least three bytes.
func newMatcher(marks []string) *matcher {
	m := &matcher{least: 255}
	var texts []string
	for _, mark := range marks {
		head, isHead := strings.CutPrefix(mark, "^")
		switch {
		case mark == "":
			m.every = true
		case isHead:
			m.heads = append(m.heads, head)
			m.head[head[0]] = true
		default:
			texts = append(texts, mark)
			m.least = min(m.least, len(mark))
		}
	}
	for i := range m.shift {
		m.shift[i] = uint8(m.least - 2)
	}
	for _, text := range texts {
		m.add(text)
	}
	return m
}

func (m *matcher) add(text string) {
	for end := 3; end <= m.least; end++ {
		at := slot(text[end-3], text[end-2], text[end-1])
		m.shift[at] = min(m.shift[at], uint8(m.least-end))
	}
	at := slot(text[m.least-3], text[m.least-2], text[m.least-1])
	if m.first[at] == 0 {
		if len(m.lists) == 254 { // more than there are: read every line rather than miss one
			m.every = true
			return
		}
		m.lists = append(m.lists, nil)
		m.first[at] = uint8(len(m.lists))
	}
	list := &m.lists[m.first[at]-1]
	*list = append(*list, text)
}

// find returns where in p, at or after at, the first mark begins, or len(p).
func (m *matcher) find(p []byte, at int) int {
	if m.every {
		return at
	}
	for end := m.skip(p, at+m.least); end <= len(p); {
		where := slot(p[end-3], p[end-2], p[end-1])
		if by := m.shift[where]; by > 0 {
			end = m.skip(p, end+int(by))
			continue
		}
		if m.holds(p[end-m.least:], where) {
			return end - m.least
		}
		end = m.skip(p, end+1)
	}
	return len(p)
}

// skip returns the first place at or after end, in whole steps of the largest
// shift, whose three bytes stand in a mark, or one near the end of p. Most of a log
// is such steps: four at a time do not wait for each other.
func (m *matcher) skip(p []byte, end int) int {
	step := m.least - 2
	most := uint8(step)
	for end >= 3 && end+3*step < len(p) {
		q := p[end-3 : end+3*step+1]
		a := m.shift[slotOf(binary.LittleEndian.Uint32(q))]
		b := m.shift[slotOf(binary.LittleEndian.Uint32(q[step:]))]
		c := m.shift[slotOf(binary.LittleEndian.Uint32(q[2*step:]))]
		d := m.shift[slotOf(binary.LittleEndian.Uint32(q[3*step:]))]
		switch {
		case a != most:
			return end
		case b != most:
			return end + step
		case c != most:
			return end + 2*step
		case d != most:
			return end + 3*step
		}
		end += 4 * step
	}
	return end
}

func (m *matcher) holds(p []byte, where int) bool {
	i := m.first[where]
	if i == 0 {
		return false
	}
	for _, text := range m.lists[i-1] {
		if len(p) >= len(text) && string(p[:len(text)]) == text {
			return true
		}
	}
	return false
}

// begins reports whether a line begins with one of the heads.
func (m *matcher) begins(line []byte) bool {
	if len(line) == 0 || !m.head[line[0]] {
		return false
	}
	for _, head := range m.heads {
		if len(line) >= len(head) && string(line[:len(head)]) == head {
			return true
		}
	}
	return false
}

// in reports whether a line may mean something.
func (m *matcher) in(line []byte) bool {
	return m.begins(bytes.TrimPrefix(line, []byte("\ufeff"))) || m.find(line, 0) < len(line)
}
