package main

// sendFaults are those of handing messages over: in lanes, over connections and among
// several servers.
func sendFaults() []fault {
	rests := tests{pkg: "./flow", run: "TestLaneRests"}
	follows := tests{pkg: "./flow", run: "TestLanesFollow"}
	apart := tests{pkg: "./flow", run: "TestLanesDoNotWait"}
	turns := tests{"./channel/smtp", "TestTurnsAtRandom", true}
	servers := tests{pkg: "./channel/balance", run: "TestServerIsLeftOut|TestNothingElse|TestNobody|TestServerThat|TestEachServer"}
	shares := tests{"./channel/balance", "TestShares|TestNothingIsLost", true}
	health := tests{pkg: "./channel", run: "TestHealth|TestServersWithout"}
	leaving := tests{pkg: "./flow", run: "TestLeaves|SameBatchDoesNotLeave|TestTurnsWaitForRoom"}
	return []fault{
		{"who comes last leaves first", "flow/depart.go", "err != nil || at <= now || g.sending.Held {", "err != nil || at < 0 || g.sending.Held {", leaving, 0},
		{"more leave than there is room for", "flow/depart.go", "gate.room--\n", "", leaving, 0},
		{"a consent withdrawn in the same batch is not heard", "flow/depart.go", "b.recheck(m, c).Outcome != decide.Send", "b.recheck(m, c).Outcome == decide.Send+\"?\"", leaving, 0},
		{"of a journey that was just paused one more goes out", "flow/depart.go", "b.room == nil || b.next != nil", "b.room == nil", leaving, 0},
		{"turns are given though nobody can be written to", "flow/depart.go", "return gate.born >= gate.room", "return gate.born < 0", leaving, 0},
		{"a campaign that has stopped goes on when there is room", "flow/agenda.go", "return a.full && g.nextOf(j, &free) <= now", "return a.full", tests{pkg: "./flow", run: "TestNobodyHasATurn"}, 0},
		{"a provider that is down gets as much as before", "flow/lane.go", "l.room = min(fewest, l.most)\n", "", rests, 0},
		{"after a rest everything is tried at once", "flow/lane.go", "return min(fewest, l.most)\n\t}", "return l.most\n\t}", rests, 0},
		{"a provider that has just said that it is down gets more", "flow/flow.go", "r.land()", "", tests{pkg: "./flow", run: "TestNothingLeaves"}, 0},
		{"something runs alone beside messages in the air", "flow/flow.go", "if f.flying > 0 {\n\t\t\tr.answer", "if f.flying < 0 {\n\t\t\tr.answer", tests{pkg: "./flow", run: "TestNothingIsAlone"}, 0},
		{"a store that is full is tried over and over", "flow/flow.go", "if f.stuck || f.failing.Load() != nil {", "if f.stuck {", tests{pkg: "./flow", run: "TestFullStore"}, 0},
		{"a clock that was set back keeps turns waiting", "flow/flow.go", "f.engine.agendas.next <= f.reached()", "f.engine.agendas.next <= f.Now()", tests{pkg: "./flow", run: "TestClockThat"}, 0},
		{"an event happens after it was admitted", "flow/step.go", "e.Timestamp = min(e.Timestamp, b.now)\n", "", tests{pkg: "./flow", run: "TestNothingHappens"}, 0},
		{"when a provider said to come again is forgotten", "flow/lane.go", "down, retryAt = true, max(retryAt, o.RetryAt)", "down = true", rests, 0},
		{"one that answers nothing is taken to be well", "flow/lane.go", "return answered, down || !answered, retryAt", "return true, down, retryAt", tests{pkg: "./flow", run: "TestCallsDoNotRest"}, 0},
		{"a slow provider gets as much as a quick one", "flow/lane.go", "if took > 0 {", "if took < 0 {", follows, 0},
		{"a change waits for what is in the air", "flow/flow.go", "if !r.inAir {", "if true {", apart, 0},
		{"answers wait for one another", "flow/lane.go", "size = 1 //", "size = max(size, 1) //", tests{pkg: "./flow", run: "TestAnswersDoNot"}, 0},
		{"requests of one batch do not see one another", "flow/send.go", "if i, ok := b.movedAt[id]; ok {", "if i, ok := b.movedAt[id]; ok && i < 0 {", tests{pkg: "./flow", run: "TestRequestsOfOne"}, 0},
		{"who is met by a message is not brought up to the workspace", "flow/send.go", "(c.next() <= b.now || !b.g.current(c))", "c.next() <= b.now", tests{pkg: "./flow", run: "TestWhoIsMet"}, 0},
		{"what is heard while it waits is not believed", "flow/feedback.go", "m.Status < rapport.Handed && m.Attempts == 0", "m.Status < rapport.Handed", tests{pkg: "./flow", run: "TestHeardBefore"}, 0},
		{"messages of an archived journey wait on", "flow/standing.go", "journey.Archived && w.Journeys.Standing(name) == journey.Active", "journey.Archived && w.Journeys.Standing(name) == journey.Archived", tests{pkg: "./flow", run: "TestMessagesOfAnArchived"}, 0},
		{"every rest is the first", "internal/circuit/circuit.go", "min(max(2*b.rest, b.First), b.Longest)", "b.First", tests{pkg: "./internal/circuit", run: "TestRests"}, 0},
		{"of many that fail together each counts", "internal/circuit/circuit.go", "b.until = now.Add(b.rest)\n", "b.until = now.Add(b.rest)\n\tb.turn--\n", tests{pkg: "./internal/circuit", run: "TestRests"}, 0},
		{"two try at once what has rested", "internal/circuit/circuit.go", "case b.tried || now.Before(b.until):", "case now.Before(b.until):", tests{"./internal/circuit", "TestAnyOrder", true}, 100},
		{"the last connection is anybody's", "channel/smtp/turn.go", "t.patient < max(1, t.most-1)", "t.patient < t.most", turns, 100},
		{"who leaves at the last moment keeps his right", "channel/smtp/turn.go", "} else {\n\t\tt.back(u)\n\t}", "}", turns, 1000},
		{"a batch goes on while others hurry", "channel/smtp/queue.go", "if q.ctx.Err() != nil || q.yields() {", "if q.ctx.Err() != nil {", tests{pkg: "./channel/smtp", run: "TestUrgentGoes"}, 0},
		{"a server that is down is tried again and again", "channel/balance/call.go", "s.circuit.State(now) == circuit.Open || ", "s.circuit.State(now) == circuit.Open && now.IsZero() || ", servers, 0},
		{"what may have been taken goes to another server", "channel/balance/call.go", "if !o.Down {\n\t\t\tcontinue", "if !o.Down && o.Kind != rapport.Vague {\n\t\t\tcontinue", servers, 0},
		{"weights count twice", "channel/balance/call.go", "return -s.weight / math.Log(u)", "return -s.weight * s.weight / math.Log(u)", shares, 100},
		{"a server is tried twice with one message", "channel/balance/call.go", "c.tried[place][p.to] = true", "_ = p.to", servers, 0},
		{"one server without its secret keeps the others waiting", "channel/server.go", "return err == nil\n\t})", "return err != nil\n\t})", health, 0},
		{"a server that answers nothing is shown as open", "channel/health.go", "w.down = len(outcomes) > 0 && (down || !answered)", "w.down = down", health, 0},
	}
}
