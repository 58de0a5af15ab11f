// Package decide says whether a wish to send goes out, and why.
//
// [Policy.Decide] asks an ordered list of questions; the first that is answered
// with no ends it. Every answer is recorded with what it saw, so that "why was
// this sent" and "why was it not" have the same answer at any time, and the
// smallest change that would have let it pass is named.
//
// What it guarantees:
//
//  1. The same wish, customer, state, policy and instant give the same decision.
//  2. Nothing passes that a customer's consent does not cover. What is not known
//     counts as not granted.
//  3. A decision holds no address and no trait: nothing personal but the
//     customer's own id, and at most [MaxValues] bytes of what it saw.
//  4. A message's id is a hash of customer, run, step and ordinal, so the same
//     wish asked twice is one message.
//
// What it does not do: it sends nothing, keeps no clock, and does not judge
// whether an address exists, only whether it has the shape of one.
package decide
