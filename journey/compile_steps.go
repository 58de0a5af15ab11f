package journey

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"rapport"
)

const (
	defaultMaxAge = 24 * time.Hour
	maxSteps      = 1000
	maxNameLength = 100 // bytes of a step's name
	maxNesting    = 20
)

// steps compiles one list of steps; number is how the list is counted in the
// names of steps without one. It reports whether every way through the list
// ends the run.
func (c *compiler) steps(list []Step, path, number string, parent int) (ends bool) {
	if strings.Count(path, "[") > 2*maxNesting {
		c.problem(path, "steps are nested too deeply", "split the journey in two")
		return false
	}
	previous := end
	for i, s := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if ends {
			c.problem(at, "no run can ever come to this step: the one before it ends the run", "leave this step out, or move it before the stop")
			return true
		}
		if len(c.j.nodes) >= maxSteps {
			c.problem(at, fmt.Sprintf("the journey has more than %d steps", maxSteps), "split it in two")
			return true
		}
		n := len(c.j.nodes)
		c.j.nodes = append(c.j.nodes, node{next: unresolved, parent: parent, path: at})
		if previous != end {
			c.j.nodes[previous].next = n
		}
		previous = n
		ends = c.step(s, at, number+strconv.Itoa(i+1), n)
	}
	return ends
}

// step compiles one step into node n, and the steps inside it behind it.
func (c *compiler) step(s Step, path, number string, n int) (ends bool) {
	kinds := s.kinds()
	if len(kinds) != 1 {
		message := "the step does nothing"
		if len(kinds) > 1 {
			message = "a step does one thing; this one has " + strings.Join(kinds, " and ")
		}
		c.problem(path, message, "write one of wait, send, branch, split, wait_until, update, webhook, offer and stop; of several make several steps")
		return false
	}
	c.name(s.Name, kinds[0], path, number, n)
	switch {
	case !s.Wait.isZero():
		c.wait(s.Wait, path+".wait", n)
	case s.Send != nil:
		c.j.nodes[n].kind = sendNode
		c.j.nodes[n].send = c.send(*s.Send, path+".send")
	case s.Branch != nil:
		return c.branch(s.Branch, path+".branch", number, n)
	case s.Split != nil:
		return c.split(s.Split, path+".split", number, n)
	case s.WaitUntil != nil:
		return c.waitUntil(*s.WaitUntil, path+".wait_until", number, n)
	case s.Update != nil:
		c.update(*s.Update, path+".update", n)
	case s.Webhook != nil:
		return c.webhook(*s.Webhook, path+".webhook", number, n)
	case s.Offer != nil:
		c.offer(*s.Offer, path+".offer", n)
	default:
		c.j.nodes[n].kind = stopNode
		return true
	}
	return false
}

// kinds returns the names of the fields that are set.
func (s *Step) kinds() []string {
	var kinds []string
	for _, k := range [...]struct {
		name string
		set  bool
	}{{"wait", !s.Wait.isZero()}, {"send", s.Send != nil}, {"branch", s.Branch != nil}, {"split", s.Split != nil}, {"wait_until", s.WaitUntil != nil},
		{"update", s.Update != nil}, {"webhook", s.Webhook != nil}, {"offer", s.Offer != nil}, {"stop", s.Stop}} {
		if k.set {
			kinds = append(kinds, k.name)
		}
	}
	return kinds
}

// name gives the node the step's name, or one made of its kind and place.
func (c *compiler) name(name, kind, path, number string, n int) {
	at := path + ".name"
	if name == "" {
		name, at = strings.ReplaceAll(kind, "_", "-")+"-"+number, path
	}
	place := placeHash(name)
	other, taken := c.placed[name]
	same, collides := c.j.places[place]
	switch {
	case taken:
		c.problem(at, fmt.Sprintf("the name %q is taken by %s", name, other), "give each step a name of its own")
	case collides:
		c.problem(at, fmt.Sprintf("the name %q can't be told from %q by its hash", name, c.j.nodes[same].name), "choose another name")
	case len(name) > maxNameLength || strings.ContainsFunc(name, unicode.IsControl):
		c.problem(at, "the step's name is too long, or not one line", fmt.Sprintf("use at most %d characters", maxNameLength))
	}
	c.placed[name], c.j.places[place] = path, n
	c.j.nodes[n].name, c.j.nodes[n].place = name, place
}

