// Package mapping reads files of customers and of what they did, such as exports
// of a shop, and makes of them what the server takes in: one item a row, or one for
// each group of rows that tell of the same thing, such as the lines of an order. A
// mapping is a small YAML document that says which column means what; files whose
// columns or members have the usual names need none.
//
// It guarantees:
//
//  1. The items of a file are the same, in the same order, each time it is read
//     with the same mapping. So a number of items says how far an import has come.
//  2. Nothing is lost in silence: each row becomes part of an item, or is left out
//     because the mapping says so, or is told with its line and a reason. A bad row
//     takes none of its neighbours with it, not even by a quote that is never closed.
//  3. Numbers are added and multiplied as decimals, and times are what the file says.
//  4. Memory is bounded whatever the file's size and order. Groups are gathered by
//     sorting, beyond 64 MB through files in the temporary folder, so their rows may
//     stand anywhere; a group's place is that of its first row.
//
// It does not talk to a server, and it does not judge what the server will judge
// anyway.
package mapping
