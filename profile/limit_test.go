package profile

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rapport"
	"rapport/rule"
)

// absurd returns a record into which everything was put that may be, and more.
func absurd() *Record {
	var events []rapport.Event
	long := strings.Repeat("é", 400)
	at := testNow
	add := func(e rapport.Event) {
		at++
		e.UserID, e.MessageID, e.Timestamp = "ana", fmt.Sprint("m", len(events)), at
		events = append(events, e)
	}
	for i := range 600 {
		add(rapport.Event{Type: rapport.Identify, AnonymousID: fmt.Sprint("device", i, long[:200]), Properties: fmt.Appendf(nil, `{"trait%d":%q}`, i, long)})
		add(rapport.Event{Type: rapport.Group, GroupID: fmt.Sprint(i, long)})
		add(rapport.Event{Type: rapport.Track, Name: "Product Added", Properties: fmt.Appendf(nil, `{"cart_id":"c%d%s","product_id":"p%d","text":%q}`, i%12, long, i, long)})
		add(rapport.Event{Type: rapport.Track, Name: "Order Completed", Properties: fmt.Appendf(nil, `{"order_id":"o%d%s","total":1e300,"cart_id":"none","products":[%s1]}`, i, long, strings.Repeat("1,", 900))})
		add(rapport.Event{Type: rapport.Track, Name: "Order Refunded", Properties: fmt.Appendf(nil, `{"order_id":"o%d","reason":%q,"products":[%s{"id":"x"}]}`, i, long, strings.Repeat(`{"id":"`+long[:200]+`"},`, 40))})
		act := rapport.Consent{Purpose: fmt.Sprint(i, long), Address: long, Source: long, TextVersion: long, State: rapport.ConsentState(1 + i%2)}
		add(rapport.Event{Type: rapport.Derived, Name: ConsentChanged, Properties: ConsentProperties(act)})
		add(rapport.Event{Type: rapport.Derived, Name: AddressSuppressed, Properties: SuppressionProperties(Suppression{Channel: rapport.Email, Address: fmt.Sprint(i, long), Reason: long})})
	}
	return foldAll(events)
}

func TestRecordFitsWhateverIsSent(t *testing.T) {
	t.Parallel()
	for _, others := range []int{0, 10 << 10, 50 << 10} {
		r := absurd()
		r.Segments, r.Journeys, r.Contacts = make([]byte, others/2), make([]byte, others/4), make([]byte, others/4)
		if before := len(r.AppendBinary(nil)); before <= MaxRecord {
			t.Fatalf("%d bytes are not absurd", before)
		}
		if !r.Fit() {
			t.Error("it says that nothing was left out")
		}
		data := r.AppendBinary(nil)
		if len(data) > MaxRecord || len(data) < MaxRecord/3 {
			t.Errorf("beside %d bytes of others it takes %d of %d", others, len(data), MaxRecord)
		}
		if r.Fit() {
			t.Error("it was to be made smaller twice")
		}
		if !r.Crowded || !r.Known() || r.LastSeen == 0 || len(r.Facts) == 0 {
			t.Errorf("what she is was lost: %d identifiers, %d facts", len(r.Identifiers), len(r.Facts))
		}
	}
}

func TestOthersCannotTakeAllRoom(t *testing.T) {
	t.Parallel()
	r := absurd()
	r.Journeys = make([]byte, 2*MaxRecord)
	r.Fit()
	r.Journeys = nil
	if n := len(r.AppendBinary(nil)); n > minOwn+64 || n < minOwn/4 {
		t.Errorf("beside far too much of others it takes %d bytes", n)
	}
}

func TestOrdinaryRecordIsLeftAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := foldAll(drawHistory(t))
		before := string(r.AppendBinary(nil))
		if r.Fit() || string(r.AppendBinary(nil)) != before {
			t.Fatal("it was changed")
		}
	})
}

