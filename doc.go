// Package rapport holds the nouns that cross the stages of the product: an
// [Event] a customer caused, the [Identifier] she is known by, a [Consent] she
// gave, a [Message] that is sent to her, the [Decision] behind it, the
// [Outcome] that came back, the [Money] she spent and the [Instant] all of this
// happened at; and the closed list of error kinds.
//
// It imports the standard library only and knows no stage, no store and no
// network. Everything in it is a plain value: safe to copy, and safe to share
// between goroutines as long as nobody writes to it.
//
// The happenings are the folders beside it. ARCHITECTURE.md walks one event
// through them.
package rapport
