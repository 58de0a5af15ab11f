package simulate_test

import (
	"fmt"
	"math/rand/v2"
)

// act is one thing that happens. Whoever lets it happen makes some moves before: of what
// waits to be decided, some is.
type act struct {
	what    string // see [sim.do]
	moves   int    // made before it
	span    int64  // of wait, jump and back
	client  int    // of send
	calls   []call // of send
	user    string // of consent and leave
	yes     bool   // of consent
	journey string // of pause, resume and archive
	circles []circle
	weather weather // of weather
}

// weather is how well all does that is not the program. Numbers are of a hundred.
type weather struct {
	refused  int // batches that are not kept
	torn     int // batches that are kept, which is not told
	unheard  int // answers that do not come back to their clients
	deaf     int // readings of the log that fail
	dark     bool
	carriers map[string]mood
}

// mood is how a provider does. Numbers are of a hundred.
type mood struct {
	retry, down, refuse, vague, slow int
}

// script is all that happens in one run.
type script struct {
	seed    uint64
	start   int64
	circles []circle
	small   bool // few records are kept in memory
	skews   []int64
	acts    []act
}

func users() []string { return []string{"ana", "bob", "cat", "dan"} }
func journeys() []string {
	return []string{"receipt", "recall", "cart", "welcome", "regulars", "score", "daily"}
}

// dice draw.
type dice struct{ *rand.Rand }

func (d dice) chance(percent int) bool      { return d.IntN(100) < percent }
func (d dice) between(from, to int64) int64 { return from + d.Int64N(to-from+1) }

func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

// artist draws a script.
type artist struct {
	dice
	script
	n      int
	theme  string   // what befalls most
	paused []string // journeys that were paused
}

// drawScript draws everything that happens from a seed.
func drawScript(seed uint64) script {
	a := &artist{dice: dice{rand.New(rand.NewPCG(seed, 3))}}
	a.seed = seed
	a.start = 1_792_000_000_000 + a.between(0, 6*day)
	a.small = a.chance(20)
	a.circles = a.rings()
	for range 2 {
		a.skews = append(a.skews, pick[int64](a.dice, 0, 0, 3*minute, -40*second, 2*day))
	}
	a.theme = pick(a.dice, "store", "providers", "time", "crashes", "workspace", "all", "all", "calm")
	for _, user := range users()[:a.between(2, 4)] {
		a.add(act{what: "send", client: a.IntN(2), calls: []call{a.identify(user)}})
	}
	for range a.between(8, 30) {
		a.step()
	}
	return a.script
}

func (a *artist) add(one act) {
	one.moves = int(pick[int64](a.dice, 0, 1, 2, 5, a.between(0, 12), 40))
	a.acts = append(a.acts, one)
}

// rings draws the segments that change from version to version.
func (a *artist) rings() []circle {
	all := []circle{{"keen", "Product Viewed", pick[int64](a.dice, 24, 48, 100), int(a.between(1, 3))}}
	if a.chance(50) {
		all = append(all, circle{"often", "Order Completed", 168, int(a.between(1, 2))})
	}
	return all
}

// likes says whether a kind of mishap belongs to the theme.
func (a *artist) likes(theme string) bool { return a.theme == theme || a.theme == "all" }

func (a *artist) step() {
	switch n := a.IntN(100); {
	case n < 45:
		a.send()
	case n < 60:
		a.time()
	case n < 68:
		a.add(act{what: pick(a.dice, "consent", "consent", "leave"), user: pick(a.dice, users()...), yes: a.chance(50)})
	case n < 80 && a.theme != "calm":
		a.add(act{what: "weather", weather: a.sky()})
	case n < 86 && (a.likes("crashes") || a.likes("store") && a.chance(40)):
		a.add(act{what: pick(a.dice, "crash", "crash", "crash", "crash", "replace", "stop")})
	case n < 89 && a.likes("workspace"):
		a.add(act{what: "apply", circles: a.rings()})
	case a.likes("workspace"):
		a.stand()
	default:
		a.send()
	}
}

