// Package shop is a simulated fashion shop: visitors in five markets who browse by
// interest, fill carts, sign up, buy and send things back, read what they are sent,
// and live by their markets' hours and feasts. It is the life in the demo, a load for
// any server, and the world of closed-loop tests. Everything it makes is synthetic
// and says so in each event's context.
//
// What it guarantees: the same seed and the same letters, delivered at the same
// instants, give the same shop and the same events, in the order of their timestamps,
// however the time is cut into calls. Every number of the model is a [Figure] with its
// source, or says that it is an assumption.
//
// What it does not do: it is no forecast of a real shop. It reads letters in a
// sandbox only, where they are kept.
package shop
