package rule

import "rapport/internal/suggest"

// didYouMean suggests the known word that is nearest to a misspelt one, or
// returns the empty text if none is near.
func didYouMean(word string, known []string, quoted bool) string {
	best, found := suggest.Nearest(word, known)
	switch {
	case !found:
		return ""
	case quoted:
		return "did you mean " + quote(best) + "?"
	}
	return "did you mean " + best + "?"
}
