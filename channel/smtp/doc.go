// Package smtp hands e-mails to a mail server (RFC 5321).
//
// What it guarantees:
//
//  1. Connections are kept and used again; there are never more of them than
//     configured, whatever the number of concurrent calls.
//  2. Where the server takes it (PIPELINING), a message costs one round trip: its
//     content and the next message's envelope travel together.
//  3. A message is [rapport.Accepted] when the server answered its content with
//     2xx, and [rapport.Vague] when the end of its content had left and no
//     answer that can be understood came back. In every other case the server
//     can't have taken it, and it is [rapport.Retry] or [rapport.Refused].
//  4. A connection that turns out to be stale costs a message nothing: it is
//     tried once more on a new one before it is Retry.
//  5. Nothing is sent before the server's certificate is verified, with TLS 1.2
//     at least, unless the configuration says that there is no TLS. A password
//     never travels unencrypted, except to this machine itself.
//  6. What the server refuses about us (the password, the connection, too many
//     of them) is never held against a message: it is Retry.
//  7. Of several connections the last is kept for transactional messages, and a batch
//     lets more urgent ones go first between any two of its messages: with a campaign
//     under way a transactional message waits for two others at most.
//  8. A server that takes contents and answers none makes two messages of a worker
//     unclear at most; then nothing more of the batch is risked.
//
// What it does not do: it keeps no queue and decides nothing about when to try
// again, looks up no mail exchangers, and reads no bounces.
package smtp
