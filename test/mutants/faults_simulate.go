package main

// simulateFaults are those of what must hold whatever breaks: the store, the providers, the
// clock, the program itself. Most are found by the simulation alone.
func simulateFaults() []fault {
	runs := tests{pkg: "./test/simulate", run: "TestSeeds"}
	return []fault{
		{"a batch that was kept after all counts as failed", "flow/batch.go", "b.g.store.State().Position == b.number", "b.g.store.State().Position == b.number+1", runs, 100},
		{"a batch that failed counts as kept", "flow/batch.go", "b.g.store.State().Position == b.number", "b.g.store.State().Position <= b.number", runs, 100},
		{"the next owner's batch counts as one's own", "flow/batch.go", "rapport.KindOf(err) != rapport.Conflict && ", "", tests{pkg: "./flow", run: "TestBatchOfTheNext"}, 0},
		{"an owner that was replaced writes on", "store/check.go", "if owner != epoch {", "if owner > epoch {", runs, 100},
		{"what falls due a millisecond later is done along", "flow/step.go", "b.dueBefore(c, b.now+1)", "b.dueBefore(c, b.now+2)", runs, 100},
		{"whoever is due within a minute is woken and done", "flow/step.go", "if at >= end {", "if at >= end+60_000 {", runs, 100},
		{"repeats are forgotten when the program dies", "flow/engine.go", "g.seen.add(g.seen.keyOf(&entry.Events[i]), chunk.At)", "_ = i", runs, 100},
		{"an attempt is not written down", "flow/send.go", "\t\tif ok {\n\t\t\tb.move(m)\n\t\t}\n", "", runs, 100},
		{"consent is not asked again when a message is claimed", "flow/send.go", "if d := b.recheck(m, c); d.Outcome != decide.Send {", "if d := b.recheck(m, c); d.Outcome == \"\" {", runs, 200},
		{"what was in the air when the program died stays there", "flow/engine.go", "if err := g.recoverMessages(ctx); err != nil {", "if err := error(nil); err != nil {", runs, 100},
		{"what may be left out is tried again after the program died", "flow/send.go", "if m.Class.Optional() {\n", "if false {\n", runs, 100},
		{"what must not be lost is unclear after the program died", "flow/send.go", "if m.Class.Optional() {\n", "if true {\n", runs, 100},
		{"what may have been taken is tried again", "flow/send.go", "o.Kind == rapport.Vague && m.Class.Optional()", "false", runs, 100},
		{"what must not be lost is left when it may have been taken", "flow/send.go", "o.Kind == rapport.Vague && m.Class.Optional()", "o.Kind == rapport.Vague", runs, 100},
		{"what came of a message is lost with the batch", "flow/flow.go", "f.failed = append(f.failed, r) //", "_ = r //", runs, 100},
		{"how far a campaign has come is not kept with its turns", "flow/agenda.go", "b.out.Marks = append(b.out.Marks, a.mark(name))", "_ = a", runs, 100},
		{"turns of a batch that failed count as given", "flow/agenda.go", "a = b.g.agendas.all[name].clone()", "a = b.g.agendas.all[name]", runs, 200},
		{"members change with a batch that failed", "flow/batch.go", "\tg.members.apply(b.moves)\n", "", runs, 100},
		{"messages of a paused journey go out", "flow/standing.go", "case journey.Paused:\n\t\tm.DueAt, m.Reason", "case journey.Paused + 9:\n\t\tm.DueAt, m.Reason", runs, 200},
		{"messages that were held back are forgotten when the program dies", "flow/standing.go", "g.releases[j.Name()] = from", "_ = from", tests{pkg: "./flow", run: "TestMessagesOfAPausedJourneyAreHeld"}, 0},
		{"what was half read counts as read", "flow/sweep.go", "f.span, f.readAt = nil, f.Now().Add(again)", "f.readAt = f.Now().Add(again)", runs, 200},
		{"what was said now is of the instant that the clock shows", "flow/step.go", "act.At = cmp.Or(act.At, b.now)", "_ = cmp.Or(act.At, b.now)", tests{pkg: "./flow", run: "TestWithdrawalCounts"}, 0},
	}
}
