package flow

import (
	"rapport"
	"rapport/profile"
	"rapport/store"
)

// addressKind returns the kind of address that a channel writes to.
func addressKind(channel rapport.Channel) store.AddressKind {
	if channel == rapport.SMS {
		return store.PhoneAddress
	}
	return store.EmailAddress
}

// lookupForm returns an address in the form in which customers are looked up by it.
func lookupForm(channel rapport.Channel, address string) string {
	if channel == rapport.SMS {
		return profile.PhoneOf(address)
	}
	return profile.EmailOf(address)
}
