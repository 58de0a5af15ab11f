package flow_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rapport"
	"rapport/flow"
)

// example is one of testdata/identity.txt.
type example struct {
	name   string
	events []rapport.Event
	want   []string
}

func readExamples(t *testing.T) []example {
	t.Helper()
	text, err := os.ReadFile("testdata/identity.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	for _, part := range strings.Split(string(text), "\n== ")[1:] {
		head, want, ok := strings.Cut(part, "\n--\n")
		if !ok {
			t.Fatalf("no line of dashes in: %s", part)
		}
		lines := strings.Split(head, "\n")
		x := example{name: lines[0], want: strings.Split(strings.TrimSpace(want), "\n")}
		for _, line := range lines[1:] {
			x.events = append(x.events, readExampleEvent(t, line, len(x.events)))
		}
		slices.Sort(x.want)
		all = append(all, x)
	}
	return all
}

func readExampleEvent(t *testing.T, line string, n int) rapport.Event {
	words := strings.Fields(line)
	at, err := strconv.Atoi(words[0])
	if err != nil {
		t.Fatalf("not an event: %q", line)
	}
	e := rapport.Event{Type: rapport.Track, Name: "Page Seen", MessageID: fmt.Sprint("e", n), Timestamp: start + rapport.Instant(at)}
	for i, word := range words[1:] {
		switch device, ok := strings.CutPrefix(word, "@"); {
		case ok:
			e.AnonymousID = device
		case word == "=":
			e.Type, e.Name, e.PreviousID = rapport.Alias, "", words[i+2]
		case e.PreviousID == "":
			e.UserID = word
		}
	}
	return e
}

// tellExample describes everybody as the examples do.
func (w *world) tellExample() []string {
	w.t.Helper()
	var all []string
	for _, r := range w.records() {
		var users, devices, times []string
		for _, id := range r.Identifiers {
			if id.Kind == rapport.UserID {
				users = append(users, id.Value)
			} else {
				devices = append(devices, "@"+id.Value)
			}
		}
		events, err := flow.Events(context.Background(), w.store, r)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range events {
			if e.Type < rapport.Derived {
				times = append(times, fmt.Sprint(int64(e.Timestamp()-start)))
			}
		}
		slices.Sort(times)
		all = append(all, strings.Join(append(users, devices...), " ")+": "+strings.Join(times, " "))
	}
	slices.Sort(all)
	return all
}

func TestWhoIsWho(t *testing.T) {
	t.Parallel()
	workspace := ledger(t, 1)
	for _, x := range readExamples(t) {
		t.Run(x.name, func(t *testing.T) {
			permute(x.events, func(events []rapport.Event) {
				for _, size := range []int{1, 2, len(events)} {
					w := newWorld(t, workspace)
					w.now = start + 1000
					for batch := range slices.Chunk(slices.Clone(events), size) {
						w.admit(batch...)
					}
					if diff := cmp.Diff(x.want, w.tellExample()); diff != "" {
						t.Fatalf("(-wanted +got):\n%s\nin batches of %d of %s", diff, size, tell(events))
					}
				}
			})
		})
	}
}

// permute calls visit with every order of events.
func permute(events []rapport.Event, visit func([]rapport.Event)) {
	var from func(n int)
	from = func(n int) {
		if n == len(events) {
			visit(events)
			return
		}
		for i := n; i < len(events); i++ {
			events[n], events[i] = events[i], events[n]
			from(n + 1)
			events[n], events[i] = events[i], events[n]
		}
	}
	from(0)
}
