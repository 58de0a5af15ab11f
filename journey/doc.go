// Package journey walks a customer through what a marketer planned for her:
// waits, branches and sends, until the plan ends or something she does ends it.
//
// A [Doc] is compiled into a [Journey], journeys are gathered in a [Set], and a
// customer's runs are kept in a [State]. [Set.Step] is the whole of it: a pure
// function of the state, one input, the customer and an instant, that changes the
// state and returns what came of it.
//
// What it guarantees:
//
//  1. A run's trace depends on the inputs and the instants they are given with,
//     and on nothing else: not on how they were grouped into batches, not on how
//     often the state was written and read between them.
//
//  2. Exits come first. An input ends runs before it moves any, moves runs before
//     it starts any, and a condition to exit is asked once more before each send.
//     An exit interrupts a wait at the instant it happens.
//
//  3. Events may come late and out of order. An event ends only runs that were
//     started by something that happened no later than itself; and one that comes
//     before the event whose run it should have ended is remembered, for as long
//     as that event could still start a run, and prevents it.
//
//  4. There is at most one run of a journey per key. Triggers at the same instant
//     with different keys all start runs.
//
//  5. A wait of hours or minutes is exact; one of days or weeks goes to the same
//     time of day in the customer's zone. Waits count from when the customer came
//     to the step, which for the first step is when the event was admitted.
//
//  6. An answer that is unknown counts as no.
//
//  7. An event that no journey reads costs one look-up, however many there are.
//
//  8. Every entry that was asked for and refused is told, with the reason.
//
//  9. A run follows the version of its journey with which it began, to its end, or
//     moves with all others to the newest, as that says. Its place is the name of its
//     step; if there is no such step in the version that it moves to, the run ends.
//
//  10. Of a paused journey nothing falls due but what ends runs; what fell due
//     meanwhile does so when it goes on, as of then. What a run waited for and got in
//     that time is not forgotten.
//
//  11. [Check] refuses only what can't be meant, and [Journey.WorstCase] is never
//     exceeded.
//
//  12. What a run changes of the customer is heard by all before the run goes on, and
//     before any other input. What that sets off is bounded by whoever carries it out,
//     with [Input].Halt.
//
//  13. An answer moves the run that waits for it, and no other, however late it comes.
//
// What it does not do: it keeps no clock and no store, decides nothing about
// consent or caps (a send is a wish; decide answers it), and counts nothing. Which
// earlier versions are kept, and which journeys are paused, it is told.
package journey
