// Package bench measures the product from outside: it starts the program as
// another process with an empty data folder, sends it a shop's events over HTTP as
// an SDK would, stops it gracefully and reads from the operating system how much
// processor time that took in all. [Run] begins with nothing; [Segment] and [Grow]
// give each customer a history first, and measure upon it.
//
// What it guarantees: the same options send the same bytes, but for the instants of
// a history, which count back from now; the load's own processor time is never counted to the server's; a run in which anything was
// lost or refused for good, or a size or an exact count is not what the events that
// were sent say, is an error and has no figures. What it does not do: it
// judges no figure, and measures no function from inside.
package bench
