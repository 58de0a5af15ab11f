package render

import (
	"bytes"
	"cmp"
	"html"
	"slices"
	"strings"

	"rapport"
)

// unsubscribeWords are what the link in the footer says.
var unsubscribeWords = map[string]string{
	"en": "Unsubscribe", "th": "ยกเลิกการรับข่าวสาร", "id": "Berhenti berlangganan", "ms": "Berhenti melanggan",
	"vi": "Hủy đăng ký", "zh": "退订", "zh-hant": "取消訂閱", "zh-tw": "取消訂閱", "zh-hk": "取消訂閱",
	"ja": "配信停止", "ko": "수신 거부", "de": "Abmelden", "fr": "Se désabonner", "es": "Cancelar suscripción",
	"it": "Annulla iscrizione", "pt": "Cancelar inscrição", "nl": "Afmelden",
}

// page makes an HTML body of what was printed: with the line that stands after
// the subject, and the way out of what she may leave.
func (t *Template) page(b []byte, preheader string, s *scope) string {
	if len(bytes.TrimSpace(b)) == 0 {
		return ""
	}
	if preheader != "" {
		preheader = `<div style="display:none;max-height:0;overflow:hidden">` + preheader + "</div>"
	}
	url, footer := s.request.Unsubscribe, ""
	if s.request.Message.Class.Optional() && !s.shows(b, url, html.EscapeString(url)) {
		footer = htmlFooter(strings.TrimSpace(t.brand.doc.Address), url, t.brand.wordsToLeave(s.language))
	}
	from := bodyStart(b)
	to := max(from, bodyEnd(b))
	var page strings.Builder // added up as strings, all of b would be copied twice
	page.Grow(len(b) + len(preheader) + len(footer))
	page.Write(b[:from])
	page.WriteString(preheader)
	page.Write(b[from:to])
	page.WriteString(footer)
	page.Write(b[to:])
	return page.String()
}

// letter makes a plain text of what was printed. A text message has no footer.
func (t *Template) letter(b []byte, s *scope) string {
	text := strings.TrimSpace(string(b))
	if t.channel != rapport.Email || text == "" {
		return text
	}
	if url := s.request.Unsubscribe; s.request.Message.Class.Optional() && !s.shows(b, url) {
		text += textFooter(strings.TrimSpace(t.brand.doc.Address), url, t.brand.wordsToLeave(s.language))
	}
	return text + "\n"
}

// shows reports whether a body holds the link to leave in one of its forms. Each message has a
// link of its own, so it is in none whose template did not ask for it.
func (s *scope) shows(body []byte, forms ...string) bool {
	asked := slices.ContainsFunc(s.known, func(r root) bool { return r.name == "message" })
	return asked && slices.ContainsFunc(forms, func(link string) bool { return link != "" && bytes.Contains(body, []byte(link)) })
}

func htmlFooter(address, url, words string) string {
	if address == "" && url == "" {
		return ""
	}
	var lines []string
	if address != "" {
		lines = append(lines, strings.ReplaceAll(html.EscapeString(address), "\n", "<br>"))
	}
	if url != "" {
		lines = append(lines, `<a href="`+html.EscapeString(url)+`" style="color:#666666">`+html.EscapeString(words)+"</a>")
	}
	return `<div style="margin:24px auto 0;padding:0 16px;max-width:600px;text-align:center;font:12px/1.5 sans-serif;color:#666666">` +
		strings.Join(lines, "<br>") + "</div>\n"
}

func textFooter(address, url, words string) string {
	var lines []string
	if address != "" {
		lines = append(lines, address)
	}
	if url != "" {
		lines = append(lines, words+": "+url)
	}
	if len(lines) == 0 {
		return ""
	}
	return "\n\n-- \n" + strings.Join(lines, "\n")
}

// wordsToLeave returns what the link says in a language.
func (b *brand) wordsToLeave(language string) string {
	for tag := language; tag != ""; tag = wider(tag) {
		if words := cmp.Or(b.unsubscribe[tag], unsubscribeWords[tag]); words != "" {
			return words
		}
	}
	return cmp.Or(b.unsubscribe["en"], unsubscribeWords["en"])
}

// bodyStart returns where the content of an HTML document begins: after the tag
// body, or else what stands before one, or at the start of a mere piece of HTML.
func bodyStart(doc []byte) int {
	tags := [...]string{"<body", "</head", "<html", "<!doctype"}
	var ends [len(tags)]int
	for from := next(doc, 0); from < len(doc); from = next(doc, from+1) {
		for i, tag := range tags {
			if ends[i] == 0 && opens(doc[from:], tag) {
				ends[i] = from + bytes.IndexByte(doc[from:], '>') + 1
			}
		}
		if ends[0] > 0 {
			break
		}
	}
	return cmp.Or(ends[:]...)
}

// next returns the place of the first < at or after one, and the length of doc if there is none.
func next(doc []byte, from int) int {
	if i := bytes.IndexByte(doc[from:], '<'); i >= 0 {
		return from + i
	}
	return len(doc)
}

// opens reports whether doc begins with a tag, whatever else stands in it.
func opens(doc []byte, tag string) bool {
	return len(doc) > len(tag) && strings.EqualFold(string(doc[:len(tag)]), tag) && strings.IndexByte("> \t\r\n", doc[len(tag)]) >= 0
}

// bodyEnd returns where the content of an HTML document ends.
func bodyEnd(doc []byte) int {
	end := len(doc)
	for i := bytes.LastIndexByte(doc, '<'); i >= 0; i = bytes.LastIndexByte(doc[:i], '<') {
		switch tag := doc[i:min(len(doc), i+len("</body>"))]; {
		case strings.EqualFold(string(tag), "</body>"):
			return i
		case end == len(doc) && strings.EqualFold(string(tag), "</html>"):
			end = i
		}
	}
	return end
}
