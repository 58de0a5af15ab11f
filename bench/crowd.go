package bench

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"time"
)

// crowd is a shop's customers. It makes their deeds, and knows of each customer
// what the questions of a run ask for, without asking the program.
type crowd struct {
	shape  Shape
	random *rand.Rand
	pick   func() uint64
	began  time.Time // what the ages of deeds count from
	made   int       // events
	known  []known
}

// known is what is true of a customer, as far as some question asks for it.
type known struct {
	told     bool // her country and the rest were
	orders90 int  // of the last 90 days
	orders60 int
	welcome  bool // bought with that coupon within 120 days
	dear     bool // viewed something dear within 180 days
}

func newCrowd(shape Shape, seed uint64, began time.Time) (*crowd, error) {
	c := &crowd{shape: shape, random: rand.New(rand.NewPCG(seed, 1)), began: began, known: make([]known, max(shape.Customers, 0))}
	var err error
	c.pick, err = shape.pick(c.random)
	return c, err
}

// history makes the past: so many events of each customer, of which the first
// tells who she is. It goes round by round, so that her events lie as far apart as
// they do in life.
func (c *crowd) history(each int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		stride := c.stride()
		for round := range each {
			for i := range c.shape.Customers {
				d := deed{name: told, who: i * stride % c.shape.Customers}
				if round > 0 {
					d.name = past(c.random.IntN(100))
				}
				d.age = c.age()
				c.fill(&d)
				if !yield(c.take(&d)) {
					return
				}
			}
		}
	}
}

// stride returns a step by which all customers are met in another order than that
// of their numbers.
func (c *crowd) stride() int {
	for _, prime := range [...]int{7919, 104729} {
		if c.shape.Customers%prime != 0 {
			return prime
		}
	}
	return 1
}

// age returns how long ago something of the past was: up to a year, and never
// within some hours of a whole number of days, where windows end.
func (c *crowd) age() time.Duration {
	const day = 24 * time.Hour
	return time.Duration(c.random.IntN(365))*day + day/3 + time.Duration(c.random.Int64N(int64(day/3)))
}

// past says what kind of deed a number below 100 is in the past: more orders and
// fewer views than a shop sees, as in a history that was imported.
func past(p int) string {
	switch {
	case p < 45:
		return viewed
	case p < 60:
		return added
	case p < 65:
		return searched
	}
	return ordered
}

// present says what kind of deed a number below 100 is now.
func present(p int) string {
	switch {
	case p < 42:
		return viewed
	case p < 62:
		return paged
	case p < 70:
		return listed
	case p < 76:
		return searched
	case p < 88:
		return added
	case p < 91:
		return checkout
	case p < 95:
		return ordered
	}
	return told
}

// next makes one event of now.
func (c *crowd) next() []byte {
	d := deed{name: present(c.random.IntN(100)), who: int(c.pick())}
	c.fill(&d)
	return c.take(&d)
}

// stream makes so many events of now.
func (c *crowd) stream(n int) [][]byte {
	events := make([][]byte, n)
	for i := range events {
		events[i] = c.next()
	}
	return events
}

// fill draws what the deed is about.
func (c *crowd) fill(d *deed) {
	r := c.random
	d.product = r.IntN(products)
	d.category, d.brand = category(d.product), brand(d.product)
	switch d.name {
	case told:
		d.tier = tier(r.IntN(tiers))
	case paged:
		d.path = path(r.IntN(categories))
	case searched:
		d.query = query(r.IntN(queries))
	case ordered:
		d.total = 20 + r.IntN(200)
		if r.IntN(3) == 0 {
			d.coupon = welcome
		}
		d.price = 9 + r.IntN(100)
	case viewed, added:
		d.price = 9 + r.IntN(100)
	}
}

// take notes what is true from now on and writes the event.
func (c *crowd) take(d *deed) []byte {
	k := &c.known[d.who]
	k.note(d)
	id := fmt.Sprintf("node-next-%d-%016x", c.made, c.random.Uint64())
	c.made++
	return d.appendJSON(make([]byte, 0, 640), id, c.began)
}

func (k *known) note(d *deed) {
	within := func(days int) bool { return d.age < time.Duration(days)*24*time.Hour }
	switch d.name {
	case told:
		k.told = true
	case viewed:
		k.dear = k.dear || within(180) && d.price >= dearPrice
	case ordered:
		if within(90) {
			k.orders90++
		}
		if within(60) {
			k.orders60++
		}
		k.welcome = k.welcome || within(120) && d.coupon == welcome
	}
}

// A question is a rule whose answer the crowd knows as well.
type question struct {
	rule  string
	holds func(who int, k *known) bool
}

// The questions of a run: a segment that is live, a rule whose facts are kept for
// it, one whose facts nobody keeps, and a segment that is made in mid-stream whose
// facts nobody has kept.
func liveQuestion() question {
	return question{`customer.country == "SG" && events("Order Completed").within("90d").count() >= 2`,
		func(who int, k *known) bool { return k.told && country(who) == "SG" && k.orders90 >= 2 }}
}

func keptQuestion() question {
	return question{`customer.country in ["TH", "KR"] && events("Order Completed").within("60d").count() >= 1`,
		func(who int, k *known) bool {
			return k.told && (country(who) == "TH" || country(who) == "KR") && k.orders60 >= 1
		}}
}

func newQuestion() question {
	return question{fmt.Sprintf(`events("Product Viewed").within("180d").where(e, e.price >= %d).exists()`, dearPrice),
		func(_ int, k *known) bool { return k.dear }}
}

func builtQuestion() question {
	return question{fmt.Sprintf(`events("Order Completed").within("120d").where(e, e.coupon == "%s").exists()`, welcome),
		func(_ int, k *known) bool { return k.welcome }}
}

// count returns for how many customers a question's answer is yes.
func (c *crowd) count(q question) (n int64) {
	for who := range c.known {
		if q.holds(who, &c.known[who]) {
			n++
		}
	}
	return n
}

// batches packs events into bodies as they are asked for.
func batches(events iter.Seq[[]byte], size int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		waiting := make([][]byte, 0, size)
		for e := range events {
			if waiting = append(waiting, e); len(waiting) < size {
				continue
			}
			if !yield(Batches(waiting, size)[0]) {
				return
			}
			waiting = waiting[:0]
		}
		if len(waiting) > 0 {
			yield(Batches(waiting, size)[0])
		}
	}
}
