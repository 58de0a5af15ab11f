package shop_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport/shop"
)

// addresses returns the addresses that a shop's people have told by an instant.
func addresses(t testing.TB, s *shop.Shop, until time.Time) []string {
	t.Helper()
	var all []string
	for _, e := range s.Until(until) {
		var o struct {
			Traits struct {
				Email, Country string
			}
		}
		if err := json.Unmarshal(e.JSON, &o); err != nil {
			t.Fatal(err)
		}
		if o.Traits.Country != "" {
			all = append(all, o.Traits.Email)
		}
	}
	return all
}

func letter(n int, to, class string, at time.Time) shop.Letter {
	return shop.Letter{ID: fmt.Sprintf("msg_%d", n), Channel: "email", To: to, Class: class, At: at}
}

func content() (shop.Content, error) {
	return shop.Content{Link: true, Leave: "/u/x", Things: []string{"linen dress", "cotton shirt"}}, nil
}

// TestSameLettersSameLife plays a shop twice with the same letters, under other ids,
// with the time between the letters cut in another way.
func TestSameLettersSameLife(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64Range(1, 50).Draw(rt, "seed")
		hours := rapid.SliceOfN(rapid.IntRange(1, 20), 1, 25).Draw(rt, "hours between letters")
		life := func(prefix string, step time.Duration) (lines []string) {
			s, err := shop.New(shop.Config{Seed: seed, Visitors: 12, Past: 1, Start: opening})
			if err != nil {
				rt.Fatal(err)
			}
			to := addresses(t, s, opening)
			note := func(events []shop.Event) {
				for _, e := range events {
					if e.Reaction != nil {
						lines = append(lines, fmt.Sprint(e.At, e.Reaction.Kind, e.Reaction.Letter.To))
						continue
					}
					lines = append(lines, string(e.JSON))
				}
			}
			now := opening
			for n, h := range hours {
				next := now.Add(time.Duration(h) * time.Hour)
				for ; now.Before(next); now = now.Add(step) {
					note(s.Until(now))
				}
				now = next
				note(s.Until(now))
				l := letter(n, to[n%len(to)], "promotional", now)
				l.ID = prefix + l.ID
				if err := s.Deliver(now, l, content); err != nil {
					rt.Fatal(err)
				}
			}
			note(s.Until(now.AddDate(0, 0, 10)))
			return lines
		}
		a, b := life("a", 7*time.Minute), life("b", 11*time.Hour)
		if !slices.Equal(a, b) {
			for i := range min(len(a), len(b)) {
				if a[i] != b[i] {
					rt.Fatalf("line %d of %d and %d:\n%s\n%s", i, len(a), len(b), a[i], b[i])
				}
			}
			rt.Fatalf("%d lines and %d", len(a), len(b))
		}
	})
}

// write sends letters to everybody of a shop each so many days, and counts reactions.
func write(t *testing.T, class string, every time.Duration, weeks int) (met map[string]int, visits int) {
	t.Helper()
	s, err := shop.New(shop.Config{Seed: 3, Visitors: 1500, Past: 1, Start: opening})
	if err != nil {
		t.Fatal(err)
	}
	to := addresses(t, s, opening)
	met = map[string]int{}
	n := 0
	for now := opening; now.Before(opening.AddDate(0, 0, 7*weeks)); now = now.Add(every) {
		for _, who := range to {
			n++
			if err := s.Deliver(now, letter(n, who, class, now), content); err != nil {
				t.Fatal(err)
			}
		}
		for _, e := range s.Until(now.Add(every)) {
			if e.Reaction != nil {
				met[e.Reaction.Kind]++
			} else if slices.Contains([]string{"page"}, typeOf(t, e)) {
				visits++
			}
		}
	}
	return met, visits
}

func typeOf(t *testing.T, e shop.Event) string {
	t.Helper()
	var o struct{ Type string }
	if err := json.Unmarshal(e.JSON, &o); err != nil {
		t.Fatal(err)
	}
	return o.Type
}

func TestLettersAreMetAsPublished(t *testing.T) {
	t.Parallel()
	met, _ := write(t, "promotional", 7*24*time.Hour, 8)
	part := func(kind string) float64 { return float64(met[kind]) / float64(met["delivered"]) }
	for kind, between := range map[string][2]float64{
		"opened": {0.08, 0.3}, "clicked": {0.005, 0.05}, "left": {0.0005, 0.006}, "bounced": {0.001, 0.012},
	} {
		if p := part(kind); p < between[0] || p > between[1] {
			t.Errorf("%s: %v of all, not between %v", kind, p, between)
		}
	}
}

func TestTooManyLettersDriveAway(t *testing.T) {
	t.Parallel()
	few, _ := write(t, "promotional", 7*24*time.Hour, 8)
	many, _ := write(t, "promotional", 24*time.Hour, 8)
	part := func(met map[string]int, kind string) float64 { return float64(met[kind]) / float64(met["delivered"]) }
	if part(many, "opened") >= part(few, "opened") {
		t.Errorf("of many letters %v are opened, of few %v", part(many, "opened"), part(few, "opened"))
	}
	leave := func(met map[string]int) float64 { return part(met, "left") / part(met, "opened") }
	if leave(many) < 2*leave(few) {
		t.Errorf("of many opened letters %v drive away, of few %v", leave(many), leave(few))
	}
}

func TestReaderSeesThingsAnswersAndTheWayOut(t *testing.T) {
	t.Parallel()
	c := shop.NewReader().Read(`<a href="https://shop.example/p/x">linen dress</a>
		<a href="https://shop.example/feedback?about=return&amp;reason=size&amp;message=m1">It did not fit</a>
		<a href="http://127.0.0.1:8080/u/abc_D-1">Unsubscribe</a>`)
	if !slices.Equal(c.Things, []string{"linen dress"}) || !c.Link || c.Leave != "/u/abc_D-1" ||
		!slices.Equal(c.Asks, []shop.Question{{About: "return", Reason: "size"}}) {
		t.Errorf("read %+v", c)
	}
}
