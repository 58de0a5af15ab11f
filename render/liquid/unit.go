package liquid

import "sort"

// unit is one source: the template itself or a block it renders.
type unit struct {
	name  string
	src   string
	body  *body
	lines []int // where each line begins
	marks []int // how many characters stand before every markSize bytes
}

const markSize = 256

func newUnit(name, src string) *unit {
	u := &unit{name: name, src: src, lines: []int{0}}
	runes := 0
	for i := range len(src) {
		if i%markSize == 0 {
			u.marks = append(u.marks, runes)
		}
		if startsRune(src[i]) {
			runes++
		}
		if src[i] == '\n' {
			u.lines = append(u.lines, i+1)
		}
	}
	u.marks = append(u.marks, runes)
	return u
}

func startsRune(c byte) bool { return c&0xC0 != 0x80 }

// position turns a byte offset into line and column, in a time that does not
// grow with the source.
func (u *unit) position(at int) Position {
	at = min(at, len(u.src))
	line := sort.SearchInts(u.lines, at+1)
	return Position{Block: u.name, Line: line, Column: u.runesBefore(at) - u.runesBefore(u.lines[line-1]) + 1}
}

func (u *unit) runesBefore(at int) int {
	n := u.marks[at/markSize]
	for i := at - at%markSize; i < at; i++ {
		if startsRune(u.src[i]) {
			n++
		}
	}
	return n
}
