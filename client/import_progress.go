package client

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// How often progress is told: on a terminal as a bar that is drawn anew, elsewhere
// as a line now and then.
const (
	barEvery  = 200 * time.Millisecond
	lineEvery = 5 * time.Second
	barWidth  = 24
)

// progress tells how far an import has come.
type progress struct {
	out      io.Writer
	terminal bool
	total    int64
	noun     string // what show tells the number of
	began    time.Time
	last     time.Time
	drawn    int // characters of the bar that stands there
}

func newProgress(out io.Writer) *progress {
	f, ok := out.(*os.File)
	if ok {
		info, err := f.Stat()
		ok = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return &progress{out: out, terminal: ok}
}

// begin begins a stretch of work that comes to total in whatever show counts it.
func (p *progress) begin(total int64, noun string) {
	p.began = time.Now()
	p.total, p.noun, p.last = total, noun, p.began
}

// show tells where the import stands, unless it did so just now.
func (p *progress) show(done, n int64) {
	every := lineEvery
	if p.terminal {
		every = barEvery
	}
	now := time.Now()
	if now.Sub(p.last) < every {
		return
	}
	p.last = now
	text := standing(done, p.total, n, p.noun, now.Sub(p.began), p.terminal)
	if !p.terminal {
		fmt.Fprintln(p.out, text)
		return
	}
	fmt.Fprintf(p.out, "\r%-*s", p.drawn, text)
	p.drawn = len(text)
}

// clear removes the bar, so that something else can be told.
func (p *progress) clear() {
	if p.drawn > 0 {
		fmt.Fprintf(p.out, "\r%s\r", strings.Repeat(" ", p.drawn))
		p.drawn = 0
	}
}

func (p *progress) end() { p.clear() }

// standing says in one line how far something has come.
func standing(done, total, n int64, noun string, took time.Duration, bar bool) string {
	share := 1.0
	if total > 0 {
		share = min(1, float64(done)/float64(total))
	}
	text := fmt.Sprintf("%3.0f %%  %s  %s/s", 100*share, count(n, noun), count(int64(float64(n)/max(took.Seconds(), 0.001)), noun))
	if share > 0.01 && share < 1 {
		left := time.Duration(float64(took) * (1 - share) / share)
		text += "  " + left.Round(time.Second).String() + " left"
	}
	if bar {
		full := int(share * barWidth)
		text = "[" + strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + "] " + text
	}
	return text
}

// count says how many there are of something.
func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// grouped writes a number with its thousands apart.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
