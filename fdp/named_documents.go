package fdp

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// referenceForm is how the number of a licence, or of an authorisation, is written:
// without white space. BIS numbers its licences with a letter and seven digits, other
// authorities in their own ways.
var referenceForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9./:_#()-]*$`)

// notGranted are words, three small letters or more, and parts of such that say of a document
// that it is not there, or no longer.
var notGranted = regexp.MustCompile(`[a-z]{3}|(?i:appl|pend|none|not|yet|await|request|expir|revok|denied|return)`)

var calendarDay = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// digitsOfReference is how many digits the number of a document has at least.
const digitsOfReference = 4

// checkNamed holds a text that names a document against what its field demands.
func checkNamed(text string, tag reflect.StructTag) error {
	switch words := tag.Get("reference"); words {
	case "":
		return nil
	case "notice":
		return checkNotice(text)
	default:
		return checkReference(text, words)
	}
}

// checkReference reports an error unless text is one of the words (divided by |) that
// say that there is no such document, or looks like the number of one. Any other word
// would be taken for a document that is there.
func checkReference(text, words string) error {
	digits := len(text) - len(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, text))
	if oneOf(text, words) {
		return nil
	}
	if digits < digitsOfReference || !referenceForm.MatchString(text) || notGranted.MatchString(text) || calendarDay.MatchString(text) {
		return fmt.Errorf("found %q, expected %s, or the number of a document that is granted, as in D1234567: at least %d digits, no white space, and no word or date",
			clip(text), strings.ReplaceAll(words, "|", ", "), digitsOfReference)
	}
	return nil
}

// checkNotice refuses the words that say that there is no individual notice: a list
// without entries says so. A notice may be named in any other words.
func checkNotice(text string) error {
	if word := strings.ToLower(strings.Trim(text, " .")); oneOf(word, "none|no|n/a|na|nil|nothing|false|-") {
		return fmt.Errorf("found %q, expected the reference of a notice; [] says that there are none", clip(text))
	}
	return nil
}
