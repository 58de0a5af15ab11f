package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"

	"golang.org/x/text/language"

	"rapport"
	"rapport/workspace"
)

// pageState is what the unsubscribe page has to say.
type pageState int

const (
	asking        pageState = iota // does she want to leave?
	leftUndo                       // she has left, and may take it back
	leftForGood                    // she has left
	leftTopicUndo                  // she has left the topic, and may take it back
	leftTopic                      // she has left the topic
	back                           // she has taken it back
	unknownLink
	failed
)

func (s pageState) status() int {
	switch s {
	case unknownLink:
		return http.StatusNotFound
	case failed:
		return http.StatusServiceUnavailable
	}
	return http.StatusOK
}

// pageData is what the page's template is filled with.
type pageData struct {
	Lang    string
	Title   string
	Brand   string
	Kind    string // of address, in words
	Text    string
	Button  string // empty for none
	Action  string // where the button posts to
	Hint    string // above the button
	All     string // a button to leave everything; empty for none
	Token   string
	Style   template.CSS
	channel rapport.Channel
	topic   workspace.Topic
}

const pageStyle = `:root{color-scheme:light dark}body{font:1.125rem/1.6 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.25rem}h1{font-size:1.5rem;line-height:1.3}dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:1.5rem 0}dt{opacity:.75}dd{margin:0}button{font:inherit;font-weight:600;padding:.75rem 1.5rem;border:2px solid currentColor;border-radius:.5rem;background:transparent;color:inherit;cursor:pointer;min-height:3rem}button:focus-visible{outline:3px solid Highlight;outline-offset:3px}`

const pageTemplate = `<!doctype html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>{{.Title}}</title>
<style>{{.Style}}</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p role="status">{{.Text}}</p>
{{- if .Kind}}
<dl>{{if .Brand}}<dt>{{.Words.From}}</dt><dd>{{.Brand}}</dd>{{end}}<dt>{{.Words.By}}</dt><dd>{{.Kind}}</dd></dl>
{{- end}}
{{- if .Button}}
{{- if .Hint}}
<p>{{.Hint}}</p>
{{- end}}
<form method="post" action="{{.Action}}"><button type="submit">{{.Button}}</button></form>
{{- end}}
{{- if .All}}
<form method="post" action="/u/{{.Token}}"><input type="hidden" name="all" value="1"><button type="submit">{{.All}}</button></form>
{{- end}}
</main>
</body>
</html>
`

// words are the page's texts in one language.
type words struct {
	Title, From, By        string
	Email, SMS             string
	Ask, Leave             string
	Left, Undo, UndoButton string
	AskTopic, LeaveTopic   string // {topic} stands for its title
	LeftTopic, LeaveAll    string
	Back                   string
	Unknown, Failed        string
}

// pages writes the page in the reader's language.
type pages struct {
	template *template.Template
	matcher  language.Matcher
	tags     []string
	words    []words
	policy   string
}

func newPages() *pages {
	p := &pages{template: template.Must(template.New("unsubscribe").Parse(pageTemplate))}
	var tags []language.Tag
	for _, l := range pageLanguages() {
		tags = append(tags, language.MustParse(l.tag))
		p.tags, p.words = append(p.tags, l.tag), append(p.words, l.words)
	}
	p.matcher = language.NewMatcher(tags)
	sum := sha256.Sum256([]byte(pageStyle))
	p.policy = "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	return p
}

