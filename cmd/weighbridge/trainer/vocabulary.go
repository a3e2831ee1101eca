package trainer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

const maxVocabulary = 4096

// Vocabulary numbers characters, by code point in ascending order. It is the
// whole tokenizer: one character is one token.
type Vocabulary struct {
	characters []rune
	numbers    map[rune]uint16
}

// NewVocabulary returns the vocabulary of the characters in the texts.
func NewVocabulary(texts ...string) (*Vocabulary, error) {
	var all []rune
	for _, text := range texts {
		if !utf8.ValidString(text) {
			return nil, fmt.Errorf("numbering the characters of a text: it is not UTF-8")
		}
		all = append(all, []rune(text)...)
	}
	slices.Sort(all)
	return newVocabulary(slices.Compact(all))
}

func newVocabulary(characters []rune) (*Vocabulary, error) {
	if n := len(characters); n < 2 || n > maxVocabulary {
		return nil, fmt.Errorf("%d different characters, expected 2 to %d", n, maxVocabulary)
	}
	v := &Vocabulary{characters: characters, numbers: map[rune]uint16{}}
	for i, c := range characters {
		v.numbers[c] = uint16(i)
	}
	return v, nil
}

// Size is the number of characters.
func (v *Vocabulary) Size() int { return len(v.characters) }

// Encode returns the numbers of a text's characters. A character outside the
// vocabulary is an error that names it and where it stands.
func (v *Vocabulary) Encode(text string) ([]uint16, error) {
	tokens := make([]uint16, 0, len(text))
	for at, c := range text {
		number, known := v.numbers[c]
		if !known {
			return nil, fmt.Errorf("encoding a text: %q at byte %d is not among the %d characters of the model", c, at, v.Size())
		}
		tokens = append(tokens, number)
	}
	return tokens, nil
}

// Decode returns the text of tokens, which must be below Size.
func (v *Vocabulary) Decode(tokens []uint16) string {
	text := make([]rune, len(tokens))
	for i, t := range tokens {
		text[i] = v.characters[t]
	}
	return string(text)
}

// encode is vocab.json: an object from character to number, by number.
func (v *Vocabulary) encode() ([]byte, error) {
	var b bytes.Buffer
	for i, c := range v.characters {
		b.WriteString(map[bool]string{true: "{\n  ", false: ",\n  "}[i == 0])
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(string(c)); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - 1) // the encoder's line feed
		b.WriteString(": " + strconv.Itoa(i))
	}
	b.WriteString("\n}\n")
	return b.Bytes(), nil
}

// parseVocabulary reads exactly what encode writes.
func parseVocabulary(data []byte) (*Vocabulary, error) {
	var numbers map[string]int
	if err := json.Unmarshal(data, &numbers); err != nil {
		return nil, fmt.Errorf("not an object from characters to numbers: %w", err)
	}
	characters := make([]rune, 0, len(numbers))
	for text := range numbers {
		c, size := utf8.DecodeRuneInString(text)
		if size == 0 || size != len(text) || c == utf8.RuneError {
			return nil, fmt.Errorf("key %q, expected one character", text)
		}
		characters = append(characters, c)
	}
	slices.Sort(characters)
	v, err := newVocabulary(characters)
	if err != nil {
		return nil, err
	}
	return v, sameBytes(data, v.encode)
}
