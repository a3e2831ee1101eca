package trainlog

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// BenchmarkRead reads logs of several kinds against bufio.Scanner splitting the
// same bytes into lines and doing nothing with them; "of-scanner" is the ratio
// of the two speeds.
func BenchmarkRead(b *testing.B) {
	noise := strings.Repeat("2026-11-24 06:00:01,123 INFO worker 3: fetched shard 00017 of 02048 in 0.31 s, queue 12\n"+
		"[rank3] NCCL INFO Channel 04/16 : 3[3] -> 2[2] via P2P/CUMEM/read\n"+
		"/usr/lib/python3/site-packages/torch/utils/checkpoint.py:31: UserWarning: None of the inputs have requires_grad=True\n", 7)
	for _, kind := range []struct{ name, text string }{
		{"training-log", noise + iter(10)},
		{"noise-only", noise},
		{"figures-only", iter(10)},
		{"megatron", mega(10, 10000, 1000)},
		{"json-lines", "{\"_step\": 10, \"_runtime\": 26.1, \"_timestamp\": 1788990026.1, \"train/loss\": 9.99, \"throughput/total_tokens\": 5242880}\n"},
		{"progress-bars", strings.ReplaceAll(noise, "\n", "\r")},
		{"one-line", strings.Repeat("x", 4000)},
	} {
		b.Run(kind.name, func(b *testing.B) {
			text := growing(kind.text, kind.name)
			b.SetBytes(int64(len(text)))
			ours, scanners := time.Hour, time.Hour // the best of each: others use this machine too
			for b.Loop() {
				ours = min(ours, timed(func() { readInPieces(b, text) }))
				scanners = min(scanners, timed(func() { scan(text) }))
			}
			b.ReportMetric(scanners.Seconds()/ours.Seconds(), "of-scanner")
			b.ReportMetric(float64(len(text))/ours.Seconds()/1e6, "our-MB/s")
		})
	}
}

func timed(f func()) time.Duration {
	begin := time.Now()
	f()
	return time.Since(begin)
}

// growing repeats text to 4 MB with step numbers that go up, so that every line
// with figures is news.
func growing(text, name string) []byte {
	var b bytes.Buffer
	for step := 0; b.Len() < 4<<20; step += 10 {
		numbered := strings.Replace(text, "iter 10:", fmt.Sprintf("iter %d:", step), 1)
		numbered = strings.Replace(numbered, "iteration       10/", fmt.Sprintf("iteration %8d/", step+10), 1)
		b.WriteString(strings.Replace(numbered, "\"_step\": 10,", fmt.Sprintf("\"_step\": %d,", step+10), 1))
	}
	return b.Bytes()
}

// readInPieces writes as a pipe delivers: 32 KiB at a time.
func readInPieces(b *testing.B, text []byte) {
	r, err := NewReader(Options{})
	if err != nil {
		b.Fatal(err)
	}
	for len(text) > 0 {
		n := min(len(text), 32<<10)
		r.Write(text[:n])
		text = text[n:]
	}
	r.Observation()
}

func scan(text []byte) {
	s := bufio.NewScanner(bytes.NewReader(text))
	s.Buffer(make([]byte, 64<<10), len(text)+1)
	for s.Scan() {
	}
}
