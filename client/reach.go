package client

import (
	"fmt"
	"strings"
)

// reach is whom a journey would reach, as the server tells it of a plan.
type reach struct {
	People    *int64 `json:"people"`
	Exact     bool   `json:"exact"`
	Of        string `json:"of"`
	First     *int64 `json:"first"`
	PerMinute *int64 `json:"perMinute"`
	Messages  *int64 `json:"messages"`
	Cost      []struct {
		Amount   float64 `json:"amount"`
		Currency string  `json:"currency"`
	} `json:"cost"`
	Unsaid string `json:"unsaid"`
}

// String puts it in a line.
func (r *reach) String() string {
	if r.People == nil {
		return "not known. " + r.Unsaid
	}
	about := ""
	if !r.Exact {
		about = "about "
	}
	text := fmt.Sprintf("%s%d people (%s)", about, *r.People, r.Of)
	if r.First != nil {
		text += fmt.Sprintf(", %d of them first", *r.First)
	}
	if r.PerMinute != nil {
		text += fmt.Sprintf(", at most %d a minute", *r.PerMinute)
	}
	if r.Messages != nil {
		text += fmt.Sprintf(", at most %d messages in 7 days", *r.Messages)
	}
	var costs []string
	for _, c := range r.Cost {
		costs = append(costs, fmt.Sprintf("%s %.2f", c.Currency, c.Amount))
	}
	if len(costs) > 0 {
		text += ", which cost at most " + strings.Join(costs, " and ")
	}
	return text
}
