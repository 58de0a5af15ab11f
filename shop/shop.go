package shop

import (
	"container/heap"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

// Shop goes on shopping for as long as it is asked to. It is not safe for
// concurrent use.
type Shop struct {
	catalogue []Product
	places    []*place
	visitors  int // so far
	last      *visitor
	addresses map[string]*visitor
	diary     diary
	planned   int
	pending   pending
	seed      uint64
	opened    string // begins what has an id of its own: a shop that opens at another time has other events and orders
	made      int    // events so far: their messageIds count on

	newcomers float64    // a day
	chance    *rand.Rand // of when newcomers arrive
}

// Config says which shop it is.
type Config struct {
	Seed      uint64
	Visitors  int       // who know the shop when it opens; 1,000 unless said
	Newcomers float64   // who come for the first time, each day; nobody unless said
	Past      float64   // the part of the visitors who have bought in the two years before; none unless said
	Start     time.Time // when the shop opens
}

// Event is one thing that happens: what the shop's pages tell, as JSON ready to be
// sent, or how somebody met a message.
type Event struct {
	At       time.Time
	JSON     []byte
	Reaction *Reaction
}

// New opens a shop.
func New(c Config) (*Shop, error) {
	if c.Visitors <= 0 {
		c.Visitors = 1000
	}
	s := &Shop{
		catalogue: Catalogue(), addresses: map[string]*visitor{},
		seed: c.Seed, opened: fmt.Sprintf("%d-%s", c.Seed, strconv.FormatInt(c.Start.UnixMilli(), 36)), newcomers: c.Newcomers, chance: rand.New(rand.NewPCG(c.Seed, 0)),
	}
	for _, m := range Markets() {
		p, err := newPlace(m)
		if err != nil {
			return nil, err
		}
		s.places = append(s.places, p)
	}
	for range c.Visitors {
		v := s.newVisitor()
		v.gone = c.Past > 0 && v.random.Float64() < c.Past && s.boughtBefore(v, c.Start)
		if !v.gone {
			s.planVisit(v, c.Start)
		}
	}
	s.planArrival(c.Start)
	return s, nil
}

// Until returns what happens up to an instant and was not returned yet, in the
// order of its time.
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

// Skip passes over what happens up to an instant, as if it had been returned. It returns
// how letters were met until then.
func (s *Shop) Skip(t time.Time) (met []*Reaction) {
	s.live(t, func(d due) {
		if d.reaction != nil {
			met = append(met, d.reaction)
		}
	})
	return met
}

func (s *Shop) live(t time.Time, tell func(due)) {
	for len(s.diary) > 0 && s.diary[0].at.Before(t) {
		next := heap.Pop(&s.diary).(appointment)
		next.keep(next.at)
	}
	for len(s.pending) > 0 && s.pending[0].at.Before(t) {
		tell(heap.Pop(&s.pending).(due))
	}
}

// boughtBefore writes down what a visitor bought before the shop opened, as a shop
// imports the orders of its past: no visits, only who she is and what she ordered.
// It reports whether she is gone since.
func (s *Shop) boughtBefore(v *visitor, opening time.Time) bool {
	r := v.random
	x := &session{shop: s, v: v, device: v.devices[0]}
	x.at = v.place.after(opening.Add(-day-time.Duration(r.Float64()*float64(pastDays*day))), 0.2)
	x.signUp()
	for n := 1 + int(r.ExpFloat64()*(ordersBefore-1)); n > 0 && x.at.Before(opening.Add(-day)); n-- {
		p := v.pick(s.catalogue)
		v.cart = []line{{p, 1, v.size(p.Category)}}
		x.buy()
		x.at = v.place.after(x.at, r.ExpFloat64()*orderGapDays)
	}
	return r.Float64() < goneBefore
}

func (s *Shop) planArrival(from time.Time) {
	if s.newcomers <= 0 {
		return
	}
	s.plan(from.Add(time.Duration(s.chance.ExpFloat64()/s.newcomers*float64(day))), func(at time.Time) {
		v := s.newVisitor()
		s.plan(v.place.after(at, 0.2*v.random.Float64()), func(at time.Time) { s.visit(v, at) })
		s.planArrival(at)
	})
}

// plan lets something happen at an instant.
func (s *Shop) plan(at time.Time, keep func(at time.Time)) {
	s.planned++
	heap.Push(&s.diary, appointment{at, s.planned, keep})
}

// known notes under which addresses messages reach a visitor.
func (s *Shop) known(v *visitor) {
	s.addresses[v.email()] = v
	if v.phone != "" {
		s.addresses[v.phone] = v
	}
}

// object is a JSON object; its names are written in order, so the bytes are the same.
type object map[string]any

// with puts a value into the event's context.
func (o object) with(name string, value any) object {
	context, ok := o["context"].(object)
	if !ok {
		context = object{"library": object{"name": "rapport-shop", "version": "2"}, "synthetic": true}
		o["context"] = context
	}
	context[name] = value
	return o
}

// and returns a copy with one value more.
func (o object) and(name string, value any) object {
	more := object{name: value}
	for n, v := range o {
		more[n] = v
	}
	return more
}

func (s *Shop) add(at time.Time, o object) {
	s.made++
	heap.Push(&s.pending, due{at, s.made, s.opened, o, nil})
}

// due is something that is to happen.
type due struct {
	at       time.Time
	n        int
	opened   string
	object   object
	reaction *Reaction
}

// event writes down what happens, as it is seen at an instant.
func (d due) event(at time.Time) Event {
	if d.reaction != nil {
		return Event{at, nil, d.reaction}
	}
	d.object["messageId"] = fmt.Sprintf("shop-%s-%d", d.opened, d.n)
	d.object["timestamp"] = at.UTC().Format("2006-01-02T15:04:05.000Z")
	data, err := json.Marshal(d.object)
	if err != nil {
		panic(err) // numbers, texts and lists of our own making
	}
	return Event{at, data, nil}
}

func rounded(amount float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(amount*scale) / scale
}

// appointment is what somebody is going to do.
type appointment struct {
	at   time.Time
	n    int
	keep func(at time.Time)
}

// diary holds the appointments by their time, then by when they were made.
type diary []appointment

func (x diary) Len() int { return len(x) }
func (x diary) Less(i, j int) bool {
	return x[i].at.Before(x[j].at) || x[i].at.Equal(x[j].at) && x[i].n < x[j].n
}
func (x diary) Swap(i, j int) { x[i], x[j] = x[j], x[i] }

// Push adds an appointment; for package heap.
func (x *diary) Push(a any) { *x = append(*x, a.(appointment)) }

// Pop takes the last appointment off; for package heap.
func (x *diary) Pop() any {
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
