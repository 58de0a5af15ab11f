// Package collect reads what senders tell of their customers, in the calls of
// Segment's HTTP Tracking API, and makes events of it.
//
// It guarantees:
//
//  1. A bad item never loses its neighbours. Whatever stands in a batch is either
//     an event or a refusal with a stable code and a reason; only a body that is
//     not JSON, or has no batch where one belongs, fails as a whole.
//  2. What it hands on is sound: ids and names are valid UTF-8, within their
//     limits and free of control characters; properties and context are JSON
//     objects (RFC 8259) of valid UTF-8 without lone surrogates, at most 64 deep.
//     Of a name that stands twice the last one counts.
//  3. No event is lost for a bad time. A time that cannot be read, or that lies
//     before the year 1990, is replaced by the time of receipt, and the sender is
//     told so; a time after the receipt becomes the receipt.
//  4. It is a function of its arguments: no clock, no random source, no network.
//     Nothing it returns refers to the body it was given.
//
// It does not authenticate (it says which write key the body names), does not
// deduplicate (it sees to it that every event has a message id), does not judge
// whether an id is plausible beyond refusing what programs write in place of one
// (null, undefined, [object Object], 0 and the like), and gives no meaning to properties, traits or
// context. A sender's integrations object is passed over: it speaks of places
// that events are passed on to, and there are none.
//
// # The sender's clock
//
// With sentAt, an event happened at receivedAt - (sentAt - timestamp), so a
// device whose clock is wrong tells the right time; originalTimestamp, where
// there is one, stands for timestamp. Without sentAt (imports) times are kept as
// they are. An item's own sentAt, timestamp and context win over its batch's;
// contexts are merged name by name, one level deep.
package collect
