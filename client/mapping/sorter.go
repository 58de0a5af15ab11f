package mapping

import (
	"bufio"
	"cmp"
	"container/heap"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"rapport"
)

// sorted is something that is put in order by group, then by row.
type sorted[T any] struct {
	group string
	row   int64
	data  T
}

func (a sorted[T]) compare(b sorted[T]) int {
	return cmp.Or(strings.Compare(a.group, b.group), cmp.Compare(a.row, b.row))
}

// sorter puts any number of things in order in a bounded memory: what does not fit
// is written to temporary files as JSON, each in order, which are merged in the end.
type sorter[T any] struct {
	dir   string // for temporary files
	limit int    // bytes in memory
	size  func(T) int
	held  []sorted[T]
	bytes int
	runs  []*os.File
}

func newSorter[T any](dir string, limit int, size func(T) int) *sorter[T] {
	return &sorter[T]{dir: dir, limit: limit, size: size}
}

func (s *sorter[T]) add(group string, row int64, data T) error {
	s.held = append(s.held, sorted[T]{group, row, data})
	if s.bytes += len(group) + s.size(data); s.bytes < s.limit {
		return nil
	}
	return s.spill()
}

// spill writes what is held to a file of its own. Where the system lets it, the
// file loses its name at once, so that a kill leaves nothing behind.
func (s *sorter[T]) spill() error {
	slices.SortFunc(s.held, sorted[T].compare)
	f, err := os.CreateTemp(s.dir, "rapport-import-")
	if err != nil {
		return spillFailed(err)
	}
	_ = os.Remove(f.Name())
	s.runs = append(s.runs, f)
	out := bufio.NewWriterSize(f, 64<<10)
	var head []byte
	for _, it := range s.held {
		data, err := json.Marshal(it.data)
		if err != nil {
			return err
		}
		head = binary.AppendUvarint(head[:0], uint64(len(it.group)))
		head = binary.AppendUvarint(head, uint64(it.row))
		head = binary.AppendUvarint(head, uint64(len(data)))
		_, _ = out.Write(head)
		_, _ = out.WriteString(it.group)
		_, _ = out.Write(data)
	}
	if err := out.Flush(); err != nil { // it keeps the first error
		return spillFailed(err)
	}
	clear(s.held)
	s.held, s.bytes = s.held[:0], 0
	return nil
}

func spillFailed(err error) error {
	return rapport.Errorf(rapport.Unavailable, "the rows can't be sorted in the temporary folder (TMPDIR names another): %w", err)
}

// each calls visit with everything in order.
func (s *sorter[T]) each(visit func(sorted[T]) error) error {
	slices.SortFunc(s.held, sorted[T].compare)
	m := &merge[T]{}
	m.add(&run[T]{held: s.held})
	for _, f := range s.runs {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return spillFailed(err)
		}
		m.add(&run[T]{in: bufio.NewReaderSize(f, 64<<10)})
	}
	heap.Init(m)
	for m.err == nil && len(m.runs) > 0 {
		if err := visit(m.runs[0].first); err != nil {
			return err
		}
		m.advance()
	}
	return m.err
}

// close removes the temporary files.
func (s *sorter[T]) close() {
	for _, f := range s.runs {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}
	s.runs, s.held = nil, nil
}

// run is a part that is in order, in memory or in a file.
type run[T any] struct {
	held  []sorted[T]
	in    *bufio.Reader
	first sorted[T]
}

// next moves to the next one; false at the end.
func (r *run[T]) next() (bool, error) {
	if r.in == nil {
		if len(r.held) == 0 {
			return false, nil
		}
		r.first, r.held = r.held[0], r.held[1:]
		return true, nil
	}
	group, err := binary.ReadUvarint(r.in)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	row, err1 := binary.ReadUvarint(r.in)
	data, err2 := binary.ReadUvarint(r.in)
	if err := cmp.Or(err, err1, err2); err != nil {
		return false, spillFailed(err)
	}
	both := make([]byte, group+data)
	if _, err := io.ReadFull(r.in, both); err != nil {
		return false, spillFailed(err)
	}
	r.first = sorted[T]{group: string(both[:group]), row: int64(row)}
	return true, json.Unmarshal(both[group:], &r.first.data)
}

// merge is a heap of runs; the one with the first thing is on top.
type merge[T any] struct {
	runs []*run[T]
	err  error
}

func (m *merge[T]) add(r *run[T]) {
	more, err := r.next()
	if m.err = cmp.Or(m.err, err); more {
		m.runs = append(m.runs, r)
	}
}

func (m *merge[T]) advance() {
	more, err := m.runs[0].next()
	m.err = cmp.Or(m.err, err)
	if !more {
		heap.Pop(m)
		return
	}
	heap.Fix(m, 0)
}

// Len is for package heap.
func (m *merge[T]) Len() int { return len(m.runs) }

// Less is for package heap.
func (m *merge[T]) Less(i, j int) bool { return m.runs[i].first.compare(m.runs[j].first) < 0 }

// Swap is for package heap.
func (m *merge[T]) Swap(i, j int) { m.runs[i], m.runs[j] = m.runs[j], m.runs[i] }

// Push is for package heap.
func (m *merge[T]) Push(x any) { m.runs = append(m.runs, x.(*run[T])) }

// Pop is for package heap.
func (m *merge[T]) Pop() any {
	last := m.runs[len(m.runs)-1]
	m.runs = m.runs[:len(m.runs)-1]
	return last
}
