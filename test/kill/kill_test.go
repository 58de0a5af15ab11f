package kill_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rapport/store/postgres/pgtest"
)

// scale is how much is done: rounds of kills under load, each followed by a rest
// in which the oracle judges.
type scale struct {
	rounds, kills     int // kills in each round
	shoppers, senders int // shoppers in each round, new ones each time
}

func scaleOf(t *testing.T) scale {
	switch {
	case testing.Short():
		return scale{rounds: 1, kills: 12, shoppers: 80, senders: 4}
	case os.Getenv("RAPPORT_TEST_LONG") != "":
		return scale{rounds: 25, kills: 24, shoppers: 160, senders: 4}
	}
	return scale{rounds: 5, kills: 24, shoppers: 160, senders: 4}
}

// TestKilledUnderLoad kills the program again and again, at random moments and
// inside commits in turn, while shoppers are busy, and mails go out to a server that
// is slow, refuses, breaks off and is down at times.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	fight(t, scaleOf(t), nil)
}

// TestKilledUnderLoadOnPostgres is the same over a PostgreSQL server, which is crashed
// between the kills as well: then the program has to live on.
func TestKilledUnderLoadOnPostgres(t *testing.T) {
	t.Parallel()
	scale := scaleOf(t)
	scale.rounds = max(1, scale.rounds/4)
	scale.kills = 12
	fight(t, scale, pgtest.Start(t))
}

