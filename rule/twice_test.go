package rule

import (
	"testing"

	"rapport"
)

// While the hour is shown a second time the clock stands still: what has left a
// window does not come back into it.
func TestHourThatIsShownTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	r, who := mustCompile(t, `events("A").within("1d").exists()`, Env{}), newCustomer("Europe/London", t)
	at := func(text string) rapport.Instant {
		instant, err := rapport.ParseInstant(text)
		if err != nil {
			t.Fatal(err)
		}
		return instant
	}
	seen := happening{"A", at("2026-10-24T00:30:00Z"), rapport.Value{}}
	who.observe(NewFactSet(r.Facts()...), seen, seen.at)
	for text, want := range map[string]Truth{"2026-10-25T00:29:59.999Z": Yes, "2026-10-25T00:30:00Z": No, "2026-10-25T01:10:00Z": No, "2026-10-25T01:40:00Z": No} {
		if got := r.Eval(who, at(text)); got != want {
			t.Errorf("at %s: %v, want %v", text, got, want)
		}
	}
}
