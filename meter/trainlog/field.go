package trainlog

import "bytes"

// field returns the word behind the first key in text, without the spaces
// before it; nil when the key or the word is absent. A word ends at white
// space, a bar or a closing bracket.
func field(text []byte, key string) []byte {
	at := bytes.Index(text, []byte(key))
	if at < 0 {
		return nil
	}
	word := bytes.TrimLeft(text[at+len(key):], " \t")
	if end := bytes.IndexAny(word, " \t|])"); end >= 0 {
		word = word[:end]
	}
	if len(word) == 0 {
		return nil
	}
	return word
}

// count reads a word that is a whole number, with thousands separators.
func count(word []byte, limit uint64) (n uint64, ok bool) {
	word = bytes.TrimRight(word, ",;")
	n, length := digits(word, limit)
	return n, length > 0 && length == len(word)
}

// countField is count of the field with that key.
func countField(text []byte, key string, limit uint64) (n uint64, ok bool) {
	return count(field(text, key), limit)
}

// numberField returns the field without what a unit or a separator adds to it.
func numberField(text []byte, key string) []byte {
	word := field(text, key)
	length, finite := number(word)
	if !finite {
		return nil
	}
	return word[:length]
}

// anyIn reports whether one of the texts stands in text.
func anyIn(text []byte, texts []string) bool {
	for _, s := range texts {
		if s == "" || bytes.Contains(text, []byte(s)) {
			return true
		}
	}
	return false
}

// fraction reads "n/m" with spaces around either number, at the beginning of
// text, and returns how many bytes it took; 0 when it is none.
func fraction(text []byte, limit uint64) (n, m uint64, length int) {
	s := scanner{text: text}
	s.spaces()
	n = s.digits(limit)
	s.literal("/")
	s.spaces()
	m = s.digits(limit)
	if s.failed {
		return 0, 0, 0
	}
	return n, m, s.at
}

func (s *scanner) spaces() {
	for s.at < len(s.text) && s.text[s.at] == ' ' {
		s.at++
	}
}
