// Package celoracle asks cel-go, the implementation of CEL by its authors, how it
// reads the rules of our language's tests and documentation, which is a subset of
// CEL's syntax. Its test guarantees that both read the same tree in every rule, so
// that whoever knows CEL knows how to write ours.
//
// It is a module of its own and holds nothing but the test: the program neither
// needs nor links cel-go. Meanings are not compared; they are ours.
package celoracle
