package shop

import (
	"container/heap"
	"html"
	"math"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Letter is a message that has reached the one it was sent to, as her mail provider
// or her phone has it.
type Letter struct {
	ID      string    `json:"id"`
	Channel string    `json:"channel"` // email or sms
	To      string    `json:"to"`
	Class   string    `json:"class"`
	At      time.Time `json:"at"`
}

// Content is what a reader makes of a letter once it is open.
type Content struct {
	Things []string   `json:"things,omitempty"` // the products it names
	Asks   []Question `json:"asks,omitempty"`   // the answers it offers
	Link   bool       `json:"link,omitempty"`   // it leads somewhere
	Leave  string     `json:"leave,omitempty"`  // path of the page on which one leaves
}

// Question is an answer that a letter offers to click.
type Question struct{ About, Reason string }

// Reaction is how a letter was met.
type Reaction struct {
	Letter Letter
	// Kind is delivered, bounced, opened, clicked or complained, as a provider tells
	// it; left for who has followed the link to leave, which is Leave.
	Kind  string
	Leave string
}

// reader is how somebody takes letters of one kind.
type reader struct {
	likes  float64     // times the openings of others
	dead   bool        // the address does not exist
	met    int         // letters so far
	recent []time.Time // optional ones
}

// Deliver gives a letter to its reader, who reacts in her own time. Open is called at
// once, and only if she is going to open it; what it returns may be kept and given
// again, and then she reacts in the same way. A letter to nobody here is ignored.
//
// Who reacts how depends on the seed, the order of her letters and what they say,
// never on their ids.
func (s *Shop) Deliver(now time.Time, l Letter, open func() (Content, error)) error {
	v := s.addresses[l.To]
	if v == nil {
		return nil
	}
	mailbox, number := &v.mail, 0
	if l.Channel != "email" {
		mailbox, number = &v.texts, 1
	}
	mailbox.met++
	r := rand.New(rand.NewPCG(s.seed^uint64(mailbox.met)<<32, uint64(v.n)<<1|uint64(number)))
	if l.At.After(now) {
		now = l.At
	}
	if mailbox.dead {
		s.react(now, l, "bounced", "")
		return nil
	}
	s.react(now, l, "delivered", "")
	tired := mailbox.tired(l, now)
	at := now.Add(time.Minute + time.Duration(r.ExpFloat64()*readWithinHours*float64(time.Hour)))
	if r.Float64() >= v.opens(mailbox, l, tired, now) {
		return nil
	}
	c, err := open()
	if err != nil {
		return err
	}
	if l.Channel == "email" {
		s.react(at, l, "opened", "")
	}
	v.read(s, r, l, c, at, tired)
	return nil
}

// tired counts a letter and returns by how many she has had too many in seven days.
func (m *reader) tired(l Letter, now time.Time) float64 {
	m.recent = slices.DeleteFunc(m.recent, func(at time.Time) bool { return now.Sub(at) > 7*day })
	if l.Class != "transactional" {
		m.recent = append(m.recent, now)
	}
	return float64(max(0, len(m.recent)-patience))
}

// opens returns how likely it is that she opens a letter. Texts are read on arrival.
func (v *visitor) opens(m *reader, l Letter, tired float64, now time.Time) float64 {
	if l.Channel != "email" {
		return 1
	}
	p := openPromotional
	switch l.Class {
	case "transactional", "must-send":
		return openTransactional
	case "content":
		p = openContent
	}
	if !v.did.IsZero() && now.Sub(v.did) < 2*day {
		p *= openOwnDoing
	}
	if v.gone {
		p *= openAfterGone
	}
	return min(0.9, p*m.likes*math.Exp(-annoyance*tired/2))
}

// read is what she does with an open letter: follow it, answer it, leave, complain.
func (v *visitor) read(s *Shop, r *rand.Rand, l Letter, c Content, at time.Time, tired float64) {
	opened := 1.0
	if l.Channel == "email" { // what is told for all letters, told for those opened
		opened = openPromotional
	}
	worse := math.Exp(annoyance * tired)
	leaves := unsubscribe / opened
	if l.Channel != "email" {
		leaves = unsubscribeText
	}
	at = at.Add(time.Duration(5+r.IntN(90)) * time.Second)
	switch x := r.Float64(); {
	case l.Class == "transactional":
	case x < complain/opened*worse && l.Channel == "email":
		s.react(at, l, "complained", "")
		return
	case x < (complain/opened+leaves)*worse && c.Leave != "":
		s.react(at, l, "left", c.Leave)
		return
	}
	click := v.clicks(l, c)
	if r.Float64() >= click {
		return
	}
	s.react(at, l, "clicked", "")
	var answer *Question
	if len(c.Asks) > 0 {
		answer = &c.Asks[r.IntN(len(c.Asks))]
	}
	s.plan(at.Add(time.Second), func(at time.Time) { s.follow(v, l, answer, at) })
}

// clicks returns how likely it is that she follows a letter.
func (v *visitor) clicks(l Letter, c Content) float64 {
	switch {
	case len(c.Asks) > 0:
		return answerQuestion
	case !c.Link:
		return 0
	case l.Channel != "email":
		return clickText
	case v.knows(c.Things):
		return clickOpened * clickKnownThing
	}
	return clickOpened
}

// knows reports whether one of these things is in her cart or was looked at last.
func (v *visitor) knows(things []string) bool {
	for _, l := range v.cart {
		if slices.Contains(things, l.product.Name) {
			return true
		}
	}
	for _, p := range v.looked {
		if slices.Contains(things, p.Name) {
			return true
		}
	}
	return false
}

// follow is the visit that a click begins.
func (s *Shop) follow(v *visitor, l Letter, answer *Question, at time.Time) {
	x := s.enter(v, at, &l)
	if answer != nil {
		x.tell(v.userID(), "Feedback Given", object{"about": answer.About, "reason": answer.Reason})
		x.leave()
		return
	}
	if len(v.cart) == 0 {
		x.look(1 + int(v.random.ExpFloat64()*(viewsPerSession-1)))
	}
	if len(v.cart) > 0 && v.random.Float64() < buyAfterClick*v.place.buyingAt(x.at) {
		x.buy()
	}
	x.leave()
	if v.gone { // she is back
		v.gone = false
		s.planVisit(v, x.at)
	}
}

func (s *Shop) react(at time.Time, l Letter, kind, leave string) {
	s.made++
	heap.Push(&s.pending, due{at, s.made, s.opened, nil, &Reaction{l, kind, leave}})
}

// Reader reads letters as the shop's people do: it sees which of the shop's things
// they name and where they lead.
type Reader struct {
	link  *regexp.Regexp
	names []string
}

// NewReader returns a reader.
func NewReader() *Reader {
	r := &Reader{link: regexp.MustCompile(`https?://[^\s"'<>]+`)}
	for _, p := range Catalogue() {
		r.names = append(r.names, p.Name)
	}
	return r
}

// Read returns what is in a text or in HTML.
func (r *Reader) Read(text string) Content {
	var c Content
	for _, name := range r.names {
		if strings.Contains(text, name) {
			c.Things = append(c.Things, name)
		}
	}
	for _, found := range r.link.FindAllString(text, -1) {
		u, err := url.Parse(html.UnescapeString(found))
		switch {
		case err != nil:
		case strings.HasPrefix(u.Path, "/u/"):
			c.Leave = u.Path
		case u.Query().Get("about") != "" && u.Query().Get("reason") != "":
			q := Question{u.Query().Get("about"), u.Query().Get("reason")}
			if !slices.Contains(c.Asks, q) {
				c.Asks = append(c.Asks, q)
			}
		default:
			c.Link = true
		}
	}
	return c
}
