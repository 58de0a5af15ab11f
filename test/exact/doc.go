// Package exact holds the tests that membership of segments is exact to the
// instant: random histories of a few customers go through the whole flow, and an
// oracle judges every instant anew from the bare list of what was admitted by then.
//
// What the tests prove:
//
//  1. Membership at T is what judging every rule at T gives over all that was
//     admitted by T, whoever reads it and whenever what is due is done. An event is
//     judged by when it happened, which is never after it was admitted; one that
//     comes late changes membership from its admission on and never the past.
//  2. A customer's timeline tells every entry and exit, none twice, each with its
//     instant and its cause: "time" at the very millisecond at which the answer
//     changes though nothing happens, however late that is found out; "event" at
//     the instant at which the event that did it was admitted. What falls due at the
//     instant of an event comes before it. Segments are kept by a calendar of the
//     customer's zone, which an event may change.
//  3. Two who become one are, at that instant, in everything that either was in;
//     what the whole of them is in besides, or is not in, the event did that said so.
//     An entry that was told of either stands, "since" is the earlier one.
//  4. Where events change hands otherwise (a join is undone, a device turns out to be
//     somebody else's or shared), each gains and loses by what is hers by now, at
//     that instant and by "definition". Who comes to be by it begins in nothing; who
//     is left without events is gone, and nothing is told of her. A join can be
//     undone where what was joined is by now; that of a device until the device is
//     shared.
//  5. When other definitions come into force, rules that stay are told as if nothing
//     had happened, also what was due and not done before; what new or other rules
//     gain and lose is told at the instant at which the customer is brought up to
//     them, by "definition", and so is that she left a segment that was taken away. A
//     rule about money is another when the rates are others. Of a rule that was taken
//     away or replaced, what was due and not done is never told. (What is not promised:
//     a new rule that reads a segment which stays may be told as of an instant before
//     it came into force, by "time", if that segment had something due. And where
//     events come at the very instant at which a new rule is brought to a customer,
//     either may be told as its cause.)
//  6. An event is counted once for 24 hours, also under another identifier of hers,
//     after a restart, and after a commit that failed.
//  7. Sizes are the number of members, and timelines hold what the batches told.
//
// A history is drawn from its seed: calls late, early and repeated; identify calls
// that change the market; aliases, shared devices and undone joins; restarts, failing
// commits, wake-ups that are done late; other definitions in between, and other rates
// of exchange; six zones around days on which their clocks jump, one of which leaves a
// day out. Its rules ask of everything that a segment can: what was done, how often and
// how much of it in windows of all kinds; what followed on it and what did not, at times
// sharing a property; what was paid, told in a currency at the rates of the day, where
// some amounts have no rate; traits, dates and other segments.
//
// A history that fails is made smaller and told as a story; RAPPORT_TEST_SEED plays a
// seed again. make test plays some hundreds, make test-long twenty thousand, and a
// thousand on disk.
//
// What they do not prove: anything of journeys and messages; in which bucket of
// chance a customer is; the expiry of devices; quarantine; rates of more than six
// digits, for which package rule has tests of its own.
//
// Whether the oracle would find a fault is tried by planting them: see package
// test/mutants.
package exact
