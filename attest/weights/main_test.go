package weights_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// TestMain: with a directory in WEIGHBRIDGE_TEST_ROOTS this test binary prints the
// two root digests of it and ends, for a comparison with other tools.
func TestMain(m *testing.M) {
	dir := os.Getenv("WEIGHBRIDGE_TEST_ROOTS")
	if dir == "" {
		os.Exit(m.Run())
	}
	manifest, err := weights.Hash(context.Background(), dir, weights.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(manifest.Root())
	fmt.Println(manifest.ComponentRoot())
}
