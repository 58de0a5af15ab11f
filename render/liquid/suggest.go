package liquid

// didYouMean returns `, did you mean "x"?` for the name closest to a misspelt
// one, or nothing if none is close.
func didYouMean(word string, names []string) string {
	best, distance := "", 1+max(1, len(word)/3)
	for _, name := range names {
		if d := editDistance(word, name, distance); d < distance || d == distance && best != "" && name < best {
			best, distance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return `, did you mean "` + best + `"?`
}

// editDistance counts the letters to insert, remove, replace or swap with their
// neighbour to make b of a; past limit it may answer any larger number.
func editDistance(a, b string, limit int) int {
	if len(a) > 40 || len(b) > 40 || len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	var rows [3][41]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, above, above2 := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], above2[j-2]+1)
			}
		}
	}
	return rows[len(a)%3][len(b)]
}
