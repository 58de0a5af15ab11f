// Package pseudonym makes of what customers did something that may be looked at by
// those who try things out: the same people, purchases and habits under other names.
//
// What it guarantees: ids, addresses, names, texts that fewer than [Shared] people have
// in common, and whatever is marked sensitive are replaced or left out; the same value
// is replaced by the same pseudonym everywhere, so who was one person stays one, and a
// rule counts what it counted. Without the installation's key no pseudonym leads back.
//
// What it does not do: it makes nobody anonymous. Who knows exactly what somebody bought
// and when can find her among the pseudonyms; they are personal data still, and to be
// kept like it.
package pseudonym
