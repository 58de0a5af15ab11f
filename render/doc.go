// Package render turns a template and a customer into the body of a message.
//
// A [Doc] is compiled into a [Template], templates are gathered in a [Set], and
// [Set.Render] is the whole of it: a pure function of the template, the message,
// the customer and an instant. A preview is the same call.
//
// What it guarantees:
//
//  1. The same inputs give the same bytes.
//  2. What can be known to be wrong is refused when the document is compiled:
//     unknown names, filters, tags and markets, and every value that may be missing
//     and has neither a default nor a condition that makes sure of it.
//  3. What is printed into HTML is escaped, unless the template's author says
//     otherwise with the filter raw. A subject is one line.
//  4. No template and no data make it panic or run for long: sources, output, steps
//     and depth are bounded.
//  5. Only what the template reads is asked of the customer and parsed.
//  6. Every optional e-mail shows the way out: if the body does not hold the link
//     to unsubscribe, a footer with it and the brand's postal address is added.
//  7. Errors name the template and the place, never a value of the customer's.
//
// What it does not do: it decides nothing, sends nothing, knows no store, and
// leaves the plain text of an HTML mail without one to the channel.
package render
