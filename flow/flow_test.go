package flow_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"rapport"
	"rapport/decide"
	"rapport/flow"
	"rapport/journey"
	"rapport/profile"
	"rapport/rule"
	"rapport/segment"
	"rapport/store"
	"rapport/store/memory"
)

var start = rapport.InstantOf(time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC))

// utc is a world in which everybody lives in one zone.
type utc struct{}

func (utc) Zone(flow.Traits) *time.Location { return time.UTC }

// plain renders the template's name and the customer's first name.
type plain struct{}

func (plain) Render(m *rapport.Message, c *profile.Record, _ *time.Location, _ rapport.Instant) (rapport.Delivery, error) {
	return rapport.Delivery{Content: rapport.Content{Subject: m.Template + " for " + c.Trait("first_name").String()}}, nil
}

// outbox is a provider that remembers what it was handed.
type outbox struct {
	handed []rapport.Delivery
	answer rapport.OutcomeKind
}

func (o *outbox) Deliver(deliveries []rapport.Delivery) []rapport.Outcome {
	outcomes := make([]rapport.Outcome, len(deliveries))
	for i, d := range deliveries {
		outcomes[i] = rapport.Outcome{Message: d.Message, Kind: o.answer}
		if o.answer == rapport.Accepted {
			o.handed = append(o.handed, d)
		}
	}
	return outcomes
}

func (o *outbox) Again(m *rapport.Message, now rapport.Instant) (rapport.Instant, bool) {
	return now.Add(time.Minute), now >= m.CreatedAt.Add(2*time.Hour)
}

// world is an engine over a store in memory, with a workspace of its own.
type world struct {
	t      testing.TB
	store  *memory.Store
	engine *flow.Engine
	outbox *outbox
	now    rapport.Instant
	n      int
	config flow.Config // what is other than usual
	span   *flow.Span  // read, and perhaps installed in part
}

func newWorld(t testing.TB, w *flow.Workspace) *world {
	t.Helper()
	return newWorldWith(t, w, flow.Config{})
}

func newWorldWith(t testing.TB, w *flow.Workspace, c flow.Config) *world {
	t.Helper()
	world := &world{t: t, store: memory.New(), outbox: &outbox{answer: rapport.Accepted}, now: start, config: c}
	world.open(w)
	return world
}

// restart opens the store again as after a crash.
func (w *world) restart() {
	w.t.Helper()
	w.store = w.store.Reopen()
	w.open(w.engine.Workspace())
}

