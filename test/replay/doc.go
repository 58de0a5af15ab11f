// Package replay holds the tests that take real shops' data in and then ask the
// product what it knows.
//
// What the tests prove: what the files of Online Retail II and The Complete Journey
// say comes out of the product's own answers, customer by customer: timelines,
// segments, previews, counters. The data goes in as a user's would, with `rapport
// import` and the mappings that are shipped. An oracle says what is expected: it
// reads the files with the standard library alone.
//
// What they do not prove: anything about messages. The events are of the past, and
// no journey starts from the past.
//
// The data stands beside the project and is no part of it. Where it is absent the
// tests are skipped and say so.
package replay
