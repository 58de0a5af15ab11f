package profile

import (
	"bytes"
	"encoding/hex"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"rapport"
	"rapport/internal/wire"
	"rapport/rule"
)

// full returns a record with something in every section, as version 1 knows them.
func full() *Record {
	id := func(kind rapport.IdentifierKind, value string) rapport.Identifier {
		return rapport.Identifier{Kind: kind, Value: value}
	}
	history := &rule.History{Count: 2, First: 1000, Last: 2000, Points: []rule.Point{{At: 1000, Value: 5}, {At: 2000, Value: 7}}}
	return &Record{
		ID: rapport.CustomerID{1, 2, 3}, FirstSeen: 1000, LastSeen: 90000, Events: 12, Admitted: 91000, Head: 7, FactSet: 1 << 60,
		Homes: 3, Walks: 1 << 40, Today: Tally{Day: 19000, Events: 4, Quarantined: 99000}, Crowded: true, CartsClosed: 500,
		Identifiers: []Identity{
			{Identifier: id(rapport.UserID, "ana")},
			{Identifier: id(rapport.AnonymousID, "web"), From: 10, Until: rapport.Never, FirstAnonymous: 20, LastAnonymous: 30},
		},
		Traits: []Trait{
			{Name: "address", Value: rapport.ObjectOf([]rapport.Value{rapport.TextOf("city"), rapport.TextOf("Zürich")}), At: 1, Tie: 2},
			{Name: "age", Value: rapport.NumberOf(41.5), At: 3, Tie: 4},
			{Name: "email", Value: rapport.TextOf("ana@example.com"), At: 5, Tie: 6},
			{Name: "gone", At: 7, Tie: 8},
			{Name: "vip", Value: rapport.BoolOf(true), At: 9, Tie: 10},
		},
		Groups: []string{"club"},
		Consents: []rapport.Consent{
			{Purpose: "marketing", Channel: rapport.Email, Address: "ana@example.com", State: rapport.ConsentGranted, Source: "form", TextVersion: "2", At: 40},
			{Purpose: "marketing", State: rapport.ConsentWithdrawn, Source: "page", At: 50},
		},
		Suppressed: []Suppression{{Channel: rapport.Email, Address: "old@example.com", Reason: "bounced", At: 60}},
		Facts:      []Fact{{ID: 77, History: history}},
		Carts: []Cart{{ID: "c1", Closed: 100, Ops: []CartOp{
			{At: 110, Tie: 1, Kind: CartAdd, Product: "p", Quantity: 2, Item: []byte(`{"product_id":"p"}`)},
			{At: 120, Tie: 2, Ordinal: 3, Kind: CartRemove, Product: "p", Quantity: 1},
		}}},
		Orders: []Order{
			{ID: "o1", At: 200, Tie: 9, Total: 12_500_000, Currency: "SGD", Products: 2, Bought: true},
			{ID: "o2", At: 210, Tie: 10, Cancelled: true},
		},
		Returns:  []Return{{Order: "o1", At: 300, Tie: 11, Amount: 1, Currency: "SGD", Reason: "too small", Products: []string{"p", "q"}}},
		Merges:   []Merge{{From: rapport.CustomerID{9}, Into: rapport.CustomerID{1, 2, 3}, By: "m1", Via: id(rapport.UserID, "anna"), At: 400}},
		Segments: []byte("segments"), Journeys: []byte("journeys"), Contacts: []byte("contacts"),
	}
}

func fullRows() map[string]*Row {
	return map[string]*Row{
		"user":   {Kind: rapport.UserID, Parent: rapport.CustomerID{1}, Apart: []Apart{{From: rapport.CustomerID{2}, At: 30}}},
		"device": {Kind: rapport.AnonymousID, Detached: 5, Links: []Link{{User: rapport.IdentifierKey{3}, At: 10}, {User: rapport.IdentifierKey{4}, At: 20}}},
	}
}

func same() cmp.Options {
	return cmp.Options{
		cmpopts.EquateEmpty(), cmp.AllowUnexported(Record{}, section{}),
		cmp.Comparer(func(a, b *rule.History) bool { return a.Equal(b) }),
		cmp.Comparer(func(a, b rapport.Value) bool { return a.Equal(b) && a.Kind() == b.Kind() }),
	}
}

