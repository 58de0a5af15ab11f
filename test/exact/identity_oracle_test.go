package exact_test

import (
	"slices"
	"sort"
)

// Who is who, worked out from what was told so far. A customer is called by the user
// id that comes first of all of hers, or by her device with an @ in front.

// people is what calls and undoings have said of who is who.
type people struct {
	lower   func(a, b string) bool // which of two user ids comes first
	parent  map[string]string      // of a user id: itself, or who it is part of
	apart   []apart
	devices map[string]*device
}

// apart says that two were told apart at an instant.
type apart struct {
	a, b string
	at   int64
}

// device is who was seen on it, each with the first instant.
type device struct {
	links    map[string]int64
	detached int64 // when it was told apart from its user; 0: it was not
}

const forever = int64(1<<63 - 1)

// join says that one customer is another from now on.
type join struct{ from, into string }

func newPeople(lower func(a, b string) bool) *people {
	return &people{lower: lower, parent: map[string]string{}, devices: map[string]*device{}}
}

// root is the customer of a user id.
func (p *people) root(user string) string {
	for p.parent[user] != user {
		user = p.parent[user]
	}
	return user
}

func (p *people) user(id string) {
	if p.parent[id] == "" {
		p.parent[id] = id
	}
}

// told takes in who a call says is who and returns the joins that follow at once.
func (p *people) told(e *event) (joins []join) {
	if e.user == "" {
		return nil
	}
	p.user(e.user)
	if e.device != "" {
		joins = append(joins, p.link(e.device, e.user, e.stamp, false)...)
	}
	if e.kind != "alias" || e.previous == e.user {
		return joins
	}
	p.user(e.previous)
	into, from := p.root(e.user), p.root(e.previous)
	if into != from && !p.areApart(into, from, e.stamp) {
		if p.lower(from, into) {
			into, from = from, into
		}
		p.parent[from] = into
		joins = append(joins, join{from, into})
	}
	return append(joins, p.link(e.previous, e.user, e.stamp, true)...)
}

// areApart says whether two customers were told apart after an instant.
func (p *people) areApart(a, b string, at int64) bool {
	return slices.ContainsFunc(p.apart, func(x apart) bool {
		c, d := p.root(x.a), p.root(x.b)
		return at <= x.at && (c == a && d == b || c == b && d == a)
	})
}

// link notes that a user was seen on a device; said means that somebody said so.
func (p *people) link(name, user string, at int64, said bool) []join {
	d := p.devices[name]
	if d == nil {
		d = &device{links: map[string]int64{}}
		p.devices[name] = d
		d.links[user] = at
		return p.changed(name, "@"+name, forever)
	}
	first, until := p.ownership(name)
	if known, ok := d.links[user]; !ok || at < known {
		d.links[user] = at
	}
	if said && at > d.detached {
		d.detached = 0
	}
	return p.changed(name, first, until)
}

// changed returns a join if a device that was all its own is all somebody's now.
func (p *people) changed(name, first string, until int64) []join {
	now, nowUntil := p.ownership(name)
	if first == "@"+name && until == forever && now != first && nowUntil == forever {
		return []join{{"@" + name, now}}
	}
	return nil
}

// ownership is whose the calls on a device are that name no user: first's until an
// instant, the device's own from then on.
func (p *people) ownership(name string) (first string, until int64) {
	d := p.devices[name]
	if d == nil || d.detached != 0 || len(d.links) == 0 {
		return "@" + name, forever
	}
	var users []string
	for user := range d.links {
		users = append(users, user)
	}
	sort.Slice(users, func(i, j int) bool {
		a, b := users[i], users[j]
		return d.links[a] < d.links[b] || d.links[a] == d.links[b] && p.lower(a, b)
	})
	first = p.root(users[0])
	for _, user := range users[1:] {
		if p.root(user) != first {
			return first, d.links[user]
		}
	}
	return first, forever
}

// owner is whose a call is.
func (p *people) owner(e *event) string {
	if e.user != "" {
		return p.root(e.user)
	}
	if first, until := p.ownership(e.device); e.stamp < until {
		return first
	}
	return "@" + e.device
}

// part takes a join back as of an instant.
func (p *people) part(j join, at int64) {
	if j.from[0] == '@' {
		p.devices[j.from[1:]].detached = at
		return
	}
	p.parent[j.from] = j.from
	p.apart = append(p.apart, apart{j.from, j.into, at})
}
