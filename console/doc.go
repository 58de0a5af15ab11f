// Package console is the page that a person opens in her browser: what is there,
// who came last, what the segments and journeys count, and the messages that were
// captured.
//
// It is a caller of the HTTP face like any other and shows nothing that the face
// would not tell; it works without JavaScript and loads nothing from elsewhere.
// Whoever is not on the same machine signs in with the admin's key. It changes
// nothing but the clock of a sandbox, and it keeps nothing.
package console
