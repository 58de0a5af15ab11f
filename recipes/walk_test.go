package recipes_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"rapport/recipes"
	"rapport/story"
)

// TestOneTypeAtEveryInstant walks buyers through years: whenever something happens,
// is heard of late, or a window ends, and a millisecond before and after, each is in
// the one type that counting her orders anew gives, and in none of the others.
func TestOneTypeAtEveryInstant(t *testing.T) {
	t.Parallel()
	documents := segmentsOf(t, "customer-types", "segment.yaml", "market.yaml")
	rapid.Check(t, func(t *rapid.T) {
		w := drawWalk(t)
		w.days = []int{30, 90, 180, 365}
		for range rapid.IntRange(0, 9).Draw(t, "orders") {
			w.pause(rapid.SampledFrom([]int{0, 1, 5, 29, 30, 31, 60, 89, 90, 91, 180, 185, 364, 365, 400}).Draw(t, "pause"))
			w.add(t, "Order Completed", rapid.SampledFrom([]int{0, 0, 0, 1, 29, 31, 120, 500}).Draw(t, "late"))
		}
		w.play(t, documents, func(at time.Time) map[string]bool {
			is := map[string]bool{"never-bought": false, "new": false, "active": false, "loyal": false, "at-risk": false, "lapsed": false}
			is[w.typeOf(at)] = true
			return is
		})
	})
}

// TestQuietAtEveryInstant does the same for who has not bought for 90 days.
func TestQuietAtEveryInstant(t *testing.T) {
	t.Parallel()
	documents := segmentsOf(t, "win-back", "segment.yaml", "market.yaml")
	rapid.Check(t, func(t *rapid.T) {
		w := drawWalk(t)
		w.days = []int{90}
		for range rapid.IntRange(0, 6).Draw(t, "orders") {
			w.pause(rapid.SampledFrom([]int{0, 1, 45, 89, 90, 91, 180}).Draw(t, "pause"))
			w.add(t, "Order Completed", rapid.SampledFrom([]int{0, 0, 1, 89, 91, 300}).Draw(t, "late"))
		}
		w.play(t, documents, func(at time.Time) map[string]bool {
			return map[string]bool{"quiet-for-90-days": len(w.known("Order Completed", time.Time{}, at)) > 0 && w.within("Order Completed", 90, at) == 0}
		})
	})
}

// TestStatesAtEveryInstant does the same for what customers are doing.
func TestStatesAtEveryInstant(t *testing.T) {
	t.Parallel()
	documents := segmentsOf(t, "behaviour", "segment.yaml", "cart-left.yaml", "agreed-to-personalisation.yaml", "market.yaml")
	rapid.Check(t, func(t *rapid.T) {
		w := drawWalk(t)
		w.days = []int{2, 7, 14, 30}
		for range rapid.IntRange(0, 12).Draw(t, "happenings") {
			w.pause(rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3, 6, 7, 13}).Draw(t, "pause"))
			name := rapid.SampledFrom([]string{
				"Product Viewed", "Product Viewed", "Application Opened", "Application Opened", "Product Added", "Product Added", "Product Removed", "Cart Updated",
				"Checkout Started", "Order Completed", "Order Returned", "Product Returned", "Order Refunded",
			}).Draw(t, "name")
			times := 1
			if name == "Product Viewed" || name == "Application Opened" {
				times = rapid.IntRange(1, 8).Draw(t, "times")
			}
			late := rapid.SampledFrom([]int{0, 0, 0, 1, 2, 6, 15}).Draw(t, "late")
			for range times {
				w.add(t, name, late)
			}
		}
		w.play(t, documents, w.states)
	})
}

// segmentsOf returns some files of a recipe.
func segmentsOf(t *testing.T, recipe string, names ...string) fstest.MapFS {
	t.Helper()
	folder, err := recipes.Files(recipe)
	if err != nil {
		t.Fatal(err)
	}
	documents := fstest.MapFS{}
	for _, name := range names {
		body, err := fs.ReadFile(folder, name)
		if err != nil {
			t.Fatal(err)
		}
		documents[name] = &fstest.MapFile{Data: body}
	}
	return documents
}