// stand has somebody pause a journey, let one go on, or put one away.
func (a *artist) stand() {
	one := act{what: "pause", journey: pick(a.dice, journeys()...)}
	switch n := a.IntN(100); {
	case n < 45 && len(a.paused) > 0:
		one.what, one.journey = "resume", pick(a.dice, a.paused...)
	case n < 50:
		one.what = "archive"
	default:
		a.paused = append(a.paused, one.journey)
	}
	a.add(one)
	if one.what == "resume" && a.likes("crashes") && a.chance(40) {
		a.acts = append(a.acts, act{what: "crash", moves: a.IntN(4)})
	}
}

// time lets time pass: most often to when something is due.
func (a *artist) time() {
	switch n := a.IntN(100); {
	case n < 60:
		a.add(act{what: "wait", span: pick(a.dice, minute, 10*minute, hour, a.between(1, 30)*hour)})
	case n < 75:
		a.add(act{what: "brink"})
	case n < 90:
		a.add(act{what: "jump", span: pick(a.dice, 1, second, hour, 5*hour, 26*hour)})
	case a.likes("time"):
		a.add(act{what: "back", span: pick(a.dice, 1, second, 20*minute, 3*hour)})
	default:
		a.add(act{what: "rest"})
	}
}

// sky draws the weather.
func (a *artist) sky() weather {
	w := weather{carriers: map[string]mood{}}
	if a.likes("store") || a.likes("crashes") {
		w.refused, w.torn = pick(a.dice, 0, 0, 30, 90), pick(a.dice, 0, 0, 30, 60)
		w.deaf = pick(a.dice, 0, 0, 50)
		w.dark = a.chance(10) && !a.small
	}
	w.unheard = pick(a.dice, 0, 20, 60)
	for _, channel := range []string{"email", "sms", "webhook"} {
		if a.likes("providers") || a.likes("workspace") || a.chance(20) {
			w.carriers[channel] = mood{
				retry: pick(a.dice, 0, 0, 50), down: pick(a.dice, 0, 0, 40, 100), refuse: pick(a.dice, 0, 0, 10),
				vague: pick(a.dice, 0, 0, 40), slow: pick(a.dice, 0, 60, 97),
			}
		}
	}
	return w
}

// send draws what a client tells.
func (a *artist) send() {
	user := pick(a.dice, users()...)
	var calls []call
	for range a.between(1, 4) {
		if a.chance(30) {
			user = pick(a.dice, users()...)
		}
		calls = append(calls, a.call(user))
	}
	a.add(act{what: "send", client: a.IntN(2), calls: calls})
}

func (a *artist) id() string {
	a.n++
	return fmt.Sprintf("m%d", a.n)
}

// call draws a call. When it happened is told as the time before it is sent first.
func (a *artist) call(user string) call {
	c := call{id: a.id(), user: user, at: -pick(a.dice, 0, 0, 0, second, a.between(0, 90)*minute, a.between(0, 70)*hour)}
	switch n := a.IntN(100); {
	case n < 15:
		return a.identify(user)
	case n < 45:
		c.kind = "Product Viewed"
		if a.chance(60) {
			c.user, c.device = "", "of-"+user
		}
	case n < 52:
		c.kind, c.club = "Joined", "club-"+c.id
	case n < 66:
		c.kind, c.cart = "Product Added", a.cart()
	case n < 90:
		c.kind, c.cart, c.order = "Order Completed", a.cart(), "o"+c.id
	default:
		c.kind = "Signed Up"
	}
	return c
}

func (a *artist) cart() string { return pick(a.dice, "c1", "c2") }

func (a *artist) identify(user string) call {
	c := call{id: a.id(), kind: "identify", user: user, country: map[bool]string{true: "SG", false: "DE"}[user < "c"]}
	c.agrees = pick(a.dice, "yes", "yes", "yes", "no", "")
	if a.chance(50) {
		c.device = "of-" + user
	}
	if a.chance(30) {
		c.at = -a.between(0, 48) * hour
	}
	return c
}
