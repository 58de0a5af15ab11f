// Package flow composes the stages over micro-batches and commits them: what was
// admitted is folded into the customers' records, moves them in and out of
// segments, starts and ends journeys, and what these ask for is decided and
// written down as messages; messages that are due are rendered and handed over.
//
// What it guarantees:
//
//  1. One micro-batch is one transaction. It holds the inputs consumed and
//     everything that came of them. If it fails, nothing of it happened, in the
//     store or in memory.
//  2. [Flow.Submit] returns nil only after the commit. Whoever reads afterwards
//     sees the event in the timeline and in every rule.
//  3. Of one customer, inputs take effect in the order in which they were
//     submitted; what was due before an input takes effect before it, as of its
//     own instant. Between customers no order is promised.
//  4. An event is counted once per customer and messageId for at least
//     [DedupeWindow], also over restarts and joins, splits and undone joins of
//     profiles. After 36 hours it is forgotten.
//  5. A message of a class that may be left out is handed to a provider at most
//     once; a transactional one at least once, always under the same id.
//     Messages wait in lanes, by channel and urgency, each with hand-overs of its own:
//     no number of optional messages and no provider that is slow or down holds up
//     another lane. What a provider can't take now is left to wait, and it is tried
//     with a few messages, ever less often, until it takes some.
//  6. Wake-ups are never early. A late one does what was due as of its instant.
//  7. Who has more events in a day than a person can have is quarantined: what
//     comes after stands in the timeline, and no rule or journey sees it until
//     the next day. Who is only a device and is not met again is forgotten, never
//     while a journey is under way.
//  8. Who is in which segment, as bitmaps say it, is what the records say, and the
//     counters of how a segment's size went add up to it: they change in the batch
//     that changes the record, or not at all.
//  9. What a journey changes of a customer is folded within the input that led to it,
//     before her next one; one input sets off a hundred such changes at most. A call is
//     made at least once, always under the same id, until it is answered or given up.
//  10. Nothing here reads the machine's clock or draws a random number: the same
//     inputs at the same instants give the same store, byte for byte.
//
// What it does not do: it does not speak HTTP or SQL, knows no provider's
// protocol, and holds no rule of its own about customers: those are the stages'.
//
// An [Engine] is the whole of this without goroutines, for stories, tests and dry
// runs; a [Flow] is an Engine with a queue in front and workers for sending.
package flow
