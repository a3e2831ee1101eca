package proof

import "strings"

const originPrefix = "weighbridge.dev/log/"

// Origin is the origin of a log: which ledger, by its id, wrote it, and of what: a
// model, or the name of a log of notes.
func Origin(ledger, name string) string { return originPrefix + ledger + "/" + name }

// ParseOrigin is the way back. False: it is no origin, or the id is not one of 32
// lower-case hexadecimal digits.
func ParseOrigin(origin string) (ledger, name string, ok bool) {
	rest, ours := strings.CutPrefix(origin, originPrefix)
	ledger, name, found := strings.Cut(rest, "/")
	return ledger, name, ours && found && name != "" && len(ledger) == 32 && strings.Trim(ledger, "0123456789abcdef") == ""
}
