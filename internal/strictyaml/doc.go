// Package strictyaml reads one YAML or JSON document into a Go struct and says,
// in words that need no knowledge of either, everything that is wrong with it.
//
// The struct's tags are the whole definition:
//
//	Where string `json:"where" required:"true" doc:"The rule that holds for its members"`
//	Class string `json:"class" enum:"transactional,promotional"`
//
// From the same tags [Schema] makes a JSON Schema, so editors complete and
// check what [Tree.Decode] will accept.
//
// What it guarantees:
//
//  1. It is strict: unknown and doubled names, values of the wrong type, missing
//     required fields and words outside an enum are problems, never ignored.
//  2. Each [Problem] has file, line, column and path, and says what to write
//     instead. One pass reports every problem it can see.
//  3. Text of any content never makes it panic, and size, depth and aliases are
//     bounded, so a small text can't become a large structure.
//
// What it does not do: it reads no stream of several documents, keeps no
// comments, and never writes YAML.
package strictyaml
