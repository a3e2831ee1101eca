package audit

import (
	"cmp"
	"regexp"
	"strings"
)

func compareText(a, b string) int { return cmp.Compare(a, b) }

// furtherName is a name with at most one directory: us-4e091/clauses.yaml.
var furtherName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,79})?$`)

func validName(name string) bool {
	return furtherName.MatchString(name) && !strings.Contains(name, "..")
}
