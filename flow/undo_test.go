package flow_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rapport"
	"rapport/flow"
	"rapport/profile"
)

func alias(user, previous string) rapport.Event {
	return rapport.Event{Type: rapport.Alias, UserID: user, PreviousID: previous}
}

func (w *world) run(work flow.Work) {
	w.t.Helper()
	errs, err := w.engine.Run(context.Background(), w.now, work)
	if err != nil || errs[0] != nil {
		w.t.Fatal(err, errs)
	}
}

// person returns the record of a user, nil if there is none.
func (w *world) person(user string) *profile.Record {
	w.t.Helper()
	for _, r := range w.records() {
		if r.Identity(rapport.Identifier{Kind: rapport.UserID, Value: user}) != nil {
			return r
		}
	}
	return nil
}

// undo takes back the newest joining of a user by an identifier of a kind.
func (w *world) undo(user string, via rapport.IdentifierKind) {
	w.t.Helper()
	r := w.person(user)
	for _, m := range slices.Backward(r.Merges) {
		if m.Via.Kind == via {
			w.run(flow.Undo(r.ID, m.From))
			return
		}
	}
	w.t.Fatalf("%s was never joined with anybody by a %v", user, via)
}

// TestUndoIsAsIfNeverJoined joins two people in any small world by an alias, undoes
// it, and compares with the world in which nobody said so.
func TestUndoIsAsIfNeverJoined(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		events := slices.DeleteFunc(drawEvents(rt), func(e rapport.Event) bool { return e.Type == rapport.Alias })
		events = append(events,
			rapport.Event{Type: rapport.Track, Name: "Page Seen", MessageID: "ana", UserID: "ana", Timestamp: start - 5},
			rapport.Event{Type: rapport.Track, Name: "Page Seen", MessageID: "bob", UserID: "bob", Timestamp: start - 5})
		order := batches(rt, events)
		cut := rapid.IntRange(0, len(order)).Draw(rt, "cut")
		with, without := newWorld(t, ledger(t, 1)), newWorld(t, ledger(t, 1))
		without.admitAll(order)
		with.admitAll(order[:cut])
		with.admit(rapport.Event{Type: rapport.Alias, MessageID: "join", UserID: "ana", PreviousID: "bob", Timestamp: start - 1000})
		with.admitAll(order[cut:])
		with.now = with.now.Add(time.Second)
		with.undo("ana", rapport.UserID)
		checkApart(rt, with, without, events)
		with.now = with.now.Add(48 * time.Hour) // nothing is remembered of the messageIds
		with.admit(rapport.Event{Type: rapport.Alias, MessageID: "join", UserID: "bob", PreviousID: "ana", Timestamp: start - 1000})
		if with.person("ana").ID == with.person("bob").ID || len(with.records()) != len(without.records()) {
			rt.Fatalf("an old alias joined again whom somebody had told apart: %s", tell(events))
		}
		with.checkSizes(rt)
	})
}

func (w *world) admitAll(batches [][]rapport.Event) {
	w.t.Helper()
	for _, batch := range batches {
		w.admit(slices.Clone(batch)...)
	}
}

// checkApart compares customers, leaving out the alias itself and, of intervals,
// what it told of a device of the user's name.
func checkApart(t *rapid.T, with, without *world, events []rapport.Event) {
	got, want := with.customers(), without.customers()
	for i := range got {
		got[i] = dropWord(got[i], "join")
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-never joined +undone):\n%s\nevents: %s", diff, tell(events))
	}
}

func TestWhatWasWithdrawnStaysWithBothHalves(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledger(t, 1))
	w.admit(identify("ana", "", `{"email":"ana@example.com"}`), identify("bob", "", `{"email":"bob@example.com"}`), alias("ana", "bob"))
	one := w.person("ana")
	w.run(flow.Record(one.ID, rapport.Consent{Purpose: "marketing", State: rapport.ConsentGranted, Source: "form", At: w.now}))
	w.now = w.now.Add(time.Second)
	w.run(flow.Record(one.ID, rapport.Consent{Purpose: "marketing", Channel: rapport.Email, State: rapport.ConsentWithdrawn, Source: "page", At: w.now}))
	w.now = w.now.Add(time.Second)
	w.undo("ana", rapport.UserID)
	for _, user := range []string{"ana", "bob"} {
		r := w.person(user)
		if r == nil {
			t.Fatalf("%s is gone", user)
		}
		if got := r.Consent("marketing", rapport.Email, user+"@example.com"); got != rapport.ConsentWithdrawn {
			t.Errorf("%s: marketing by email is %v", user, got)
		}
	}
	if w.person("ana").ID == w.person("bob").ID {
		t.Fatal("they are still one")
	}
}

func TestJoiningAgainAfterUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledger(t, 1))
	w.admit(track("ana", "", "Order Completed", `{"total":4}`), track("bob", "", "Order Completed", `{"total":5}`), alias("ana", "bob"))
	whole := w.customers()
	w.now = w.now.Add(time.Second)
	w.undo("ana", rapport.UserID)
	if len(w.records()) != 2 {
		t.Fatalf("undone: %q", w.customers())
	}
	w.now = w.now.Add(time.Second)
	again := alias("ana", "bob")
	again.MessageID = "again"
	w.admit(again)
	got := w.customers()
	if len(got) != 1 || dropWord(got[0], "again") != whole[0] {
		t.Fatalf("joined again: %q, before: %q", got, whole)
	}
}

func TestUndoneDeviceStaysApartUntilToldOtherwise(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledger(t, 1))
	w.admit(track("", "web", "Page Seen", ""), track("ana", "web", "Page Seen", ""))
	w.now = w.now.Add(time.Second)
	w.undo("ana", rapport.AnonymousID)
	w.admit(track("ana", "web", "Page Seen", ""), track("", "web", "Page Seen", ""))
	want := sorted([]string{"names @web[always]; events m1 m4; ; 0 orders of 0", "names @web[never] ana; events m2 m3; ; 0 orders of 0"})
	if diff := cmp.Diff(want, w.customers()); diff != "" {
		t.Fatalf("after undo (-want +got):\n%s", diff)
	}
	w.now = w.now.Add(time.Second)
	w.admit(alias("ana", "web"))
	want = []string{"names @web[always] ana web; events m1 m2 m3 m4 m5; ; 0 orders of 0"}
	if diff := cmp.Diff(want, w.customers()); diff != "" {
		t.Fatalf("told again (-want +got):\n%s", diff)
	}
	w.undo("ana", rapport.AnonymousID)
	if len(w.records()) != 2 {
		t.Fatalf("undone again: %q", w.customers())
	}
}

func TestUndoOfWhatWasNever(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledger(t, 1))
	w.admit(track("ana", "", "Page Seen", ""))
	for _, id := range []rapport.CustomerID{w.person("ana").ID, {7}} {
		errs, err := w.engine.Run(context.Background(), w.now, flow.Undo(id, rapport.CustomerID{9}))
		if err != nil || rapport.KindOf(errs[0]) != rapport.NotFound {
			t.Errorf("undo for %v: %v, %v", id, errs, err)
		}
	}
}

// dropWord takes a word out of a text.
func dropWord(text, word string) string {
	words := strings.Fields(text)
	for i, w := range words {
		if strings.TrimSuffix(w, ";") != word {
			continue
		}
		if strings.HasSuffix(w, ";") {
			words[i-1] += ";"
		}
		return strings.Join(slices.Delete(words, i, i+1), " ")
	}
	return text
}

// merges tells a user's log: whom she was joined with, by what.
func (w *world) merges(user string) []string {
	w.t.Helper()
	var told []string
	for _, m := range w.person(user).Merges {
		told = append(told, m.Via.Kind.String()+" "+m.Via.Value)
	}
	return sorted(told)
}

func TestUndoLeavesEachHalfItsOwnLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledger(t, 1))
	w.admit(track("", "web", "Page Seen", ""), track("", "app", "Page Seen", ""))
	w.admit(track("ana", "web", "Page Seen", ""), track("bob", "app", "Page Seen", ""))
	w.admit(alias("ana", "bob"))
	if diff := cmp.Diff([]string{"anonymousId app", "anonymousId web", "userId bob"}, w.merges("ana")); diff != "" {
		t.Errorf("joined (-want +got):\n%s", diff)
	}
	w.undo("ana", rapport.UserID)
	for user, want := range map[string]string{"ana": "anonymousId web", "bob": "anonymousId app"} {
		if diff := cmp.Diff([]string{want}, w.merges(user)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", user, diff)
		}
		w.undo(user, rapport.AnonymousID)
	}
	if len(w.records()) != 4 {
		t.Errorf("%q", w.customers())
	}
}

