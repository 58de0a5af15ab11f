package move_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/store"
	"rapport/store/move"
	"rapport/store/postgres"
	"rapport/store/postgres/pgtest"
	"rapport/store/sqlite"
	"rapport/store/storetest"
)

// installation is a store that can be moved.
type installation interface {
	storetest.Store
	move.Store
}

func folder(t *testing.T) installation {
	t.Helper()
	return inFolder(t, t.TempDir())
}

func inFolder(t *testing.T, dir string) installation {
	t.Helper()
	s, err := sqlite.Open(dir, sqlite.Options{})
	return opened(t, s, err)
}

func database(t *testing.T) installation {
	t.Helper()
	s, err := postgres.Open(t.Context(), pgtest.URL(t), postgres.Options{})
	return opened(t, s, err)
}

func opened[S installation](t *testing.T, s S, err error) installation {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// live fills a store with rows of every sort, some of them odd.
func live(t *testing.T, s installation) {
	t.Helper()
	sample := storetest.NewSample(1, 500, true)
	for n := range 12 {
		state := s.State()
		b := &store.Batch{Position: state.Position, Epoch: state.Epoch, At: rapport.Instant(1000 * n), Workspace: uint64(n % 3)}
		if n%4 != 1 {
			b.Events = sample.Blocks(100 + 40*n)
		}
		for i := range 40 {
			id, odd := storetest.Customer(i*(n+1)), fmt.Sprintf("é\x00%d", i)
			at := rapport.Instant(id[0] % 6) // a message of a known id was created at the same instant
			r := store.Record{Customer: id, Data: fmt.Appendf(nil, "record %d %d", n, i), Wake: rapport.Instant(i)}
			if i%7 == 0 {
				r.Wake, r.Paged, r.Pages = rapport.Never, true, []store.Page{{Number: uint64(n), Data: []byte(odd)}, {Number: 1 << 40, Data: []byte{}}}
			}
			b.Records = append(b.Records, r)
			b.Identifiers = append(b.Identifiers, store.Identifier{Key: rapport.IdentifierKey(id), Data: []byte(odd)})
			b.Addresses = append(b.Addresses, store.Address{Kind: store.EmailAddress, Value: odd, Customer: id})
			b.Messages = append(b.Messages, rapport.Message{
				ID: rapport.MessageID(id), Customer: id, Journey: odd, Status: rapport.Status(1 + i%10), Channel: rapport.Email, Class: rapport.Class(i % 5),
				CreatedAt: at, DueAt: rapport.Never, Entry: []byte(odd), Attempts: i,
			})
			b.Contents = append(b.Contents, store.Content{Message: rapport.MessageID(id), At: 5, Content: rapport.Content{Subject: odd, HTML: strings.Repeat(odd, 100)}})
			if i == 5 { // one that made a message of the batch, at an instant at which others were made
				b.Decisions = append(b.Decisions, rapport.Decision{
					Customer: id, Journey: odd, Outcome: "send", At: at, Message: rapport.MessageID(id), Checks: []rapport.Check{{Name: odd}},
				})
			}
			b.Decisions = append(b.Decisions, rapport.Decision{Customer: id, Journey: odd, At: at, Checks: []rapport.Check{{Name: odd, Passed: i%2 == 0}}})
			b.Counters = append(b.Counters, store.Counter{Name: odd, Bucket: rapport.Instant(n), Delta: int64(i - 20)})
		}
		b.Marks = []store.Mark{{Name: fmt.Sprint("mark ", n), Data: []byte{0, 1, byte(n)}}}
		b.Settings = []store.Setting{{Name: fmt.Sprint("setting ", n), Data: []byte{}}}
		if err := s.Commit(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	for n := range uint64(3) {
		v := store.Version{Number: n + 1, At: 7, Key: "desk", Author: "Ann", Note: "№", Documents: []store.Document{
			{Kind: "segment", Name: "same", Body: []byte("same")}, {Kind: "segment", Name: "b", Body: []byte{0, 0xff, byte(n)}}, {Kind: "journey", Name: "none"},
		}}
		if err := s.SaveVersion(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
}

func run(t *testing.T, from, to installation) []move.Part {
	t.Helper()
	parts, err := move.Run(t.Context(), move.Plan{From: from, To: to, FromName: "the old place", ToName: "the new place", At: "today"})
	if err != nil {
		t.Fatal(err)
	}
	return parts
}

// TestThereAndBack: from a folder to a database and to another folder, everything
// arrives, goes on where it stood, and would be found as it was.
func TestThereAndBack(t *testing.T) {
	t.Parallel()
	first, second, third := folder(t), database(t), folder(t)
	live(t, first)
	out := run(t, first, second)
	for _, p := range out {
		if !p.Same() || p.Rows == 0 {
			t.Errorf("nothing moved, or not as it was: %+v", p)
		}
	}
	if first.State().Position != second.State().Position || first.State().At != second.State().At {
		t.Errorf("it stands at %+v, and stood at %+v", second.State(), first.State())
	}
	if diff := cmp.Diff(out, run(t, second, third)); diff != "" {
		t.Errorf("there and back (-there +back):\n%s", diff)
	}
	alike(t, first, third)
	alike(t, first, second)

	// What goes on in the database comes after what came from the folder.
	fourth := database(t)
	run(t, third, fourth)
	live2 := &store.Batch{
		Position: fourth.State().Position, Epoch: fourth.State().Epoch, At: 99_000, Events: storetest.NewSample(3, 9, false).Blocks(10),
		Decisions: []rapport.Decision{{Customer: storetest.Customer(0), Journey: "last", At: 2}},
	}
	if err := fourth.Commit(t.Context(), live2); err != nil {
		t.Fatal(err)
	}
	newest, err := fourth.Decisions(t.Context(), store.DecisionFilter{Customer: storetest.Customer(0), Limit: 1})
	if err != nil || newest[0].Journey != "last" {
		t.Errorf("the newest decision is %+v, error %v", newest, err)
	}
	fifth := folder(t)
	run(t, fourth, fifth)
	alike(t, fourth, fifth)
}

// alike compares what two stores answer, with questions that the move does not ask.
func alike(t *testing.T, a, b installation) {
	t.Helper()
	ctx := t.Context()
	for name, ask := range map[string]func(s installation) (any, error){
		"due": func(s installation) (any, error) { return s.Due(ctx, rapport.Never, 10_000) },
		"decisions": func(s installation) (any, error) {
			return s.Decisions(ctx, store.DecisionFilter{Customer: storetest.Customer(0), Limit: 500})
		},
		"entry": func(s installation) (any, error) { e, _, err := s.Entry(ctx, 12, storetest.Customer(1)); return e, err },
		"lane": func(s installation) (any, error) {
			return s.Pending(ctx, store.Lane{Channel: rapport.Email, Urgency: rapport.InTurn}, rapport.Never, 500)
		},
		"in the air": func(s installation) (any, error) { return s.InStatus(ctx, rapport.Attempting, 500) },
		"failed":     func(s installation) (any, error) { return s.InStatus(ctx, rapport.Failed, 500) },
		"addresses":  func(s installation) (any, error) { return s.SearchAddresses(ctx, "é", 500) },
		"content":    func(s installation) (any, error) { return s.Content(ctx, rapport.MessageID(storetest.Customer(4))) },
		"stats": func(s installation) (any, error) {
			st, err := s.Stats(ctx)
			st.Bytes, st.WriteAhead = 0, 0
			return st, err
		},
	} {
		want, err := ask(a)
		got, err2 := ask(b)
		if err := errors.Join(err, err2); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-before +after):\n%s", name, diff)
		}
	}
}

// TestOnlyOneIsTheInstallation: after the move the source is none any more, a target
// is none before it is done, and a place that holds something is not written over.
func TestOnlyOneIsTheInstallation(t *testing.T) {
	t.Parallel()
	first, second := folder(t), database(t)
	live(t, first)
	run(t, first, second)
	wantConflict(t, move.Check(t.Context(), first), "moved to the new place")
	if err := move.Check(t.Context(), second); err != nil {
		t.Error(err)
	}
	again := func(from, to installation) error {
		_, err := move.Run(t.Context(), move.Plan{From: from, To: to, ToName: "the new place"})
		return err
	}
	wantConflict(t, again(first, folder(t)), "was moved to")
	wantConflict(t, again(second, first), "an installation in the new place already")
	if err := move.Reopen(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	wantConflict(t, move.Reopen(t.Context(), first), "was not moved")
	wantConflict(t, again(first, second), "already")
	only := folder(t)
	if err := only.SaveVersion(t.Context(), store.Version{Number: 1}); err != nil {
		t.Fatal(err)
	}
	wantConflict(t, again(second, only), "already")
}

func wantConflict(t *testing.T, err error, words string) {
	t.Helper()
	if rapport.KindOf(err) != rapport.Conflict || !strings.Contains(rapport.MessageOf(err), words) {
		t.Errorf("want a conflict and %q, got %v", words, err)
	}
}

// breaking is a store that fails after so many writes.
type breaking struct {
	installation
	left int
}

var errBroken = errors.New("the power is gone")

func (b *breaking) Import(ctx context.Context, batch *store.Batch) error {
	if b.left--; b.left < 0 {
		return errBroken
	}
	return b.installation.Import(ctx, batch)
}

func (b *breaking) SaveVersion(ctx context.Context, v store.Version) error {
	if b.left--; b.left < 0 {
		return errBroken
	}
	return b.installation.SaveVersion(ctx, v)
}

func (b *breaking) PutSettings(ctx context.Context, settings []store.Setting) error {
	if b.left--; b.left < 0 {
		return errBroken
	}
	return b.installation.PutSettings(ctx, settings)
}

// TestBrokenOff: a move that ends at any of its writes leaves a target that is no
// installation, at no moment are both one, and the next move does all of it.
func TestBrokenOff(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]func(*testing.T) installation{"database": database, "folder": folder} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := &breaking{folder(t), 1 << 30}
			live(t, source.installation)
			to := &breaking{target(t), 0}
			for after, done := 1, false; !done; after += max(1, after/4) {
				to.left = after
				_, err := move.Run(t.Context(), move.Plan{From: source, To: to, FromName: "here"})
				if done = err == nil; !done && !errors.Is(err, errBroken) {
					t.Fatal(err)
				}
				from, there := move.Check(t.Context(), source), move.Check(t.Context(), to)
				if done != (there == nil) || from == nil && there == nil {
					t.Fatalf("after %d writes the source says %v, the target %v", after, from, there)
				}
			}
			alike(t, source.installation, to.installation)
		})
	}
}

