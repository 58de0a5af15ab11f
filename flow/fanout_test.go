package flow_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"rapport"
	"rapport/flow"
	"rapport/internal/calendar"
	"rapport/journey"
	"rapport/store"
)

// around is a world of three zones; a customer's trait zone says which is hers. The
// feast is kept in the east only.
type around struct{ east, west *time.Location }

func newAround() around {
	return around{time.FixedZone("east", 8*3600), time.FixedZone("west", -5*3600)}
}

func (a around) Zone(c flow.Traits) *time.Location {
	switch c.Trait("zone").Text() {
	case "east":
		return a.east
	case "west":
		return a.west
	}
	return time.UTC
}

func (a around) Zones() []*time.Location { return []*time.Location{time.UTC, a.east, a.west} }

func (a around) NextFeast(_ string, after calendar.Day) (calendar.Day, bool) {
	return feastDay, after < feastDay
}

func (a around) Currency(flow.Traits) string { return "SGD" }

func (a around) HasFeast(c flow.Traits, _ string, day calendar.Day) bool {
	return day == feastDay && a.Zone(c) == a.east
}

var feastDay = calendar.DayOf(start.Time()) + 3

// scheduled is a workspace in that world with a journey that a schedule enters.
func scheduled(t testing.TB, version uint64, s journey.Schedule) *flow.Workspace {
	t.Helper()
	w := build(t, version, nil, map[string]journey.Doc{"news": {
		Entry: journey.Entry{Schedule: &s, Where: "customer.in == true"},
		Steps: []journey.Step{{Name: "send", Send: &journey.Send{Template: "news", Channel: "email", Class: "content", Purpose: "marketing"}}},
	}})
	w.Places, w.Markets = newAround(), newAround()
	return w
}

func day(n int) string { return (calendar.DayOf(start.Time()) + calendar.Day(n)).String() }

// entered returns when each user's runs of the journey began, from the decisions.
func (w *world) entered(user string) (at []rapport.Instant) {
	w.t.Helper()
	id := key.Identifier(rapport.Identifier{Kind: rapport.UserID, Value: user}).CustomerID()
	decisions, err := w.store.Decisions(context.Background(), store.DecisionFilter{Customer: id, Limit: 500})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range decisions {
		at = append(at, d.At)
	}
	slices.Sort(at)
	return at
}

// giveTurns gives all turns that are due, a few customers at a time; between two batches
// the program may die.
func (w *world) giveTurns(r *rand.Rand) {
	w.t.Helper()
	for more := true; more; {
		var err error
		if more, err = w.engine.GiveTurns(context.Background(), w.now, 1+r.IntN(3), 1+r.IntN(3)); err != nil {
			w.t.Fatal(err)
		}
		if r.IntN(4) == 0 {
			w.restart()
		}
	}
}

// person is a customer as the oracle knows her.
type person struct {
	name string
	zone string
	in   bool
	had  []rapport.Instant
	days []string
}

// Everybody has her turn once a day, when the clocks where she then is at home show the
// time, if she then belongs to the audience: whatever happens meanwhile, however few are
// looked at at a time, and however often the program dies.
func TestTurnsAgainstOracle(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 1))
			w := newWorld(t, scheduled(t, 1, journey.Schedule{On: []string{day(1), day(2), day(4)}, At: "12:00"}))
			people := make([]*person, 12)
			for i := range people {
				people[i] = &person{name: fmt.Sprint("user", i)}
			}
			for _, wave := range wavesOf(1, 2, 4) {
				for range r.IntN(12) {
					w.step(r, wave, people)
				}
				w.now = max(w.now, wave)
				before(people, wave)
				w.giveTurns(r)
			}
			for _, p := range people {
				if got := w.entered(p.name); !slices.Equal(got, p.had) {
					t.Errorf("%s: turns at %v, want %v", p.name, got, p.had)
				}
			}
		})
	}
}

