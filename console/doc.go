// Package console is the page that a person opens in her browser: what is there,
// who came last, what the segments count, how far campaigns and journeys have come,
// the messages that were captured, and how the channels are.
//
// It is a caller of the HTTP face like any other and shows nothing that the face
// would not tell; it works without JavaScript and loads nothing from elsewhere.
// Whoever is not on the same machine signs in with the admin's key. All it changes is
// whether a campaign or journey goes on, once that was confirmed, and the clock of a
// sandbox. It keeps nothing.
package console
