package sqlite_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"rapport"
	"rapport/store"
	"rapport/store/sqlite"
)

// The test binary is its own victim: started with killFolder it commits batches
// there until it is killed, or kills itself inside the commit that killInside counts to.
const (
	killFolder = "RAPPORT_TEST_KILL_FOLDER"
	killInside = "RAPPORT_TEST_KILL_INSIDE"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killFolder); dir != "" {
		if err := commitForEver(dir, os.Getenv(killInside)); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// commitForEver prints the position of each batch when it was acknowledged.
func commitForEver(dir, inside string) error {
	left, _ := strconv.Atoi(inside)
	s, err := sqlite.Open(dir, sqlite.Options{InCommit: func() {
		if left--; left == 0 {
			self, _ := os.FindProcess(os.Getpid())
			self.Kill()
			select {}
		}
	}})
	if err != nil {
		return err
	}
	for {
		if err := s.Commit(context.Background(), numbered(s.State())); err != nil {
			return err
		}
		fmt.Println(s.State().Position)
	}
}

const killCustomers = 40

// numbered returns the batch that follows state; every row of it names its number.
func numbered(state store.State) *store.Batch {
	n := state.Position + 1
	name := strconv.FormatUint(n, 10)
	b := &store.Batch{Position: state.Position, Epoch: state.Epoch, At: rapport.Instant(n), Workspace: n}
	for i := range killCustomers {
		b.Records = append(b.Records, store.Record{Customer: rapport.CustomerID{byte(i + 1)}, Data: bytes.Repeat([]byte(name), 300), Wake: rapport.Instant(n)})
	}
	b.Events = store.EncodeBlocks([]store.Entry{{Customer: rapport.CustomerID{1}, Prev: n - 1, Events: []rapport.Event{{Name: name}}}})
	b.Messages = []rapport.Message{{ID: rapport.MessageID{byte(n >> 8), byte(n), 1}, Customer: rapport.CustomerID{1}, Subject: name}}
	b.Counters = []store.Counter{{Name: "batches", Delta: 1}}
	b.Marks = []store.Mark{{Name: "last", Data: []byte(name)}}
	return b
}

func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	rounds := 20
	if testing.Short() {
		rounds = 4
	}
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	for round := range rounds {
		inside := 0
		if round%2 == 0 {
			inside = 1 + random.IntN(30)
		}
		acknowledged := killOne(t, dir, inside, random.IntN(30))
		checkAfterKill(t, dir, acknowledged)
	}
}

// killOne starts a victim. It is killed after so many acknowledgements, wherever
// it then is, unless it kills itself inside a commit. The last position that it
// acknowledged is returned, 0 if it acknowledged none.
func killOne(t *testing.T, dir string, inside, after int) (acknowledged uint64) {
	t.Helper()
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), killFolder+"="+dir, killInside+"="+strconv.Itoa(inside))
	var complaint bytes.Buffer
	victim.Stderr = &complaint
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if acknowledged, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Fatal(err)
		}
		if inside == 0 && n >= after {
			victim.Process.Kill()
		}
	}
	victim.Wait()
	if complaint.Len() > 0 {
		t.Fatalf("the victim did not die of the kill: %s", complaint.String())
	}
	return acknowledged
}

// checkAfterKill requires that every acknowledged batch is whole and at most one
// more is, and that it is whole too.
func checkAfterKill(t *testing.T, dir string, acknowledged uint64) {
	t.Helper()
	s, err := sqlite.Open(dir, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	last := s.State().Position
	if acknowledged > 0 && last != acknowledged && last != acknowledged+1 {
		t.Fatalf("%d was acknowledged, the store stands at %d", acknowledged, last)
	}
	if last == 0 {
		return
	}
	want := numbered(store.State{Position: last - 1})
	ctx := t.Context()
	records, err := s.Scan(ctx, rapport.CustomerID{}, 1000)
	if err != nil || len(records) != killCustomers {
		t.Fatalf("%d records, error %v", len(records), err)
	}
	for i, r := range records {
		if !bytes.Equal(r.Data, want.Records[i].Data) || r.Wake != want.Records[i].Wake {
			t.Fatalf("record %d is not of batch %d", i, last)
		}
	}
	mark, err := s.Mark(ctx, "last")
	if err != nil || string(mark) != strconv.FormatUint(last, 10) {
		t.Errorf("the mark is %q at position %d, error %v", mark, last, err)
	}
	totals, err := s.Counters(ctx, "batches")
	if err != nil || len(totals) != 1 || totals[0].Sum != int64(last) {
		t.Errorf("counted %v at position %d, error %v", totals, last, err)
	}
	stats, err := s.Stats(ctx)
	if err != nil || stats.Messages != int64(last) || stats.Events != int64(last) {
		t.Errorf("%d messages and %d events at position %d, error %v", stats.Messages, stats.Events, last, err)
	}
	for n := last; n > 0; n-- {
		e, found, err := s.Entry(ctx, n, rapport.CustomerID{1})
		if err != nil || !found || e.Prev != n-1 || e.Events[0].Name != strconv.FormatUint(n, 10) {
			t.Fatalf("entry %d of %d: found %v, error %v", n, last, found, err)
		}
	}
}
