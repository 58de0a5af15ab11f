// Package shop is a simulated fashion shop: visitors in five markets who browse by
// interest, fill carts, sign up, buy and send things back. It is the life in the
// demo and a load for tests. Everything it makes is synthetic and says so in each
// event's context.
//
// What it guarantees: the same seed gives the same shop and the same events, in
// the order of their timestamps, however the time is cut into calls. What it does
// not do: its figures are assumptions, written beside each, not measurements of a
// shop; it reads no messages that are sent to its visitors.
package shop
