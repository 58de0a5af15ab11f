package render

import "strings"

// languageTag returns a language in the form in which they are compared: zh-hant
// for zh_Hant. It is "" if the text can't be a tag of BCP 47.
func languageTag(s string) string {
	tag := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), "_", "-"))
	if len(tag) > 35 {
		return ""
	}
	for i, sub := range strings.Split(tag, "-") {
		letters := strings.Trim(sub, "abcdefghijklmnopqrstuvwxyz") == ""
		plain := strings.Trim(sub, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
		if i == 0 && (!letters || len(sub) < 2 || len(sub) > 3) || !plain || sub == "" || len(sub) > 8 {
			return ""
		}
	}
	return tag
}

// wider returns a tag without its last part: zh for zh-hant, "" for zh.
func wider(tag string) string { return tag[:max(0, strings.LastIndexByte(tag, '-'))] }

// choose returns the texts for a customer: in the language that she told of
// (traits locale, language), or else in that of her market. A language that the
// template is not written in gets its own texts.
func (t *Template) choose(r Request) *variant {
	if len(t.variants) == 0 {
		return &t.main
	}
	tag := languageTag(r.Market.Language)
	for _, trait := range [...]string{"locale", "language"} {
		if told := languageTag(r.Customer.Trait(trait).Text()); told != "" {
			tag = told
			break
		}
	}
	for ; tag != ""; tag = wider(tag) {
		if tag == t.main.language {
			break
		}
		for i := range t.variants {
			if t.variants[i].language == tag {
				return &t.variants[i]
			}
		}
	}
	return &t.main
}

func (t *Template) has(tag string) bool {
	for i := range t.variants {
		if t.variants[i].language == tag {
			return true
		}
	}
	return false
}
