package simulate_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/flow"
	"rapport/profile"
	"rapport/store"
)

// check compares what the store holds when all has come to rest with the oracle.
func (s *sim) check() {
	s.readAgenda()
	s.oracle.conclude(s.clock.at.Load())
	s.checkCounters()
	s.checkPeople()
	s.checkSizes()
}

// readAgenda reads which days of the campaign are over.
func (s *sim) readAgenda() {
	data, err := s.kept.Mark(s.ctx(), "agenda/daily")
	s.must(err)
	if data == nil {
		s.oracle.fault("how far the campaign has come is not kept")
		return
	}
	var agenda struct {
		Past []struct {
			Day    string
			Ended  rapport.Instant
			Missed bool
		}
	}
	s.must(json.Unmarshal(data, &agenda))
	for _, o := range agenda.Past {
		if !o.Missed {
			s.oracle.over[o.Day] = int64(o.Ended)
		}
	}
}

// checkCounters compares the counters with what was told and decided.
func (s *sim) checkCounters() {
	totals, err := s.kept.Counters(s.ctx(), "")
	s.must(err)
	got := map[string]int64{}
	for _, t := range totals {
		got[t.Name] += t.Sum
	}
	for name, want := range s.oracle.counters() {
		if got[name] != want {
			s.oracle.fault("the counter %s is %d, want %d", name, got[name], want)
		}
	}
}

// checkPeople compares who there is, in which segments, and with what past.
func (s *sim) checkPeople() {
	rows, err := s.kept.Snapshot().Scan(s.ctx(), rapport.CustomerID{}, 1000)
	s.must(err)
	w := s.workspace(s.last())
	now := s.clock.at.Load()
	got, want, past := map[string][]string{}, map[string][]string{}, map[string][]string{}
	for _, row := range rows {
		l, err := flow.LookAt(s.ctx(), s.kept, w, row, rapport.Instant(now))
		s.must(err)
		in := []string{}
		for _, m := range l.Memberships() {
			if m.Segment != "gold" || !s.oracle.loose["score"] { // what came of a run that was paused is open
				in = append(in, m.Segment)
			}
		}
		slices.Sort(in)
		name := s.names[row.Customer]
		got[name], past[name] = in, s.past(row)
	}
	told := map[string][]string{}
	for name, calls := range s.oracle.shares() {
		want[name] = s.oracle.memberOf(append([]circle{buyers()}, s.saved...), name, calls, now)
		for _, t := range calls {
			if t.id != "" {
				told[name] = append(told[name], t.id)
			}
		}
		slices.Sort(told[name])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.oracle.fault("who is in which segment (-oracle +program):\n%s", diff)
	}
	if diff := cmp.Diff(told, past); diff != "" {
		s.oracle.fault("what timelines tell (-oracle +program):\n%s", diff)
	}
}

// past returns the calls that somebody's timeline tells, in the order of their ids.
func (s *sim) past(row store.Record) (told []string) {
	record, err := profile.Decode(row.Customer, row.Data)
	s.must(err)
	s.must(flow.History(s.ctx(), s.kept, record.ID, record.Head, func(entry store.Entry) bool {
		for i := range entry.Events {
			if id := entry.Events[i].MessageID; strings.HasPrefix(id, "m") {
				told = append(told, id)
			}
		}
		return true
	}))
	slices.Sort(told)
	return told
}

// checkSizes compares the sizes that the program has in memory with the oracle.
func (s *sim) checkSizes() {
	o := s.present()
	s.ask(o, func() error {
		return o.flow.Alone(s.ctx(), func(_ context.Context, g *flow.Engine) error {
			sizes, customers, exact := g.Sizes()
			want := map[string]int64{"gold": 0}
			for _, c := range append([]circle{buyers()}, s.saved...) {
				want[c.name] = 0
			}
			people := s.oracle.shares()
			for name, calls := range people {
				for _, segment := range s.oracle.memberOf(append([]circle{buyers()}, s.saved...), name, calls, s.clock.at.Load()) {
					want[segment]++
				}
			}
			if s.oracle.loose["score"] {
				want["gold"] = sizes["gold"]
			}
			if !exact || customers != int64(len(people)) || !maps.Equal(want, sizes) {
				return fmt.Errorf("exact %v, %d customers of %d, sizes %v, want %v", exact, customers, len(people), sizes, want)
			}
			return nil
		})
	}, func(err error) {
		if err != nil {
			s.oracle.fault("sizes: %v", err)
		}
	})
	s.step()
}
