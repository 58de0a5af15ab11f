// Package workspace holds what the marketer builds: documents in YAML or JSON,
// each with a kind and a name. It reads them from files, checks all of them
// together, compiles them into what flow runs, says what a change would change,
// and writes them out again.
//
// What it guarantees:
//
//  1. A document is kept to the byte. What [Export] writes and [Files] returns is
//     read back by [Parse] as the same documents with the same bytes. The one
//     thing that is added is a newline at the end where there was none.
//  2. Nothing is compiled in part: either every document is right on its own and
//     everything that it names is there, or [Compile] says everything that is
//     wrong, each [Problem] with file, line, column and what to write instead.
//  3. The same documents give the same [Compiled], in whatever order they come.
//  4. Applying the same bytes again changes nothing ([Plan] says unchanged).
//  5. No text makes it panic.
//
// What it does not do: it stores no versions, holds no secrets (documents name
// them; [Compiled.Missing] says which are still to be set), and does not know
// which customers a change would reach.
package workspace
