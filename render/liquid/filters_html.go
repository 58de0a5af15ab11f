package liquid

import (
	"bytes"
	"strings"
)

func htmlFilters() map[string]filterSpec {
	return map[string]filterSpec{
		"escape":        {0, 0, nil, escapeFilter},
		"escape_once":   {0, 0, nil, escapeOnceFilter},
		"h":             {0, 0, nil, escapeFilter},
		"newline_to_br": {0, 0, nil, newlineFilter},
		"strip_html":    {0, 0, nil, text(stripHTML)},
	}
}

// html returns a text that is HTML already. That matters only where everything
// else is escaped.
func (r *renderer) html(s string) value {
	v := textValue(s)
	if r.template.autoEscape {
		v = v.html()
	}
	return v
}

func needsEscape(b []byte) bool { return bytes.ContainsAny(b, `&<>"'`) }

// entity returns what stands for c in HTML, or nothing.
func entity(c byte) string {
	switch c {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '"':
		return "&quot;"
	case '\'':
		return "&#39;"
	}
	return ""
}

func appendEscaped(b []byte, s string) []byte {
	start := 0
	for i := range len(s) {
		if s[i] > '>' {
			continue
		}
		if e := entity(s[i]); e != "" {
			b = append(append(b, s[start:i]...), e...)
			start = i + 1
		}
	}
	return append(b, s[start:]...)
}

func escapeFilter(r *renderer, in value, _ args) (value, error) {
	if in.isHTML() {
		return in, nil
	}
	s := r.string(in)
	return r.html(string(appendEscaped(nil, s))), nil
}

// escapeOnceFilter escapes what is not escaped yet.
func escapeOnceFilter(r *renderer, in value, _ args) (value, error) {
	s := r.string(in)
	var b []byte
	for i := 0; i < len(s); i++ {
		if e := entity(s[i]); e != "" && (s[i] != '&' || entityLength(s[i:]) == 0) {
			b = append(b, e...)
			continue
		}
		b = append(b, s[i])
	}
	return r.html(string(b)), nil
}

// entityLength returns how long the entity is that s, at an &, begins with; 0 if
// it begins with none.
func entityLength(s string) int {
	end := strings.IndexByte(s[:min(len(s), 32)], ';')
	if end < 2 {
		return 0
	}
	name := s[1:end]
	if name[0] == '#' {
		name = name[1:]
	}
	for i := range len(name) {
		if !isWord(name[i]) || name[i] == '_' {
			return 0
		}
	}
	if name == "" {
		return 0
	}
	return end + 1
}

// newlineFilter makes line breaks of HTML; where everything is escaped, it
// escapes the text itself first.
func newlineFilter(r *renderer, in value, _ args) (value, error) {
	s := r.string(in)
	if r.template.autoEscape && !in.isHTML() {
		s = string(appendEscaped(nil, s))
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return r.html(strings.ReplaceAll(s, "\n", "<br />\n")), nil
}

// stripHTML takes away tags and comments, and scripts and styles with what is in
// them. It tidies; it is no protection against hostile HTML.
func stripHTML(s string) string {
	var b strings.Builder
	closed := map[string]bool{"</script>": true, "</style>": true, "-->": true, ">": true}
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		n := markupLength(s, closed)
		if n == 0 {
			b.WriteByte('<')
			n = 1
		}
		s = s[n:]
	}
	b.WriteString(s)
	return b.String()
}

// markupLength returns how long the tag, comment, script or style is that s
// begins with; 0 if it is never closed, which closed then remembers so that
// nobody looks for that end again.
func markupLength(s string, closed map[string]bool) int {
	for _, pair := range [...][2]string{{"<script", "</script>"}, {"<style", "</style>"}, {"<!--", "-->"}, {"<", ">"}} {
		if !closed[pair[1]] || !strings.HasPrefix(s, pair[0]) {
			continue
		}
		if end := strings.Index(s, pair[1]); end >= 0 {
			return end + len(pair[1])
		}
		closed[pair[1]] = false
	}
	return 0
}
