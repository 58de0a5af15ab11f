package liquid

import (
	"encoding/base64"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

func textFilters() map[string]filterSpec {
	return map[string]filterSpec{
		"append":                 {1, 1, nil, appendFilter},
		"base64_decode":          {0, 0, nil, decode(base64.StdEncoding)},
		"base64_encode":          {0, 0, nil, text(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) })},
		"base64_url_safe_decode": {0, 0, nil, decode(base64.URLEncoding)},
		"base64_url_safe_encode": {0, 0, nil, text(func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) })},
		"capitalize":             {0, 0, nil, text(capitalize)},
		"downcase":               {0, 0, nil, text(strings.ToLower)},
		"lstrip":                 {0, 0, nil, sameText(func(s string) string { return strings.TrimLeft(s, spaces) })},
		"prepend":                {1, 1, nil, prependFilter},
		"remove":                 {1, 1, nil, replacer(-1, false)},
		"remove_first":           {1, 1, nil, replacer(1, false)},
		"remove_last":            {1, 1, nil, replacer(1, true)},
		"replace":                {1, 2, nil, replacer(-1, false)},
		"replace_first":          {1, 2, nil, replacer(1, false)},
		"replace_last":           {2, 2, nil, replacer(1, true)},
		"rstrip":                 {0, 0, nil, sameText(func(s string) string { return strings.TrimRight(s, spaces) })},
		"slice":                  {1, 2, nil, sliceFilter},
		"split":                  {1, 1, nil, splitFilter},
		"strip":                  {0, 0, nil, sameText(func(s string) string { return strings.Trim(s, spaces) })},
		"strip_newlines":         {0, 0, nil, sameText(stripNewlines)},
		"truncate":               {0, 2, nil, truncateFilter},
		"truncatewords":          {0, 2, nil, truncateWordsFilter},
		"upcase":                 {0, 0, nil, text(strings.ToUpper)},
		"url_decode":             {0, 0, nil, text(urlDecode)},
		"url_encode":             {0, 0, nil, text(url.QueryEscape)},
	}
}

// spaces are the characters that strip takes away.
const spaces = " \t\n\v\f\r\x00"

func runeCount(s string) int { return utf8.RuneCountInString(s) }

// text makes a filter of a function whose result is at most a few times longer
// than its input.
func text(f func(string) string) filterFunc {
	return func(r *renderer, in value, _ args) (value, error) {
		return textValue(f(r.string(in))), nil
	}
}

// sameText is text for what leaves HTML what it is.
func sameText(f func(string) string) filterFunc {
	plain := text(f)
	return func(r *renderer, in value, a args) (value, error) {
		out, err := plain(r, in, a)
		if in.isHTML() {
			out = out.html()
		}
		return out, err
	}
}

func appendFilter(r *renderer, in value, a args) (value, error) { return joined(r, in, a.get(0)) }

func prependFilter(r *renderer, in value, a args) (value, error) { return joined(r, a.get(0), in) }

// joined puts two texts together. Where one of them is HTML the other becomes it.
func joined(r *renderer, a, b value) (value, error) {
	html := a.isHTML() || b.isHTML()
	left, right := r.string(a), r.string(b)
	if html && !a.isHTML() {
		left = string(appendEscaped(nil, left))
	}
	if html && !b.isHTML() {
		right = string(appendEscaped(nil, right))
	}
	out := textValue(left + right)
	if html {
		out = out.html()
	}
	return out, nil
}

func decode(encoding *base64.Encoding) filterFunc {
	return func(r *renderer, in value, _ args) (value, error) {
		if in.isNil() {
			return textValue(""), nil
		}
		out, err := encoding.DecodeString(r.string(in))
		if err != nil || in.kind != textKind || !utf8.Valid(out) {
			return value{}, fail("this is not base64 of a text")
		}
		return textValue(string(out)), nil
	}
}

func capitalize(s string) string {
	if s == "" {
		return s
	}
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToTitle(first)) + strings.ToLower(s[size:])
}

func stripNewlines(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", ""), "\n", "")
}

// urlDecode leaves alone what is no proper escape.
func urlDecode(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return strings.ToValidUTF8(out, "\ufffd")
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := url.QueryUnescape(s[i : i+3]); err == nil {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		if s[i] == '+' {
			b.WriteByte(' ')
			continue
		}
		b.WriteByte(s[i])
	}
	return strings.ToValidUTF8(b.String(), "\ufffd")
}

