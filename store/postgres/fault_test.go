package postgres_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rapport"
	"rapport/store"
	"rapport/store/postgres"
	"rapport/store/postgres/pgtest"
)

func open(t *testing.T, address string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), address, postgres.Options{Look: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// named returns the batch that follows; of it a counter and a record are to be seen.
func named(s *postgres.Store, name string) *store.Batch {
	state := s.State()
	return &store.Batch{
		Position: state.Position, Epoch: state.Epoch, At: rapport.Instant(state.Position),
		Counters: []store.Counter{{Name: name, Delta: 1}},
		Records:  []store.Record{{Customer: rapport.CustomerID{byte(len(name)), 1}, Data: []byte(name), Wake: rapport.Never}},
	}
}

// counts returns what the counters of named batches say, in order.
func counts(t *testing.T, s *postgres.Store) string {
	t.Helper()
	totals, err := s.Counters(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, total := range totals {
		out = append(out, fmt.Sprintf("%s %d", total.Name, total.Sum))
	}
	return strings.Join(out, ", ")
}

func wantError(t *testing.T, err error, kind rapport.ErrorKind, words ...string) {
	t.Helper()
	if err == nil || rapport.KindOf(err) != kind {
		t.Fatalf("want an error of kind %v, got %v: %v", kind, rapport.KindOf(err), err)
	}
	for _, word := range words {
		if !strings.Contains(rapport.MessageOf(err), word) {
			t.Errorf("the message does not speak of %q: %s", word, rapport.MessageOf(err))
		}
	}
}

// lost is a commit that was under way when the network was cut, and stayed so.
type lost struct {
	*postgres.Store
	network *pgtest.Network
	result  chan error
}

// lose commits a batch and returns while it hangs: the network is cut.
func lose(t *testing.T, how pgtest.Fault) lost {
	t.Helper()
	network, address := pgtest.Through(t, pgtest.URL(t))
	l := lost{Store: open(t, address), network: network, result: make(chan error, 1)}
	if err := l.Commit(t.Context(), named(l.Store, "before")); err != nil {
		t.Fatal(err)
	}
	tripped := network.TripOver("lost batch", how)
	batch := named(l.Store, "lost batch")
	go func() { l.result <- l.Commit(t.Context(), batch) }()
	<-tripped
	for l.Trouble() == nil { // until it has noticed
		time.Sleep(time.Millisecond)
	}
	wantError(t, l.Trouble(), rapport.Unavailable, "does not answer")
	return l
}

func (l lost) goOn(t *testing.T, want string) {
	t.Helper()
	if err := l.Trouble(); err != nil {
		t.Errorf("it is still in trouble: %v", err)
	}
	if err := l.Commit(t.Context(), named(l.Store, "next")); err != nil {
		t.Fatalf("it does not go on: %v", err)
	}
	if got := counts(t, l.Store); got != want {
		t.Errorf("kept are %s, want %s", got, want)
	}
}

func TestAnswerIsLost(t *testing.T) {
	t.Parallel()
	l := lose(t, pgtest.LoseAnswer)
	l.network.Mend()
	if err := <-l.result; err != nil {
		t.Fatalf("the batch was kept, but Commit says %v", err)
	}
	if got := l.State(); got.Position != 2 || got.Epoch != 1 {
		t.Fatalf("the state is %+v", got)
	}
	l.goOn(t, "before 1, lost batch 1, next 1")
}

func TestRequestIsLost(t *testing.T) {
	t.Parallel()
	l := lose(t, pgtest.LoseRequest)
	l.network.Mend()
	wantError(t, <-l.result, rapport.Unavailable, "does not answer")
	if got := l.State(); got.Position != 1 || got.Epoch != 1 {
		t.Fatalf("the state is %+v", got)
	}
	l.goOn(t, "before 1, next 1")
}

// A request that is late arrives after the store has found that it did not, and has
// said so. It must change nothing then.
func TestRequestIsLate(t *testing.T) {
	t.Parallel()
	l := lose(t, pgtest.Delay)
	l.network.Mend()
	wantError(t, <-l.result, rapport.Unavailable, "does not answer")
	if said := l.network.Arrive(); !strings.Contains(said, "23502") {
		t.Fatalf("the server took what came late: %q", said)
	}
	l.goOn(t, "before 1, next 1")
}

// While it is not known what became of a commit, the store can be closed.
func TestCloseWhileCommitIsLost(t *testing.T) {
	t.Parallel()
	l := lose(t, pgtest.LoseAnswer)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	wantError(t, <-l.result, rapport.Unavailable)
}

// TestServerGone: while the server is gone everything fails at once and says so; it
// goes on by itself, with what was acknowledged and nothing that was refused.
func TestServerGone(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	s := open(t, cluster.URL(t))
	if err := s.Commit(t.Context(), named(s, "before")); err != nil {
		t.Fatal(err)
	}
	cluster.Stop(t)
	for i := range 3 {
		_, err := s.Counters(t.Context(), "")
		wantError(t, err, rapport.Unavailable, "does not answer")
		if i > 0 { // the first may find its connection broken under way, and would wait
			wantError(t, s.Commit(t.Context(), named(s, "meanwhile")), rapport.Unavailable, "does not answer")
		}
	}
	wantError(t, s.PutSettings(t.Context(), []store.Setting{{Name: "a"}}), rapport.Unavailable)
	cluster.Start(t)
	if got := counts(t, s); got != "before 1" {
		t.Errorf("kept are %s", got)
	}
	if err := s.Commit(t.Context(), named(s, "after")); err != nil {
		t.Fatal(err)
	}
	if got := counts(t, s); got != "after 1, before 1" {
		t.Errorf("kept are %s", got)
	}
}

// TestServerStopsUnderLoad: of batches that are committed one after another while the
// server crashes again and again, those acknowledged are there and the others are not.
func TestServerStopsUnderLoad(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	s := open(t, cluster.URL(t))
	var acknowledged, refused atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
			}
			switch err := s.Commit(t.Context(), named(s, "batches")); rapport.KindOf(err) {
			case rapport.Unavailable:
				refused.Add(1)
				time.Sleep(time.Millisecond)
			default:
				if err != nil {
					t.Error(err)
					return
				}
				acknowledged.Add(1)
			}
		}
	}()
	for range 4 {
		for before := acknowledged.Load(); acknowledged.Load() < before+20; {
			time.Sleep(time.Millisecond)
		}
		cluster.Stop(t)
		cluster.Start(t)
	}
	for before := acknowledged.Load(); acknowledged.Load() < before+20; {
		time.Sleep(time.Millisecond)
	}
	close(stop)
	<-stopped
	if want, got := fmt.Sprintf("batches %d", acknowledged.Load()), counts(t, s); got != want || int64(s.State().Position) != acknowledged.Load() {
		t.Errorf("acknowledged are %s, kept are %s, the position is %d", want, got, s.State().Position)
	}
	t.Logf("%d acknowledged, %d refused", acknowledged.Load(), refused.Load())
}

