package client

import (
	"fmt"
	"strings"
)

// worstCase is what the server tells of the most messages that a journey asks for.
type worstCase struct {
	Messages  *int   `json:"messages"`
	Exact     bool   `json:"exact"`
	Unbounded string `json:"unbounded"`
	PerKey    string `json:"perKey"`
	Of        []struct {
		Channel  string `json:"channel"`
		Class    string `json:"class"`
		Messages *int   `json:"messages"`
	} `json:"of"`
}

// String puts it in a line.
func (w worstCase) String() string {
	text := "any number of messages a customer in 7 days"
	if w.Messages != nil {
		text = plural(*w.Messages) + " a customer in 7 days"
		if !w.Exact {
			text = "at most " + text
		}
	}
	if w.PerKey != "" {
		text += " for each " + w.PerKey
	}
	var parts []string
	for _, p := range w.Of {
		many := "any"
		if p.Messages != nil {
			many = fmt.Sprint(*p.Messages)
		}
		parts = append(parts, fmt.Sprintf("%s %s %s", p.Channel, p.Class, many))
	}
	if len(parts) > 0 {
		text += " (" + strings.Join(parts, ", ") + ")"
	}
	if w.Unbounded != "" {
		text += ": " + w.Unbounded
	}
	return text
}

func plural(messages int) string {
	if messages == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", messages)
}