// wavesOf returns when it is noon somewhere on some days, in order.
func wavesOf(days ...int) (waves []rapport.Instant) {
	for _, n := range days {
		for _, zone := range newAround().Zones() {
			waves = append(waves, rapport.InstantOf((calendar.DayOf(start.Time())+calendar.Day(n)).At(zone, 12*time.Hour)))
		}
	}
	slices.Sort(waves)
	return waves
}

// step lets something happen before the next wave.
func (w *world) step(r *rand.Rand, wave rapport.Instant, people []*person) {
	at := w.now.Add(time.Millisecond + time.Duration(r.IntN(int(4*time.Hour))))
	if at >= wave {
		return
	}
	w.now = at
	p := people[r.IntN(len(people))]
	p.zone, p.in = []string{"", "east", "west"}[r.IntN(3)], r.IntN(3) > 0
	w.admit(identify(p.name, "", fmt.Sprintf(`{"zone":%q,"in":%v}`, p.zone, p.in)))
	if r.IntN(8) == 0 {
		w.restart()
	}
}

// before is the oracle: who has her turn in a wave. Where she is now it is noon, and of
// this day she has had none: not before she moved.
func before(people []*person, wave rapport.Instant) {
	zones := map[string]*time.Location{"": time.UTC, "east": newAround().east, "west": newAround().west}
	for _, p := range people {
		local := wave.In(zones[p.zone])
		if today := local.Format(time.DateOnly); p.in && local.Hour() == 12 && !slices.Contains(p.days, today) {
			p.had, p.days = append(p.had, wave), append(p.days, today)
		}
	}
}

// Somebody whose day's run has begun has no other one on that day, also when she becomes
// one with somebody whose turn is still to come.
func TestTurnOfTwoWhoAreOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scheduled(t, 1, journey.Schedule{On: []string{day(1)}, At: "12:00"}))
	w.admit(identify("", "phone", `{"zone":"east","in":true}`), identify("ana", "", `{"zone":"west","in":true}`))
	w.advance(30 * time.Hour) // noon has passed in the east
	w.admit(identify("ana", "phone", `{"zone":"west"}`))
	w.advance(48 * time.Hour)
	if n := w.begun(); n != 1 {
		t.Errorf("%d runs have begun, want one", n)
	}
}

func TestTurnsOnFeasts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scheduled(t, 1, journey.Schedule{Feast: "lanterns", Shift: "-1d", At: "09:00"}))
	w.admit(identify("ana", "", `{"zone":"east","in":true}`), identify("ben", "", `{"zone":"west","in":true}`))
	w.advance(10 * 24 * time.Hour)
	want := rapport.InstantOf((feastDay - 1).At(newAround().east, 9*time.Hour))
	if at := w.entered("ana"); !slices.Equal(at, []rapport.Instant{want}) {
		t.Errorf("where the feast is kept: turns at %v, want %v", at, want)
	}
	if at := w.entered("ben"); len(at) > 0 {
		t.Errorf("where it is not: turns at %v", at)
	}
}

func (w *world) agenda() (a flow.Agenda) {
	w.t.Helper()
	errs, err := w.engine.Run(context.Background(), w.now, flow.ReadAgenda("news", &a))
	if err != nil || errs[0] != nil {
		w.t.Fatal(errs, err)
	}
	return a
}

// crowd makes customers who belong to the audience.
func (w *world) crowd(n int) {
	w.t.Helper()
	var events []rapport.Event
	for i := range n {
		events = append(events, identify(fmt.Sprint("user", i), "", fmt.Sprintf(`{"in":true,"email":"u%d@example.com"}`, i)))
	}
	w.admit(events...)
}

// begun returns how many runs have begun.
func (w *world) begun() int64 { return w.counter("journey/news/entered") }

