package decide

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rapport"
)

func someState(t *rapid.T, name string) *State {
	st := &State{}
	for range rapid.IntRange(0, 20).Draw(t, name) {
		st.add(Contact{
			Message: rapport.MessageID{byte(rapid.IntRange(0, 30).Draw(t, "message"))},
			At:      now + rapport.Instant(rapid.IntRange(0, 9).Draw(t, "at")),
			Channel: rapid.SampledFrom([]rapport.Channel{rapport.Email, rapport.SMS}).Draw(t, "channel"),
			Class:   rapport.Class(rapid.IntRange(1, 4).Draw(t, "class")),
		}, 0)
	}
	return st
}

func TestStateIsReadAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		st := someState(t, "contacts")
		got, err := Decode(st.AppendBinary(nil))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(st.Contacts(), got.Contacts()); diff != "" {
			t.Fatalf("(-written +read):\n%s", diff)
		}
	})
}

func TestMergeHasNoOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := someState(t, "a"), someState(t, "b"), someState(t, "c")
		want := Merge(Merge(a, b), c).Contacts()
		for _, got := range []*State{Merge(c, Merge(b, a)), Merge(Merge(a, c), b), Merge(Merge(Merge(a, b), c), a)} {
			if diff := cmp.Diff(want, got.Contacts()); diff != "" {
				t.Fatalf("in another order (-want +got):\n%s", diff)
			}
		}
	})
}

func TestRelease(t *testing.T) {
	t.Parallel()
	st := &State{}
	id := rapport.MessageID{1}
	st.add(Contact{Message: id, At: now}, 0)
	st.add(Contact{Message: rapport.MessageID{2}, At: now}, 0)
	st.Release(id)
	st.Release(id)
	if len(st.Contacts()) != 1 || st.Contacts()[0].Message == id {
		t.Errorf("contacts %v", st.Contacts())
	}
}

func TestContactsAreBounded(t *testing.T) {
	t.Parallel()
	st := &State{}
	for i := range maxContacts + 10 {
		st.add(Contact{Message: rapport.MessageID{byte(i), byte(i >> 8)}, At: now + rapport.Instant(i)}, 0)
	}
	if got := st.Contacts(); len(got) != maxContacts || got[0].At != now+10 {
		t.Errorf("%d contacts from %s on", len(got), got[0].At)
	}
}

func FuzzDecode(f *testing.F) {
	st := &State{}
	f.Add([]byte{})
	for i := range 3 {
		st.add(Contact{Message: rapport.MessageID{byte(i)}, At: now, Channel: rapport.Email, Class: rapport.Promotional}, 0)
		f.Add(st.AppendBinary(nil))
	}
	f.Add([]byte{encoding, 1, 200})
	f.Add([]byte{2, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		st, err := Decode(data)
		if err != nil {
			return
		}
		again, err := Decode(st.AppendBinary(nil))
		if err != nil {
			t.Fatalf("what was read can't be written and read: %v", err)
		}
		if !bytes.Equal(st.AppendBinary(nil), again.AppendBinary(nil)) {
			t.Fatal("the second reading differs from the first")
		}
	})
}
