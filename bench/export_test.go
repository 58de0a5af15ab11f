package bench

import (
	"fmt"
	"iter"
	"slices"
	"time"
)

// What the tests in bench_test see of the package: they hold it against rooms that
// it may not know itself.

// LivelyCrowd is a crowd with its past and present.
type LivelyCrowd struct{ *crowd }

// NewCrowd returns a crowd at an instant.
func NewCrowd(customers int, at time.Time) (LivelyCrowd, error) {
	c, err := newCrowd(Shape{Customers: customers, Spread: "zipf"}, 1, at)
	return LivelyCrowd{c}, err
}

// Live makes a past of so many events each and so many events of now.
func (c LivelyCrowd) Live(each, now int) [][]byte {
	return slices.Concat(slices.Collect(c.history(each)), c.stream(now))
}

// Answer returns what the crowd says of a question.
func (c LivelyCrowd) Answer(q Question) int64 { return c.count(question(q)) }

// Draw makes one event of now and says which of the watchers read it, and which
// name it.
func (c LivelyCrowd) Draw(segments int) (event []byte, reads, naming map[string]bool, what string) {
	d := deed{name: present(c.random.IntN(100)), who: int(c.pick())}
	c.fill(&d)
	names, all := watchers(segments)
	reads, naming = map[string]bool{}, map[string]bool{}
	for i := range all {
		reads[names[i]], naming[names[i]] = all[i].reads(&d), all[i].names(&d)
	}
	return c.take(&d), reads, naming, fmt.Sprintf("%+v", d)
}

// Question is a question of a run.
type Question question

// Rule returns its rule.
func (q Question) Rule() string { return q.rule }

// Questions returns the questions of a run: of the live segment, of facts that are
// kept, of facts that are not, of the segment that is built.
func Questions() (live, kept, notKept, built Question) {
	return Question(liveQuestion()), Question(keptQuestion()), Question(newQuestion()), Question(builtQuestion())
}

// Documents returns a shop's documents.
func Documents(segments, journeys int) string { return documents(segments, journeys) }

// LazyBatches is Batches of events that are made as they are asked for.
func LazyBatches(events iter.Seq[[]byte], size int) iter.Seq[[]byte] { return batches(events, size) }
