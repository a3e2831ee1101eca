package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/weighbridge/weighbridge/meter"
)

// entryMagic opens every header.
const entryMagic = "weighbridge.dev/entry/v1"

// Body is what a header commits to: a record, with the net totals of its model
// as they stand after it.
type Body struct {
	Record json.RawMessage `json:"record"` // canonical encoding of a meter.Record
	Totals []Total         `json:"totals"`
}

// Total is the work of one activity in one log.
type Total struct {
	Activity   meter.Activity `json:"activity"`
	Operations meter.Interval `json:"operations"`
	Records    uint64         `json:"records"`
	Grade      meter.Grade    `json:"grade"` // the lowest of the records in it
}

// origin names one log of one ledger.
func origin(id string, model meter.ModelRef) string {
	return "weighbridge.dev/log/" + id + "/" + string(model)
}

// encodeHeader returns the header of an entry: four lines, each ended by a line
// feed. It holds nothing of the body but its commitment.
func encodeHeader(origin string, index uint64, commitment [hashSize]byte) []byte {
	return fmt.Appendf(nil, "%s\n%s\n%d\nsha256:%s\n", entryMagic, origin, index, hex.EncodeToString(commitment[:]))
}

// commit is SHA-256 over the salt and the body.
func commit(salt, body []byte) [hashSize]byte {
	return sha256.Sum256(append(bytes.Clone(salt), body...))
}

func encodeBody(record []byte, totals []meter.ActivityTotal) ([]byte, error) {
	body := Body{Record: record, Totals: make([]Total, len(totals))}
	for i, t := range totals {
		body.Totals[i] = Total(t)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// decodeBody reads a stored body: salt, then JSON.
func decodeBody(stored []byte) (Body, error) {
	var body Body
	if len(stored) < saltSize {
		return body, fmt.Errorf("found %d bytes, expected a salt of %d and a body", len(stored), saltSize)
	}
	dec := json.NewDecoder(bytes.NewReader(stored[saltSize:]))
	dec.DisallowUnknownFields()
	return body, dec.Decode(&body)
}
