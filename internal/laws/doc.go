// Package laws reads the Go source of a module and finds where it breaks the
// rules of its architecture: who imports whom, what pure code may not call,
// what may stand at package level, how long and how well described things are.
//
// A law is a function from a [Tree] to findings. Which rooms the house has and
// what each may do are parameters, so the tables of a real house stand in its
// own tests, and a planted house can prove that each law is able to fail. The
// findings of a law come in the order of path and line, and are the same for
// the same files.
//
// It reads syntax and the scopes of names; it neither builds the module nor
// loads what it imports. So it is quick and needs no network, but it does not
// know the type of a foreign function's result and follows no pointer: who sets
// out to deceive it will succeed.
package laws
