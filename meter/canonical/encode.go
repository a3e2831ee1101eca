package canonical

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Encode writes v in the one encoding of our formats: JSON with the fields in the
// order of the struct and the keys of maps sorted, without white space and without
// HTML escapes, on one line and without its end. The error is that of
// encoding/json, for a value that has no JSON.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// Compare reports an error that says where found begins to differ from the
// canonical encoding of what it says, or nil where they are the same.
func Compare(found, canonical []byte) error {
	at := FirstDifference(found, canonical)
	if at < 0 {
		return nil
	}
	return fmt.Errorf("not in canonical encoding at byte %d: found %q, expected %q", at, Around(found, at), Around(canonical, at))
}

// Around is what stands in data from an offset on, for a message.
func Around(data []byte, at int) []byte { return data[at:min(at+24, len(data))] }

// FirstDifference is the offset at which a and b begin to differ, -1 where they
// are the same.
func FirstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) != len(b) {
		return min(len(a), len(b))
	}
	return -1
}
