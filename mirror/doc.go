// Package mirror keeps in memory, by seat, what rules read of customers: traits as
// columns of codes into a dictionary, time zones, and the histories of facts packed
// in few bytes. So a rule is answered for a million customers without reading their
// records.
//
// What it guarantees:
//
//  1. A rule is answered by its own evaluator through [rule.Subject], so it means
//     here what it means everywhere. Asked about another segment, the mirror answers
//     that segment's rule for the same customer at the same instant.
//  2. It says of a customer what it was last told of her. Who feeds it knows whose
//     records have changed and tells it before asking.
//  3. It takes no more memory than it may. When it would, it empties itself and is
//     full until it is made anew: an answer from a part is never given for the whole.
//  4. It may be asked by many at once, and be told things meanwhile.
//
// What it does not do: it reads no store and no record, and knows nothing of events;
// it answers nothing that it was not told to keep, and says so ([Mirror.Holds]).
package mirror