// TestSourceThatCantSayItIsNone: if the last words of the source fail, it goes on as
// the installation.
func TestSourceThatCantSayItIsNone(t *testing.T) {
	t.Parallel()
	source, to := &breaking{folder(t), 0}, folder(t)
	live(t, source.installation)
	if _, err := move.Run(t.Context(), move.Plan{From: source, To: to}); !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	if err := move.Check(t.Context(), source); err != nil {
		t.Error(err)
	}
	wantConflict(t, move.Check(t.Context(), to), "is not done")
	source.left = 1
	run(t, source.installation, to)
}

// forgetful is a store that loses or changes a row on its way in.
type forgetful struct {
	installation
	change func(*store.Batch)
}

func (f *forgetful) Import(ctx context.Context, b *store.Batch) error {
	f.change(b)
	return f.installation.Import(ctx, b)
}

// TestWhatDiffersIsFound: a row that is lost or not the same is found, whatever sort it
// is of, and the move is none.
func TestWhatDiffersIsFound(t *testing.T) {
	t.Parallel()
	for part, change := range map[string]func(*store.Batch){
		"customers": func(b *store.Batch) {
			for i := range b.Records {
				if len(b.Records[i].Pages) > 0 {
					b.Records[i].Pages = b.Records[i].Pages[:1]
				}
			}
		},
		"events": func(b *store.Batch) {
			if len(b.Events) > 3 {
				b.Events = b.Events[:3]
			}
		},
		"messages": func(b *store.Batch) {
			for i := range b.Messages {
				b.Messages[i].Attempts = 0
			}
		},
		"decisions": func(b *store.Batch) {
			for i := range b.Decisions {
				b.Decisions[i].Checks = nil
			}
		},
		"counters": func(b *store.Batch) { b.Counters = b.Counters[:max(0, len(b.Counters)-1)] },
		"contents": func(b *store.Batch) {
			for i := range b.Contents {
				b.Contents[i].At++
			}
		},
		"settings": func(b *store.Batch) {
			for i := range b.Settings {
				b.Settings[i].Data = []byte("x")
			}
		},
	} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			source, target := folder(t), folder(t)
			live(t, source)
			parts, err := move.Run(t.Context(), move.Plan{From: source, To: &forgetful{target, change}})
			if rapport.KindOf(err) != rapport.Internal || err == nil || !strings.Contains(err.Error(), part+" differ") {
				t.Errorf("%v\n%+v", err, parts)
			}
			if err := move.Check(t.Context(), source); err != nil {
				t.Error(err)
			}
			wantConflict(t, move.Check(t.Context(), target), "is not done")
		})
	}
}

// TestKeep: a copy leaves the source as it was.
func TestKeep(t *testing.T) {
	t.Parallel()
	source, target := folder(t), folder(t)
	live(t, source)
	if _, err := move.Run(t.Context(), move.Plan{From: source, To: target, Keep: true}); err != nil {
		t.Fatal(err)
	}
	for _, s := range []installation{source, target} {
		if err := move.Check(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
}
