package main

import (
	"slices"
	"strings"
)

// withoutSecrets is the environment without what opens a signing key: for programs
// that run the code of others.
func withoutSecrets(environ []string) []string {
	return without(environ, "WEIGHBRIDGE_PIN", "WEIGHBRIDGE_PASSWORD", "COSIGN_PKCS11_PIN", "COSIGN_PASSWORD")
}

// without is the environment without the variables of these names.
func without(environ []string, names ...string) []string {
	kept := make([]string, 0, len(environ))
	for _, entry := range environ {
		if name, _, _ := strings.Cut(entry, "="); !slices.Contains(names, name) {
			kept = append(kept, entry)
		}
	}
	return kept
}