// walk is a life while it is drawn, and written as a story. The hours are by day, so
// that no window begins or ends while the clocks change.
type walk struct {
	life
	country string
	start   time.Time
	day     int
	days    []int // the windows of the segments
}

func drawWalk(t *rapid.T) *walk {
	w := &walk{country: rapid.SampledFrom([]string{"SG", "DE"}).Draw(t, "country")}
	zone, err := time.LoadLocation(map[string]string{"SG": "Asia/Singapore", "DE": "Europe/Berlin"}[w.country])
	if err != nil {
		t.Fatal(err)
	}
	w.zone, w.start = zone, time.Date(2020, 3, 1, 10, 0, 0, 0, zone)
	return w
}

func (w *walk) pause(days int) { w.day += days }

// add lets something happen that is heard of some days later.
func (w *walk) add(t *rapid.T, name string, late int) {
	hour, minute := rapid.SampledFrom([]int{7, 8, 20}).Draw(t, "hour"), rapid.SampledFrom([]int{0, 0, 30}).Draw(t, "minute")
	told := time.Date(2020, 3, 22+w.day, hour, minute, 0, 0, w.zone) // the clocks of Berlin change on the 29th
	x := happening{name: name, happened: told.AddDate(0, 0, -late), told: told}
	switch {
	case name == "Cart Updated":
		x.emptied = rapid.Bool().Draw(t, "emptied")
	case strings.HasSuffix(name, "Returned") || name == "Order Refunded":
		x.reason = rapid.SampledFrom([]string{"", "size too small", "size too large", "damaged"}).Draw(t, "reason")
	}
	w.list = append(w.list, x)
}

// play writes the walk as a story that expects of each segment what the oracle says,
// and plays it.
func (w *walk) play(t *rapid.T, documents fstest.MapFS, expected func(time.Time) map[string]bool) {
	slices.SortStableFunc(w.list, func(a, b happening) int { return a.told.Compare(b.told) })
	var b strings.Builder
	fmt.Fprintf(&b, "story: years\nzone %s\nat %s\nidentify ana {\"country\":%q}\n", w.zone, w.start.Format(time.RFC3339Nano), w.country)
	told := 0
	for _, at := range w.turns() {
		fmt.Fprintf(&b, "at %s\n", at.Format(time.RFC3339Nano))
		for ; told < len(w.list) && w.list[told].told.Equal(at); told++ {
			b.WriteString(w.list[told].line(told))
		}
		for name, is := range expected(at) {
			fmt.Fprintf(&b, "expect segment ana %s %s\n", name, map[bool]string{true: "yes", false: "no"}[is])
		}
	}
	documents["walk.test"] = &fstest.MapFile{Data: []byte(b.String())}
	results, err := story.Run(documents)
	if err != nil || len(results) != 1 || told != len(w.list) {
		t.Fatal(results, err, told)
	}
	if results[0].Failure != "" {
		t.Fatalf("%s\n%s", results[0], &b)
	}
}

// line writes what happened as a story does.
func (x happening) line(n int) string {
	days := 0
	for at := x.told; at.After(x.happened); at = x.told.AddDate(0, 0, -days) {
		days++
	}
	late, properties := "", fmt.Sprintf(`{"order_id":"o%d","product_id":"p1","products":[{"product_id":"p1"}]}`, n)
	if days > 0 {
		late = fmt.Sprintf("late %dd ", days)
	}
	if x.emptied {
		properties = `{"products":[]}`
	}
	if x.reason != "" {
		properties = fmt.Sprintf(`{"order_id":"o%d","reason":%q}`, n, x.reason)
	}
	return fmt.Sprintf("%strack ana %q %s\n", late, x.name, properties)
}

// turns are all instants at which anything may change, and those beside them.
func (w *walk) turns() (all []time.Time) {
	for _, x := range w.list {
		turns := []time.Time{x.told, x.happened.Add(time.Hour)}
		for _, days := range w.days {
			turns = append(turns, x.happened.AddDate(0, 0, days))
		}
		for _, at := range turns {
			all = append(all, at.Add(-time.Millisecond), at, at.Add(time.Millisecond))
		}
	}
	all = slices.DeleteFunc(all, func(at time.Time) bool { return at.Before(w.start) })
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}