func (p *pages) write(w http.ResponseWriter, r *http.Request, state pageState, data pageData) {
	_, i := language.MatchStrings(p.matcher, r.Header.Get("Accept-Language"))
	data.Lang, data.Style = p.tags[i], pageStyle
	data.say(state, &p.words[i])
	var body bytes.Buffer
	if err := p.template.Execute(&body, struct {
		pageData
		Words words
	}{data, p.words[i]}); err != nil {
		writeProblem(w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", p.policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", data.Lang)
	h.Set("Vary", "Accept-Language")
	writeBody(w, state.status(), "text/html; charset=utf-8", body.Bytes())
}

// say fills in the texts of a state.
func (d *pageData) say(state pageState, w *words) {
	d.Title = w.Title
	switch d.channel {
	case rapport.Email:
		d.Kind = w.Email
	case rapport.SMS:
		d.Kind = w.SMS
	}
	here := "/u/" + d.Token
	ask, leave, all := w.Ask, w.Leave, ""
	about := func(text string) string { return text }
	if len(d.topic.Title) > 0 {
		title := d.topic.TitleIn(language.Make(d.Lang))
		about = func(text string) string { return strings.ReplaceAll(text, "{topic}", title) }
		ask, leave, all = w.AskTopic, about(w.LeaveTopic), w.LeaveAll
	}
	switch state {
	case asking:
		d.Text, d.Button, d.Action, d.All = ask, leave, here, all
	case leftTopicUndo:
		d.Text, d.Hint, d.Button, d.Action, d.All = about(w.LeftTopic), w.Undo, w.UndoButton, here+"/undo", all
	case leftTopic:
		d.Text, d.All = about(w.LeftTopic), all
	case leftUndo:
		d.Text, d.Hint, d.Button, d.Action = w.Left, w.Undo, w.UndoButton, here+"/undo"
	case leftForGood:
		d.Text = w.Left
	case back:
		d.Text, d.Button, d.Action, d.All = w.Back, leave, here, all
	case unknownLink:
		d.Text = w.Unknown
	default:
		d.Text = w.Failed
	}
}

// pageLanguages are the languages of the page; the first is for everybody else.
func pageLanguages() []struct {
	tag   string
	words words
} {
	return []struct {
		tag   string
		words words
	}{
		{"en", words{
			Title: "Unsubscribe", From: "From", By: "By", Email: "e-mail", SMS: "text message (SMS)",
			Ask: "Would you like to stop getting messages of this kind?", Leave: "Unsubscribe",
			Left: "You are unsubscribed. You will get no more messages of this kind.",
			Undo: "Was that a mistake?", UndoButton: "I did not mean to",
			AskTopic: "What would you like to stop getting?", LeaveTopic: "No more: {topic}",
			LeftTopic: "You will get no more messages about “{topic}”.", LeaveAll: "No news and offers at all any more",
			Back:    "You are subscribed again.",
			Unknown: "This link does not work. It may have been cut off: please use the whole link from the message.",
			Failed:  "That did not work. Please try again in a moment.",
		}},
		{"ko", words{
			Title: "수신 거부", From: "보낸 곳", By: "수신 방법", Email: "이메일", SMS: "문자 메시지(SMS)",
			Ask: "이런 종류의 메시지를 더 이상 받지 않으시겠습니까?", Leave: "수신 거부",
			Left: "수신이 거부되었습니다. 앞으로 이런 종류의 메시지를 보내지 않습니다.",
			Undo: "실수로 누르셨나요?", UndoButton: "실수였습니다, 취소하기",
			AskTopic: "어떤 메시지를 그만 받으시겠습니까?", LeaveTopic: "더 이상 받지 않기: {topic}",
			LeftTopic: "앞으로 ‘{topic}’에 대한 메시지를 보내지 않습니다.", LeaveAll: "모든 소식과 혜택 메시지 받지 않기",
			Back:    "다시 메시지를 받으시게 됩니다.",
			Unknown: "이 링크는 사용할 수 없습니다. 링크가 잘렸을 수 있으니 메시지에 있는 전체 링크를 사용해 주세요.",
			Failed:  "처리하지 못했습니다. 잠시 후 다시 시도해 주세요.",
		}},
		{"de", words{
			Title: "Abmelden", From: "Von", By: "Über", Email: "E-Mail", SMS: "SMS",
			Ask: "Möchten Sie keine Nachrichten dieser Art mehr erhalten?", Leave: "Abmelden",
			Left: "Sie sind abgemeldet und erhalten keine Nachrichten dieser Art mehr.",
			Undo: "War das ein Versehen?", UndoButton: "Das war ein Versehen",
			AskTopic: "Was möchten Sie nicht mehr erhalten?", LeaveTopic: "Nicht mehr: {topic}",
			LeftTopic: "Sie erhalten keine Nachrichten mehr zu „{topic}“.", LeaveAll: "Gar keine Neuigkeiten und Angebote mehr",
			Back:    "Sie sind wieder angemeldet.",
			Unknown: "Dieser Link funktioniert nicht. Vielleicht ist er unvollständig: Bitte verwenden Sie den ganzen Link aus der Nachricht.",
			Failed:  "Das hat nicht geklappt. Bitte versuchen Sie es gleich noch einmal.",
		}},
		{"th", words{
			Title: "ยกเลิกการรับข้อความ", From: "จาก", By: "ช่องทาง", Email: "อีเมล", SMS: "ข้อความ (SMS)",
			Ask: "คุณต้องการหยุดรับข้อความประเภทนี้หรือไม่", Leave: "ยกเลิกการรับ",
			Left: "ยกเลิกเรียบร้อยแล้ว คุณจะไม่ได้รับข้อความประเภทนี้อีก",
			Undo: "กดผิดใช่หรือไม่", UndoButton: "ฉันไม่ได้ตั้งใจ",
			AskTopic: "คุณต้องการหยุดรับข้อความเรื่องใด", LeaveTopic: "ไม่รับอีก: {topic}",
			LeftTopic: "คุณจะไม่ได้รับข้อความเกี่ยวกับ “{topic}” อีก", LeaveAll: "ไม่รับข่าวสารและข้อเสนอทั้งหมดอีก",
			Back:    "คุณกลับมารับข้อความอีกครั้งแล้ว",
			Unknown: "ลิงก์นี้ใช้ไม่ได้ ลิงก์อาจไม่ครบถ้วน โปรดใช้ลิงก์ทั้งหมดจากข้อความ",
			Failed:  "ดำเนินการไม่สำเร็จ โปรดลองอีกครั้งในอีกสักครู่",
		}},
	}
}
