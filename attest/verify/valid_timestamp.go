package verify

import (
	"fmt"

	"github.com/digitorus/timestamp"
)

// ValidTimestamp returns an error unless data is an RFC 3161 response that grants a
// timestamp, or the token alone. Nothing of it is verified.
func ValidTimestamp(data []byte) error {
	if _, err := timestamp.ParseResponse(data); err == nil {
		return nil
	}
	if _, err := timestamp.Parse(data); err == nil {
		return nil
	}
	return fmt.Errorf("%d bytes that are no timestamp: expected an RFC 3161 response that grants one, or its token (DER), as `openssl ts -reply` reads them", len(data))
}
