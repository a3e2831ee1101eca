package bom

import (
	"fmt"
	"regexp"
	"strings"
)

// The types of package URL that name models, by their definitions in
// package-url/purl-spec: huggingface wants a namespace, and its version is a commit;
// mlflow and oci have no namespace, and the version of oci is a digest.
var purlForms = map[string]*regexp.Regexp{
	"huggingface": regexp.MustCompile(`^pkg:huggingface/[^/@?#\s]+/[^/@?#\s]+(@[0-9a-f]{40})?(\?[^#\s]+)?$`),
	"mlflow":      regexp.MustCompile(`^pkg:mlflow/[^/@?#\s]+(@[^/@?#\s]+)?(\?[^#\s]+)?$`),
	"oci":         regexp.MustCompile(`^pkg:oci/[^/@?#\sA-Z]+(@sha256%3A[0-9a-f]{64})?(\?[^#\s]+)?$`),
}

// ValidPURL reports an error unless text is a package URL of a type that names
// models, in its canonical form; of another type only that it is a package URL.
func ValidPURL(text string) error {
	kind, _, found := strings.Cut(strings.TrimPrefix(text, "pkg:"), "/")
	if !found || !strings.HasPrefix(text, "pkg:") || strings.ContainsAny(text, " \t\r\n") || kind == "" || kind != strings.ToLower(kind) {
		return fmt.Errorf("%.120q: expected a package URL, as in pkg:huggingface/org/name@COMMIT", text)
	}
	if form, known := purlForms[kind]; known && !form.MatchString(text) {
		return fmt.Errorf("%.120q: expected pkg:huggingface/ORG/REPO@40-DIGITS, pkg:mlflow/NAME@VERSION or pkg:oci/name@sha256%%3ADIGEST", text)
	}
	return nil
}
