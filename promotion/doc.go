// Package promotion says which offers an order is worth and how much each takes
// off which of its lines.
//
// An offer is a document ([Doc]): for whom and when it is ([Doc.Where],
// [Doc.Valid]), what it gives ([Give]), which codes open it, how often and how
// far. [Compile] checks offers and makes a [Set] of them. [Set.Calculate] is a
// pure function of an order, the customer, the codes that were shown, what was
// used before and an instant: it picks the best combination that the rules of
// stacking allow and says of every other offer why it was not taken and what
// would have to change.
//
// Guarantees:
//
//  1. Money is whole minor units of its currency. Parts sum to the whole: what is
//     taken off an order is the sum of what is taken off its lines and its
//     shipping, to the last unit, and each line's is the sum of its units'.
//  2. No line comes to less than nothing, nor to less than its least price or
//     the margin that the shop keeps, unless it did so already.
//  3. The order of lines changes nothing. Lines that are alike in everything but
//     their ids are taken as one, so splitting a line gains nothing.
//  4. The combination is the best under the rules of stacking, and the result
//     says if the search had to be cut short before that was certain.
//  5. The same arguments give the same result. There is no clock, no chance and
//     no I/O in here.
//
// The package keeps nothing: what was used, which codes there are and what is
// left on a card is given to it.
package promotion
