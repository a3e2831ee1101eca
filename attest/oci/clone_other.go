//go:build !linux

package oci

import (
	"errors"
	"os"
)

// clone is known on Linux only.
func clone(_, _ *os.File) error { return errors.ErrUnsupported }