func fight(t *testing.T, scale scale, database *pgtest.Cluster) {
	seed := uint64(time.Now().UnixNano())
	if given, err := strconv.ParseUint(os.Getenv("RAPPORT_TEST_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("RAPPORT_TEST_SEED=%d makes the same choices again, though not the same moments", seed)
	b := &battle{
		T: t, programs: build(t), sink: newSink(t, seed, 0.06), random: rand.New(rand.NewPCG(seed, 3)),
		ledger: &ledger{shoppers: map[string]shopper{}}, edge: new(edge), database: database,
	}
	if database != nil {
		b.programs.database = database.URL(t)
	}
	b.restart(false)
	b.apply()
	for i := range uint64(scale.senders) {
		b.senders = append(b.senders, newSender(b.ledger, b.edge, t.Context().Done(), seed+i))
	}
	for round := range scale.rounds {
		b.round(round, scale)
		if t.Failed() {
			return
		}
	}
	b.tell(scale.rounds * scale.kills)
}

// battle is the program against its killers.
type battle struct {
	*testing.T
	programs *programs
	program  *running
	sink     *sink
	random   *rand.Rand
	ledger   *ledger
	edge     *edge
	senders  []*sender
	kills    []int64
	outages  []int64
	down     bool // the mail server is
	last     *history
	database *pgtest.Cluster // nil if there is none but the data folder
}

func (b *battle) apply() {
	b.Helper()
	documents, err := os.ReadFile("testdata/workspace.yaml")
	if err != nil {
		b.Fatal(err)
	}
	text := strings.ReplaceAll(string(documents), "PORT", strconv.Itoa(b.sink.port))
	for k := 1; k <= thresholds; k++ {
		text += fmt.Sprintf("---\nkind: segment\nname: %s\nwhere: events(\"Order Completed\").count() >= %d\n", atLeast(k), k)
	}
	if _, err := b.program.call(b.Context(), http.MethodPost, "/v1/apply", "application/yaml", strings.NewReader(text)); err != nil {
		b.Fatal(err)
	}
}

func (b *battle) restart(aimed bool) {
	b.Helper()
	b.program = b.programs.start(b.T, aimed)
	b.program.ready(b.T)
	b.edge.moved(b.program.url)
}

// round kills so many times under load, stops the program once as it should be,
// then rests and lets the oracle judge.
func (b *battle) round(round int, s scale) {
	var work sync.WaitGroup
	stop := make(chan struct{})
	each := s.shoppers / len(b.senders)
	for i, sender := range b.senders {
		work.Go(func() {
			sender.meet(round, i*each, each)
			sender.work(stop)
		})
	}
	for n := range s.kills {
		b.outage(n%12 == 5 || n%12 == 6)
		b.killOnce(n)
	}
	b.outage(false)
	// Nothing is unclear because of a program that was asked to stop.
	time.Sleep(time.Duration(b.random.IntN(1000)) * time.Millisecond)
	b.program.stop(b.T)
	b.restart(false)
	close(stop)
	work.Wait()
	for _, sender := range b.senders {
		if sender.refused != nil {
			b.Error(sender.refused)
		}
	}
	b.rest()
}

// killOnce kills the program under way and starts the next: every other one is to
// be killed inside a commit.
func (b *battle) killOnce(n int) {
	b.Helper()
	time.Sleep(time.Duration(b.random.IntN(700)) * time.Millisecond)
	if b.database != nil && n%3 == 1 {
		b.crashDatabase()
	}
	if b.program.orders != nil {
		b.program.halt(b.T)
		b.ledger.figures.inside++
		time.Sleep(time.Duration(b.random.IntN(20)) * time.Millisecond)
	}
	b.kill()
	if n%8 == 3 { // its successor dies while it is still starting
		b.program = b.programs.start(b.T, false)
		time.Sleep(time.Duration(b.random.IntN(120)) * time.Millisecond)
		b.ledger.figures.starting++
		b.kill()
	}
	b.restart(n%2 == 0)
	b.glance()
}

// crashDatabase ends the database's server on the spot and starts it again a little
// later. The program lives on and is soon ready again.
func (b *battle) crashDatabase() {
	b.Helper()
	b.database.Stop(b.T)
	time.Sleep(time.Duration(b.random.IntN(500)) * time.Millisecond)
	b.database.Start(b.T)
	b.ledger.figures.crashes++
	b.program.answers(b.T)
	b.glance()
}

// glance looks at some shoppers at once after a kill, while the load goes on.
func (b *battle) glance() {
	b.Helper()
	_, shoppers := b.ledger.snapshot()
	looked := 0
	for name := range shoppers { // in no order
		if looked++; looked > 6 {
			return
		}
		asked := now()
		p, _, err := b.program.profile(b.Context(), name, "")
		if err != nil {
			b.Fatal(err)
		}
		events, _ := b.ledger.snapshot()
		for _, complaint := range glance(name, events, asked, p) {
			b.Errorf("after kill %d: %s", b.ledger.figures.kills, complaint)
		}
	}
}

// outage takes the mail server down, or up again.
func (b *battle) outage(down bool) {
	b.Helper()
	switch {
	case down && !b.down:
		b.outages = append(b.outages, now())
		b.sink.close()
	case !down && b.down:
		if err := b.sink.open(); err != nil {
			b.Fatal(err)
		}
	}
	b.down = down
}

func (b *battle) kill() {
	b.Helper()
	b.kills = append(b.kills, now())
	b.program.kill(b.T)
	b.ledger.figures.kills++
}

// patience is how long the program may take to finish what is due.
const patience = 2 * time.Minute

// rest waits until nothing is due any more and lets the oracle judge. What it says
// is not finished yet may still come, and what it says but once may come of
// reading while something was still on its way.
func (b *battle) rest() {
	b.Helper()
	quiet := time.Now().Add((window + 500) * time.Millisecond)
	deadline := time.Now().Add(patience)
	var before []string
	for {
		time.Sleep(100 * time.Millisecond)
		n, err := b.program.pending(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		late := time.Now().After(deadline)
		if (n > 0 || time.Now().Before(quiet)) && !late {
			continue
		}
		complaints := judge(b.observe())
		final := slices.Equal(complaints, before) && !unfinished(complaints)
		if late || len(complaints) == 0 || final {
			for _, complaint := range complaints[:min(len(complaints), 40)] {
				b.Error(complaint)
			}
			return
		}
		before = complaints
	}
}

// unfinished reports whether time may mend any of the complaints.
func unfinished(complaints []string) bool {
	for _, complaint := range complaints {
		if strings.Contains(complaint, notYet) {
			return true
		}
	}
	return false
}

// observe gathers all that the oracle judges by.
func (b *battle) observe() *history {
	b.Helper()
	h := &history{kills: b.kills, outages: b.outages}
	h.sent, h.shoppers = b.ledger.snapshot()
	var err error
	if h.messages, err = b.program.messages(b.Context()); err != nil {
		b.Fatal(err)
	}
	if h.sizes, h.customers, err = b.program.sizes(b.Context()); err != nil {
		b.Fatal(err)
	}
	if h.profiles, err = b.program.profiles(b.Context(), h.shoppers); err != nil {
		b.Fatal(err)
	}
	h.mails = b.sink.received()
	b.last = h
	return h
}

// tell prints what was done, and requires that it was enough.
func (b *battle) tell(kills int) {
	f, h := b.ledger.figures, b.last
	acknowledged := 0
	for _, e := range h.sent {
		if e.acknowledged != 0 {
			acknowledged++
		}
	}
	statuses := map[string]int{}
	for _, m := range h.messages {
		statuses[m.class+" "+m.status]++
	}
	b.Logf("%d kills: %d inside a commit, %d while starting; %d crashes of the database. %d events, %d acknowledged; %d batches sent again for want of an answer, "+
		"%d abandoned, %d sent again on purpose, %d of them after a restart. %d messages %v; %d mails, %d of them came again after a kill",
		f.kills, f.inside, f.starting, f.crashes, len(h.sent), acknowledged, f.retried, f.abandoned, f.again, f.acrossRestarts,
		len(h.messages), statuses, len(h.mails), repeats(h.mails))
	if f.kills < kills || f.inside*3 < f.kills {
		b.Errorf("%d kills of %d, %d of them inside a commit: less than a third", f.kills, kills, f.inside)
	}
	if f.retried == 0 || f.acrossRestarts == 0 || acknowledged == 0 || len(h.messages) == 0 {
		b.Error("the load was too small to prove anything")
	}
	if b.database != nil && f.crashes == 0 {
		b.Error("the database was never crashed")
	}
	if !testing.Short() && f.kills > 100 && statuses["promotional unclear"] == 0 {
		b.Error("no kill and no broken connection fell in the flight of a mail")
	}
}

// repeats counts mails that came although they had been accepted before.
func repeats(mails []mail) (n int) {
	taken := map[string]bool{}
	for _, m := range mails {
		if m.verdict == accepted && taken[m.id] {
			n++
		}
		taken[m.id] = taken[m.id] || m.verdict == accepted
	}
	return n
}