func (w *world) open(ws *flow.Workspace) {
	w.t.Helper()
	ws.Providers = map[rapport.Channel]flow.Provider{rapport.Email: w.outbox}
	c := w.config
	c.Key, c.Store, c.Workspace, c.KeepContents = key, w.store, ws, true
	engine, err := flow.Open(context.Background(), c, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	w.engine = engine
}

func (w *world) admit(events ...rapport.Event) {
	w.t.Helper()
	for i := range events {
		e := &events[i]
		if e.MessageID == "" {
			w.n++
			e.MessageID = fmt.Sprintf("m%d", w.n)
		}
		if e.Timestamp == 0 {
			e.Timestamp = w.now
		}
		e.ReceivedAt = w.now
	}
	if _, err := w.engine.Run(context.Background(), w.now, flow.Admit(events)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) advance(d time.Duration) {
	w.t.Helper()
	w.now = w.now.Add(d)
	if err := w.engine.Advance(context.Background(), w.now, nil); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) messages() []rapport.Message {
	w.t.Helper()
	messages, err := w.store.Messages(context.Background(), store.MessageFilter{Limit: 500})
	if err != nil {
		w.t.Fatal(err)
	}
	return messages
}

// build compiles a workspace of segments and journeys.
func build(t testing.TB, version uint64, segments map[string]string, journeys map[string]journey.Doc) *flow.Workspace {
	t.Helper()
	docs := map[string]segment.Doc{}
	for name, where := range segments {
		docs[name] = segment.Doc{Where: where}
	}
	set, problems := segment.Compile(docs, nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	facts := set.Facts()
	var compiled []*journey.Journey
	for name, doc := range journeys {
		j, problems := journey.Compile(name, doc, journey.Env{Version: version})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		compiled = append(compiled, j)
		facts = append(facts, j.Facts()...)
	}
	policy, err := decide.NewPolicy(decide.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return &flow.Workspace{
		Version: version, Facts: rule.NewFactSet(facts...), Segments: set, Journeys: journey.NewSet(compiled),
		Policy: policy, Places: utc{}, Renderer: plain{},
	}
}

func identify(user, device, traits string) rapport.Event {
	return rapport.Event{Type: rapport.Identify, UserID: user, AnonymousID: device, Properties: []byte(traits)}
}

func track(user, device, name, properties string) rapport.Event {
	return rapport.Event{Type: rapport.Track, UserID: user, AnonymousID: device, Name: name, Properties: []byte(properties)}
}

func TestSegmentIsLeftAtTheInstant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, build(t, 1, map[string]string{"regular": `events("Order Completed").within("720h").count() >= 2`}, nil))
	w.admit(track("ana", "", "Order Completed", `{"total":10}`))
	w.advance(time.Hour)
	w.admit(track("ana", "", "Order Completed", `{"total":10}`))
	sizes, customers, exact := w.engine.Sizes()
	if sizes["regular"] != 1 || customers != 1 || !exact {
		t.Fatalf("after two orders: %v regular of %d, exact %v", sizes["regular"], customers, exact)
	}
	w.advance(719*time.Hour - time.Millisecond)
	if sizes, _, _ := w.engine.Sizes(); sizes["regular"] != 1 {
		t.Fatal("she left before the first order was 720 hours old")
	}
	w.advance(time.Millisecond)
	if sizes, _, _ := w.engine.Sizes(); sizes["regular"] != 0 {
		t.Fatal("she is still in when the first order is 720 hours old")
	}
}

func TestJourneySendsOnceConsentAllows(t *testing.T) {
	t.Parallel()
	doc := journey.Doc{
		Entry: journey.Entry{Event: []string{"Signed Up"}},
		Steps: []journey.Step{
			{Name: "pause", Wait: journey.Wait{For: "1h"}},
			{Name: "hello", Send: &journey.Send{Template: "welcome", Channel: "email", Class: "promotional", Purpose: "marketing"}},
		},
	}
	w := newWorld(t, build(t, 1, nil, map[string]journey.Doc{"welcome": doc}))
	w.admit(identify("ana", "", `{"email":"ana@example.com","first_name":"Ana"}`), track("ana", "", "Signed Up", ""))
	w.admit(identify("bob", "", `{"email":"bob@example.com"}`), track("bob", "", "Signed Up", ""))
	ana := rapport.Key{1}.Identifier(rapport.Identifier{Kind: rapport.UserID, Value: "ana"}).CustomerID()
	act := rapport.Consent{Purpose: "marketing", Channel: rapport.Email, State: rapport.ConsentGranted, Source: "test", At: w.now}
	errs, err := w.engine.Run(context.Background(), w.now, flow.Record(ana, act))
	if err != nil || errs[0] != nil {
		t.Fatal(err, errs)
	}
	w.advance(time.Hour - time.Millisecond)
	if len(w.messages()) != 0 {
		t.Fatal("a message before the hour was over")
	}
	w.advance(time.Millisecond)
	if len(w.outbox.handed) != 1 || w.outbox.handed[0].Content.Subject != "welcome for Ana" {
		t.Fatalf("handed over: %+v", w.outbox.handed)
	}
	if m := w.messages(); len(m) != 1 || m[0].Status != rapport.Handed || m[0].HandedAt != w.now {
		t.Fatalf("messages: %+v", m)
	}
}

// apply puts another workspace in force and brings everybody up to it.
func (w *world) apply(next *flow.Workspace) {
	w.t.Helper()
	next.Providers = w.engine.Workspace().Providers
	w.engine.Apply(next)
	w.advance(0)
}
