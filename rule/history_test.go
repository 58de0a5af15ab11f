package rule

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport"
)

func anyKeep(t *rapid.T) Keep {
	ages := rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute, time.Hour, Forever})
	k := Keep{
		Window:     ages.Draw(t, "window"),
		Last:       rapid.IntRange(0, 5).Draw(t, "last"),
		LastWithin: ages.Draw(t, "within"),
		Measured:   rapid.Bool().Draw(t, "measured"),
	}
	k.Distinct = k.Measured && rapid.Bool().Draw(t, "distinct")
	return k
}

func anyPoints(t *rapid.T, keep Keep) []Point {
	valued := rapid.Bool().Draw(t, "valued") // a hash of what is shared, though nothing is measured
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Point {
		p := Point{At: rapport.Instant(rapid.Int64Range(0, 2*3_600_000).Draw(t, "at"))}
		if rapid.Bool().Draw(t, "round") {
			p.At -= p.At % 60_000 // so that some meet
		}
		if keep.Measured || valued {
			p.Value = rapid.OneOf(rapid.Int64Range(-3, 3), rapid.Int64()).Draw(t, "value")
		}
		return p
	}), 0, 30).Draw(t, "points")
}

// plainHistory is what a history should be, worked out from all points at once.
func plainHistory(points []Point, keep Keep, now rapport.Instant) *History {
	h := new(History)
	for _, p := range points {
		h.tally(p, keep)
	}
	sorted := slices.Clone(points)
	slices.SortFunc(sorted, Point.compare)
	for i, p := range sorted {
		newer := sorted[i+1:]
		if keep.Distinct {
			if slices.ContainsFunc(newer, func(q Point) bool { return q.Value == p.Value }) {
				continue
			}
			newer = nil
			for j, q := range sorted[i+1:] {
				if !slices.ContainsFunc(sorted[i+j+2:], func(r Point) bool { return r.Value == q.Value }) {
					newer = append(newer, q)
				}
			}
		}
		young := func(age time.Duration) bool { return age == Forever || now.Sub(p.At) < age }
		if young(keep.Window) || len(newer) < keep.Last && young(keep.LastWithin) {
			h.Points = append(h.Points, p)
		}
	}
	return h
}

func TestHistoryDoesNotDependOnOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		keep := anyKeep(t)
		points := anyPoints(t, keep)
		end := rapport.Instant(2*3_600_000) + rapport.Instant(rapid.Int64Range(0, 3_600_000).Draw(t, "end"))
		want := plainHistory(points, keep, end)

		shuffled := rapid.Permutation(points).Draw(t, "order")
		cut := rapid.IntRange(0, len(points)).Draw(t, "cut")
		halves := [2]*History{{}, {}}
		for i, p := range shuffled {
			now := p.At + 1 // each is admitted at some instant before the end
			if i == cut-1 || i == len(shuffled)-1 {
				now = end
			}
			half := halves[min(1, i/max(cut, 1))]
			half.Add(p, keep, now)
		}
		got := Merge(halves[0], halves[1], keep, end)
		if !got.Equal(want) {
			t.Fatalf("merged: got %+v\nwant %+v", got, want)
		}

		one := new(History)
		for _, p := range shuffled {
			one.Add(p, keep, end)
		}
		if !one.Equal(want) {
			t.Fatalf("added: got %+v\nwant %+v", one, want)
		}
	})
}

func TestHistoryBinary(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		keep := anyKeep(t)
		h := new(History)
		for _, p := range anyPoints(t, keep) {
			h.Add(p, keep, 2*3_600_000)
		}
		tail := rapid.SliceOf(rapid.Byte()).Draw(t, "tail")
		data := append(h.AppendBinary(nil), tail...)
		got, rest, err := DecodeHistory(data)
		if err != nil || !got.Equal(h) || !slices.Equal(rest, tail) {
			t.Fatalf("got %+v, %v, %v\nwant %+v", got, rest, err, h)
		}
	})
}

// A later version writes more into the body; this one passes over it.
func TestHistoryOfALaterVersion(t *testing.T) {
	t.Parallel()
	h := &History{Count: 2, First: 5, Last: 9, Points: []Point{{At: 5}, {At: 9}}}
	body := append(h.appendBody(nil), 0, 1, 2, 3) // no pages, then what is new
	got, rest, err := DecodeHistory(append([]byte{byte(len(body))}, append(body, 77)...))
	if err != nil || !got.Equal(h) || len(rest) != 1 || rest[0] != 77 {
		t.Fatalf("got %+v, %v, %v", got, rest, err)
	}
}

func FuzzHistory(f *testing.F) {
	keep := Keep{Window: time.Hour, Measured: true}
	h := new(History)
	f.Add(h.AppendBinary(nil))
	for i := range 5 {
		h.Add(Point{At: rapport.Instant(1_700_000_000_000 + i*1000), Value: int64(i) << (12 * i)}, keep, 1_700_000_010_000)
	}
	f.Add(h.AppendBinary(nil))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		h, _, err := DecodeHistory(data)
		if err != nil {
			return
		}
		again, rest, err := DecodeHistory(h.AppendBinary(nil))
		if err != nil || len(rest) != 0 || !again.Equal(h) {
			t.Fatalf("%+v became %+v, %v", h, again, err)
		}
		Merge(h, again, keep, 1_700_000_020_000)
	})
}

func TestSumSaturatesOnlyWhenRead(t *testing.T) {
	t.Parallel()
	const most = 1<<63 - 1
	var s Sum
	s.add(most)
	s.add(most)
	if s.Micros() != most {
		t.Errorf("two of the largest: %d", s.Micros())
	}
	s.add(-most)
	s.add(-most)
	s.add(-1)
	if s.Micros() != -1 {
		t.Errorf("taken back: %d", s.Micros())
	}
	s.sub(-1)
	if s != (Sum{}) {
		t.Errorf("sub: %v", s)
	}
}
