package oci

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
)

// decode parses data into value. The formats are OCI's and ModelPack's, which let
// readers pass over fields that they do not know; what would let two readers see
// two things is refused: what [attest.ScanJSON] refuses, and a known key in another
// case (Go's decoder would take it).
func decode(data []byte, value any) error {
	if err := attest.ScanJSON(data); err != nil {
		return err
	}
	var document any
	if err := json.Unmarshal(data, &document); err != nil {
		return err
	}
	if err := checkKeys(document); err != nil {
		return err
	}
	return json.Unmarshal(data, value)
}

// knownKeys are the fields that the decoder looks for, of all documents together.
var knownKeys = []string{
	"annotations", "artifactType", "config", "data", "descriptor", "diffIds", "digest", "imageLayoutVersion", "layers",
	"manifests", "mediaType", "modelfs", "platform", "schemaVersion", "size", "subject", "type", "urls",
}

// checkKeys looks at the keys of every object but annotations, whose keys are the
// writer's own.
func checkKeys(document any) error {
	var inside []any
	switch v := document.(type) {
	case map[string]any:
		for key, value := range v {
			i := slices.IndexFunc(knownKeys, func(known string) bool { return strings.EqualFold(known, key) })
			if i >= 0 && knownKeys[i] != key {
				return fmt.Errorf("key %q: expected it written as %q", key, knownKeys[i])
			}
			if key != "annotations" {
				inside = append(inside, value)
			}
		}
	case []any:
		inside = v
	}
	for _, value := range inside {
		if err := checkKeys(value); err != nil {
			return err
		}
	}
	return nil
}

// clip shortens a hostile text for an error message.
func clip(s string) string {
	if len(s) > 80 {
		return s[:77] + "..."
	}
	return s
}
