package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/weighbridge/weighbridge/provenance"
	"github.com/weighbridge/weighbridge/provenance/accounting"
)

// accountingFlags say which accounting is read and what its words stand for.
type accountingFlags struct {
	from  []string
	named string // the flag that names the files: from, or inventory
	chips string
	chip  string
	zone  string
}

func (f *accountingFlags) register(flags *pflag.FlagSet) {
	f.named = "from"
	flags.StringArrayVar(&f.from, "from", nil, "accounting to read: our own CSV with the header account,job,instance,chip,chips,start,end or the same in JSON, sacct -P, a FOCUS bill in CSV, OpenCost's allocations in JSON, dcgmi stats -j ID -v; repeatable")
	flags.StringVar(&f.chips, "chips", "", "table of what a source's words hold, CSV with the header name,product,chips,source: h100,NVIDIA H100 SXM5 80GB,1,SITE. A gres type, another\ngres as printed (gres/shard), an instance type or a SKU that it does not name stays unknown; 0 chips of no product is a unit without accelerators")
	flags.StringVar(&f.chip, "chip", "", "the accelerator of units that a source does not name at all, by its whole name")
	flags.StringVar(&f.zone, "time-zone", "UTC", "zone of the times that a source writes without one (sacct, dcgmi): Europe/Zurich")
}

// sourceRead is one file that was read.
type sourceRead struct {
	File string          `json:"file"`
	Kind accounting.Kind `json:"kind"`
	Rows uint64          `json:"rows"` // that held something
}

func (f accountingFlags) table(catalogue *provenance.Catalogue) (*accounting.Chips, error) {
	table, err := accounting.NewChips(catalogue, f.chip)
	if err != nil {
		return nil, fmt.Errorf("--chip: %w", err)
	}
	if f.chips == "" {
		return table, nil
	}
	file, err := os.Open(f.chips)
	if err != nil {
		return nil, fmt.Errorf("--chips: %w", err)
	}
	defer file.Close()
	if err := table.Declare(file, f.chips); err != nil {
		return nil, fmt.Errorf("--chips: %w", err)
	}
	return table, nil
}

// read gives every use of the files to yield, and says what was read.
func (f accountingFlags) read(yield func(accounting.Use) error) ([]sourceRead, []accounting.Finding, error) {
	zone, err := time.LoadLocation(f.zone)
	if err != nil || f.zone == "Local" {
		return nil, nil, usage("--time-zone: found %q, expected a zone by its name, as in Europe/Zurich or UTC", f.zone)
	}
	var sources []sourceRead
	var findings []accounting.Finding
	for _, path := range f.from {
		source := sourceRead{File: path}
		file, err := openRegular(path)
		if err != nil {
			return nil, nil, fmt.Errorf("--%s: %w", f.named, err)
		}
		kind, found, err := accounting.Read(file, accounting.ReadOptions{Name: path, Zone: zone}, func(u accounting.Use) error {
			source.Rows++
			return yield(u)
		})
		if err := errors.Join(err, file.Close()); err != nil {
			return nil, nil, fmt.Errorf("--%s: %w", f.named, err)
		}
		if err := nothingUsed(source.Rows, found); err != nil {
			return nil, nil, fmt.Errorf("--%s: %w", f.named, err)
		}
		source.Kind = kind
		sources, findings = append(sources, source), append(findings, found...)
	}
	return sources, findings, nil
}

// nothingUsed refuses an accounting of which all that held something was left
// out: its sum would be a 0 that nobody measured.
func nothingUsed(used uint64, findings []accounting.Finding) error {
	if i := slices.IndexFunc(findings, incomplete); used == 0 && i >= 0 {
		return fmt.Errorf("%s; no other row holds something, so there is nothing to add up: correct it, or take it out where it holds no chips", findings[i].Message)
	}
	return nil
}

// openRegular opens a file; a directory is refused with what to name instead.
func openRegular(path string) (*os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		file.Close()
		return nil, fmt.Errorf("%s is a directory: expected a file of it", path)
	}
	return file, nil
}

// scratch is room for sorting in the directory for temporary files. A file has
// no name there, so that it is gone with the process, however that ends.
func scratch() accounting.Scratch {
	return accounting.Scratch{Open: func() (io.ReadWriteSeeker, error) {
		file, err := os.CreateTemp("", "weighbridge-sort-*")
		if err != nil {
			return nil, fmt.Errorf("%w: set TMPDIR to a directory with room", err)
		}
		return file, os.Remove(file.Name())
	}}
}

// oneKind refuses sources of several kinds, which show the same chips twice.
func oneKind(sources []sourceRead, flag string) error {
	var kinds []string
	for _, s := range sources {
		if !slices.Contains(kinds, string(s.Kind)) {
			kinds = append(kinds, string(s.Kind))
		}
	}
	if len(kinds) > 1 {
		return fmt.Errorf("--%s: found sources of the kinds %s: they may show the same chips twice, so give one kind at a time", flag, strings.Join(kinds, " and "))
	}
	return nil
}