func TestTurnsAtARate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scheduled(t, 1, journey.Schedule{On: []string{day(1)}, At: "00:00", Zone: "UTC", Rate: "300/h"}))
	w.crowd(100)
	w.advance(16 * time.Hour)
	for minutes, want := range []int64{5, 10, 15, 20} {
		if got := w.begun(); got != want {
			t.Fatalf("after %d minutes: %d, want %d", minutes, got, want)
		}
		if minutes == 1 {
			w.restart()
		}
		w.advance(time.Minute)
	}
	w.advance(time.Hour)
	if got := w.begun(); got != 100 {
		t.Errorf("%d, want all", got)
	}
}

// A share that a minute does not come to is given out now and then.
func TestTurnsAtASlowRate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scheduled(t, 1, journey.Schedule{On: []string{day(1)}, At: "00:00", Zone: "UTC", Rate: "20/h"}))
	w.crowd(40)
	w.advance(16*time.Hour + 59*time.Minute + 59*time.Second)
	if got := w.begun(); got != 20 {
		t.Errorf("in an hour: %d, want 20", got)
	}
}

func TestCanary(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scheduled(t, 1, journey.Schedule{On: []string{day(1)}, At: "00:00", Canary: &journey.Canary{Stages: []float64{5, 50}, Wait: "1h"}}))
	w.crowd(1000)
	w.advance(16*time.Hour - time.Millisecond)
	stages := []int64{}
	for range 4 {
		stages = append(stages, w.begun())
		w.advance(time.Hour)
		w.restart()
	}
	if stages[0] != 0 || stages[1] < 25 || stages[1] > 75 || stages[2] < 430 || stages[2] > 570 || stages[3] != 1000 {
		t.Errorf("stages of %v", stages)
	}
}

// Late is how late a turn may be where nobody was there to give it.
func TestTurnsThatAreLate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		down time.Duration
		want int64
	}{{2 * time.Hour, 10}, {2*time.Hour + time.Millisecond, 0}} {
		w := newWorld(t, scheduled(t, 1, journey.Schedule{On: []string{day(1)}, At: "00:00", Zone: "UTC", Late: "2h"}))
		w.crowd(10)
		w.now = w.now.Add(16*time.Hour + c.down)
		w.restart()
		w.advance(0)
		if got := w.begun(); got != c.want {
			t.Errorf("down for %v: %d began, want %d", c.down, got, c.want)
		}
		if past := w.agenda().Past; len(past) != 1 || past[0].Missed != (c.want == 0) {
			t.Errorf("down for %v: %+v", c.down, past)
		}
	}
}

// What was due before a journey was there, or had this schedule, never is.
func TestTurnsOfANewSchedule(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, nil))
	w.crowd(10)
	w.now = w.now.Add(16*time.Hour + time.Minute)
	for version, at := range []string{"00:00", "00:01", "00:02"} {
		w.apply(scheduled(t, uint64(version+2), journey.Schedule{On: []string{day(1)}, At: at, Zone: "UTC"}))
		w.advance(0)
	}
	if got := w.begun(); got != 10 { // of the second, which was just due
		t.Errorf("%d began, want 10", got)
	}
	w.advance(time.Hour) // the third is due, but everybody had a run of this day
	if got := w.begun(); got != 10 {
		t.Errorf("%d began, want 10", got)
	}
	gone := build(t, 5, nil, nil)
	gone.Places, gone.Markets = newAround(), newAround()
	w.apply(gone)
	w.advance(24 * time.Hour)
	if mark, err := w.store.Mark(context.Background(), "agenda/news"); mark != nil || err != nil {
		t.Errorf("%s, %v is left in the store", mark, err)
	}
}

