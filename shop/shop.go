package shop

import (
	"container/heap"
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// Shop goes on shopping for as long as it is asked to. It is not safe for
// concurrent use.
type Shop struct {
	catalogue []Product
	visitors  []*visitor
	sessions  sessions
	pending   pending
	installed map[string]bool // devices that have the app
	seed      uint64
	made      int // events so far: their messageIds count on
}

// Config says which shop it is.
type Config struct {
	Seed     uint64
	Visitors int       // 1,000 unless said
	Start    time.Time // when the shop opens
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
	markets := Markets()
	zones := map[string]*time.Location{}
	for _, m := range markets {
		zone, err := time.LoadLocation(m.Zone)
		if err != nil {
			return nil, err
		}
		zones[m.Zone] = zone
	}
	s := &Shop{catalogue: Catalogue(), installed: map[string]bool{}, seed: c.Seed}
	for n := range c.Visitors {
		v := newVisitor(c.Seed, n, markets, zones, c.Start)
		s.visitors = append(s.visitors, v)
		heap.Push(&s.sessions, v)
	}
	return s, nil
}

// Until returns the events up to an instant that were not returned yet, in the
// order of their time.
func (s *Shop) Until(t time.Time) []Event {
	for s.sessions[0].next.Before(t) {
		v := s.sessions[0]
		s.visit(v)
		heap.Fix(&s.sessions, 0)
	}
	var due []Event
	for len(s.pending) > 0 && s.pending[0].At.Before(t) {
		due = append(due, heap.Pop(&s.pending).(ordered).Event)
	}
	return due
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
	o["messageId"] = fmt.Sprintf("shop-%d-%d", s.seed, s.made)
	o["timestamp"] = at.UTC().Format("2006-01-02T15:04:05.000Z")
	data, err := json.Marshal(o)
	if err != nil {
		panic(err) // numbers, texts and lists of our own making
	}
	heap.Push(&s.pending, ordered{Event{at, data}, s.made})
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

// Pop is never called: visitors stay.
func (x *sessions) Pop() any { panic("a visitor left the shop for good") }

type ordered struct {
	Event
	n int
}

// pending are the events by their time, then by when they were made.
type pending []ordered

func (x pending) Len() int { return len(x) }
func (x pending) Less(i, j int) bool {
	return x[i].At.Before(x[j].At) || x[i].At.Equal(x[j].At) && x[i].n < x[j].n
}
func (x pending) Swap(i, j int) { x[i], x[j] = x[j], x[i] }

// Push adds an event; for package heap.
func (x *pending) Push(v any) { *x = append(*x, v.(ordered)) }

// Pop takes the last event off; for package heap.
func (x *pending) Pop() any {
	last := (*x)[len(*x)-1]
	*x = (*x)[:len(*x)-1]
	return last
}