// golden reads what version 1 of the program wrote. The files must never change.
func golden(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".v1.hex")
	if err != nil {
		t.Fatal(err)
	}
	data, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRecordsOfVersionOneAreRead(t *testing.T) {
	t.Parallel()
	want := full()
	want.Walks = 0 // which it did not have
	got, err := Decode(want.ID, golden(t, "record"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, same()); diff != "" {
		t.Errorf("the record (-then +now):\n%s", diff)
	}
	for name, want := range fullRows() {
		got, err := DecodeRow(golden(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the row of a %s (-then +now):\n%s", name, diff)
		}
	}
}

// A glance at any record is what reading it whole says, whatever else it holds.
func TestGlanceIsWhatDecodeSays(t *testing.T) {
	t.Parallel()
	for seat := range uint32(3) {
		r := full()
		r.Seat = seat * 100_000
		data := r.AppendBinary(nil)
		whole, err := Decode(r.ID, data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := GlanceAt(r.ID, data)
		want := Glance{FactSet: whole.FactSet, Homes: whole.Homes, Walks: whole.Walks, Seat: whole.Seat, Segments: whole.Segments, Journeys: whole.Journeys}
		if diff := cmp.Diff(want, got); diff != "" || err != nil || whole.Seat != r.Seat {
			t.Errorf("(-whole +glance) %v\n%s", err, diff)
		}
		for n := range data {
			if _, err := Decode(r.ID, data[:n]); err == nil {
				if _, err := GlanceAt(r.ID, data[:n]); err != nil {
					t.Errorf("cut after %d bytes: %v", n, err)
				}
			}
		}
	}
	if got, err := GlanceAt(rapport.CustomerID{1, 2, 3}, golden(t, "record")); err != nil || got.Seat != 0 || got.Homes != 3 {
		t.Errorf("of version one: %+v, %v", got, err)
	}
}

func TestWhatANewerProgramWroteIsKept(t *testing.T) {
	t.Parallel()
	r := full()
	data := r.AppendBinary(nil)
	newer := wire.AppendText(wire.AppendUint(bytes.Clone(data), 900), "tomorrow's")
	newer = wire.AppendText(wire.AppendUint(newer, 901), "and more")
	got, err := Decode(r.ID, newer)
	if err != nil {
		t.Fatal(err)
	}
	if again := got.AppendBinary(nil); !bytes.Equal(again, newer) {
		t.Errorf("sections that are not known were not kept:\n%x\n%x", newer, again)
	}
}

// TestFieldsOfANewerProgramArePassedOver appends to the core and to every item of
// every list.
func TestFieldsOfANewerProgramArePassedOver(t *testing.T) {
	t.Parallel()
	want := full()
	in := wire.NewReader(want.AppendBinary(nil))
	newer := []byte{in.Byte()}
	for in.Len() > 0 {
		number, body := in.Uint(), in.Bytes()
		switch {
		case number == sectionCore:
			body = append(bytes.Clone(body), "more"...)
		case number < sectionSegments:
			body = growItems(body)
		}
		newer = wire.AppendText(wire.AppendUint(newer, number), body)
	}
	got, err := Decode(want.ID, newer)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, same()); diff != "" {
		t.Errorf("(-as it was +with more fields):\n%s", diff)
	}
}

func growItems(body []byte) []byte {
	in := wire.NewReader(body)
	n := in.Uint()
	out := wire.AppendUint(nil, n)
	for range n {
		out = wire.AppendText(out, append(bytes.Clone(in.Bytes()), "more"...))
	}
	return out
}

func TestWhatIsFoldedIsReadAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := foldAll(drawHistory(t))
		data := r.AppendBinary(nil)
		got, err := Decode(r.ID, data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, got, same()); diff != "" {
			t.Fatalf("(-written +read):\n%s", diff)
		}
		if !bytes.Equal(got.AppendBinary(nil), data) {
			t.Fatal("read and written again it has other bytes")
		}
		for n := range data {
			if _, err := Decode(r.ID, data[:n]); err == nil && n > 0 && isInside(data, n) {
				t.Fatalf("cut at %d of %d bytes, and nothing is said", n, len(data))
			}
		}
	})
}

// isInside reports whether a cut goes through a section.
func isInside(data []byte, cut int) bool {
	in := wire.NewReader(data[1:])
	for in.Len() > 0 {
		if len(data)-in.Len() == cut {
			return false
		}
		in.Uint()
		in.Bytes()
	}
	return cut < len(data)
}

func FuzzDecode(f *testing.F) {
	f.Add(full().AppendBinary(nil))
	f.Add([]byte{formatVersion})
	f.Add([]byte{formatVersion, 3, 2, 0xff, 0xff})
	f.Add(wire.AppendText(wire.AppendUint([]byte{formatVersion}, sectionFacts), wire.AppendUint(nil, 1<<40)))
	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := Decode(rapport.CustomerID{}, data)
		runtime.ReadMemStats(&after)
		if most := uint64(256*len(data) + 1<<20); after.TotalAlloc-before.TotalAlloc > most {
			t.Errorf("%d bytes took %d to read", len(data), after.TotalAlloc-before.TotalAlloc)
		}
		if err != nil {
			return
		}
		once := r.AppendBinary(nil)
		again, err := Decode(rapport.CustomerID{}, once)
		if err != nil {
			t.Fatalf("what was written can't be read: %v", err)
		}
		if !bytes.Equal(again.AppendBinary(nil), once) {
			t.Fatalf("not stable:\n%x\n%x", once, again.AppendBinary(nil))
		}
		again.Fit()
		again.OpenCart()
	})
}

func FuzzDecodeRow(f *testing.F) {
	for _, row := range fullRows() {
		f.Add(row.AppendBinary(nil))
	}
	f.Add([]byte{2, 0, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, data []byte) {
		row, err := DecodeRow(data)
		if err != nil {
			return
		}
		once := row.AppendBinary(nil)
		again, err := DecodeRow(once)
		if err != nil || !bytes.Equal(again.AppendBinary(nil), once) {
			t.Fatalf("not stable: %v\n%x", err, once)
		}
	})
}
