package bench

import (
	"fmt"
	"strings"
)

// A watcher is the rule of a segment, and which deeds it reads: those that could
// change its answer by what they are, not merely by their name.
type watcher struct {
	rule  string
	reads func(d *deed) bool
}

// windows are the lengths that segments look back, in days.
var windows = [...]int{1, 2, 3, 7, 14, 21, 30, 45, 60, 90, 120, 180, 365}

// watcherOf returns segment i of many: ten kinds in turn, each with figures of its
// own. Those of kind 6 read the segments of kinds 0 and 1 beside them.
func watcherOf(i int) watcher {
	k := i / 10
	days := windows[k%len(windows)]
	is := func(name string) func(*deed) bool { return func(d *deed) bool { return d.name == name } }
	switch i % 10 {
	case 0: // looks at a category
		return watcher{fmt.Sprintf(`events("Product Viewed").within("%dd").where(e, e.category == "%s").count() >= %d`, days, category(k), 2+k/categories),
			func(d *deed) bool { return d.name == viewed && d.category == category(k) }}
	case 1: // spends much
		return watcher{fmt.Sprintf(`customer.country in ["SG", "TH"] && events("Order Completed").within("%dd").sum(e, e.total) > %d`, days, 50+20*k),
			func(d *deed) bool { return d.name == ordered || d.name == told }}
	case 2: // is somebody
		return watcher{fmt.Sprintf(`customer.tier == "%s" && customer.age >= %d && customer.age < %d`, tier(k), 18+k/tiers, 26+k/tiers), is(told)}
	case 3: // left a cart
		return watcher{fmt.Sprintf(`events("Product Added").where(e, e.brand == "%s").last() > ago("%dh") && !events("Order Completed").within("%dh").exists()`, brand(k), 1+k, 1+k),
			func(d *deed) bool { return d.name == added && d.brand == brand(k) || d.name == ordered }}
	case 4: // has lapsed
		return watcher{fmt.Sprintf(`events("Order Completed").within("365d").count() >= %d && !events("Order Completed").within("%dd").exists()`, 1+k%5, 20+k), is(ordered)}
	case 5: // searches for something
		return watcher{fmt.Sprintf(`events("Products Searched").within("%dd").where(e, e.query == "%s").count() >= %d`, days, query(k), 1+k/queries),
			func(d *deed) bool { return d.name == searched && d.query == query(k) }}
	case 6: // is in one segment and not in another
		return watcher{fmt.Sprintf(`segment("segment-%d") && !segment("segment-%d") && customer.age >= %d`, i-6, i-5, 18+k%50), is(told)}
	case 7: // comes back to a page
		return watcher{fmt.Sprintf(`events("Page Viewed").within("%dd").where(e, e.path == "%s").count() >= %d`, days, path(k), 2+k/categories),
			func(d *deed) bool { return d.name == paged && d.path == path(k) }}
	case 8: // bought of a category
		return watcher{fmt.Sprintf(`events("Order Completed").within("%dd").where(e, e.products.exists(p, p.category == "%s")).count() >= %d`, days, category(k), 1+k/categories),
			func(d *deed) bool { return d.name == ordered && d.category == category(k) }}
	}
	return watcher{fmt.Sprintf(`customer.birthday.anniversary_in("%dd") && customer.favourite == "%s"`, 1+k%60, category(k)), is(told)}
}

// liveSegment is the name of the segment whose size is asked for.
const liveSegment = "measured"

// watchers returns the rules of so many segments, by name; one of them is the live
// question.
func watchers(n int) (names []string, all []watcher) {
	for i := range n - 1 {
		names, all = append(names, fmt.Sprintf("segment-%d", i)), append(all, watcherOf(i))
	}
	return append(names, liveSegment), append(all, watcher{
		liveQuestion().rule, func(d *deed) bool { return d.name == told || d.name == ordered },
	})
}

// names reports whether the rule asks for deeds of this name at all, whatever they
// say: then its filters are tried.
func (w *watcher) names(d *deed) bool { return strings.Contains(w.rule, `events("`+d.name+`")`) }

// perEvent returns how many of n segments read an event of now, and how many name
// it, on average.
func (c *crowd) perEvent(n int) (reading, naming float64) {
	const sample = 2000
	_, all := watchers(n)
	for range sample {
		d := deed{name: present(c.random.IntN(100))}
		c.fill(&d)
		for i := range all {
			if all[i].reads(&d) {
				reading++
			}
			if all[i].names(&d) {
				naming++
			}
		}
	}
	return reading / sample, naming / sample
}

// documents returns a shop with so many segments, mostly distinct, and journeys
// that are entered by one kind of deed or segment each.
func documents(segments, journeys int) string {
	var b strings.Builder
	b.WriteString(places)
	names, all := watchers(segments)
	for i, w := range all {
		fmt.Fprintf(&b, "---\nkind: segment\nname: %s\nwhere: '%s'\n", names[i], w.rule)
	}
	for i := range journeys {
		fmt.Fprintf(&b, "---\nkind: journey\nname: journey-%d\n%s", i, journeyOf(i, names))
	}
	return b.String()
}

// journeyOf returns what journey i does: four kinds in turn, each with figures of
// its own.
func journeyOf(i int, segments []string) string {
	const remind = "  - {name: remind, send: {template: cart, channel: email, class: promotional, purpose: marketing}}\n"
	k := i / 4
	switch i % 4 {
	case 0:
		return fmt.Sprintf("entry: {event: [Product Added], where: 'event.category == \"%s\" && event.price > %d'}\nkey: event.cart_id\nreentry: {running: restart}\n"+
			"exit: [{event: [Order Completed], where: '!has(event.cart_id) || event.cart_id == entry.cart_id'}]\nsteps:\n  - {name: quiet, wait: 1h}\n", category(k), 10+k) + remind
	case 1:
		return fmt.Sprintf("entry: {event: [Order Completed], where: 'event.total >= %d && customer.country == \"%s\"'}\nsteps:\n  - {name: pause, wait: 3d}\n",
			150+k, country(k)) + remind
	case 2:
		return fmt.Sprintf("entry: {segment: %s}\nreentry: {after: 30d}\nsteps:\n  - {name: pause, wait: %dd}\n", segments[(3+20*k)%len(segments)], 1+k%7) + remind
	}
	return fmt.Sprintf("entry: {event: [Products Searched], where: 'event.query == \"%s\"'}\nexit: [{event: [Product Added]}]\nsteps:\n  - {name: pause, wait: %dh}\n", query(k), 2+k) + remind
}
