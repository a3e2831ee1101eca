//go:build !linux || !cgo

package nvml

import (
	"errors"

	"github.com/weighbridge/weighbridge/provenance/probe"
)

// Library is NVIDIA's library, which this build cannot load.
type Library struct{}

// Open always fails: this build has no cgo.
func Open() (*Library, error) {
	return nil, errors.New("this build cannot load NVIDIA's library (it was built without cgo)")
}

// Close does nothing.
func (*Library) Close() {}

// Report is empty.
func (*Library) Report() (probe.Report, error) { return probe.Report{}, nil }

// Signals is empty.
func (*Library) Signals() []Signal { return nil }