// replacer replaces what its first argument says by its second, nothing if there
// is none: all of it, the first one or the last one.
func replacer(count int, last bool) filterFunc {
	return func(r *renderer, in value, a args) (value, error) {
		s, old, with := r.string(in), r.string(a.get(0)), r.string(a.get(1))
		found := min(strings.Count(s, old), 1)
		if count < 0 {
			found = strings.Count(s, old)
		}
		if err := r.spendBytes(len(s) + found*len(with)); err != nil {
			return value{}, err
		}
		if !last {
			return textValue(strings.Replace(s, old, with, count)), nil
		}
		i := strings.LastIndex(s, old)
		if i < 0 {
			return textValue(s), nil
		}
		return textValue(s[:i] + with + s[i+len(old):]), nil
	}
}

// splitFilter cuts a text: at a space, at any white space; at nothing, after
// every character. Empty pieces at the end are dropped.
func splitFilter(r *renderer, in value, a args) (value, error) {
	s, at := r.string(in), r.string(a.get(0))
	pieces := 1 + len(s)
	if at != "" && at != " " {
		pieces = 1 + strings.Count(s, at)
	}
	if err := r.spend(pieces); err != nil {
		return value{}, err
	}
	var parts []string
	if at == " " {
		parts = strings.FieldsFunc(s, func(c rune) bool { return c < utf8.RuneSelf && isSpace(byte(c)) })
	} else {
		parts = strings.Split(s, at)
	}
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	items := make([]value, len(parts))
	for i, part := range parts {
		items[i] = textValue(part)
	}
	return listValue(items), nil
}

// sliceFilter takes characters of a text or items of a list, one unless said; a
// negative offset counts from the end.
func sliceFilter(r *renderer, in value, a args) (value, error) {
	offset, err := integer(a.get(0))
	if err != nil {
		return value{}, err
	}
	length := 1
	if !a.get(1).isNil() {
		if length, err = integer(a.get(1)); err != nil {
			return value{}, err
		}
	}
	if in.isList() || in.kind == rangeKind {
		return sliceList(r, in, offset, length)
	}
	s := r.string(in)
	from, to := bounds(offset, length, runeCount(s))
	return textValue(runes(s, from, to)), nil
}

func sliceList(r *renderer, in value, offset, length int) (value, error) {
	from, to := bounds(offset, length, in.size())
	if err := r.spend(to - from); err != nil {
		return value{}, err
	}
	items := make([]value, 0, to-from)
	for i := from; i < to; i++ {
		items = append(items, r.item(in, i))
	}
	return listValue(items), nil
}

// bounds turns an offset and a length into a part of n things, empty where there
// is none.
func bounds(offset, length, n int) (from, to int) {
	if offset < 0 {
		offset += n
	}
	if offset < 0 || offset > n || length <= 0 {
		return 0, 0
	}
	return offset, offset + min(length, n-offset)
}

// runes returns characters from to to of s.
func runes(s string, from, to int) string {
	start, end, n := len(s), len(s), 0
	for i := range s {
		if n == from {
			start = i
		}
		if n == to {
			end = i
			break
		}
		n++
	}
	return s[start:max(start, end)]
}

func truncateFilter(r *renderer, in value, a args) (value, error) {
	length, ellipsis, err := truncation(r, a, 50)
	if err != nil {
		return value{}, err
	}
	s := r.string(in)
	if runeCount(s) <= length {
		return textValue(s), nil
	}
	return textValue(runes(s, 0, max(0, length-runeCount(ellipsis))) + ellipsis), nil
}

func truncateWordsFilter(r *renderer, in value, a args) (value, error) {
	count, ellipsis, err := truncation(r, a, 15)
	if err != nil {
		return value{}, err
	}
	s := r.string(in)
	words := strings.Fields(s)
	if count = max(1, count); len(words) <= count {
		return textValue(s), nil
	}
	return textValue(strings.Join(words[:count], " ") + ellipsis), nil
}

// truncation reads how much is to stay, and what follows where something goes.
func truncation(r *renderer, a args, standard int) (length int, ellipsis string, err error) {
	length, ellipsis = standard, "..."
	if len(a.at) > 0 {
		length, err = integer(a.at[0])
	}
	if len(a.at) > 1 {
		ellipsis = r.string(a.at[1])
	}
	return length, ellipsis, err
}
