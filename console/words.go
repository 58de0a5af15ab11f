package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"rapport"
)

// words are the functions that templates write things with.
func words() template.FuncMap {
	return template.FuncMap{
		"count": count, "decimal": decimal, "money": money, "percent": percent, "bars": bars, "tallies": tallies,
		"moment": momentOf, "brieftime": briefly, "plain": plain, "pretty": pretty, "share": share, "said": said, "daybrief": dayBrief, "lasting": lasting, "number": number, "way": way, "brief": brief,
		"pair": func(first, second any) pair { return pair{first, second} },
		"word": func(status string, sandbox bool) word { return word{status, sandbox} },
	}
}

// pair gives a template two things at once.
type pair struct{ First, Second any }

// word is a status, and where it was come to.
type word struct {
	Word    string
	Sandbox bool
}

// count writes a number with a space between thousands, which no language takes
// for a decimal mark.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteRune('\u202f')
		}
		b.WriteRune(d)
	}
	return b.String()
}

func decimal(x float64) string {
	if x >= 100 {
		return count(int64(math.Round(x)))
	}
	return strconv.FormatFloat(x, 'f', 1, 64)
}

// money writes an amount with as many decimals as it has, at least two if any.
func money(amount float64, currency string) string {
	whole := math.Trunc(amount)
	text := count(int64(whole))
	if whole != amount {
		_, cents, _ := strings.Cut(strconv.FormatFloat(math.Abs(amount), 'f', 2, 64), ".")
		text += "." + cents
	}
	return strings.TrimSpace(currency + "\u00a0" + text)
}

// number writes a share of a hundred with as many decimals as it has.
func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func percent(part float64) string { return strconv.Itoa(int(math.Round(part*100))) + "\u00a0%" }

// share returns a number between 0 and 100 for the length of a bar.
func share(part, whole int64) int {
	if whole <= 0 {
		return 0
	}
	return int(min(100, max(0, part)*100/whole))
}

// moment is an instant as pages show it: by the clock of a zone, and in UTC.
type moment struct{ ISO, Local, UTC string }

// momentOf takes the name of a zone; "" for UTC alone.
func momentOf(at rapport.Instant, zone string) moment {
	if at.IsZero() || at == rapport.Never {
		return moment{}
	}
	m := moment{ISO: at.String(), UTC: at.Time().Format("2 Jan 2006, 15:04:05 UTC")}
	place, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "UTC" {
		return m
	}
	local := at.In(place)
	m.Local, m.UTC = local.Format("2 Jan 2006, 15:04:05 ")+placeOf(zone), at.Time().Format("15:04 UTC")
	if local.Format(time.DateOnly) != at.Time().Format(time.DateOnly) {
		m.UTC = at.Time().Format("2 Jan, 15:04 UTC")
	}
	return m
}

// briefly leaves the date out if it is less than a day ago.
func briefly(at rapport.Instant, zone string, now rapport.Instant) moment {
	m := momentOf(at, zone)
	if ago := now.Sub(at); ago >= 24*time.Hour || ago < -time.Minute {
		return m
	}
	if _, clock, ok := strings.Cut(m.Local, ", "); ok {
		m.Local, m.UTC = clock, at.Time().Format("15:04:05 UTC")
	} else if m.Local == "" {
		m.UTC = at.Time().Format("15:04:05 UTC")
	}
	return m
}

// placeOf returns the city of a zone's name.
func placeOf(zone string) string {
	return strings.ReplaceAll(zone[strings.LastIndexByte(zone, '/')+1:], "_", " ")
}

// plain writes a trait: a text without its quotes, anything else as JSON.
func plain(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// pretty writes JSON on several lines.
func pretty(value json.RawMessage) string {
	var b bytes.Buffer
	if json.Indent(&b, value, "", "  ") != nil {
		return string(value)
	}
	return b.String()
}

// brief writes what is most worth knowing of an event, in one line.
func brief(properties json.RawMessage) string {
	var p map[string]any
	if json.Unmarshal(properties, &p) != nil {
		return ""
	}
	var parts []string
	for _, name := range []string{"name", "product_id", "quantity", "total", "price", "currency", "order_id", "reason", "segment", "journey", "step", "template", "path", "email", "first_name", "market", "method", "version"} {
		switch v := p[name].(type) {
		case string:
			parts = append(parts, v)
		case float64:
			parts = append(parts, strconv.FormatFloat(v, 'f', -1, 64))
		}
		if len(parts) == 4 {
			break
		}
	}
	return strings.Join(parts, " · ")
}

// said explains a status in a few words.
func said(status string, sandbox bool) string {
	if sandbox && status == "handed" {
		return "captured"
	}
	return status
}

// way writes which way of a step was taken: cases without a name are called by their
// places.
func way(name string) string {
	if _, err := strconv.Atoi(name); err == nil {
		return "case " + name
	}
	return name
}

// bars draws numbers as the points of a line, 0 to 100 wide and 0 to 30 high.
func bars(numbers []int64) string {
	most := int64(1)
	for _, n := range numbers {
		most = max(most, n)
	}
	var b strings.Builder
	for i, n := range numbers {
		fmt.Fprintf(&b, "%.1f,%.1f ", float64(i)*100/float64(max(1, len(numbers)-1)), 29-27*float64(n)/float64(most))
	}
	return strings.TrimSpace(b.String())
}
