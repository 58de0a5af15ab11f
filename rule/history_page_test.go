package rule

import (
	"testing"

	"pgregory.net/rapid"

	"rapport"
)

// shelf keeps pages as a store would, and gives out their numbers.
type shelf struct {
	pages map[uint64][]byte
	last  uint64
}

func (s *shelf) number() uint64 {
	s.last++
	return s.last
}

func (s *shelf) write(number uint64, data []byte) { s.pages[number] = data }

// keep writes a history as a record does, forgets the pages it no longer names,
// and returns what is read back.
func (s *shelf) keep(t *rapid.T, h *History, rest int) *History {
	h.Spill(rest, s.number)
	h.WritePages(s.number, s.write)
	named := map[uint64]bool{}
	h.Pages(func(n uint64) { named[n] = true })
	for n := range s.pages {
		if !named[n] {
			delete(s.pages, n)
		}
	}
	if len(named) != len(s.pages) {
		t.Fatalf("%d pages are named, %d kept", len(named), len(s.pages))
	}
	got, _, err := DecodeHistory(h.AppendBinary(nil))
	if err != nil {
		t.Fatal(err)
	}
	if len(named) > 0 && got.Equal(h) {
		t.Fatal("nothing was moved out")
	}
	if err := got.Restore(func(n uint64) []byte { return s.pages[n] }); err != nil {
		t.Fatal(err)
	}
	return got
}

// A history that is written in pages and read again, as often as one likes while
// points come and go, is the one that never left memory.
func TestPagedHistoryIsTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		keep := anyKeep(t)
		memory, paged, kept := new(History), new(History), &shelf{pages: map[uint64][]byte{}}
		newest := map[int64]rapport.Instant{}
		now := rapport.Instant(1_800_000_000_000)
		for range rapid.IntRange(1, 6).Draw(t, "rounds") {
			n := rapid.SampledFrom([]int{1, 10, 700, 1500}).Draw(t, "points")
			late := rapport.Instant(rapid.SampledFrom([]int64{1, 1000, 3_600_000}).Draw(t, "late"))
			seed := rapid.Int64Range(1, 1<<30).Draw(t, "seed")
			for i := range n {
				now += rapport.Instant(seed * int64(i) % 700)
				p := Point{At: now - rapport.Instant(seed*int64(i+7)%int64(late))}
				if keep.Measured {
					p.Value = seed * int64(i) % 1300
				}
				newest[p.Value] = max(newest[p.Value], p.At)
				memory.Add(p, keep, now)
				paged.Add(p, keep, now)
			}
			checkIndex(t, memory, keep, newest)
			paged = kept.keep(t, paged, rapid.IntRange(0, 40).Draw(t, "rest"))
			if !paged.Equal(memory) {
				t.Fatalf("read back: %d points of %d", len(paged.Points), len(memory.Points))
			}
			for i := range paged.pages {
				if paged.pages[i].n > 2*PageSize {
					t.Fatalf("a page of %d points", paged.pages[i].n)
				}
			}
		}
	})
}

// checkIndex requires that what makes a long history quick to ask says what its
// points do.
func checkIndex(t *rapid.T, h *History, keep Keep, newest map[int64]rapport.Instant) {
	from := rapid.IntRange(0, len(h.Points)).Draw(t, "from")
	to := rapid.IntRange(from, len(h.Points)).Draw(t, "to")
	if keep.Measured && !keep.Distinct && h.sumBetween(from, to) != sumPoints(h.Points[from:to]) {
		t.Fatalf("the sum of [%d:%d] of %d points is wrong", from, to, len(h.Points))
	}
	for _, p := range h.Points {
		if keep.Distinct && newest[p.Value] != p.At {
			t.Fatalf("value %d was last seen at %d, not at %d", p.Value, newest[p.Value], p.At)
		}
	}
}

func TestOnlyChangedPagesAreWritten(t *testing.T) {
	t.Parallel()
	h, kept, keep := new(History), &shelf{pages: map[uint64][]byte{}}, Keep{Window: Forever}
	for i := range 10 * PageSize {
		h.Add(Point{At: rapport.Instant(i * 10)}, keep, 1<<40)
	}
	written := 0
	count := func(uint64, []byte) { written++ }
	h.Spill(100, kept.number)
	h.WritePages(kept.number, count)
	if written != 10 {
		t.Errorf("%d pages are written at first, wanted 10", written)
	}
	written = 0
	h.Add(Point{At: 1 << 30}, keep, 1<<40)
	h.WritePages(kept.number, count)
	if written != 0 {
		t.Errorf("a new point makes %d pages be written", written)
	}
	h.Add(Point{At: 10*3*PageSize + 5}, keep, 1<<40)
	h.WritePages(kept.number, count)
	if written != 1 {
		t.Errorf("a late point makes %d pages be written", written)
	}
}

func TestMissingAndDamagedPagesAreTold(t *testing.T) {
	t.Parallel()
	h, kept := new(History), &shelf{pages: map[uint64][]byte{}}
	for i := range 3 * PageSize {
		h.Add(Point{At: rapport.Instant(i)}, Keep{Window: Forever}, 1<<40)
	}
	h.Spill(0, kept.number)
	h.WritePages(kept.number, kept.write)
	data := h.AppendBinary(nil)
	for name, page := range map[string]func(uint64) []byte{
		"missing":      func(uint64) []byte { return nil },
		"cut":          func(n uint64) []byte { return kept.pages[n][:20] },
		"out of order": func(n uint64) []byte { return kept.pages[4-n] },
	} {
		got, _, err := DecodeHistory(data)
		if err != nil {
			t.Fatal(err)
		}
		if err := got.Restore(page); rapport.KindOf(err) != rapport.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzPage(f *testing.F) {
	f.Add(appendPage(nil, []Point{{At: 1, Value: 1 << 60}, {At: 5}}))
	f.Add(appendPage(nil, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		points, ok := readPage(data)
		if !ok {
			return
		}
		again, ok := readPage(appendPage(nil, points))
		if !ok || len(again) != len(points) {
			t.Fatalf("%v became %v", points, again)
		}
	})
}
