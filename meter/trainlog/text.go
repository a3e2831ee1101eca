package trainlog

import (
	"bytes"
	"strings"
)

const escape = 0x1b

// appendPlain appends text to dst without terminal escape sequences: control
// sequences (ECMA-48 section 5.4: ESC [, parameters, a final byte @ to ~),
// operating system commands (ESC ], up to BEL or ESC \), and two-byte escapes.
func appendPlain(dst, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, escape)
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:i]...)
		text = text[i+1:]
		text = text[escapeLength(text):]
	}
}

// escapeLength returns how many bytes after ESC belong to the sequence.
func escapeLength(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	switch text[0] {
	case '[':
		for i := 1; i < len(text); i++ {
			if text[i] >= '@' && text[i] <= '~' {
				return i + 1
			}
		}
		return len(text)
	case ']':
		if end := bytes.IndexAny(text, "\a\x1b"); end >= 0 {
			return end + 1
		}
		return len(text)
	}
	return 1
}

// digits reads a whole number, with thousands separators, from the beginning of
// text. It reports how many bytes it took, 0 when there is none or it is above
// the limit.
func digits(text []byte, limit uint64) (n uint64, length int) {
	for i, c := range text {
		switch {
		case c >= '0' && c <= '9':
			n = n*10 + uint64(c-'0')
			length = i + 1
			if n > limit {
				return 0, 0
			}
		case (c == ',' || c == '_') && length == i && i > 0 && grouped(text[i+1:]):
		default:
			return n, length
		}
	}
	return n, length
}

// grouped reports whether exactly three digits follow a thousands separator.
func grouped(text []byte) bool {
	n := 0
	for n < len(text) && text[n] >= '0' && text[n] <= '9' {
		n++
	}
	return n == 3
}

// number returns the length of a decimal number, nan or inf at the beginning of
// text, and whether it is finite; 0 when there is none.
func number(text []byte) (length int, finite bool) {
	i := 0
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		i++
	}
	if i < len(text) && text[i] > '9' {
		return notFinite(text, i), false
	}
	seen := false
	for ; i < len(text); i++ {
		if text[i] >= '0' && text[i] <= '9' {
			seen = true
		} else if !inNumber(text, i) {
			break
		}
	}
	if !seen {
		return 0, true
	}
	return i, true
}

// inNumber reports whether the byte at i, no digit, belongs to a decimal number.
func inNumber(text []byte, i int) bool {
	switch c := text[i]; c {
	case '.', 'e', 'E':
		return true
	case ',':
		return grouped(text[i+1:])
	case '-', '+':
		return i > 0 && (text[i-1] == 'e' || text[i-1] == 'E')
	}
	return false
}

func notFinite(text []byte, i int) int {
	for _, word := range [...]string{"nan", "infinity", "inf"} {
		if len(text) >= i+len(word) && strings.EqualFold(string(text[i:i+len(word)]), word) {
			return i + len(word)
		}
	}
	return 0
}

// clip shortens a hostile text for an error message.
func clip(s []byte) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(string(s[:57]), "") + "..."
	}
	return strings.ToValidUTF8(string(s), "")
}
