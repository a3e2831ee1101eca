package weights_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/weighbridge/weighbridge/attest/weights"
)

// field returns the number behind name in a file of /proc.
func field(t testing.TB, text, name string) (n int64) {
	t.Helper()
	for line := range strings.Lines(text) {
		if after, ok := strings.CutPrefix(line, name); ok {
			if _, err := fmt.Sscan(after, &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("no %s", name)
	return 0
}

// sum hashes one stream on one worker.
func sum(t *testing.T, r io.Reader, tee io.Writer) (digest string, n int64, err error) {
	t.Helper()
	err = weights.ForEach(context.Background(), []int64{0}, weights.Options{}, func(ctx context.Context, h *weights.Hasher, _ int) (err error) {
		digest, n, err = h.Sum(ctx, r, tee)
		return err
	})
	return digest, n, err
}

// TestSumAnyChunking: however the stream arrives, digest, length and copy are the same.
func TestSumAnyChunking(t *testing.T) {
	for _, size := range []int{0, 1, 1<<20 - 1, 1 << 20, 1<<20 + 1, 2 << 20, 3<<20 + 5} {
		content := noise(size)
		for name, r := range map[string]io.Reader{
			"whole": strings.NewReader(content), "half": iotest.HalfReader(strings.NewReader(content)), "eof-with-data": iotest.DataErrReader(strings.NewReader(content)),
		} {
			var tee bytes.Buffer
			digest, n, err := sum(t, r, &tee)
			if want := file("x", content); err != nil || digest != want.Digest || n != want.Size || tee.String() != content {
				t.Errorf("%d bytes, %s: %s of %d, %v", size, name, digest, n, err)
			}
		}
	}
}

type failingWriter struct{ left int }

func (w *failingWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errors.New("disk full")
	}
	return len(p), nil
}

// TestSumErrors: no digest comes with an error of the reader or of the copy, at
// any point of the stream.
func TestSumErrors(t *testing.T) {
	content := noise(4 << 20)
	for _, at := range []int{0, 1 << 20, 2<<20 + 1, 3 << 20} {
		broken := io.MultiReader(strings.NewReader(content[:at]), iotest.ErrReader(errors.New("bad sector")))
		if digest, _, err := sum(t, broken, nil); err == nil || digest != "" {
			t.Errorf("read error at %d: %q, %v", at, digest, err)
		}
		if digest, _, err := sum(t, strings.NewReader(content), &failingWriter{at}); err == nil || digest != "" {
			t.Errorf("write error at %d: %q, %v", at, digest, err)
		}
	}
}

// TestForEach: every index once, the largest first with one worker; the first
// error ends it.
func TestForEach(t *testing.T) {
	sizes := []int64{5, 9, 1, 9, 7}
	var order []int
	err := weights.ForEach(context.Background(), sizes, weights.Options{Workers: 1}, func(_ context.Context, _ *weights.Hasher, i int) error {
		order = append(order, i)
		return nil
	})
	if err != nil || fmt.Sprint(order) != "[1 3 4 0 2]" {
		t.Errorf("order %v, %v", order, err)
	}
	var calls atomic.Int64
	boom := errors.New("boom")
	err = weights.ForEach(context.Background(), make([]int64, 1000), weights.Options{Workers: 4}, func(ctx context.Context, _ *weights.Hasher, i int) error {
		switch n := calls.Add(1); {
		case n == 10:
			return boom
		case n > 10:
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})
	if !errors.Is(err, boom) || calls.Load() > 13 {
		t.Errorf("%v after %d calls", err, calls.Load())
	}
	if err := weights.ForEach(context.Background(), nil, weights.Options{}, nil); err != nil {
		t.Errorf("no files: %v", err)
	}
}

// FuzzSum compares with crypto/sha256 for any content and cut.
func FuzzSum(f *testing.F) {
	f.Add([]byte(""), 0)
	f.Add([]byte("weights"), 3)
	f.Add(bytes.Repeat([]byte{7}, 3000), 1)
	f.Fuzz(func(t *testing.T, content []byte, repeat int) {
		whole := strings.Repeat(string(content), 1+(repeat&0x3ff)) // reaches several buffers
		if len(whole) > 8<<20 {
			return
		}
		digest, n, err := sum(t, strings.NewReader(whole), nil)
		if want := file("x", whole); err != nil || digest != want.Digest || n != want.Size {
			t.Errorf("%d bytes: %s, %v", len(whole), digest, err)
		}
	})
}
