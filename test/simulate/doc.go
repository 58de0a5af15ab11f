// Package simulate holds the tests that the whole of flow keeps its promises whatever breaks
// around it: clients, the store, providers, the clock and the program itself are simulated,
// and a seed decides all that happens.
//
// What the tests prove, of every seed:
//
//  1. What a client was told is kept, is kept. A call is counted once, however often it is
//     sent within a day, over crashes and commits of which nobody can say whether they were
//     kept. Nothing is kept that nobody sent, and all of it stands in timelines and counters.
//  2. Who is in which segment, and how large segments are, is what judging all that was
//     admitted says.
//  3. Each step of a run, and each turn in a campaign, is decided once: at the instant at
//     which it is due and never before, with the consent of that instant.
//  4. A message that may be left out is handed to a provider again only if the provider said
//     that it has not taken it; one that must not be lost is handed over in the end, and so is
//     the call of a webhook, until it is answered, which changes the customer once. What a
//     provider is given stands in the store as being attempted.
//  5. No batch begins to hand a message to somebody who has withdrawn her consent by then, in
//     that batch or before, nor one of a journey that is paused or put away.
//  6. An owner that was replaced keeps nothing and acknowledges nothing.
//  7. When all is well again everything comes to rest: nothing waits any more, nothing is in
//     the air, and the program stops when it is told to.
//  8. The same seed does the same, to the byte of each batch.
//
// A run is a [flow.Flow] with all its goroutines in a bubble of testing/synctest. Each batch,
// each hand-over, each reading of the log parks until the simulation decides what becomes of
// it; requests are sent and alarms ring when it says so, and nothing else moves meanwhile. So
// it is always one goroutine that has something to do, and chance is that of the seed alone.
//
// What happens to it: batches that are not kept, and others that are though an error is told;
// reads that fail; a program that dies at any point, with batches and messages in flight that
// arrive or do not; another owner taking over while the old one goes on; a clock that jumps by
// a day, or is set back; clients with wrong clocks who send late, in parts, over and over, and
// do not hear the answer; providers that are busy, down, slow, refuse, or break off with the
// message taken or not; consent given, withdrawn and left by a link; programs that stop in good order; other segments put in force, journeys
// paused, let go on and put away, all in between.
//
// The oracle (oracle_test.go) hears of each kept batch which calls it holds, and works the rest
// out anew from the bare list, with the documents in its own words. It imports no stage. Of a
// journey that was paused it says only what may not happen.
//
// A seed that fails is told with what was violated, and, as small as it still fails, all that
// happened and what the customer concerned did, in the form of a story. RAPPORT_TEST_SEED
// plays a seed again. make test plays some hundreds, make test-long ten thousand.
//
// What they do not prove: anything of templates; of joins by alias and of their undoing (package
// exact does); of stores on disk (the suite storetest and package kill do); of feedback from
// providers, canaries and rates; of several threads at once. Where two profiles become one at
// the very instant at which something is due, that is done before the event that joins them;
// otherwise what a customer does at an instant comes before what is due at it.
package simulate
