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
