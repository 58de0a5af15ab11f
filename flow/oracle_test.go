package flow_test

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// What follows works out who is who, and what is known of whom, from the whole set
// of events at once, by the rules as they are written down. It imports nothing of
// the program and knows nothing of how it does the same one event at a time.

// deed is an event as the oracle reads it.
type deed struct {
	id       string
	at       int64
	tie      uint64 // orders deeds of one instant
	user     string
	device   string
	previous string            // of an alias
	traits   map[string]string // of an identify
	cart     string            // of what follows
	added    string            // a product
	removed  string
	ordered  bool
	total    int
}

const forever int64 = 1<<63 - 1

// oracle is what the deeds together say.
type oracle struct {
	deeds  []deed
	person map[string]string // of a user id: the least user id of all that are one person
	spans  map[string]span
}

// span is whose the deeds on a device are that name no user: first's until an
// instant, nobody's known from then on.
type span struct {
	first string // a person; "" if nobody ever logged in
	until int64
}

// judge works out persons and spans. Lower says which of two users comes first of
// those who were first seen on a device at one instant.
func judge(deeds []deed, lower func(a, b string) bool) *oracle {
	o := &oracle{deeds: slices.Clone(deeds), person: map[string]string{}, spans: map[string]span{}}
	sort.Slice(o.deeds, func(i, j int) bool {
		a, b := &o.deeds[i], &o.deeds[j]
		return a.at < b.at || a.at == b.at && a.tie < b.tie
	})
	for _, d := range o.deeds {
		for _, user := range []string{d.user, d.previous} {
			if user != "" && o.person[user] == "" {
				o.person[user] = user
			}
		}
	}
	for _, d := range o.deeds {
		if d.previous != "" {
			o.unite(o.person[d.user], o.person[d.previous])
		}
	}
	o.judgeDevices(lower)
	return o
}

func (o *oracle) unite(a, b string) {
	for user, person := range o.person {
		if person == a || person == b {
			o.person[user] = min(a, b)
		}
	}
}

func (o *oracle) judgeDevices(lower func(a, b string) bool) {
	seen := map[string]map[string]int64{} // device, user, first instant
	see := func(device, user string, at int64) {
		if seen[device] == nil {
			seen[device] = map[string]int64{}
		}
		if first, known := seen[device][user]; !known || at < first {
			seen[device][user] = at
		}
	}
	for _, d := range o.deeds {
		if d.device != "" && d.user != "" {
			see(d.device, d.user, d.at)
		}
		if d.previous != "" {
			see(d.previous, d.user, d.at)
		}
	}
	for device, users := range seen {
		var names []string
		for user := range users {
			names = append(names, user)
		}
		sort.Slice(names, func(i, j int) bool {
			a, b := names[i], names[j]
			return users[a] < users[b] || users[a] == users[b] && lower(a, b)
		})
		s := span{first: o.person[names[0]], until: forever}
		for _, name := range names {
			if o.person[name] != s.first {
				s.until = users[name]
				break
			}
		}
		o.spans[device] = s
	}
}

// owner returns whose a deed is: a person, or a device with an @ in front.
func (o *oracle) owner(d deed) string {
	if d.user != "" {
		return o.person[d.user]
	}
	if s := o.spans[d.device]; s.first != "" && d.at < s.until {
		return s.first
	}
	return "@" + d.device
}

// customers describes everybody, one text each, sorted.
func (o *oracle) customers() []string {
	shares := map[string][]deed{}
	for _, d := range o.deeds {
		owner := o.owner(d)
		shares[owner] = append(shares[owner], d)
	}
	var all []string
	for owner, deeds := range shares {
		all = append(all, o.describe(owner, deeds))
	}
	slices.Sort(all)
	return all
}

func (o *oracle) describe(owner string, deeds []deed) string {
	var ids, names []string
	named := map[string]bool{}
	for _, d := range deeds {
		ids = append(ids, d.id)
		for _, user := range []string{d.user, d.previous} {
			if user != "" {
				named[user] = true
			}
		}
		if d.device != "" {
			named[fmt.Sprintf("@%s%s", d.device, o.interval(owner, d.device))] = true
		}
	}
	for name := range named {
		names = append(names, name)
	}
	slices.Sort(ids)
	slices.Sort(names)
	return fmt.Sprintf("names %s; events %s; %s", strings.Join(names, " "), strings.Join(ids, " "), tellOf(deeds))
}

// interval says when what is done on a device without logging in is hers.
func (o *oracle) interval(owner, device string) string {
	s, linked := o.spans[device]
	switch {
	case !linked && owner == "@"+device, s.first == owner && s.until == forever:
		return "[always]"
	case s.first == owner:
		return fmt.Sprintf("[..%d)", s.until)
	case owner == "@"+device && s.until != forever:
		return fmt.Sprintf("[%d..)", s.until)
	}
	return "[never]"
}

// tellOf says what the deeds of one customer, old to new, tell of her.
func tellOf(deeds []deed) string {
	traits, carts, count, sum := map[string]string{}, map[string]map[string]int{}, 0, 0
	closed := map[string]int64{}
	for _, d := range deeds {
		for name, value := range d.traits {
			traits[name] = value
		}
		if d.ordered {
			count, sum = count+1, sum+d.total
			closed[d.cart] = d.at
		}
	}
	for _, d := range deeds {
		if d.at <= max(closed[d.cart], closed[""]) || d.added+d.removed == "" {
			continue
		}
		if carts[d.cart] == nil {
			carts[d.cart] = map[string]int{}
		}
		if d.added != "" {
			carts[d.cart][d.added]++
		} else {
			delete(carts[d.cart], d.removed)
		}
	}
	var lines []string
	for name, value := range traits {
		lines = append(lines, name+"="+value)
	}
	for cart, products := range carts {
		for product, n := range products {
			lines = append(lines, fmt.Sprintf("cart %q has %d %s", cart, n, product))
		}
	}
	slices.Sort(lines)
	return fmt.Sprintf("%s; %d orders of %d", strings.Join(lines, ", "), count, sum)
}
