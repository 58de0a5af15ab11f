// Package segment keeps, for one customer at a time, the set of segments whose
// rule holds for her, and the next instant at which that set could change
// without anything happening.
//
// What it guarantees:
//
//  1. Membership at T is what evaluating every rule on her record at T would
//     give, provided [Set.Update] is called for every change of the record and
//     [Set.Due] once for each instant that [Set.Next] names, as of that instant.
//  2. An update looks only at the rules that read what changed, and at the
//     segments that read those, each at most once. How many other segments there
//     are does not matter.
//  3. Every change is reported once, in the order of evaluation: a segment comes
//     after those it reads. Between two changes of one segment an exit and an
//     entry alternate.
//  4. Of a customer of whom not all is kept that a rule reads ([rule.Partial])
//     nothing changes, neither entry nor exit, until that has been built.
//  5. A rule whose answer is unknown does not hold: the customer is no member.
//
// What it does not do: it keeps no facts (profile does), knows no clock, starts
// no journeys and counts no sizes.
package segment