// TestUndoTellsTheDeviceToo undoes a joining by which a device had become shared
// later than it was.
func TestUndoTellsTheDeviceToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledger(t, 1))
	for i, e := range []rapport.Event{
		track("ana", "web", "Page Seen", ""), track("bob", "web", "Page Seen", ""), track("cat", "web", "Page Seen", ""), track("", "web", "Page Seen", ""),
	} {
		w.now = start + rapport.Instant(10*i)
		w.admit(e)
	}
	apart := w.customers()
	w.admit(alias("ana", "bob"))
	w.undo("ana", rapport.UserID)
	got := w.customers()
	for i := range got {
		got[i] = dropWord(got[i], "m5")
	}
	if diff := cmp.Diff(apart, sorted(got)); diff != "" {
		t.Errorf("(-never joined +undone):\n%s", diff)
	}
}

// TestApartIsApartUnderAnyName joins those who were told apart with others before
// the old alias comes again.
func TestApartIsApartUnderAnyName(t *testing.T) {
	t.Parallel()
	for _, third := range []string{"cat", "dan", "eva", "fox", "gus", "hal"} { // with lower and higher keys
		w := newWorld(t, ledger(t, 1))
		w.admit(track("ana", "", "Page Seen", ""), track("bob", "", "Page Seen", ""), track(third, "", "Page Seen", ""), alias("ana", "bob"))
		w.undo("ana", rapport.UserID)
		w.now = w.now.Add(time.Second)
		w.admit(alias(third, "ana"), alias("zoe", "bob"))
		old := alias("bob", "ana")
		old.Timestamp = start
		w.admit(old)
		if w.person("ana").ID == w.person("bob").ID {
			t.Errorf("with %s they are one again", third)
		}
	}
}

// TestDeviceIsUndoneWhereItIs tells apart two who were joined, and then the device
// from whom of them it is.
func TestDeviceIsUndoneWhereItIs(t *testing.T) {
	t.Parallel()
	for _, other := range []string{"bob", "cat", "dan", "eva"} { // with lower and higher keys
		w := newWorld(t, ledger(t, 1))
		w.admit(alias("ana", other), track("", "web", "Order Completed", `{"total":4}`), track(other, "web", "Page Seen", ""))
		w.undo("ana", rapport.UserID)
		w.undo(other, rapport.AnonymousID)
		if r := w.person(other); len(r.Facts) > 0 {
			t.Errorf("%s still has the device's order", other)
		}
		if got := w.customers(); len(got) != 3 {
			t.Errorf("with %s: %q", other, got)
		}
	}
}

// TestNamedInAJoinThatMovesEvents joins somebody who was only named so far by an alias
// that makes a device's events hers: it can be undone all the same.
func TestNamedInAJoinThatMovesEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledger(t, 1))
	w.admit(track("cat", "web", "Page Seen", ""), track("", "web", "Page Seen", ""))
	first := alias("bob", "web")
	first.Timestamp = start - 1
	w.admit(first)
	if diff := cmp.Diff([]string{"userId web"}, w.merges("bob")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestDeviceThatOnlyAliasesNamed has two people of one device, by aliases alone, who
// are one, are told apart, and are one again: then all that was done on it is hers.
func TestDeviceThatOnlyAliasesNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, ledger(t, 1))
	for _, e := range []rapport.Event{alias("cat", "phone"), alias("bob", "phone"), track("", "phone", "Order Completed", `{"total":4}`)} {
		w.now = w.now.Add(time.Second)
		w.admit(e)
	}
	w.now = w.now.Add(time.Second)
	w.undo("cat", rapport.UserID)
	w.now = w.now.Add(time.Second)
	w.admit(alias("cat", "bob"))
	if got := w.customers(); len(got) != 1 || len(w.person("cat").Facts) == 0 {
		t.Errorf("%q", got)
	}
}
