package render

import (
	"bytes"
	"cmp"
	"html"
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
	if s.request.Message.Class.Optional() && !shows(b, url) && !shows(b, html.EscapeString(url)) {
		footer = htmlFooter(strings.TrimSpace(t.brand.doc.Address), url, t.brand.wordsToLeave(s.language))
	}
	from := bodyStart(b)
	to := max(from, bodyEnd(b))
	return string(b[:from]) + preheader + string(b[from:to]) + footer + string(b[to:])
}

// letter makes a plain text of what was printed. A text message has no footer.
func (t *Template) letter(b []byte, s *scope) string {
	text := strings.TrimSpace(string(b))
	if t.channel != rapport.Email || text == "" {
		return text
	}
	if url := s.request.Unsubscribe; s.request.Message.Class.Optional() && !shows(b, url) {
		text += textFooter(strings.TrimSpace(t.brand.doc.Address), url, t.brand.wordsToLeave(s.language))
	}
	return text + "\n"
}

// shows reports whether a body holds a link.
func shows(body []byte, link string) bool {
	return link != "" && bytes.Contains(body, []byte(link))
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
	for _, tag := range [...]string{"<body", "</head", "<html", "<!doctype"} {
		if end := tagEnd(doc, tag); end > 0 {
			return end
		}
	}
	return 0
}

// tagEnd returns the end of the first tag that begins so; 0 if there is none.
func tagEnd(doc []byte, tag string) int {
	for from := 0; len(doc)-from > len(tag); from++ {
		i := bytes.IndexByte(doc[from:len(doc)-len(tag)], '<')
		if i < 0 {
			return 0
		}
		from += i
		after := doc[from+len(tag)]
		if strings.EqualFold(string(doc[from:from+len(tag)]), tag) && strings.IndexByte("> \t\r\n", after) >= 0 {
			return from + bytes.IndexByte(doc[from:], '>') + 1
		}
	}
	return 0
}

// bodyEnd returns where the content of an HTML document ends.
func bodyEnd(doc []byte) int {
	for _, tag := range [...]string{"</body>", "</html>"} {
		for i := len(doc) - len(tag); i >= 0; i-- {
			if doc[i] == '<' && strings.EqualFold(string(doc[i:i+len(tag)]), tag) {
				return i
			}
		}
	}
	return len(doc)
}
