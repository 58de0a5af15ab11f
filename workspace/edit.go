package workspace

import "rapport"

// Edit makes of the documents in force those that are to be. Problems are what is wrong
// with what it is to put there; an error says that it can't be done at all. It changes
// nothing of what it is given.
type Edit func(current []Document) (Edited, []Problem, error)

// Edited are the documents after an edit.
type Edited struct {
	Documents []Document // in the order of kinds and names
	Warnings  []Problem  // what the edit brings about besides
}

// Put puts the documents of files among those there are, or in their place if prune is
// set. Kind Invalid if there is none that could take their place: that is a slip more often
// than it is meant.
func Put(files []File, prune bool) Edit {
	return func(current []Document) (Edited, []Problem, error) {
		given, problems := Parse(files)
		if prune && len(given) == 0 && len(problems) == 0 && len(current) > 0 {
			return Edited{}, nil, rapport.Errorf(rapport.Invalid, "There is no document in what was sent, so to prune would delete all %d there are. Nothing was changed.", len(current))
		}
		return Edited{Documents: Upsert(current, given, prune)}, problems, nil
	}
}

// Replace puts documents in the place of those there are.
func Replace(docs []Document) Edit {
	return func([]Document) (Edited, []Problem, error) { return Edited{Documents: sorted(docs)}, nil, nil }
}

// Remove takes a document away. Kind NotFound if it is not there.
func Remove(kind, name string) Edit {
	return func(current []Document) (Edited, []Problem, error) {
		docs, found := Delete(current, kind, name)
		if !found {
			return Edited{}, nil, rapport.Errorf(rapport.NotFound, "There is no %s %q.", kind, name)
		}
		return Edited{Documents: docs}, nil, nil
	}
}
