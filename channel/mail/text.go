package mail

import (
	"bytes"
	"html"
	"strings"
	"unicode/utf8"
)

// Text returns what an HTML mail says, for readers that show no HTML: paragraphs
// apart, list items with a dash, links with their address behind, images by
// their description. It takes any text, well-formed or not, in one pass.
func Text(source string) string {
	w := textWriter{out: make([]byte, 0, len(source)/2)}
	for source != "" {
		open := strings.IndexByte(source, '<')
		if open < 0 {
			open = len(source)
		}
		w.text(source[:open])
		source = source[open:]
		if source == "" {
			break
		}
		tag, rest, ok := cutTag(source)
		if !ok {
			w.text(source[:1])
			source = source[1:]
			continue
		}
		source = w.tag(tag, rest)
	}
	w.closeLink()
	return string(w.out)
}

// cutTag splits s, which starts with "<", behind its first tag or comment. A "<"
// that starts neither is text. A tag without an end reaches to the end of s, so
// that no text is read more than a few times.
func cutTag(s string) (tag, rest string, ok bool) {
	if comment, found := strings.CutPrefix(s, "<!--"); found {
		_, rest, _ = strings.Cut(comment, "-->")
		return "!", rest, true
	}
	if len(s) < 2 || !isLetter(s[1]) && s[1] != '/' && s[1] != '!' && s[1] != '?' {
		return "", s, false
	}
	end := tagEnd(s)
	if end < 0 {
		tag, rest, _ = strings.Cut(s[1:], ">")
		return tag, rest, true
	}
	return s[1:end], s[end+1:], true
}

// tagEnd returns where the first ">" outside quotes is, or -1.
func tagEnd(s string) int {
	quote := byte(0)
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && s[i-1] == '=':
			quote = c
		case c == '>':
			return i
		}
	}
	return -1
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// textWriter writes words, with the space or the line ends that are due before
// them. It never writes white space at the end of a line.
type textWriter struct {
	out   []byte
	space bool   // a space is due before the next word
	lines int    // so many line ends are due before the next word
	link  string // the address of the link we are in
	label int    // where that link's words begin
}

// text appends the words of a run between tags.
func (w *textWriter) text(s string) {
	s = unescape(s)
	for s != "" {
		n := plainRun(s)
		switch {
		case n > 0:
			w.word(s[:n])
		case isSpace(s[0]):
			w.space = true
			n = 1
		default:
			for n = 1; n < len(s) && !isSpace(s[n]); {
				n++
			}
			w.wideWord(s[:n])
		}
		s = s[n:]
	}
}

// plainRun returns how many bytes at the start of s are words of ASCII with one
// space between them, which can be written as they are.
func plainRun(s string) int {
	n := 0
	for n < len(s) {
		switch {
		case isInk(s[n]):
			n++
		case s[n] == ' ' && n > 0 && n+1 < len(s) && isInk(s[n+1]):
			n += 2
		default:
			return n
		}
	}
	return n
}

func isInk(c byte) bool { return ' ' < c && c < utf8.RuneSelf }

func unescape(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	return html.UnescapeString(s)
}

// isSpace reports whether c is white space in HTML.
func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f'
}

// invisible are the characters with which mails pad their preview line.
const invisible = "\u200b\u200c\u200d\u2060\ufeff\u034f\u00ad"

// wideWord appends a word with more than ASCII in it: a space that must not break
// is a space, and what pads is left out.
func (w *textWriter) wideWord(s string) {
	if strings.Contains(s, "\u00a0") {
		w.text(strings.ReplaceAll(s, "\u00a0", " "))
		return
	}
	if s = strings.Trim(s, invisible); s != "" {
		w.word(s)
	}
}

func (w *textWriter) word(s string) {
	w.due()
	w.out = append(w.out, s...)
}

