package main

import "slices"

// fault is one mistake that somebody could make, and the test that must find it.
type fault struct {
	name  string
	file  string // from the root of the module
	old   string // occurs in the file exactly once
	fresh string // what stands there instead
	tests tests
	seeds int // within how many seeds it is found at the latest; 0 if the test has none
}

// tests are those of one package whose names match.
type tests struct {
	pkg, run string
	drawn    bool // rapid draws its cases, from a seed that is always the same
}

// faults is the plain list. Whoever builds something whose exactness is promised adds
// the mistakes that would break the promise: see CONTRIBUTING.md. Those of templates
// stand in faults_render.go, those of handing over in faults_send.go, those of leaving segments
// alone in faults_trend.go, those of what must hold whatever breaks in faults_simulate.go.
func faults() []fault {
	exact := tests{pkg: "./test/exact", run: "ToTheInstant"}
	rules := tests{pkg: "./rule", run: "ShownTwice"}
	segments := tests{"./segment", "BruteForce", true}
	members := tests{"./flow", "TestMembersAreWhatTheRecordsSay", true}
	columns := tests{"./flow", "TestColumnsSayWhatALookSays", true}
	updates := tests{pkg: "./flow", run: "TestUpdate"}
	calls := tests{pkg: "./flow", run: "TestCall"}
	selections := tests{"./rule", "TestEverySelectionEqualsBruteForce", true}
	walks := tests{pkg: "./journey", run: "TestStories"}
	worst := tests{"./journey", "TestTheWorstCaseIsWhat", true}
	money := tests{"./rule", "TestMoneyEqualsFractions", true}
	return append([]fault{
		{"a window of hours is closed at its start", "rule/window.go", "return at > now-s.exact", "return at >= now-s.exact", exact, 100},
		{"what follows may come when the time is over", "rule/node_sequence.go", "next < at+s.within.exact", "next <= at+s.within.exact", selections, 1000},
		{"what happens at one instant followed", "rule/node_sequence.go", "f.points[n-1].At > p.At", "f.points[n-1].At >= p.At", selections, 1000},
		{"not followed is certain at once", "rule/node_sequence.go", "\treturn s.within.ahead(at, x.zone())\n}\n\n// over returns when it is certain of an event what", "\treturn at\n}\n\n// over returns when it is certain of an event what", selections, 1000},
		{"what grows old enough never enters", "rule/node_window.go", "return w.near.whenBack(at, x.zone())", "return rapport.Never", selections, 1000},
		{"a week begins on Sunday", "rule/node_window.go", "((d+3)%7+7)%7 + 1", "((d+4)%7+7)%7 + 1", selections, 1000},
		{"the last month stays a month too long", "rule/node_window.go", "midnight(w.next(w.next(today(at, x.zone()))), x.zone())", "midnight(w.next(w.next(w.next(today(at, x.zone())))), x.zone())", selections, 1000},
		{"a rate holds from the instant after its date", "rule/rates.go", "if !found {\n\t\ti--\n\t}", "_ = found\n\ti--", money, 200},
		{"an amount counts at the newest rates", "rule/node_money.go", "n.exchange.convert(p.Value, p.At)", "n.exchange.convert(p.Value, rapport.Never)", exact, 100},
		{"an amount without a rate is left out", "rule/node_money.go", "t.unrated++\n\t\treturn", "return", exact, 100},
		{"other rates are not noticed", "rule/compile_money.go", "if r.rates == 0 {", "if true {", exact, 300},
		{"what followed is forgotten when the time is over", "rule/compile_events.go", "Keep{Window: length})\n\ts.fact", "Keep{Window: s.within.keep()})\n\ts.fact", exact, 300},
		{"what follows need not share the property", "rule/compile_events.go", "shared: len(e.Args) > 3}", "shared: false}", exact, 100},
		{"an average is rounded twice", "rule/history.go", "return float64(s.Micros()) / (1e6 * float64(count))", "return s.Number() / float64(count)", tests{pkg: "./rule", run: "TestStories"}, 0},
		{"a window of days is closed at its start", "rule/window.go", "return at > s.back(now, x.zone())", "return at >= s.back(now, x.zone())", exact, 200},
		{"a window is open at its end", "rule/window.go", "if at > now {\n\t\treturn false", "if at >= now {\n\t\treturn false", exact, 50},
		{"points in a window are closed at its start", "rule/node_events.go", "return points[i].At > after", "return points[i].At >= after", exact, 300},
		{"a day is 24 hours: a window's start", "rule/window.go", "return instantAt(clock(at, zone)-rapport.Instant(s.days)*day, zone)", "return at - rapport.Instant(s.days)*day", exact, 100},
		{"a day is 24 hours: when something leaves", "rule/window.go", "return instantAt(clock(at-1, zone)+1+rapport.Instant(s.days)*day, zone)", "return at + rapport.Instant(s.days)*day", exact, 100},
		{"the hour that is shown twice counts twice", "rule/window.go", "shown = max(shown, rapport.InstantOf(t)+offset(t))", "", rules, 0},
		{"29 February is 1 March in common years", "rule/node_time.go", "t = t.AddDate(0, 0, -1)", "t = t.AddDate(0, 0, 0)", exact, 700},
		{"an anniversary ends a day late", "rule/node_time.go", "return Yes, min(bound, midnight(next+1, x.zone()))", "return Yes, min(bound, midnight(next+2, x.zone()))", exact, 100},
		{"unknown is no under not", "rule/truth.go", "func (t Truth) Not() Truth { return -t }", "func (t Truth) Not() Truth {\n\tif t == Yes {\n\t\treturn No\n\t}\n\treturn Yes\n}", exact, 50},
		{"the next flip of an or is missed", "rule/node_cond.go", "return Yes, last", "return Yes, rapport.Never", exact, 100},
		{"the next flip of an and is missed", "rule/node_cond.go", "return false, last", "return false, rapport.Never", exact, 100},
		{"an and waits for its no alone", "rule/node_cond.go", "if holds {\n\t\treturn true, first", "if holds {\n\t\treturn true, rapport.Never", exact, 100},
		{"an and that holds waits for its last part", "rule/node_cond.go", "case yes:\n\t\t\tfirst = min(first, at)", "case yes:\n\t\t\tfirst = at", exact, 100},
		{"a comparison with a date does not know of the zone", "rule/compile.go", "b.calendar = true // it may be a plain date", "", exact, 700},
		{"keep is one point too few", "rule/compile_fact.go", "return max(1, int(math.Ceil(r.Number)))", "return max(1, int(math.Ceil(r.Number))-1)", exact, 100},
		{"keep does not hold what is more than a number", "rule/compile_fact.go", "return max(1, int(math.Floor(r.Number))+1)", "return max(1, int(math.Floor(r.Number)))", exact, 100},
		{"a filter takes what it is not certain of", "rule/fact.go", "p.filter.eval(x) != Yes", "p.filter.eval(x) == No", exact, 100},
		{"distinct counts a value twice", "rule/history.go", "if !keep.Distinct || h.replaces(p) {", "if keep.Distinct || !keep.Distinct {", exact, 100},
		{"a value that two had is two", "rule/history.go", "m.Points = newestOfEach(m.Points)", "_ = newestOfEach", exact, 700},
		{"a join forgets one side's points", "rule/history.go", "m.Points = append(m.Points, h.Points...)", "m.Points = append([]Point(nil), h.Points...)", exact, 200},
		{"a late event is dropped", "profile/fold.go", "point, ok := f.Observe(e)\n\t\tif !ok {", "point, ok := f.Observe(e)\n\t\tif !ok || point.At < r.LastSeen {", exact, 20},
		{"a late identify wins over a newer one", "profile/trait.go", "return at > than || at == than && tie > thanTie", "return true", exact, 100},
		{"a time of the future is not clamped", "collect/clock.go", "return min(at, received), true", "return at, true", tests{pkg: "./collect", run: "TestTimestamps"}, 0},
		{"the sender's clock is not corrected", "collect/clock.go", "at = received - (sent.at - when.at)", "at = when.at", exact, 20},
		{"a device is its first user's for ever", "profile/identity.go", "return ownership{first: first, until: link.At}", "return ownership{first: first, until: rapport.Never}", exact, 100},
		{"an old alias joins again who was told apart", "profile/identity.go", "return slices.ContainsFunc(x.row(id).Apart, func(a Apart) bool { return at <= a.At && x.Root(a.From) == from })", "return false", exact, 700},
		{"a device's join stays where it was said", "profile/merge.go", "into, _ = x.owners(m.Via)", "_, _ = x.owners(m.Via)", exact, 700},
		{"readers of a segment are not evaluated again", "segment/update.go", "p.markAll(seg.readers)", "_ = seg.readers", exact, 100},
		{"another zone is not another calendar", "segment/update.go", "if t.Zone {\n\t\tp.markAll(p.set.calendar)", "if t.Zone {\n\t\t_ = p.set.calendar", exact, 300},
		{"a flip is done as of now", "segment/update.go", "p.markDue(at)\n\t\tp.run(at, ByTime)", "p.markDue(at)\n\t\tp.run(now, ByTime)", segments, 200},
		{"a flip is told as of now", "flow/step.go", "b.tell(c, name, change.At, changeProperties(change, by))", "b.tell(c, name, b.now, changeProperties(change, by))", exact, 20},
		{"a workspace is told before what was due", "segment/update.go", "p.due(now)\n\tp.touch(touched, now)", "p.touch(touched, now)", tests{pkg: "./segment", run: "RefreshKeepsTheCause"}, 0},
		{"a rule does not know which traits it reads", "segment/compile.go", "readersOf(set.traits, name).Add(i, need)", "*readersOf(set.traits, name) = readers{}\n\t\treadersOf(set.traits, name).Add(i, need)", exact, 100},
		{"who loses a text that a segment needs stays in it", "segment/update.go", "p.markNeeding(name)", "", segments, 1000},
		{"the earliest instant is that of the last entry", "segment/update.go", "case next < st.next:", "case next < rapport.Never:", exact, 100},
		{"a new customer is not in what reads what holds for nobody", "segment/newcomer.go", "open[i] = open[i] || open[set.byName[name]]", "_ = name", exact, 700},
		{"a member is one since her last evaluation", "segment/update.go", "fresh.since = former.since", "fresh.since = at", exact, 50},
		{"a repeat is counted", "flow/step.go", "if b.g.seen.has(key) {", "if false {", exact, 50},
		{"a repeat under another identifier is counted", "flow/step.go", "repeated := b.repeated(c, e)", "repeated := false", exact, 700},
		{"repeats are forgotten by a restart", "flow/engine.go", "if err := g.remember(ctx); err != nil {", "if err := ctx.Err(); err != nil {", exact, 700},
		{"a batch that failed is remembered", "flow/batch.go", "b.g.seen.remove(key, b.now)", "_ = key", exact, 100},
		{"a record of a batch that failed is kept", "flow/batch.go", "for _, c := range b.touched {\n\t\tdelete(b.g.cache, c.record.ID)\n\t\tb.g.homes.forget(c.record.Seat)\n\t}", "", exact, 300},
		{"an event is applied at its timestamp", "flow/step.go", "b.g.workspace.Segments.Update(c.segments, s, touched, at)", "b.g.workspace.Segments.Update(c.segments, s, touched, min(at, event.Timestamp()))", exact, 20},
		{"what is due at the instant of an event comes after it", "flow/step.go", "b.dueBefore(c, b.now)\n\tif c.segments.Next() <= b.now {", "b.dueBefore(c, b.now)\n\tif c.segments.Next() < b.now {", exact, 700},
		{"a first event that is an alias is the definitions' doing", "flow/engine.go", "return c.record.Events == 0 || g.workspace", "return walking == walking && g.workspace", exact, 100},
		{"a wake-up is not moved when it becomes earlier", "store/memory/store.go", "(!known || old.Wake != r.Wake)", "(!known || old.Wake < r.Wake)", exact, 300},
		{"a join is not told", "flow/join.go", "b.moved(into, changes, by)", "_ = changes", exact, 200},
		{"an undone join leaves points with both", "flow/join.go", "if events := shares[id]; slices.ContainsFunc(events, folded) {", "if events := shares[id]; slices.ContainsFunc(events, folded) && b.g.cache[id] == nil {", exact, 200},
		{"a rule whose facts were built is not evaluated", "flow/refresh.go", "b.judge(c, segment.Touched{Built: s.built})", "b.judge(c, segment.Touched{})", exact, 100},
		{"what comes while facts are read is not in them", "flow/span.go", "p.add(late, facts, b.now)", "_ = late", exact, 700},
		{"a device that only aliases named stays where it was", "profile/identity.go", "if r.Identity(named) == nil && x", "if false && x", tests{pkg: "./flow", run: "TestDeviceThatOnlyAliasesNamed"}, 0},
		{"a member's bitmap forgets who leaves", "flow/members.go", "in.Remove(mv.seat)\n\t\t}\n\t}\n}\n\n// of returns", "_ = in\n\t\t}\n\t}\n}\n\n// of returns", members, 100},
		{"the mirror is stale", "flow/columns.go", "b.g.touched.Add(c.record.Seat)", "_ = c", columns, 100},
		{"a sum goes on counting what left its window", "rule/history_index.go", "sum := h.index.sums[to-1].minus(h.index.sums[from])", "sum := h.index.sums[to-1]", tests{pkg: "./rule", run: "TestPagedHistory"}, 10},
		{"a page that changed is not written", "rule/history_page.go", "p.n += by\n\t\t\tp.fresh = true", "p.n += by", tests{pkg: "./rule", run: "TestPagedHistory|TestOnlyChangedPages"}, 0},
		{"another market's zone is not noticed", "flow/workspace.go", "return homes == w.Homes && w", "return w", tests{pkg: "./flow", run: "AnotherZoneOfAMarket"}, 0},
		{"a run of a paused journey falls due", "journey/standing.go", "if r.held {\n\t\treturn r.check\n\t}", "", walks, 0},
		{"what a run waited for is forgotten in a pause", "journey/standing.go", "run.came = true", "_ = run", walks, 0},
		{"what fell due in a pause is judged as of then", "journey/standing.go", "run.Due = w.now\n", "", walks, 0},
		{"runs go on with the newest version", "journey/version.go", "own != nil {", "own != nil && r.over {", walks, 0},
		{"once a day is once in 24 hours", "journey/once.go", "return rapport.InstantOf(durations.TimeOfDay(from, int(days), 0))", "_ = durations.Span{}\n\treturn at.Add(time.Duration(days) * day)", walks, 0},
		{"a worst week holds its own end", "journey/worst_search.go", "case l.left <= 0 ||", "case l.left < 0 ||", worst, 200},
		{"a worst week knows of no exits", "journey/worst_search.go", "if n.rests() && len(s.j.exits)+len(s.j.ends) > 0 {", "if false {", worst, 200},
		{"a worst week parts a customer anew each time", "journey/worst_search.go", "w.share > 0 && s.parted != nil", "w.share > 0 && s.parted != nil && s.many", tests{pkg: "./journey", run: "TestWorstCases"}, 0},
		{"a worst week begins at any time of day", "journey/worst_search.go", "for l.moment = range a.moments {", "for range a.moments {\n\t\t\tl.moment = anytime", worst, 700},
		{"an update is outdone by what it was worked out from", "profile/trait.go", "t.At, t.Tie = r.Traits[k].At, min(r.Traits[k].Tie, math.MaxUint64-1)+1", "t.Tie = min(t.Tie, math.MaxUint64-1)", updates, 0},
		{"what updates set off is not bounded", "flow/change.go", "if n >= 2*maxSetOff {", "if n >= 20*maxSetOff {", updates, 0},
		{"an update waits for the end of the batch", "flow/step.go", "b.moved(c, changes, event.Event)\n\tb.setOff(c)", "b.moved(c, changes, event.Event)", updates, 0},
		{"a call has another name at its second attempt", "flow/call.go", "d.Message, d.Channel, d.Class, d.At = m.ID, ", "d.Message, d.Channel, d.Class, d.At = rapport.MessageID{byte(m.Attempts)}, ", calls, 0},
		{"an answer moves a run that stands elsewhere", "journey/walk_webhook.go", "!known || !ok || stands != at || j.nodes[at].call == nil", "!known || !ok || stands < 0 || j.nodes[at].call == nil", tests{pkg: "./journey", run: "TestStories"}, 0},
		{"a reader sees what was not due yet", "flow/look.go", "l.catchUp(now, nil)\n\treturn l, nil", "return l, nil", exact, 20},
	}, slices.Concat(promotionFaults(), renderFaults(), sendFaults(), simulateFaults(), trendFaults())...)
}
