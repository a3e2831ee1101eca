package audit

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/weighbridge/weighbridge/meter/ledger"
	"github.com/weighbridge/weighbridge/meter/proof"
)

// Check reads an auditor's file to its end and recomputes everything in it. It
// never fails on what it reads: all that is wrong is in the report. The error is
// the reader's.
func Check(r io.Reader) (Report, error) {
	c := checker{report: Report{Schema: ReportSchema, Logs: []LogReport{}, Not: []string{}, Problems: []ledger.Problem{}, trees: map[string]*proof.Tree{}},
		evidence: map[string]int64{}, named: map[string]int64{}}
	source := &errReader{r: r}
	c.members(source)
	if source.err != nil {
		return Report{}, source.err
	}
	c.finish()
	c.report.OK = len(c.report.Problems) == 0
	return c.report, nil
}

// Begins reports whether r begins as an auditor's file does. It reads the head of one
// tar entry.
func Begins(r io.Reader) bool {
	first, err := tar.NewReader(r).Next()
	return err == nil && first.Name == nameReadme
}

// errReader keeps the error of a source apart from what is wrong with its bytes.
type errReader struct {
	r   io.Reader
	err error
}

func (e *errReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if err != nil && err != io.EOF {
		e.err = err
	}
	return n, err
}

type checker struct {
	report   Report
	files    []File
	logs     []*logCheck
	evidence map[string]int64 // digests that are there, with their sizes
	named    map[string]int64 // digests that shown records name
	manifest *Manifest

	withheldRecords uint64
	again           *tar.Writer // what was read, written in the one encoding
}

func (c *checker) members(r io.Reader) {
	found, want := sha256.New(), sha256.New()
	raw := io.TeeReader(r, found)
	c.again = tar.NewWriter(want)
	in := tar.NewReader(raw)
	for {
		h, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			c.report.problem("not-an-auditors-file", fmt.Sprintf("member %d", len(c.files)), "%v: it was cut off or damaged; get the file again", err)
			return
		}
		if err := c.member(h, in); err != nil {
			c.report.problem("member", fmt.Sprintf("%.100q", h.Name), "%v", err)
			return
		}
	}
	io.Copy(io.Discard, raw) // an error of the source is kept by it
	if err := c.again.Close(); err != nil || !bytes.Equal(found.Sum(nil), want.Sum(nil)) {
		c.report.problem("member", "archive", "it is not in the one encoding of its members, or something follows it")
	}
	if len(c.files) == 0 {
		c.report.problem("not-an-auditors-file", "member 0", "there is none: expected %s", nameReadme)
	}
}

// member reads one member. Their order is that of the format, so that one pass is
// enough; nothing is read into memory before its size was looked at.
func (c *checker) member(h *tar.Header, in io.Reader) error {
	switch {
	case c.manifest != nil:
		return fmt.Errorf("stands after %s: expected nothing there", nameManifest)
	case h.Typeflag != tar.TypeReg || len(h.PAXRecords) > 0 || !h.ModTime.Equal(time.Unix(0, 0)) || h.Mode != 0o644 || h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || h.Linkname != "":
		return errors.New("expected a plain file with mode 0644, no owner and no time")
	case len(c.files) == 0 && h.Name != nameReadme:
		return fmt.Errorf("expected %s first", nameReadme)
	case slices.ContainsFunc(c.files[max(0, len(c.files)-1):], func(f File) bool { return place(f.Name) >= place(h.Name) && !after(f.Name, h.Name) }):
		return fmt.Errorf("out of order, or twice, behind %s", c.files[len(c.files)-1].Name)
	}
	if err := c.again.WriteHeader(header(h.Name, h.Size)); err != nil {
		return err
	}
	sum := sha256.New()
	tee := io.TeeReader(in, io.MultiWriter(sum, c.again))
	err := c.content(h, tee)
	if _, drained := io.Copy(io.Discard, tee); err == nil {
		err = drained
	}
	c.files = append(c.files, File{h.Name, h.Size, hex.EncodeToString(sum.Sum(nil))})
	return err
}

// place is the order of the kinds of members.
func place(name string) int {
	kind, _, _ := strings.Cut(name, "/")
	return slices.Index(append([]string{nameReadme, "logs", "evidence"}, append(Kinds(), nameManifest)...), kind)
}

// after: within one kind, members are sorted by name, but that the head of a log
// stands before its entries.
func after(before, name string) bool {
	if place(before) != place(name) {
		return false
	}
	return strings.Replace(name, "/head", "/0", 1) > strings.Replace(before, "/head", "/0", 1)
}

func (c *checker) content(h *tar.Header, in io.Reader) error {
	kind, rest, _ := strings.Cut(h.Name, "/")
	switch {
	case h.Name == nameReadme:
		return c.readme(h, in)
	case h.Name == nameManifest:
		return c.readManifest(h, in)
	case kind == "logs":
		return c.logMember(rest, h, in)
	case kind == "evidence":
		return c.evidenceMember(rest, h, in)
	case slices.Contains(Kinds(), kind) && validName(rest):
		data, err := limited(in, h.Size, maxFile)
		c.report.Further = append(c.report.Further, Further{kind, rest, data})
		return err
	}
	return errors.New("a name that the format does not have")
}

// limited reads a member that may have so many bytes.
func limited(in io.Reader, size, limit int64) ([]byte, error) {
	if size > limit {
		return nil, fmt.Errorf("%d bytes: expected at most %d", size, limit)
	}
	return io.ReadAll(in)
}

func (c *checker) readme(h *tar.Header, in io.Reader) error {
	data, err := limited(in, h.Size, 1<<16)
	if err == nil && string(data) != readme {
		err = errors.New("another text than the format has")
	}
	return err
}

func (c *checker) readManifest(h *tar.Header, in io.Reader) error {
	data, err := limited(in, h.Size, maxManifest)
	if err != nil {
		return err
	}
	m, err := parseManifest(data)
	if err != nil {
		c.report.problem("manifest", nameManifest, "%v", err)
	}
	c.manifest = &m
	return nil
}

func (c *checker) evidenceMember(digits string, h *tar.Header, in io.Reader) error {
	if !hexDigits(digits) {
		return errors.New("expected a SHA-256 in hexadecimal")
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, in); err != nil {
		return err
	}
	if found := hex.EncodeToString(sum.Sum(nil)); found != digits {
		c.report.problem("evidence-differs", h.Name, "its bytes have the digest %s", found)
	}
	c.evidence["sha256:"+digits] = h.Size
	c.report.Evidence++
	return nil
}
