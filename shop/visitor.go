package shop

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

const day = 24 * time.Hour

// visitor is one person.
type visitor struct {
	n       int
	id      string // of whatever is hers: no other shop has it, unless it has the same seed
	place   *place
	random  *rand.Rand // her own, so that others' doings do not change hers
	devices []*device
	name    string
	known   bool
	phone   string
	pace    float64 // sessions a week
	likes   [len(categories)]float64
	cart    []line
	cartID  int
	orders  int
	looked  []Product // at last, a few
	credit  []credit
	touched time.Time // her cart
	did     time.Time // when she last did something that a letter may answer
	busy    time.Time // she is in the shop until then
	gone    bool      // she comes no more by herself
	mail    reader
	texts   reader
}

// device is what somebody looks at the shop with.
type device struct {
	id        string
	app       bool
	installed bool
	user      *visitor  // who is signed in
	busy      time.Time // somebody holds it until then
}

type line struct {
	product  Product
	quantity int
	size     string
}

// credit is what a purchase on a feast has earned.
type credit struct {
	id, order string
	amount    float64
}

func (s *Shop) newVisitor() *visitor {
	n := s.visitors
	s.visitors++
	r := rand.New(rand.NewPCG(s.seed, uint64(n)+1))
	v := &visitor{n: n, id: fmt.Sprintf("%d-%d", s.seed, n), random: r}
	last := s.last
	v.place = s.places[pickShare(r, s.places)]
	shares := last != nil && r.Float64() < sharedTablet
	if shares {
		v.place = last.place // they live together
	}
	v.name = v.place.Names[r.IntN(len(v.place.Names))]
	v.pace = sessionsPerWeek * math.Exp(paceSpread*r.NormFloat64())
	v.devices = []*device{{id: "device-" + v.id, app: r.Float64() < v.place.AppFirst}}
	if r.Float64() < secondDevice {
		v.devices = append(v.devices, &device{id: "device-" + v.id + "-b"})
	}
	if shares {
		tablet := &device{id: "tablet-" + v.id}
		v.devices = append(v.devices, tablet)
		last.devices = append(last.devices, tablet)
	}
	for i := range v.likes {
		v.likes[i] = math.Exp(1.2 * r.NormFloat64())
	}
	v.mail.dead = r.Float64() < deadAddress
	v.mail.likes = math.Exp(0.6*r.NormFloat64() - 0.18)
	v.texts.likes = 1
	s.last = v
	return v
}

func pickShare(r *rand.Rand, places []*place) int {
	at := r.Float64()
	for i := range places {
		if at -= places[i].Share; at < 0 {
			return i
		}
	}
	return 0
}

// gap is how many usual days it takes her until the next session.
func (v *visitor) gap() float64 { return v.random.ExpFloat64() * 7 / v.pace }

// leaves returns how likely it is that she never comes again.
func (v *visitor) leaves() float64 {
	if v.known {
		return leaveKnown
	}
	return leaveUnknown
}

// price returns what a product costs her, in her market's currency.
func (v *visitor) price(p Product) float64 { return rounded(p.Price*v.place.Price, v.place.Digits) }

func (v *visitor) userID() string { return "shopper-" + v.id }

func (v *visitor) email() string {
	return strings.ToLower(strings.NewReplacer(" ", ".", "-", "").Replace(v.name)) + "." + v.id + "@example.com"
}

// number returns a phone number that nobody else in this shop has, and nobody outside:
// behind a country's code none begins with two zeros. So a text that a live server sends
// by mistake reaches no one.
func (v *visitor) number(seed uint64) string {
	return v.place.Calling + fmt.Sprintf("00%07d", (seed%10_000_000*15_485_863+uint64(v.n))%10_000_000)
}

// pick chooses a product by her liking for its category.
func (v *visitor) pick(catalogue []Product) Product {
	total := 0.0
	for _, like := range v.likes {
		total += like
	}
	at := v.random.Float64() * total
	for i, like := range v.likes {
		if at -= like; at < 0 {
			n := len(catalogue) / len(categories)
			return catalogue[i*n+v.random.IntN(n)]
		}
	}
	return catalogue[0]
}

// size returns a size as the category counts them.
func (v *visitor) size(category string) string {
	if category == "shoes" {
		return fmt.Sprint(36 + v.random.IntN(9))
	}
	return [...]string{"XS", "S", "M", "L", "XL"}[v.random.IntN(5)]
}

// saw notes that she has looked at a product.
func (v *visitor) saw(p Product) {
	v.looked = append(v.looked, p)
	if len(v.looked) > 6 {
		v.looked = v.looked[1:]
	}
}
