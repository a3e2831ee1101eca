package accounting

import (
	"bufio"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Scratch is room outside of memory for sorting. Open returns an empty file that
// can be written, read from its start again, and is gone when it is closed.
type Scratch struct {
	Open func() (io.ReadWriteSeeker, error)
	// Memory is how many bytes of rows are held before they go to a file; 0 is
	// 64 MiB. Without Open everything is held.
	Memory int
}

const defaultMemory = 64 << 20

// item is what is sorted: it knows its order and its form on disk.
type item[T any] interface {
	compare(T) int
	append([]byte) []byte
	parse([]byte) (T, error)
	size() int // bytes in memory, about
}

// sorter sorts any number of items in bounded memory: runs that are sorted in
// memory, written out and merged.
type sorter[T item[T]] struct {
	scratch Scratch
	held    []T
	bytes   int
	runs    []io.ReadWriteSeeker
	buffer  []byte
}

func (s *sorter[T]) add(v T) error {
	s.held = append(s.held, v)
	s.bytes += v.size()
	limit := s.scratch.Memory
	if limit == 0 {
		limit = defaultMemory
	}
	if s.scratch.Open == nil || s.bytes < limit {
		return nil
	}
	return s.spill()
}

func (s *sorter[T]) order() { slices.SortFunc(s.held, func(a, b T) int { return a.compare(b) }) }

func (s *sorter[T]) spill() error {
	s.order()
	file, err := s.scratch.Open()
	if err != nil {
		return fmt.Errorf("sorting: %w", err)
	}
	s.runs = append(s.runs, file)
	out := bufio.NewWriterSize(file, 256<<10)
	for _, v := range s.held {
		s.buffer = v.append(s.buffer[:0])
		var length [binary.MaxVarintLen64]byte
		out.Write(length[:binary.PutUvarint(length[:], uint64(len(s.buffer)))]) // a failure stays until Flush
		out.Write(s.buffer)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("sorting: %w; its room is full or gone", err)
	}
	clear(s.held)
	s.held, s.bytes = s.held[:0], 0
	return nil
}

// each gives the items in order, and gives up its files.
func (s *sorter[T]) each(f func(T) error) (err error) {
	defer func() { err = errors.Join(err, s.close()) }()
	s.order()
	if len(s.runs) == 0 {
		for _, v := range s.held {
			if err := f(v); err != nil {
				return err
			}
		}
		return nil
	}
	h := &merging[T]{{held: s.held}}
	for _, file := range s.runs {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return fmt.Errorf("sorting: %w", err)
		}
		*h = append(*h, &run[T]{in: bufio.NewReaderSize(file, 64<<10)})
	}
	return h.merge(f)
}

func (s *sorter[T]) close() error {
	var errs []error
	for _, file := range s.runs {
		if c, ok := file.(io.Closer); ok {
			errs = append(errs, c.Close())
		}
	}
	s.runs, s.held = nil, nil
	return errors.Join(errs...)
}

// run is one sorted run: the rest of memory, or a file.
type run[T item[T]] struct {
	held   []T
	in     *bufio.Reader
	buffer []byte
	next   T
}

func (r *run[T]) advance() (bool, error) {
	if r.in == nil {
		if len(r.held) == 0 {
			return false, nil
		}
		r.next, r.held = r.held[0], r.held[1:]
		return true, nil
	}
	length, err := binary.ReadUvarint(r.in)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil || length > 4*MaxRecord {
		return false, fmt.Errorf("sorting: a row of %d bytes: %w", length, errors.Join(err, errScratch))
	}
	r.buffer = slices.Grow(r.buffer[:0], int(length))[:length]
	if _, err := io.ReadFull(r.in, r.buffer); err != nil {
		return false, fmt.Errorf("sorting: %w", errors.Join(err, errScratch))
	}
	r.next, err = r.next.parse(r.buffer)
	return err == nil, err
}

var errScratch = errors.New("a file that this program wrote holds something else now")

// merging is a heap of runs by their next item.
type merging[T item[T]] []*run[T]

func (m merging[T]) Len() int           { return len(m) }
func (m merging[T]) Less(i, j int) bool { return m[i].next.compare(m[j].next) < 0 }
func (m merging[T]) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }

// Push takes a run.
func (m *merging[T]) Push(x any) { *m = append(*m, x.(*run[T])) }

// Pop gives up the last run.
func (m *merging[T]) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

func (m *merging[T]) merge(f func(T) error) error {
	var full merging[T]
	for _, r := range *m {
		more, err := r.advance()
		if err != nil {
			return err
		}
		if more {
			full = append(full, r)
		}
	}
	heap.Init(&full)
	for len(full) > 0 {
		if err := f(full[0].next); err != nil {
			return err
		}
		more, err := full[0].advance()
		if err != nil {
			return err
		}
		if more {
			heap.Fix(&full, 0)
		} else {
			heap.Pop(&full)
		}
	}
	return nil
}
