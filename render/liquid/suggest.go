package liquid

import "rapport/internal/suggest"

// didYouMean returns `, did you mean "x"?` for the name closest to a misspelt
// one, or nothing if none is close.
func didYouMean(word string, names []string) string {
	best, found := suggest.Nearest(word, names)
	if !found {
		return ""
	}
	return `, did you mean "` + best + `"?`
}
