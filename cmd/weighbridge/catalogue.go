package main

import (
	"fmt"
	"io"
	"os"

	"github.com/weighbridge/weighbridge/provenance"
)

// maxCatalogueFile bounds the file of --catalogue, as provenance does.
const maxCatalogueFile = 16 << 20

// catalogue is the one that the program carries, with the accelerators of
// --catalogue added. What looks wrong in those is said on standard error.
func (a *app) catalogue() (*provenance.Catalogue, error) {
	embedded, err := provenance.Embedded()
	if err != nil || a.ownChips == "" {
		return embedded, err
	}
	file, err := os.Open(a.ownChips)
	if err != nil {
		return nil, fmt.Errorf("--catalogue: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxCatalogueFile+1))
	if err != nil {
		return nil, fmt.Errorf("--catalogue %s: %w", a.ownChips, err)
	}
	extended, suspicions, err := embedded.Extend(data)
	if err != nil {
		return nil, fmt.Errorf("--catalogue %s: %w", a.ownChips, err)
	}
	for _, s := range suspicions {
		fmt.Fprintf(a.env.stderr, "weighbridge: --catalogue %s: %s: %s: %s\n", printable(a.ownChips), s.Code, printable(s.Subject), printable(s.Message))
	}
	return extended, nil
}