func TestNoIsKeptLongerThanYes(t *testing.T) {
	t.Parallel()
	r := New(rapport.CustomerID{1})
	r.addConsent(rapport.Consent{Purpose: "first", State: rapport.ConsentWithdrawn, At: 1})
	for i := range 2 * maxConsents {
		r.addConsent(rapport.Consent{Purpose: fmt.Sprint("p", i), State: rapport.ConsentGranted, At: rapport.Instant(2 + i)})
	}
	if len(r.Consents) != maxConsents || r.Consent("first", rapport.Email, "") != rapport.ConsentWithdrawn {
		t.Errorf("%d acts are kept; the first is %v", len(r.Consents), r.Consent("first", rapport.Email, ""))
	}
}

func TestCutKeepsCharactersWhole(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		n    int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"aé", 2, "a"}, {"é", 1, ""}, {"日本", 5, "日"}} {
		if got := cut(test.text, test.n); got != test.want {
			t.Errorf("%q cut to %d bytes is %q, wanted %q", test.text, test.n, got, test.want)
		}
	}
}

func TestDayIsCountedByWhenThingsHappened(t *testing.T) {
	t.Parallel()
	r := New(rapport.CustomerID{1})
	today := testNow - testNow%day
	for i, step := range []struct {
		at          rapport.Instant
		quarantined bool
	}{
		{today, false}, {today + 1, false}, {today - 1, false}, {today - day, false}, {today + 2, true}, {today - 1, false},
		{today + day, false}, {today + day - 1, false}, {today + day, false}, {today + 2*day - 1, true},
	} {
		if got := r.Count(step.at, 2); got != step.quarantined {
			t.Errorf("event %d: quarantined %v", i, got)
		}
	}
	if r.QuarantinedUntil(today+2*day-1) != today+2*day || r.QuarantinedUntil(today+2*day) != 0 {
		t.Errorf("quarantined until %v", r.Today.Quarantined)
	}
}

func TestOnlyDevicesExpire(t *testing.T) {
	t.Parallel()
	const after = 90 * 24 * time.Hour
	r := New(rapport.CustomerID{1})
	if r.ExpiresAt(after) != rapport.Never {
		t.Error("one who was never met expires")
	}
	r.Admitted = testNow
	at := r.ExpiresAt(after)
	if at <= testNow.Add(after) || at > testNow.Add(after+24*time.Hour) || at%day != 0 {
		t.Errorf("expires at %v", at)
	}
	if r.ExpiresAt(-1) != rapport.Never {
		t.Error("expires though nobody is to")
	}
	r.Identifiers = []Identity{{Identifier: rapport.Identifier{Kind: rapport.UserID, Value: "ana"}}}
	if r.ExpiresAt(after) != rapport.Never {
		t.Error("one who is known expires")
	}
}

// TestTraitsThatMakeRoomAreTouched: who has told too much loses the last traits of the
// alphabet, and whatever reads these is asked again.
func TestTraitsThatMakeRoomAreTouched(t *testing.T) {
	t.Parallel()
	r, facts := New(rapport.CustomerID{1}), rule.NewFactSet()
	fold := func(n int, traits string) (touched Touched) {
		e := rapport.Event{Type: rapport.Identify, UserID: "ana", MessageID: fmt.Sprint("m", n), Timestamp: testNow + rapport.Instant(n), Properties: []byte(traits)}
		r.Fold(Read(&e), facts, testNow, &touched)
		return touched
	}
	fold(0, `{"zone":"north","tier":"gold"}`)
	for i := range 11 {
		touched := fold(1+i, fmt.Sprintf(`{"a%02d":%q}`, i, strings.Repeat("x", 2000)))
		if gone := !r.Trait("tier").IsSet(); gone != slices.Contains(touched.Traits, "tier") {
			t.Fatalf("after %d long traits: tier is gone: %v; touched are %v", i+1, gone, touched.Traits)
		}
		if !r.Trait("tier").IsSet() {
			if !slices.Contains(touched.Traits, "zone") || touched.Were[slices.Index(touched.Traits, "tier")].Text() != "gold" {
				t.Errorf("touched are %v, which were %v", touched.Traits, touched.Were)
			}
			return
		}
	}
	t.Error("nothing had to make room")
}
