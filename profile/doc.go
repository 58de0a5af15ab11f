// Package profile folds events into the one record that the product keeps of a
// customer: who she is (identifiers), what she told (traits, consents), what she
// did (facts, cart, orders, returns) and where she can be reached. It also
// decides whose an event is.
//
// What it guarantees:
//
//  1. The record is a function of the set of events, not of their order: the
//     same events, admitted in any order and in any batches, give the same
//     customers with the same records. Where two events contradict each other
//     the later timestamp counts, and of equal timestamps the higher hash of
//     the messageId; of two consents at one instant the withdrawal counts.
//  2. Two profiles become one only when an event says that they are one person:
//     a device that carries a user id, or an alias. Logging out and in as
//     somebody else on one device never joins two known people; what is done on
//     such a device without logging in belongs, from then on, to neither.
//  3. Joining is the same as having folded all events into one record at once,
//     is logged in the record, and can be undone. What was undone stays so until
//     an alias says it anew.
//  4. A record takes at most [MaxRecord] bytes whatever is sent, provided that
//     the other stages' sections leave room. Points of facts move to pages beside
//     it; of what is still too much, the oldest or least used parts are left out. Of a record that has reached a limit, and of its tally of the
//     day, the first guarantee does not hold.
//
// The encoding is in sections of our own, versioned and append-only: a newer
// program reads what an older one wrote, and an older one keeps what it does not
// understand.
//
// What it does not do: it reads no clock, no store and no rule's text; it sends
// nothing. The sections of other stages are bytes that it carries.
package profile