// due writes the line ends or the space that is due.
func (w *textWriter) due() {
	if len(w.out) > 0 {
		for range w.lines {
			w.out = append(w.out, '\n')
		}
		if last := w.out[len(w.out)-1]; w.space && last != '\n' && last != ' ' {
			w.out = append(w.out, ' ')
		}
	}
	w.space, w.lines = false, 0
}

func (w *textWriter) newline(n int) { w.lines = max(w.lines, n) }

// tag does what a tag asks for and returns what is to be read after it.
func (w *textWriter) tag(tag, rest string) string {
	name := tagName(tag)
	switch name {
	case "script", "style", "title":
		return skipElement(name, rest)
	case "br":
		w.newline(min(w.lines+1, 2))
	case "p", "/p", "h1", "/h1", "h2", "/h2", "h3", "/h3", "h4", "/h4", "h5", "/h5", "h6", "/h6",
		"ul", "/ul", "ol", "/ol", "table", "/table", "blockquote", "/blockquote", "hr":
		w.newline(2)
	case "div", "/div", "tr", "/tr", "/li", "section", "/section", "header", "/header", "footer", "/footer":
		w.newline(1)
	case "td", "th", "/td", "/th":
		w.space = true
	case "li":
		w.newline(1)
		w.word("-")
		w.space = true
	case "a":
		w.openLink(attribute(tag, "href"))
	case "/a":
		w.closeLink()
	case "img":
		w.text(attribute(tag, "alt"))
	}
	return rest
}

// tagName returns the tag's name in lower case, with its slash if it is an end.
func tagName(tag string) string {
	end := min(1, len(tag))
	for end < len(tag) && !isSpace(tag[end]) && tag[end] != '/' {
		end++
	}
	return strings.ToLower(tag[:end])
}

// skipElement returns what follows the end of an element nobody reads; one that
// has no end hides all that follows, as in a browser.
func skipElement(name, rest string) string {
	for at := 0; ; {
		open := strings.Index(rest[at:], "</")
		if open < 0 {
			return ""
		}
		at += open + len("</")
		if len(rest)-at >= len(name) && strings.EqualFold(rest[at:at+len(name)], name) {
			_, after, _ := strings.Cut(rest[at:], ">")
			return after
		}
	}
}

func (w *textWriter) openLink(href string) {
	w.closeLink()
	if strings.HasPrefix(href, "http://") || strings.HasPrefix(href, "https://") || strings.HasPrefix(href, "mailto:") {
		w.link, w.label = strings.TrimPrefix(href, "mailto:"), len(w.out)
	}
}

// closeLink appends the link's address, unless the words are the address.
func (w *textWriter) closeLink() {
	if w.link == "" {
		return
	}
	link := w.link
	w.link = ""
	if label := bytes.TrimSpace(w.out[w.label:]); len(label) > 0 && string(label) != link {
		lines := w.lines
		w.space, w.lines = true, 0
		w.word("(")
		w.word(link)
		w.word(")")
		w.lines = lines
	}
}

// attribute returns a tag's attribute by its name in lower case, or "".
func attribute(tag, name string) string {
	for at := 0; ; {
		found := indexFold(tag[at:], name)
		if found < 0 {
			return ""
		}
		start := at + found
		at = start + len(name)
		value, ok := strings.CutPrefix(strings.TrimLeft(tag[at:], " \t\r\n"), "=")
		if !ok || start == 0 || strings.IndexByte(" \t\r\n\"'", tag[start-1]) < 0 {
			continue
		}
		return unescape(attributeValue(strings.TrimLeft(value, " \t\r\n")))
	}
}

func attributeValue(s string) string {
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		value, _, _ := strings.Cut(s[1:], s[:1])
		return value
	}
	if end := strings.IndexAny(s, " \t\r\n"); end >= 0 {
		s = s[:end]
	}
	return s
}

// indexFold returns where name, in lower case ASCII, is found in s in any case.
func indexFold(s, name string) int {
	for i := 0; i+len(name) <= len(s); i++ {
		if s[i]|0x20 == name[0] && strings.EqualFold(s[i:i+len(name)], name) {
			return i
		}
	}
	return -1
}
