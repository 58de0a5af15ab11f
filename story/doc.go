// Package story plays .test files: small stories that say what customers do, how
// time passes, and what must then have happened. A marketer writes them beside her
// documents, and `rapport test` plays them; docs/stories.md describes the format.
//
// What it guarantees:
//
//  1. A story is played against the flow itself, with the documents of its folder
//     and every stage that the server has, over an empty store in memory. Only the
//     providers are other ones: they keep what they are handed.
//  2. It is a function of the files: no clock of the machine, no chance, no
//     network. Months take milliseconds, and any order of stories gives the same.
//  3. A story ends at its first failure, and that says what was expected, what
//     there is, and where.
//  4. No text makes it panic.
//
// What it does not do: it keeps nothing, talks to no server, and does not test
// providers.
package story
