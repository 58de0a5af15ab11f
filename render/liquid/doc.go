// Package liquid parses and renders Liquid templates the way Shopify's Liquid 5
// does. It is the one engine for what a marketer previews and what is sent.
//
// # What it guarantees
//
//  1. A template that Parse accepts renders or returns an *[Error]; nothing that
//     a template or its data hold makes it panic, and no loop, block or text in it
//     outgrows [Limits]. What a step can do is bounded, so that the steps bound the
//     time; Parse bounds names, nesting and what there is to look into.
//  2. The same template, data and options give the same bytes. There is no clock
//     and no randomness: now and the time zone are options.
//  3. A [Template] never changes and may be rendered by many goroutines at once.
//  4. Unknown tags and filters, a wrong number of arguments and blocks that do not
//     exist are refused by Parse, with line, column and a suggestion.
//  5. [Template.Variables] names everything that a template can read from outside.
//  6. Errors hold words of the template, never values of the data.
//  7. With AutoEscape, no text of the data is printed as markup unless the
//     template says raw or safe, or a filter of the caller's vouches for it.
//
// It does not make a value safe for a place inside a script, a style or an
// address: AutoEscape escapes for text and for attributes in quotes. It does not
// bound the size of a source; whoever takes templates from outside does.
//
// # Tags
//
// assign, break, capture, case (when, else), comment, continue, cycle, decrement,
// doc, echo, for (reversed, limit, offset, offset: continue, else), if and unless
// (elsif, else), ifchanged, include, increment, liquid, raw, render (with, for,
// as), tablerow (cols, limit, offset), and # for a comment inside a tag.
//
// # Filters
//
// Of texts: append, base64_decode, base64_encode, base64_url_safe_decode,
// base64_url_safe_encode, capitalize, downcase, lstrip, prepend, remove,
// remove_first, remove_last, replace, replace_first, replace_last, rstrip, slice,
// split, strip, strip_newlines, truncate, truncatewords, upcase, url_decode,
// url_encode. Of HTML: escape (h), escape_once, newline_to_br, strip_html. Of
// numbers: abs, at_least, at_most, ceil, divided_by, floor, minus, modulo, plus,
// round, times. Of lists: compact, concat, find, find_index, first, has, join,
// last, map, reject, reverse, size, slice, sort, sort_natural, sum, uniq, where.
// Of times: date, with strftime's letters as Ruby has them. Of anything: default.
// Ours: json, and raw and safe for AutoEscape. More come with ParseOptions.Filters.
//
// # Where it differs from Shopify's
//
//   - It is strict: what Shopify skips with a warning is an error here, and so is
//     what Shopify prints as "Liquid error" into the page.
//   - Blocks are named in quotes, also by include, and loaded while parsing; a
//     variable named like an included block is not bound to it by itself.
//   - A rendered block sees all of the caller's data, as it would Shopify's global
//     objects. Counters of increment and decrement begin at 0 whatever the data say.
//   - The data's numbers are decimals or, where nothing stands after the point,
//     whole. Whole numbers beyond 64 bits go on as decimals.
//   - An object prints as JSON, a list inside a text filter as its items together.
//   - Times are printed in the zone of the rendering whatever zone they came in;
//     numbers of 1e11 and more are milliseconds. Names of days and months are English.
//   - Names may hold letters of any script.
package liquid
