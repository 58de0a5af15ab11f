// Package rule is the one condition language of the product: segments, journey
// branches, promotions, content and experiments all ask their questions in it.
//
// The language is a subset of CEL's syntax with meanings of its own; docs/rules.md
// describes it. A text is parsed ([Parse]) into a tree ([Expr]), whose canonical
// text is the truth and whose JSON form is a view for the console's builder. A
// tree is checked against the data plan and compiled ([Compile]) into a [Rule].
//
// Of a rule it can be said: what it reads ([Rule.Reads]) and which facts of a
// customer's past must be kept for it ([Rule.Facts]); its value for a customer at
// an instant ([Rule.Eval]); why, and what would change it ([Rule.Explain]); and
// the next instant at which its value may change although nothing happens
// ([Rule.NextFlip]).
//
// Guarantees:
//
//  1. Everything here is a pure function of its arguments: the current instant is
//     a parameter, randomness is a hash of the customer and a salt.
//  2. A value that is not set is unknown, never false and never a panic; and, or
//     and not follow Kleene's logic.
//  3. A window of a length holds the events with start < timestamp <= now. Neither
//     edge of any window moves backwards as time passes, in any time zone.
//  4. Between now and NextFlip(now), that instant excluded, Eval gives the same
//     answer as at now, as long as no event, trait or segment changes.
//  5. A [History] depends on which events were added and on the last instant at
//     which it was trimmed, never on the order in which they came.
//  6. Parse of a canonical text gives the same tree again, and so does JSON.
//
// A compiled Rule, a Fact and a FactSet are immutable and safe for concurrent
// use. The package neither stores anything nor knows where a customer's record
// comes from: it reads her through [Subject].
package rule
