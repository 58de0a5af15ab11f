package shop

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// The manners of visitors. All are assumptions, chosen to lie near what shops
// commonly report; nobody measured them here.
const (
	sessionsPerWeek = 1.6  // of an average visitor; single visitors differ by a log-normal factor
	viewsPerSession = 5    // on average, at least one
	addAfterView    = 0.14 // that a view ends in the cart
	buyCart         = 0.34 // that a cart is bought in the session
	signUpSession   = 0.22 // that an unknown visitor signs up in a session
	agreeToMail     = 0.68 // that who signs up agrees to mail
	agreeToHelp     = 0.45 // that who signs up also agrees that what she looks at decides what she is sent
	appFirst        = 0.30 // that a visitor comes by the app first
	secondDevice    = 0.35 // that a visitor has two devices
	sharedDevice    = 0.03 // that a visitor's first device is also another's
	leaveUnknown    = 0.30 // that an unknown visitor never comes again after a session
	leaveKnown      = 0.04 // that a customer never comes again after a session
	sendBack        = 0.12 // that an order is sent back, within three weeks
	pastDays        = 730  // how long before the opening the first order of an old customer lies, at most
	ordersBefore    = 2.5  // of an old customer on average, at least one
	orderGapDays    = 70   // between two of them, on average
	goneBefore      = 0.6  // that an old customer never comes again
)

const day = 24 * time.Hour

var reasons = [...]string{"size too small", "size too large", "does not fit", "colour differs from the picture", "changed my mind", "damaged"}

// visitor is one person.
type visitor struct {
	n       int
	market  *Market
	zone    *time.Location
	random  *rand.Rand // her own, so that others' doings do not change hers
	devices []string
	app     bool
	name    string
	known   bool
	pace    float64 // sessions a week
	likes   [len(categories)]float64
	cart    []line
	cartID  int
	orders  int
	next    time.Time // her next session
	gone    bool      // she never comes again
}

type line struct {
	product  Product
	quantity int
}

func newVisitor(seed uint64, n int, markets []Market, zones map[string]*time.Location) *visitor {
	r := rand.New(rand.NewPCG(seed, uint64(n)+1))
	v := &visitor{n: n, random: r, app: r.Float64() < appFirst}
	v.market = &markets[pickShare(r, markets)]
	v.zone = zones[v.market.Zone]
	v.name = v.market.Names[r.IntN(len(v.market.Names))]
	v.pace = sessionsPerWeek * math.Exp(0.7*r.NormFloat64())
	v.devices = []string{fmt.Sprintf("device-%d-%d", seed, n)}
	if r.Float64() < secondDevice {
		v.devices = append(v.devices, fmt.Sprintf("device-%d-%d-b", seed, n))
	}
	if n > 0 && r.Float64() < sharedDevice {
		v.devices[0] = fmt.Sprintf("device-%d-%d", seed, n-1)
	}
	for i := range v.likes {
		v.likes[i] = math.Exp(1.2 * r.NormFloat64())
	}
	return v
}

func pickShare(r *rand.Rand, markets []Market) int {
	at := r.Float64()
	for i := range markets {
		if at -= markets[i].Share; at < 0 {
			return i
		}
	}
	return 0
}

// gap is how long it takes her until the next session, on average.
func (v *visitor) gap() time.Duration { return time.Duration(float64(7*24*time.Hour) / v.pace) }

// leaves returns how likely it is that she never comes again.
func (v *visitor) leaves() float64 {
	if v.known {
		return leaveKnown
	}
	return leaveUnknown
}

// after moves a time out of her night: between midnight and seven she sleeps.
func (v *visitor) after(t time.Time) time.Time {
	if local := t.In(v.zone); local.Hour() < 7 {
		return t.Add(time.Duration(8+v.random.IntN(13))*time.Hour + time.Duration(v.random.IntN(3600))*time.Second)
	}
	return t
}

// price returns what a product costs her, in her market's currency.
func (v *visitor) price(p Product) float64 {
	scale := math.Pow10(v.market.Digits)
	return math.Round(p.Price*v.market.Price*scale) / scale
}

func (v *visitor) userID() string { return fmt.Sprintf("shopper-%d", v.n) }

func (v *visitor) email() string {
	return strings.ToLower(strings.NewReplacer(" ", ".", "-", "").Replace(v.name)) + fmt.Sprintf("%d@example.com", v.n)
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