func (c *compiler) send(s Send, path string) send {
	class, ok := rapport.ParseClass(s.Class)
	if !ok {
		c.problem(path+".class", fmt.Sprintf("%q is no class of message", s.Class), "write transactional, must-send, promotional or content")
	}
	out := send{template: s.Template, channel: rapport.Channel(s.Channel), class: class, purpose: s.Purpose, topic: s.Topic}
	if out.channel != rapport.Email && out.channel != rapport.SMS {
		c.problem(path+".channel", fmt.Sprintf("%q is no channel", s.Channel), "write email or sms")
	}
	if s.Template == "" {
		c.problem(path+".template", "the message has no template", "name one of the workspace's templates")
	}
	c.refer(ToTemplate, s.Template, path+".template")
	if out.purpose == "" && class != rapport.Transactional {
		out.purpose = rapport.PurposeMarketing
	}
	if s.Purpose != "" {
		c.refer(ToPurpose, s.Purpose, path+".purpose")
	}
	if s.Topic != "" {
		c.refer(ToTopic, s.Topic, path+".topic")
	}
	if s.UsefulFor != "" {
		out.useful = c.span(s.UsefulFor, path+".useful_for")
	}
	return out
}

func (c *compiler) branch(cases []Case, path, number string, n int) (ends bool) {
	c.j.nodes[n].kind = branchNode
	if len(cases) == 0 {
		c.problem(path, "the branch has no cases", "add one, such as - { when: a rule, steps: […] }")
	}
	ends, closed := true, false
	for i, x := range cases {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case closed:
			c.problem(at, "no run can ever come to this case: the one before it takes all that are left", "put otherwise last")
			return false
		case x.Otherwise == (x.When != ""):
			c.problem(at, "a case has a rule, or is the otherwise", "write when: a rule, or otherwise: true")
		case len(x.Steps) == 0 && !x.Otherwise:
			c.problem(at+".steps", "the case has no steps", "add one, or leave the case out")
		}
		closed = x.Otherwise
		name := "otherwise"
		if !closed {
			name = strconv.Itoa(i + 1)
		}
		when := c.rule(x.When, at+".when", nil, true)
		to, caseEnds := c.inner(x.Steps, at+".steps", number+"."+strconv.Itoa(i+1)+".", n)
		c.j.nodes[n].cases = append(c.j.nodes[n].cases, choice{name: name, rule: when, to: to})
		ends = ends && caseEnds
	}
	return ends && closed
}

func (c *compiler) waitUntil(u WaitUntil, path, number string, n int) (ends bool) {
	switch {
	case (len(u.Event) > 0) == (u.When != ""):
		c.problem(path, "a wait_until waits for either an event or a rule", "write event: Email Opened, or when: a rule")
	case u.When != "" && u.Where != "":
		c.problem(path+".where", "where goes with event only", "join the two rules with && in when")
	}
	node := &c.j.nodes[n]
	node.kind = untilNode
	if u.Timeout == "" {
		c.problem(path+".timeout", "nothing says how long to wait at most", "write timeout: 2d")
	} else {
		node.wait = c.span(u.Timeout, path+".timeout")
	}
	node.when = c.rule(u.When, path+".when", nil, true)
	if u.When == "" {
		node.until = c.happening(u.Event, u.Where, path)
	}
	then, thenEnds := c.inner(u.Then, path+".then", number+".then.", n)
	missed, missedEnds := c.inner(u.Otherwise, path+".otherwise", number+".otherwise.", n)
	c.j.nodes[n].then, c.j.nodes[n].missed = then, missed
	return thenEnds && missedEnds
}

// inner compiles the steps of one way on and returns its first node.
func (c *compiler) inner(list []Step, path, number string, n int) (first int, ends bool) {
	if len(list) == 0 {
		return unresolved, false
	}
	first = len(c.j.nodes)
	return first, c.steps(list, path, number, n)
}

// link makes the last node of each list go on behind the node around it, which
// stands before it and so is linked already.
func (c *compiler) link() {
	for i := range c.j.nodes {
		n := &c.j.nodes[i]
		if n.next == unresolved {
			n.next = end
			if n.parent != end {
				n.next = c.j.nodes[n.parent].next
			}
		}
		for k := range n.cases {
			if n.cases[k].to == unresolved {
				n.cases[k].to = n.next
			}
		}
		if n.then == unresolved {
			n.then = n.next
		}
		if n.missed == unresolved {
			n.missed = n.next
		}
	}
}
