package main

import (
	"bufio"
	"fmt"
	"io"
	"math/big"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weighbridge/weighbridge/meter"
	"github.com/weighbridge/weighbridge/meter/estimate"
)

// registerDocuments adds --documents: packed documents, each a sequence of its own.
func (f *architectureFlags) registerDocuments(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.documents, "documents", "", "`FILE` with the lengths in tokens of the documents that were packed into sequences, one per line, LENGTH or LENGTH:COUNT; instead of --tokens")
}

// stated says that the flags give the tokens, one way or the other.
func (f architectureFlags) stated() bool { return f.tokens != "" || f.documents != "" }

// total is the canonical count of these passes over the tokens or the documents that
// the flags state.
func (f architectureFlags) total(architecture estimate.Architecture, passes estimate.Passes) (estimate.Count, error) {
	work, err := f.streams.work()
	if err != nil {
		return estimate.Count{}, err
	}
	work.Passes = passes
	if f.documents != "" {
		return f.packed(architecture, work)
	}
	if work.Tokens, err = meter.ParseOps(f.tokens); err != nil {
		return estimate.Count{}, usage("--tokens: %w", err)
	}
	schedule, err := estimate.ParseSchedule(f.sequence)
	if err != nil {
		return estimate.Count{}, usage("--sequence-length: %w", err)
	}
	count, err := architecture.Along(work, schedule)
	if err != nil {
		return count, fmt.Errorf("%s: %w", f.config, err)
	}
	return count, nil
}

func (f architectureFlags) packed(architecture estimate.Architecture, work estimate.Work) (estimate.Count, error) {
	if f.tokens != "" || f.sequence != "" {
		return estimate.Count{}, usage("--documents states the tokens and every length: leave out --tokens and --sequence-length")
	}
	file, err := os.Open(f.documents)
	if err != nil {
		return estimate.Count{}, fmt.Errorf("--documents: %w", err)
	}
	defer file.Close()
	documents, err := readDocuments(file)
	if err != nil {
		return estimate.Count{}, fmt.Errorf("--documents %s: %w", f.documents, err)
	}
	count, err := architecture.Packed(documents, work)
	if err != nil {
		return count, fmt.Errorf("%s, %s: %w", f.config, f.documents, err)
	}
	return count, nil
}

// readDocuments adds up lengths, one per line, each perhaps with how many documents
// have it. Memory does not grow with the file.
func readDocuments(r io.Reader) (estimate.Documents, error) {
	var d estimate.Documents
	lines := bufio.NewScanner(r)
	n := 0
	for lines.Scan() {
		n++
		length, count, err := documentLine(lines.Text())
		if err == nil {
			err = d.Add(length, count)
		}
		if err != nil {
			return d, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return d, fmt.Errorf("line %d: %w", n+1, err)
	}
	if n == 0 {
		return d, fmt.Errorf("no lines: expected the length of a document in each")
	}
	return d, nil
}

func documentLine(line string) (uint64, meter.Ops, error) {
	lengthText, countText, several := strings.Cut(strings.TrimSuffix(line, "\r"), ":")
	length, err := strconv.ParseUint(lengthText, 10, 64)
	if err != nil || length == 0 || length > estimate.MaxSequence {
		return 0, meter.Ops{}, fmt.Errorf("found %.60q, expected a length in tokens from 1 to %d, as in 8192 or 8192:1000", line, uint64(estimate.MaxSequence))
	}
	if !several {
		return length, meter.NewOps(1), nil
	}
	count, err := meter.ParseOps(countText)
	if err != nil || count.IsZero() {
		return 0, meter.Ops{}, fmt.Errorf("found %.60q, expected how many documents have that length, as in 8192:1000", line)
	}
	return length, count, nil
}

// packedReport are the documents that the job's own counter reported, whose longest
// is not known: at most the root of the sum, and what the model was trained at where
// that can hold them.
func (c runCount) packedReport() (estimate.Documents, bool) {
	report, found := c.ownReport()
	if !found || c.outcome != meter.Finished || report.Tokens == nil || report.SquaredLengths == nil || report.Tokens.IsZero() {
		return estimate.Documents{}, false
	}
	d := estimate.Documents{Tokens: *report.Tokens, Squares: *report.SquaredLengths}
	longest := new(big.Int).Sqrt(d.Squares.Big())
	if most := new(big.Int).SetUint64(estimate.MaxSequence); longest.Cmp(most) > 0 {
		longest = most
	}
	if stated, known := c.sequence.Length(); known {
		shorter := new(big.Int).SetUint64(stated)
		if shorter.Cmp(longest) < 0 && new(big.Int).Mul(shorter, d.Tokens.Big()).Cmp(d.Squares.Big()) >= 0 {
			longest = shorter
		}
	}
	d.Longest = longest.Uint64()
	return d, true
}