// A canary that sings no more: when too many of those who went first unsubscribe, nobody
// else has a turn.
func TestCanaryStops(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		leave   int
		stopped bool
	}{{1, false}, {2, true}} {
		w := newWorld(t, scheduled(t, 1, journey.Schedule{On: []string{day(1)}, At: "00:00", Zone: "UTC", Canary: &journey.Canary{}}))
		w.crowd(3000)
		for i := range 3000 {
			w.consent(fmt.Sprint("user", i))
		}
		w.advance(16 * time.Hour)
		messages := w.messages()
		for i := range c.leave {
			if _, err := w.engine.Run(context.Background(), w.now, flow.Unsubscribe(messages[i], flow.LeaveTopic, "link")); err != nil {
				w.t.Fatal(err)
			}
		}
		w.restart()
		w.advance(24 * time.Hour)
		first := w.agenda()
		if all := w.begun() == 3000; all == c.stopped || (len(first.Open) == 1 && first.Open[0].Stopped != "") != c.stopped {
			t.Errorf("after %d of %d left: %d began, %+v", c.leave, len(messages), w.begun(), first)
		}
	}
}

func (w *world) consent(user string) {
	w.t.Helper()
	id := key.Identifier(rapport.Identifier{Kind: rapport.UserID, Value: user}).CustomerID()
	act := rapport.Consent{Purpose: "marketing", Channel: rapport.Email, State: rapport.ConsentGranted, At: w.now}
	if _, err := w.engine.Run(context.Background(), w.now, flow.Record(id, act)); err != nil {
		w.t.Fatal(err)
	}
}

// An audience of a segment is that of the instant: who enters it at the very instant of
// her turn is in, who leaves it then is not, however far behind the wake-ups are.
func TestTurnsOfASegment(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		ws := build(t, 1, map[string]string{"busy": `events("Seen").within("4h").count() >= 1`, "quiet": `!segment("busy") && events("Seen").exists()`},
			map[string]journey.Doc{"news": {
				Entry: journey.Entry{Schedule: &journey.Schedule{On: []string{day(1)}, At: "00:00", Zone: "UTC"}, Where: fmt.Sprintf("segment(%q)", []string{"busy", "quiet"}[seed%2])},
				Steps: []journey.Step{{Name: "send", Send: &journey.Send{Template: "news", Channel: "email", Class: "transactional"}}},
			}})
		w := newWorld(t, ws)
		turn := rapport.InstantOf((calendar.DayOf(start.Time()) + 1).At(time.UTC, 0))
		want := int64(0)
		for i := range 60 {
			seen := turn.Add(-time.Duration(1+r.IntN(8)) * time.Hour)
			e := track(fmt.Sprint("user", i), "", "Seen", "{}")
			e.Timestamp = seen
			w.now = max(w.now, seen)
			w.admit(e)
			if isBusy := seen.Add(4*time.Hour) > turn; isBusy == (seed%2 == 0) {
				want++
			}
		}
		if w.now >= turn {
			t.Fatal("the test is too late")
		}
		w.now = turn
		w.giveTurns(r)
		w.advance(time.Minute)
		if got := w.begun(); got != want {
			t.Errorf("seed %d: %d began, want %d", seed, got, want)
		}
	}
}

// Complaints and bounces that somebody tells of stop a campaign as well.
func TestCanaryStopsOnComplaints(t *testing.T) {
	t.Parallel()
	for _, kind := range []flow.Feedback{flow.FeedbackComplained, flow.FeedbackBounced} {
		w := newWorld(t, scheduled(t, 1, journey.Schedule{On: []string{day(1)}, At: "00:00", Zone: "UTC", Canary: &journey.Canary{}}))
		w.crowd(3000)
		for i := range 3000 {
			w.consent(fmt.Sprint("user", i))
		}
		w.advance(16 * time.Hour)
		for range 2 { // the second time says nothing new
			for _, m := range w.messages()[:4] {
				if _, err := w.engine.Run(context.Background(), w.now, flow.Hear(m.ID, kind)); err != nil {
					w.t.Fatal(err)
				}
			}
		}
		w.advance(24 * time.Hour)
		if a := w.agenda(); len(a.Open) != 1 || a.Open[0].Stopped == "" || a.Open[0].Met.Complained+a.Open[0].Met.Failed != 4 {
			t.Errorf("%s: %+v", kind, a)
		}
	}
}

