// Package channel hands messages to the world, through providers.
//
// What every [Provider] guarantees, kept by package channeltest:
//
//  1. One outcome for each delivery, in the same order, with the delivery's
//     message id and the provider's name, or that and the name of one of its
//     servers behind a slash; for any batch, an empty one and one that holds the
//     same message twice included.
//  2. [rapport.Accepted]: the provider has the message and answers for it.
//  3. [rapport.Retry]: it does not have the message and may take it later.
//     Whatever is wrong with us (no connection, a wrong password, too many
//     messages at once) is of this kind, for every message it concerns. Down is
//     set if the next message would fare no better: the other side is down, or
//     takes none of ours for now.
//  4. [rapport.Refused]: it does not have the message and will not take it. Bad
//     is set only if the address itself is at fault.
//  5. [rapport.Vague]: it may have the message. Only what was handed over to its
//     end without an answer is of this kind: never what had not been begun.
//  6. A delivery can't change what another one says or whom it reaches.
//  7. Deliver blocks until every message is answered for. Soon after its context
//     has ended it returns: what was not begun by then is Retry.
//  8. Reasons are sentences for the operator; they hold neither the customer's
//     address nor a secret.
//  9. Deliver and Close may be called from several goroutines at once. After
//     Close everything is Retry.
//
// What a provider does not do: it keeps no queue, tries nothing again later
// ([Policy] says when that should be), records nothing, and does not know who
// may be written to.
package channel

import (
	"context"

	"rapport"
	"rapport/channel/capture"
)

// Provider hands messages over. The package's comment says what its outcomes promise.
type Provider interface {
	// Name is how outcomes name the provider.
	Name() string
	// Deliver hands a batch over and returns one outcome for each delivery.
	Deliver(ctx context.Context, batch []rapport.Delivery) []rapport.Outcome
	// Close waits for deliveries under way, until ctx ends, and lets go of connections.
	Close(ctx context.Context) error
}

// Secrets looks up a secret by name.
type Secrets func(name string) (value string, ok bool)

// Open returns the provider that a document describes. Captured messages go to
// sink. Of several mail servers those without their secret are left out; if all lack
// theirs it is an error. Nothing is connected yet.
func Open(doc Doc, secrets Secrets, sink capture.Sink) (Provider, error) {
	if err := doc.Check(); err != nil {
		return nil, err
	}
	switch doc.Provider {
	case SMTP:
		return doc.openServers(secrets)
	default:
		return capture.New(doc.Name, doc.sender(), sink)
	}
}
