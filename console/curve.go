package console

import (
	"fmt"
	"slices"
	"strings"

	"rapport"
)

// curve is how a segment's size went, as the face tells it.
type curve []struct {
	At                  rapport.Instant
	Size, Entered, Left int64
	ByTime              ways
	ByDefinition        ways
}

type ways struct{ Entered, Left int64 }

// The drawing is so wide and high; it is stretched to its place. Above stands the
// size, below who entered (up from the line between) and who left (down from it).
const (
	curveWidth  = 600.0
	curveHeight = 120.0
	waysHeight  = 60.0
)

// drawing is a curve as the page draws it.
type drawing struct {
	Most    int64  // of the size
	Line    string // the points of the size
	Area    string
	Columns []column
	MostWay int64 // of those who entered or left
	By      string
	First   string
	Last    string
	Empty   bool // nobody was in it in all the time shown
}

// column is one hour or day.
type column struct {
	X, Width      float64
	In, Out       float64 // heights of its bars
	Name          string
	Size          int64
	Entered, Left int64
	Said          string // what is to be read where one points at it
	Because       string // the causes of what changed
}

// draw lays a curve out. Each hour or day takes the same width; the size is that
// of its end, so the line steps there.
func draw(c curve, by string) drawing {
	d := drawing{By: by, Most: 1, MostWay: 1, Empty: true}
	for _, s := range c {
		d.Most, d.MostWay = max(d.Most, s.Size), max(d.MostWay, s.Entered, s.Left)
		d.Empty = d.Empty && s.Size == 0 && s.Entered == 0 && s.Left == 0
	}
	if d.Empty {
		return d
	}
	var line strings.Builder
	width := curveWidth / float64(len(c))
	for i, s := range c {
		x, y := float64(i)*width, curveHeight-curveHeight*float64(s.Size)/float64(d.Most)
		fmt.Fprintf(&line, "%.1f,%.1f %.1f,%.1f ", x, y, x+width, y)
		d.Columns = append(d.Columns, column{
			X: x, Width: width, Name: nameOfBucket(s.At, by), Size: s.Size, Entered: s.Entered, Left: s.Left,
			In: waysHeight / 2 * float64(s.Entered) / float64(d.MostWay), Out: waysHeight / 2 * float64(s.Left) / float64(d.MostWay),
			Because: because(s.Entered+s.Left, s.ByTime.Entered+s.ByTime.Left, s.ByDefinition.Entered+s.ByDefinition.Left),
			Said:    fmt.Sprintf("%s: %s at the end, %s entered, %s left", nameOfBucket(s.At, by), count(s.Size), count(s.Entered), count(s.Left)),
		})
	}
	d.Line = strings.TrimSpace(line.String())
	d.Area = fmt.Sprintf("0,%g %s %g,%g", curveHeight, d.Line, curveWidth, curveHeight)
	d.First, d.Last = d.Columns[0].Name, d.Columns[len(c)-1].Name
	return d
}

func nameOfBucket(at rapport.Instant, by string) string {
	if by == "hour" {
		return at.Time().Format("2 Jan, 15:04 UTC")
	}
	return at.Time().Format("2 Jan 2006")
}

// because says what the causes were of so many changes.
func because(all, byTime, byDefinition int64) string {
	var parts []string
	for _, part := range []struct {
		n    int64
		what string
	}{{all - byTime - byDefinition, "events"}, {byTime, "time"}, {byDefinition, "the definition"}} {
		switch {
		case part.n == all && all > 0:
			return part.what
		case part.n > 0:
			parts = append(parts, part.what+" ("+count(part.n)+")")
		}
	}
	return strings.Join(parts, ", ")
}

// Newest returns the columns in which anything changed, the newest first.
func (d drawing) Newest() []column {
	var changed []column
	for _, c := range slices.Backward(d.Columns) {
		if c.Entered+c.Left > 0 {
			changed = append(changed, c)
		}
	}
	return changed
}

// Middle returns where a column of the lower drawing begins.
func (c column) Middle() float64 { return waysHeight / 2 }

// Up returns where the bar of those who entered begins.
func (c column) Up() float64 { return waysHeight/2 - c.In }

// Bar returns where the bars of a column begin and how wide they are: a little
// less than the column.
func (c column) Bar() struct{ X, Width float64 } {
	gap := min(c.Width*0.15, 2)
	return struct{ X, Width float64 }{c.X + gap/2, c.Width - gap}
}
