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

func customerTypes() []string {
	return []string{"never-bought", "new", "active", "loyal", "at-risk", "lapsed"}
}

// TestOneTypeAtEveryInstant walks buyers through years: whenever something happens,
// is heard of late, or a window ends, and a millisecond before and after, each is in
// the one type that counting her orders anew gives, and in none of the others.
func TestOneTypeAtEveryInstant(t *testing.T) {
	t.Parallel()
	folder, err := recipes.Files("customer-types")
	if err != nil {
		t.Fatal(err)
	}
	documents := fstest.MapFS{}
	for _, name := range []string{"segment.yaml", "market.yaml"} {
		body, err := fs.ReadFile(folder, name)
		if err != nil {
			t.Fatal(err)
		}
		documents[name] = &fstest.MapFile{Data: body}
	}
	rapid.Check(t, func(t *rapid.T) {
		country, o := drawBuyer(t)
		documents["walk.test"] = &fstest.MapFile{Data: []byte(walk(country, o))}
		results, err := story.Run(documents)
		if err != nil || len(results) != 1 {
			t.Fatal(results, err)
		}
		if results[0].Failure != "" {
			t.Fatalf("%s\n%s", results[0], documents["walk.test"].Data)
		}
	})
}

// drawBuyer draws where somebody lives and what she bought. The hours are by day, so
// that no window begins or ends while the clocks change.
func drawBuyer(t *rapid.T) (country string, o orders) {
	country = rapid.SampledFrom([]string{"SG", "DE"}).Draw(t, "country")
	o.zone = zones(t)[country]
	day := 0
	for range rapid.IntRange(0, 9).Draw(t, "orders") {
		day += rapid.SampledFrom([]int{0, 1, 5, 29, 30, 31, 60, 89, 90, 91, 180, 185, 364, 365, 400}).Draw(t, "pause")
		told := time.Date(2020, 1, 20+day, rapid.IntRange(5, 22).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), 0, 0, o.zone)
		late := rapid.SampledFrom([]int{0, 0, 0, 1, 29, 31, 120, 500}).Draw(t, "late")
		o.list = append(o.list, order{happened: told.AddDate(0, 0, -late), told: told})
	}
	slices.SortStableFunc(o.list, func(a, b order) int { return a.told.Compare(b.told) })
	return country, o
}

func zones(t *rapid.T) map[string]*time.Location {
	zones := map[string]*time.Location{}
	for country, name := range map[string]string{"SG": "Asia/Singapore", "DE": "Europe/Berlin"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones[country] = zone
	}
	return zones
}

// walk writes the story of a buyer's years.
func walk(country string, o orders) string {
	var b strings.Builder
	start := time.Date(2020, 1, 10, 10, 0, 0, 0, o.zone)
	fmt.Fprintf(&b, "story: years\nzone %s\nat %s\nidentify ana {\"country\":%q}\n", o.zone, start.Format(time.RFC3339Nano), country)
	told := 0
	for _, at := range turns(o, start) {
		fmt.Fprintf(&b, "at %s\n", at.Format(time.RFC3339Nano))
		for ; told < len(o.list) && o.list[told].told.Equal(at); told++ {
			days := calendarDays(o.list[told])
			fmt.Fprintf(&b, "%strack ana \"Order Completed\" {\"order_id\":\"o%d\"}\n", lateness(days), told)
		}
		for _, name := range customerTypes() {
			answer := "no"
			if name == o.typeOf(at) {
				answer = "yes"
			}
			fmt.Fprintf(&b, "expect segment ana %s %s\n", name, answer)
		}
	}
	return b.String()
}

func lateness(days int) string {
	if days == 0 {
		return ""
	}
	return fmt.Sprintf("late %dd ", days)
}

func calendarDays(x order) int {
	days := 0
	for at := x.told; at.After(x.happened); at = x.told.AddDate(0, 0, -days) {
		days++
	}
	return days
}

// turns are all instants at which anything may change, and those beside them.
func turns(o orders, start time.Time) (all []time.Time) {
	for _, x := range o.list {
		for _, at := range []time.Time{
			x.told, x.happened.AddDate(0, 0, 30), x.happened.AddDate(0, 0, 90), x.happened.AddDate(0, 0, 180), x.happened.AddDate(0, 0, 365),
		} {
			all = append(all, at.Add(-time.Millisecond), at, at.Add(time.Millisecond))
		}
	}
	all = slices.DeleteFunc(all, func(at time.Time) bool { return at.Before(start) })
	slices.SortFunc(all, time.Time.Compare)
	return slices.CompactFunc(all, time.Time.Equal)
}
