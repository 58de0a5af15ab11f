package shop

import (
	"container/heap"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Shop goes on shopping for as long as it is asked to. It is not safe for
// concurrent use.
type Shop struct {
	catalogue []Product
	markets   []Market
	zones     map[string]*time.Location
	visitors  int // so far
	sessions  sessions
	pending   pending
	installed map[string]bool // devices that have the app
	seed      uint64
	made      int // events so far: their messageIds count on

	newcomers float64    // a day
	chance    *rand.Rand // of when newcomers arrive
	arrival   time.Time  // of the next newcomer
}

// Config says which shop it is.
type Config struct {
	Seed      uint64
	Visitors  int       // who know the shop when it opens; 1,000 unless said
	Newcomers float64   // who come for the first time, each day; nobody unless said
	Past      float64   // the part of the visitors who have bought in the two years before; none unless said
	Start     time.Time // when the shop opens
}

// Event is one event, ready to be sent.
type Event struct {
	At   time.Time
	JSON []byte
}

// New opens a shop.
func New(c Config) (*Shop, error) {
	if c.Visitors <= 0 {
		c.Visitors = 1000
	}
	s := &Shop{
		catalogue: Catalogue(), markets: Markets(), zones: map[string]*time.Location{}, installed: map[string]bool{},
		seed: c.Seed, newcomers: c.Newcomers, chance: rand.New(rand.NewPCG(c.Seed, 0)), arrival: c.Start,
	}
	for _, m := range s.markets {
		zone, err := time.LoadLocation(m.Zone)
		if err != nil {
			return nil, err
		}
		s.zones[m.Zone] = zone
	}
	for range c.Visitors {
		v := s.newVisitor()
		v.next = v.after(c.Start.Add(time.Duration(v.random.Float64() * float64(v.gap()))))
		if c.Past > 0 && v.random.Float64() < c.Past {
			s.boughtBefore(v, c.Start)
		}
		if !v.gone {
			heap.Push(&s.sessions, v)
		}
	}
	s.planArrival()
	return s, nil
}

// Until returns the events up to an instant that were not returned yet, in the
// order of their time.
func (s *Shop) Until(t time.Time) []Event {
	return s.Stamped(t, func(at time.Time) time.Time { return at })
}

// Stamped is Until for a shop whose time does not run as the world's does: stamp
// says what the world's clock shows at an instant of the shop's.
func (s *Shop) Stamped(t time.Time, stamp func(time.Time) time.Time) []Event {
	var events []Event
	s.live(t, func(d due) { events = append(events, d.event(stamp(d.at))) })
	return events
}

// Skip passes over the events up to an instant, as if they had been returned.
func (s *Shop) Skip(t time.Time) { s.live(t, func(due) {}) }

func (s *Shop) live(t time.Time, tell func(due)) {
	for s.someoneComes(t) {
	}
	for len(s.pending) > 0 && s.pending[0].at.Before(t) {
		tell(heap.Pop(&s.pending).(due))
	}
}

// someoneComes lets the next session before an instant happen, if there is one.
func (s *Shop) someoneComes(t time.Time) bool {
	next := t
	if len(s.sessions) > 0 {
		next = s.sessions[0].next
	}
	switch {
	case s.newcomers > 0 && s.arrival.Before(t) && !s.arrival.After(next):
		v := s.newVisitor()
		v.next = v.after(s.arrival)
		heap.Push(&s.sessions, v)
		s.planArrival()
	case next.Before(t):
		v := s.sessions[0]
		if s.visit(v); v.gone {
			heap.Pop(&s.sessions)
		} else {
			heap.Fix(&s.sessions, 0)
		}
	default:
		return false
	}
	return true
}

// boughtBefore writes down what a visitor bought before the shop opened, as a shop
// imports the orders of its past: no visits, only who she is and what she ordered.
func (s *Shop) boughtBefore(v *visitor, opening time.Time) {
	r := v.random
	x := &session{shop: s, v: v, device: v.devices[0]}
	x.at = v.after(opening.Add(-day - time.Duration(r.Float64()*float64(pastDays*day))))
	x.signUp()
	for n := 1 + int(r.ExpFloat64()*(ordersBefore-1)); n > 0 && x.at.Before(opening.Add(-day/2)); n-- {
		v.cart = []line{{v.pick(s.catalogue), 1}}
		x.buy()
		x.at = v.after(x.at.Add(time.Duration(r.ExpFloat64() * float64(orderGapDays*day))))
	}
	v.gone = r.Float64() < goneBefore
}

func (s *Shop) newVisitor() *visitor {
	s.visitors++
	return newVisitor(s.seed, s.visitors-1, s.markets, s.zones)
}

func (s *Shop) planArrival() {
	if s.newcomers > 0 {
		s.arrival = s.arrival.Add(time.Duration(s.chance.ExpFloat64() / s.newcomers * float64(24*time.Hour)))
	}
}

// object is a JSON object; its names are written in order, so the bytes are the same.
type object map[string]any

// with puts a value into the event's context.
func (o object) with(name string, value any) object {
	context, ok := o["context"].(object)
	if !ok {
		context = object{"library": object{"name": "rapport-shop", "version": "1"}, "synthetic": true}
		o["context"] = context
	}
	context[name] = value
	return o
}

func (s *Shop) add(at time.Time, o object) {
	s.made++
	heap.Push(&s.pending, due{at, s.made, s.seed, o})
}

// due is an event that is to happen.
type due struct {
	at     time.Time
	n      int
	seed   uint64
	object object
}

// event writes the event down as it is seen at an instant.
func (d due) event(at time.Time) Event {
	d.object["messageId"] = fmt.Sprintf("shop-%d-%d", d.seed, d.n)
	d.object["timestamp"] = at.UTC().Format("2006-01-02T15:04:05.000Z")
	data, err := json.Marshal(d.object)
	if err != nil {
		panic(err) // numbers, texts and lists of our own making
	}
	return Event{at, data}
}

func rounded(amount float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(amount*scale) / scale
}

// sessions are the visitors by when they come next.
type sessions []*visitor

func (x sessions) Len() int { return len(x) }
func (x sessions) Less(i, j int) bool {
	return x[i].next.Before(x[j].next) || x[i].next.Equal(x[j].next) && x[i].n < x[j].n
}
func (x sessions) Swap(i, j int) { x[i], x[j] = x[j], x[i] }

// Push adds a visitor; for package heap.
func (x *sessions) Push(v any) { *x = append(*x, v.(*visitor)) }

// Pop takes the last visitor off; for package heap.
func (x *sessions) Pop() any {
	last := (*x)[len(*x)-1]
	*x = (*x)[:len(*x)-1]
	return last
}

// pending are the events by their time, then by when they were made.
type pending []due

func (x pending) Len() int { return len(x) }
func (x pending) Less(i, j int) bool {
	return x[i].at.Before(x[j].at) || x[i].at.Equal(x[j].at) && x[i].n < x[j].n
}
func (x pending) Swap(i, j int) { x[i], x[j] = x[j], x[i] }

// Push adds an event; for package heap.
func (x *pending) Push(v any) { *x = append(*x, v.(due)) }

// Pop takes the last event off; for package heap.
func (x *pending) Pop() any {
	last := (*x)[len(*x)-1]
	*x = (*x)[:len(*x)-1]
	return last
}