// Somebody who has looked into it lets a campaign go on that has stopped.
func TestCanaryGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scheduled(t, 1, journey.Schedule{On: []string{day(1), day(2)}, At: "00:00", Zone: "UTC", Canary: &journey.Canary{}}))
	w.crowd(3000)
	for i := range 3000 {
		w.consent(fmt.Sprint("user", i))
	}
	w.advance(16 * time.Hour)
	for _, m := range w.messages()[:3] {
		w.work(flow.Hear(m.ID, flow.FeedbackComplained))
	}
	w.stand("news", journey.Paused)
	w.advance(3 * 24 * time.Hour) // the second day passes
	few := w.begun()
	w.stand("news", journey.Active)
	w.advance(30 * time.Minute)
	if few > 100 || w.begun() != few {
		t.Fatalf("%d began, and %d half an hour later", few, w.begun())
	}
	if o := w.agenda().Open[0]; o.Met.Complained != 3 { // forgiven, and not forgotten
		t.Errorf("%+v", o)
	}
	w.advance(3 * time.Hour)
	if got := w.begun(); got != 3000 {
		t.Errorf("%d began, want everybody, once", got)
	}
}

// Where the time had passed when the campaign was applied nobody has a turn, though it is
// still to come elsewhere.
func TestTurnsThatHadPassedElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, nil, nil))
	w.engine.Workspace().Places, w.engine.Workspace().Markets = newAround(), newAround()
	w.admit(identify("ana", "", `{"zone":"east","in":true}`), identify("ben", "", `{"zone":"west","in":true}`))
	w.advance(22 * time.Hour) // 14 h in the east, 1 h in the west
	w.apply(scheduled(t, 2, journey.Schedule{On: []string{day(1)}, At: "12:00", Late: "23h"}))
	w.advance(24 * time.Hour)
	if east, west := len(w.entered("ana")), len(w.entered("ben")); east != 0 || west != 1 {
		t.Errorf("%d turns in the east, %d in the west", east, west)
	}
}

// Turns whose time has come while others are given are not late, however long those take:
// neither elsewhere nor in another journey.
func TestTurnsThatWaitForOthers(t *testing.T) {
	t.Parallel()
	ws := scheduled(t, 1, journey.Schedule{On: []string{day(1)}, At: "12:00", Late: "1h"})
	step := []journey.Step{{Name: "send", Send: &journey.Send{Template: "news", Channel: "email", Class: "content", Purpose: "marketing"}}}
	at := journey.Schedule{On: []string{day(1)}, At: "12:00", Late: "1h"}
	both := build(t, 1, nil, map[string]journey.Doc{
		"early": {Entry: journey.Entry{Schedule: &at, Where: "true"}, Steps: step},
		"news":  {Entry: journey.Entry{Schedule: &at, Where: "true"}, Steps: step},
	})
	both.Places, both.Markets = ws.Places, ws.Markets
	w := newWorld(t, both)
	for i := range 30 {
		w.admit(identify(fmt.Sprint("user", i), "", fmt.Sprintf(`{"zone":%q}`, []string{"", "east", "west"}[i%3])))
	}
	for range 300 { // a customer an hour
		w.now = w.now.Add(time.Hour)
		if _, err := w.engine.GiveTurns(context.Background(), w.now, 1, 1); err != nil {
			t.Fatal(err)
		}
		w.restart()
	}
	if early, news := w.counter("journey/early/entered"), w.begun(); early != 30 || news != 30 {
		t.Errorf("%d turns of the one, %d of the other, want 30 of each", early, news)
	}
}

