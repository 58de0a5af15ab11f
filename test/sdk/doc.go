// Package sdk holds the test that lets Segment's official client for node send
// events to the real program while both the network and the program fail.
//
// What the test proves: 10,000 events that the client was given are in the
// customers' timelines, figures and segments, each once, although connections
// break before a request arrives, in the middle of it and before its answer, and
// although the program is killed again and again in between. The client is the one
// from npm, unchanged.
//
// What it does not prove: that a machine without power loses nothing, and what
// happens once a client gives up (after ten retries).
package sdk
