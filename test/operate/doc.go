// Package operate tests the whole program as its operator meets it, from outside: it is
// stopped, backed up and restored under load, its disk gets full, can't be written or is
// gone for a while, and its log is searched for personal data.
//
// It holds nothing but tests. What they promise: whatever was acknowledged is there, each
// event once; whatever was not was answered with 503 or 429 and Retry-After; the reason
// stands in the log, in the answers and in /readyz; and the program recovers by itself.
// No test depends on how fast the machine is, but for the ten seconds that a stop may take.
package operate
