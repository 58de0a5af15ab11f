// Package suggest finds the word that somebody probably meant. It compares texts
// and knows nothing of what they name.
package suggest

import "strings"

// longest is the longest word, in characters, that is compared: work grows with
// the square of it, and the words may come from anywhere.
const longest = 100

// Nearest returns the one of the known words that is likeliest to have been meant
// by word, and whether any is near enough to be worth a suggestion. Upper and
// lower case, and spaces, dashes and underscores, hardly count. Of several that
// are equally near the first one is taken; if none is near, the only one that
// begins with word, should it have three letters or more.
func Nearest(word string, known []string) (string, bool) {
	w := fold(word)
	if len(w) == 0 || len(w) > longest {
		return "", false
	}
	best, least := "", 1+len(w)/3
	found := false
	for _, k := range known {
		f := fold(k)
		if len(f) == 0 || len(f) > longest || max(len(f), len(w))-min(len(f), len(w)) > least {
			continue
		}
		d := distance(w, f)
		if d < least || d == least && !found && d < max(len(w), len(f)) {
			best, least, found = k, d, true
		}
	}
	if !found {
		return beginning(word, known)
	}
	return best, found
}

func beginning(word string, known []string) (only string, found bool) {
	if len(word) < 3 {
		return "", false
	}
	for _, k := range known {
		if len(k) >= len(word) && strings.EqualFold(k[:len(word)], word) {
			if found {
				return "", false
			}
			only, found = k, true
		}
	}
	return only, found
}

// fold leaves out what people mix up most.
func fold(s string) []rune {
	return []rune(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '_' {
			return -1
		}
		return r
	}, strings.ToLower(s)))
}

// distance counts the single changes from a to b: a letter more, less or other,
// or two neighbours swapped (Damerau and Levenshtein, each place changed once).
func distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+change)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
