package rule

import "strings"

// didYouMean suggests the known word that is nearest to a misspelt one, or
// returns the empty text if none is near.
func didYouMean(word string, known []string, quoted bool) string {
	best, bestDistance := "", 1+max(1, len(word)/3)
	for _, candidate := range known {
		d := distance(strings.ToLower(word), strings.ToLower(candidate))
		if d < bestDistance || d == bestDistance && best != "" && candidate < best {
			best, bestDistance = candidate, d
		}
	}
	switch {
	case best == "":
		return ""
	case quoted:
		return "did you mean " + quote(best) + "?"
	}
	return "did you mean " + best + "?"
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour that lead from a to b.
func distance(a, b string) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, above, row = above, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}
