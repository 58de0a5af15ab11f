// Package bench measures the product from outside: it starts the program as
// another process with an empty data folder, sends it a shop's events over HTTP as
// an SDK would, stops it gracefully and reads from the operating system how much
// processor time that took in all.
//
// What it guarantees: the same options send the same bytes; the load's own
// processor time is never counted to the server's; a run in which anything was
// lost or refused for good is an error and has no figures. What it does not do: it
// judges no figure, and measures no function from inside.
package bench