func TestLastOwnerGoesOn(t *testing.T) {
	t.Parallel()
	address := pgtest.URL(t)
	first := open(t, address)
	if err := first.Commit(t.Context(), named(first, "first")); err != nil {
		t.Fatal(err)
	}
	told := make(chan error, 1)
	go func() { told <- first.Replaced(t.Context()) }()
	second := open(t, address)
	wantError(t, <-told, rapport.Conflict, "new owner", "process ")
	wantError(t, first.Commit(t.Context(), named(first, "late")), rapport.Conflict, "another program owns it")
	wantError(t, first.PutSettings(t.Context(), []store.Setting{{Name: "late", Data: []byte("x")}}), rapport.Conflict)
	wantError(t, first.SaveVersion(t.Context(), store.Version{Number: 1}), rapport.Conflict)
	if err := second.Commit(t.Context(), named(second, "second")); err != nil {
		t.Fatal(err)
	}
	if got := counts(t, second); got != "first 1, second 1" {
		t.Errorf("kept are %s", got)
	}
	if data, err := second.Setting(t.Context(), "late"); err != nil || data != nil {
		t.Errorf("the owner before has kept a setting: %q, %v", data, err)
	}
	if _, err := second.Version(t.Context(), 0); rapport.KindOf(err) != rapport.NotFound {
		t.Errorf("the owner before has kept a version: %v", err)
	}
	second.Close()
	if err := second.Replaced(t.Context()); err != nil {
		t.Errorf("a closed store was replaced: %v", err)
	}
}

func TestDatabaseThatWentBackIsNoticed(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	address := cluster.URL(t)
	s := open(t, address)
	for range 3 {
		if err := s.Commit(t.Context(), named(s, "a")); err != nil {
			t.Fatal(err)
		}
	}
	_, schema, _ := strings.Cut(address, "search_path=")
	cluster.Do(t, "update "+schema+".state set position = position - 1")
	wantError(t, s.Replaced(t.Context()), rapport.Conflict, "batch 2", "batch 3")
	wantError(t, s.Commit(t.Context(), named(s, "a")), rapport.Conflict, "older copy")
}
