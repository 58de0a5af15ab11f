// Package mail turns a [rapport.Delivery] into the bytes of an e-mail.
//
// What it guarantees:
//
//  1. The same delivery gives the same bytes, so a mail that is tried again
//     carries the Message-ID of the first try.
//  2. Every line ends in CR LF and has at most 998 bytes; header lines have at
//     most 78 wherever a value can be broken. Except for an address that cannot
//     be written in ASCII, a mail is plain ASCII, so that no relay on its way has
//     to recode it.
//  3. What a mail reader decodes is what was given: subject, names and bodies in
//     any script. Line ends in a body become CR LF; bytes that are not UTF-8
//     become U+FFFD in headers.
//  4. Nothing in a delivery can add a header or a recipient: a CR, LF or NUL in
//     an address, a name, a subject or a link is an error.
//
// What it does not do: it sends nothing, signs nothing and keeps nothing. Errors
// name no address.
package mail
