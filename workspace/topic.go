package workspace

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"rapport"
	"rapport/internal/strictyaml"
)

// Topic is what messages are about: customers may leave one and keep the others.
type Topic struct {
	Title       map[string]string `json:"title" required:"true" doc:"How it is called where customers choose, by language; the first in the order of the alphabet for all others"`
	Description string            `json:"description" doc:"What it is, for those who work with it"`
	Purpose     string            `json:"purpose" doc:"The purpose that customers must have agreed to for it; marketing unless said"`
	Channels    []string          `json:"channels" enum:"email,sms" doc:"The channels it comes by; every channel unless said"`
}

// purpose returns what must have been agreed to.
func (t Topic) purpose() string {
	if t.Purpose == "" {
		return rapport.PurposeMarketing
	}
	return t.Purpose
}

// TitleIn returns how the topic is called for a reader who prefers languages, the most
// preferred first.
func (t Topic) TitleIn(preferred ...language.Tag) string {
	names := slices.Sorted(maps.Keys(t.Title))
	var tags []language.Tag
	for _, name := range names {
		tags = append(tags, language.Make(name))
	}
	_, i, _ := language.NewMatcher(tags).Match(preferred...)
	return t.Title[names[i]]
}

func (c *compiler) topics(purposes map[string]Purpose) map[string]Topic {
	topics := decode[Topic](c, "topic")
	for _, name := range slices.Sorted(maps.Keys(topics)) {
		t := topics[name]
		if _, known := purposes[t.purpose()]; !known {
			c.add("topic", name, "purpose", noSuch("purpose", t.Purpose, slices.Sorted(maps.Keys(purposes))))
		}
		if len(t.Title) == 0 {
			c.add("topic", name, "title", "the topic has no title; write at least one, such as title: { en: New arrivals }")
		}
		for _, tag := range slices.Sorted(maps.Keys(t.Title)) {
			if _, err := language.Parse(tag); err != nil {
				c.add("topic", name, strictyaml.Key("title", tag), fmt.Sprintf("%q is no language; write it as en or de-AT", tag))
			}
		}
	}
	return topics
}

// topical checks that a step sends a message about a topic for the topic's purpose and by
// one of its channels.
func (c *compiler) topical(k key, path, name string, t Topic) {
	at := strings.TrimSuffix(path, ".topic")
	said := func(field string) string { return c.trees[k].Text(strictyaml.Key(at, field)) }
	purpose := said("purpose")
	if purpose == "" && said("class") != rapport.Transactional.String() {
		purpose = rapport.PurposeMarketing
	}
	if purpose != "" && purpose != t.purpose() {
		c.add(k.kind, k.name, path, fmt.Sprintf("topic %q is for %s, and this is sent for %s: write purpose: %s, or name another topic", name, t.purpose(), purpose, t.purpose()))
	}
	if channel := said("channel"); len(t.Channels) > 0 && channel != "" && !slices.Contains(t.Channels, channel) {
		c.add(k.kind, k.name, path, fmt.Sprintf("topic %q does not come by %s: add it to the topic's channels, or name another topic", name, channel))
	}
}
