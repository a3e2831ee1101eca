package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/weighbridge/weighbridge/attest"
	"github.com/weighbridge/weighbridge/attest/verify"
	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/audit"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// redaction is what --redact withholds.
type redaction struct {
	bodies, allEvidence bool
	models              []string          // whose bodies are withheld
	entries             map[string]uint64 // MODEL#INDEX -> index
	digests             []string
}

func parseRedaction(words []string) (redaction, error) {
	r := redaction{entries: map[string]uint64{}}
	for _, word := range words {
		model, index, single := strings.Cut(word, "#")
		_, err := meter.ParseModel(model)
		switch {
		case word == "bodies":
			r.bodies = true
		case word == "evidence":
			r.allEvidence = true
		case attest.ValidDigest(word):
			r.digests = append(r.digests, word)
		case err == nil && !single:
			r.models = append(r.models, model)
		case err == nil:
			at, err := strconv.ParseUint(index, 10, 64)
			if err != nil {
				return r, usage("--redact %q: expected the index of an entry behind #, as ledger show prints it", word)
			}
			r.entries[word] = at
		default:
			return r, usage("--redact %q: expected bodies, evidence, MODEL, MODEL#INDEX or sha256:DIGEST", word)
		}
	}
	return r, nil
}

// logModel is the model, or the name of the log of notes, in a log's origin.
func logModel(origin string) string {
	_, name, _ := proof.ParseOrigin(origin)
	return name
}

// body: of the entries after one that is withheld none is shown, because the running
// totals in their bodies give its figures away.
func (r redaction) body(origin string, index uint64) bool {
	model := logModel(origin)
	for word, at := range r.entries {
		if strings.HasPrefix(word, model+"#") && index >= at {
			return true
		}
	}
	return r.bodies || slices.Contains(r.models, model)
}

// later says which entries go with those that were named.
func (r redaction) later(h *history) (notes []string, err error) {
	for _, word := range slices.Sorted(maps.Keys(r.entries)) {
		model, _, _ := strings.Cut(word, "#")
		heads, err := h.ledger.Heads(meter.ModelRef(model))
		if err != nil {
			return nil, err
		}
		var later uint64
		for _, head := range heads {
			later += max(head.Size, r.entries[word]+1) - r.entries[word] - 1
		}
		if later > 0 {
			notes = append(notes, fmt.Sprintf("withheld: %s and the %d later ones, whose running totals would show it", word, later))
		}
	}
	return notes, nil
}

func (r redaction) evidence(digest string) bool {
	return r.allEvidence || slices.Contains(r.digests, digest)
}

// used refuses what would withhold nothing: whoever asked for it would think that
// something is hidden which stands in the file.
func (r redaction) used(h *history, models []meter.ModelRef) error {
	words := slices.Clone(r.models)
	for word := range r.entries {
		words = append(words, word)
	}
	for _, word := range words {
		model, _, single := strings.Cut(word, "#")
		if !slices.Contains(models, meter.ModelRef(model)) {
			return fmt.Errorf("--redact %s: it is no model of this lineage, so nothing would be withheld", word)
		}
		heads, err := h.ledger.Heads(meter.ModelRef(model))
		if err != nil {
			return err
		}
		var most uint64
		for _, head := range heads {
			most = max(most, head.Size)
		}
		if single && r.entries[word] >= most {
			return fmt.Errorf("--redact %s: the logs of %s have at most %d entries, so nothing would be withheld", word, model, most)
		}
	}
	named := map[string]bool{}
	for _, m := range models {
		entries, err := h.ledger.Entries(m)
		if err != nil {
			return err
		}
		for _, e := range entries {
			record := e.Record
			if e.Correction != nil {
				record = e.Correction.Record
			}
			if record != nil {
				for _, evidence := range record.Evidence {
					named[evidence.Digest] = true
				}
			}
		}
	}
	for _, digest := range r.digests {
		if !named[digest] {
			return fmt.Errorf("--redact %s: no entry of this lineage names such evidence, so nothing would be withheld", digest)
		}
	}
	return nil
}

// further collects the rules and the files that the command line names.
func (a *app) further(f exportFlags) ([]audit.Further, string, error) {
	rules, _, err := a.rules()
	if err != nil {
		return nil, "", err
	}
	var all []audit.Further
	for name, data := range rules.Files() {
		all = append(all, audit.Further{Kind: audit.KindRules, Name: name, Data: data})
	}
	for _, kind := range []struct {
		kind, flag string
		files      []string
		valid      func([]byte) error
	}{{audit.KindStatements, "--statement", f.statements, validStatements}, {audit.KindKeys, "--key", f.keys, validKeys}, {audit.KindTimestamps, "--timestamp", f.timestamps, verify.ValidTimestamp}} {
		for i, path := range kind.files {
			data, err := readRegular(path, maxClaimsBytes)
			if err == nil {
				err = kind.valid(data)
			}
			if err != nil {
				return nil, "", fmt.Errorf("%s %s: %w", kind.flag, path, err)
			}
			all = append(all, audit.Further{Kind: kind.kind, Name: fmt.Sprintf("%02d-%s", i, plainName(path)), Data: data})
		}
	}
	return all, rules.Digest(), nil
}

var notPlain = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// plainName is a file's name in the letters that an auditor's file has.
func plainName(path string) string {
	name := notPlain.ReplaceAllString(filepath.Base(path), ".")
	return strings.Trim(name[:min(len(name), 60)], ".")
}
