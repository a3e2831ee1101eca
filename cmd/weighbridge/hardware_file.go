package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/meter"
)

// maxHardwareFile bounds the file of --hardware: a list of products, not of
// devices.
const maxHardwareFile = 1 << 20

// readHardware reads the accelerators that a person declares:
// [{"product":"NVIDIA H100 SXM5 80GB","count":8}]. No path is no statement.
func readHardware(path string) ([]meter.Device, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--hardware: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxHardwareFile+1))
	if err != nil {
		return nil, fmt.Errorf("--hardware: %w", err)
	}
	devices, err := parseHardware(data)
	if err != nil {
		return nil, fmt.Errorf(`%s: %w; expected a list like [{"product":"NVIDIA H100 SXM5 80GB","count":8}]`, path, err)
	}
	return devices, nil
}

func parseHardware(data []byte) ([]meter.Device, error) {
	if len(data) > maxHardwareFile {
		return nil, fmt.Errorf("more than %d bytes", maxHardwareFile)
	}
	var stated []struct {
		Product string `json:"product"`
		Count   uint64 `json:"count"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&stated); err != nil {
		return nil, jsonFault(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("bytes after the list")
	}
	if err := exactKeys(data, "product", "count"); err != nil {
		return nil, err
	}
	if len(stated) == 0 {
		return nil, fmt.Errorf("the list is empty")
	}
	devices := []meter.Device{}
	for i, d := range stated {
		if d.Product == "" || d.Count == 0 {
			return nil, fmt.Errorf("entry %d: found product %q and count %d: both are needed", i, d.Product, d.Count)
		}
		devices = append(devices, meter.Device{Product: d.Product, Count: d.Count, Grade: meter.GradeDeclared})
	}
	return devices, nil
}

// exactKeys refuses in a list of objects what encoding/json takes: a key written
// twice, or in another case.
func exactKeys(data []byte, allowed ...string) error {
	if err := attest.ScanJSON(data); err != nil {
		return err
	}
	var entries []map[string]json.RawMessage
	if err := json.Unmarshal(data, &entries); err != nil {
		return jsonFault(err)
	}
	for i, entry := range entries {
		for key := range entry {
			if !slices.Contains(allowed, key) {
				return fmt.Errorf("unknown field %q in entry %d", key, i)
			}
		}
	}
	return nil
}