// Whoever came last is watched as well: what they say stops what is still under way.
func TestCanaryStopsAfterTheLastStage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		after   time.Duration
		stopped bool
	}{{59 * time.Minute, true}, {61 * time.Minute, false}} {
		w := newWorld(t, scheduled(t, 1, journey.Schedule{On: []string{day(1)}, At: "00:00", Zone: "UTC", Canary: &journey.Canary{Stages: []float64{50}}}))
		w.crowd(100)
		for i := range 100 {
			w.consent(fmt.Sprint("user", i))
		}
		w.advance(17 * time.Hour)
		if got := w.begun(); got != 100 {
			t.Fatalf("%d began, want all", got)
		}
		w.advance(c.after)
		for _, m := range w.messages()[:3] {
			w.work(flow.Hear(m.ID, flow.FeedbackComplained))
		}
		w.advance(0)
		if a := w.agenda(); (len(a.Open) == 1 && a.Open[0].Stopped != "") != c.stopped || len(a.Open)+len(a.Past) != 1 {
			t.Errorf("%v after the last stage: %+v", c.after, a)
		}
	}
}

// What messages of a day met is told of that day, with a canary or without, also when it
// is over. Who leaves twice has left once.
func TestWhatADayMet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, scheduled(t, 1, journey.Schedule{On: []string{day(1), day(2)}, At: "00:00", Zone: "UTC"}))
	w.crowd(30)
	for i := range 30 {
		w.consent(fmt.Sprint("user", i))
	}
	w.advance(17 * time.Hour)
	first := w.messages()
	w.advance(24 * time.Hour)
	for range 2 {
		for _, leaving := range []flow.Leaving{flow.LeaveTopic, flow.LeavePurpose} {
			w.work(flow.Unsubscribe(first[0], leaving, "link"))
		}
	}
	w.work(flow.Hear(first[1].ID, flow.FeedbackComplained))
	w.restart()
	past := w.agenda().Past
	if len(past) != 2 || past[0].Met != (flow.Met{Handed: 30, Unsubscribed: 1, Complained: 1}) || past[1].Met != (flow.Met{Handed: 30}) {
		t.Errorf("%+v", past)
	}
}

// Whoever's past is still being read for the rule of the audience, or for a segment that it
// asks for, has her turn once it can be told whether she belongs to it, however late.
func TestTurnsWaitForFacts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		where string
		want  int64
	}{
		{`events("Seen").within("30d").exists()`, 20},
		{`segment("saw")`, 20},
		{`!segment("saw")`, 10},
		{`segment("never-saw")`, 10},
	} {
		w := newWorld(t, build(t, 1, nil, nil))
		for i := range 30 {
			e := identify(fmt.Sprint("user", i), "", `{}`)
			if i < 20 {
				e = track(fmt.Sprint("user", i), "", "Seen", `{}`)
			}
			w.admit(e)
		}
		ws := build(t, 2, map[string]string{"saw": `events("Seen").within("30d").exists()`, "never-saw": `!segment("saw")`}, map[string]journey.Doc{"news": {
			Entry: journey.Entry{Schedule: &journey.Schedule{On: []string{day(1)}, At: "00:00", Zone: "UTC", Late: "1h"}, Where: c.where},
			Steps: []journey.Step{{Name: "send", Send: &journey.Send{Template: "news", Channel: "email", Class: "transactional"}}},
		}})
		w.engine.Apply(ws)
		r := rand.New(rand.NewPCG(1, 1))
		w.now = rapport.InstantOf((calendar.DayOf(start.Time()) + 1).At(time.UTC, 0))
		w.giveTurns(r)
		for w.engine.Building() {
			w.now = w.now.Add(3 * time.Hour)
			w.giveTurns(r)
			if _, err := w.engine.Sweep(context.Background(), w.now); err != nil {
				t.Fatal(err)
			}
		}
		w.now = w.now.Add(time.Second)
		w.giveTurns(r)
		if got := w.begun(); got != c.want {
			t.Errorf("%s: %d began, want %d", c.where, got, c.want)
		}
	}
}
