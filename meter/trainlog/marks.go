package trainlog

import (
	"bytes"
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

func slot(a, b, c byte) int { return (int(a) ^ int(b)<<4 ^ int(c)<<7 ^ int(c)>>3) & (tableSize - 1) }

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
	for end := at + m.least; end <= len(p); {
		where := slot(p[end-3], p[end-2], p[end-1])
		if by := m.shift[where]; by > 0 {
			end += int(by)
			continue
		}
		if m.holds(p[end-m.least:], where) {
			return end - m.least
		}
		end++
	}
	return len(p)
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
