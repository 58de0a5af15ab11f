// Package kill holds the tests that kill the whole program, again and again, while
// it is at work, and then hold it to its promises.
//
// What the tests prove: whatever was acknowledged is kept, once, in timelines and
// in rules; a message that may be left out is handed over at most once, one that
// must not be lost at least once under the same Message-ID; waits end when they
// are over and not before. An oracle judges that from what was sent and what came
// back alone: it shares no code with the program.
//
// go test -short kills a dozen times, make test 120 times, make test-long 600 times;
// RAPPORT_TEST_SEED repeats the choices of an earlier run.
//
// What they do not prove: that the machine keeps what it was told to keep. A
// killed program loses nothing that it has written; a machine without power may.
package kill
