package journey

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// everybody is how many parts the customers are counted in for a split.
const everybody = 10_000

// split compiles a split into node n. Ways that together take less than everybody leave
// the others to go on behind it.
func (c *compiler) split(shares []Share, path, number string, n int) (ends bool) {
	c.j.nodes[n].kind = splitNode
	if len(shares) == 0 {
		c.problem(path, "the split has no ways on", "add two, such as - { name: short, share: 50, steps: […] }")
	}
	names := map[string]bool{"none": true}
	taken, ends := 0, true
	for i, s := range shares {
		at := fmt.Sprintf("%s[%d]", path, i)
		taken += c.share(s, at, names)
		to, wayEnds := c.inner(s.Steps, at+".steps", number+"."+strconv.Itoa(i+1)+".", n)
		c.j.nodes[n].cases = append(c.j.nodes[n].cases, choice{name: s.Name, upTo: taken, to: to})
		ends = ends && wayEnds
	}
	if taken > everybody {
		c.problem(path, fmt.Sprintf("the shares come to %s in a hundred", strconv.FormatFloat(float64(taken)/100, 'f', -1, 64)), "let them come to 100 at most")
	}
	return ends && taken == everybody
}

// share returns how many of everybody go one way.
func (c *compiler) share(s Share, path string, names map[string]bool) int {
	parts := s.Share * everybody / 100
	switch {
	case s.Name == "":
		c.problem(path+".name", "the way has no name", "give it one, such as short-subject")
	case strings.Contains(s.Name, "/") || len(s.Name) > maxNameLength || strings.ContainsFunc(s.Name, unicode.IsControl):
		c.problem(path+".name", "the name has a slash in it, is too long, or not one line", fmt.Sprintf("use at most %d other characters", maxNameLength))
	case names[s.Name]:
		c.problem(path+".name", fmt.Sprintf("the name %q is taken", s.Name), "give each way a name of its own; none is that of the customers who take none")
	case s.Share <= 0 || s.Share > 100 || math.Abs(parts-math.Round(parts)) > 1e-6:
		c.problem(path+".share", "the share is not between 0.01 and 100, in hundredths", "write how many of a hundred customers go this way, such as 50 or 33.33")
		return 0
	}
	names[s.Name] = true
	return int(math.Round(parts))
}
