package oci

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
)

// checkNames returns what keeps the files of a shipment from being written on any
// recipient's file system: a path that leaves the directory or is not portable,
// and two that are one path, or one of which is a directory of the other, where
// case is ignored. Unicode forms are not compared: on a file system that folds them
// [Model.Unpack] fails when the second file is created, and leaves nothing.
func checkNames(names []string) error {
	files, directories := map[string]string{}, map[string]string{}
	for _, name := range names {
		if problem := checkName(name); problem != "" {
			return fmt.Errorf("path %q: %s", clip(name), problem)
		}
		key := strings.ToLower(name)
		if other, taken := files[key]; taken && other == name {
			return fmt.Errorf("path %q: occurs twice", name)
		} else if taken {
			return fmt.Errorf("paths %q and %q: are one where case is ignored", other, name)
		}
		files[key] = name
		for i := range len(name) {
			if name[i] == '/' {
				if other, taken := directories[strings.ToLower(name[:i])]; taken && other != name[:i] {
					return fmt.Errorf("paths %q and %q: are one where case is ignored", other, name[:i])
				}
				directories[strings.ToLower(name[:i])] = name[:i]
			}
		}
	}
	for key, directory := range directories {
		if file, taken := files[key]; taken {
			return fmt.Errorf("path %q: is a file and, in another path, the directory %q", file, directory)
		}
	}
	return nil
}

func checkName(name string) string {
	switch {
	case name == "":
		return "is empty"
	case len(name) > maxPath:
		return fmt.Sprintf("is longer than %d bytes", maxPath)
	case strings.Contains(name, `\`):
		return "has a backslash, which is a separator on some systems"
	case !attest.ValidName(name) || !filepath.IsLocal(filepath.FromSlash(name)):
		return "is not a relative, normalised path in valid UTF-8 without .. and control characters"
	}
	for component := range strings.SplitSeq(name, "/") {
		if len(component) > maxComponent {
			return fmt.Sprintf("has a component longer than %d bytes", maxComponent)
		}
	}
	return ""
}
