package workspace

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"rapport"
	"rapport/journey"
	"rapport/rule"
)

// journeys compiles the journeys, and the campaigns, which are journeys too.
func (c *compiler) journeys(plan *rule.Plan, version uint64, past Past) []*journey.Journey {
	docs := decode[journey.Doc](c, "journey")
	campaigns := decode[journey.CampaignDoc](c, "campaign")
	for name, doc := range campaigns {
		if _, taken := docs[name]; taken {
			c.add("campaign", name, "name", fmt.Sprintf("a journey is called %q already: give the campaign a name of its own", name))
			continue
		}
		docs[name] = doc.Journey()
	}
	var compiled []*journey.Journey
	for _, name := range slices.Sorted(maps.Keys(docs)) {
		if c.faulty[c.journeyKey(name)] {
			continue
		}
		in := journey.Env{Plan: plan, Version: past.since(name, version), Campaign: c.journeyKey(name).kind == "campaign"}
		j, problems := journey.Compile(name, docs[name], in)
		for _, p := range problems {
			c.journeyProblem(name, p)
		}
		if j != nil {
			compiled = append(compiled, j)
		}
	}
	return compiled
}

// journeyKey returns the document that a journey was written in.
func (c *compiler) journeyKey(name string) key {
	if k := (key{"journey", name}); c.trees[k] != nil {
		return k
	}
	return key{"campaign", name}
}

// inCampaign says where a campaign writes what a journey writes in its entry.
var inCampaign = strings.NewReplacer("entry.where", "audience", "entry.schedule", "schedule")

// journeyPath returns where the document of a journey says what is at a path.
func (k key) journeyPath(path string) string {
	if k.kind == "campaign" {
		return inCampaign.Replace(path)
	}
	return path
}

// placeInRule is how a journey tells the place within a rule.
var placeInRule = regexp.MustCompile(`^line (\d+), column (\d+): `)

func (c *compiler) journeyProblem(name string, p journey.Problem) {
	message := withSuggestion(p.Message, p.Suggestion)
	k := c.journeyKey(name)
	path := k.journeyPath(p.Path)
	m := placeInRule.FindStringSubmatch(message)
	text := c.trees[k].Text(path)
	if m == nil || text == "" {
		c.add(k.kind, name, path, message)
		return
	}
	line, _ := strconv.Atoi(m[1])
	column, _ := strconv.Atoi(m[2])
	c.within(k.kind, name, path, offsetOf([]byte(text), min(line, 1+strings.Count(text, "\n")), column), message[len(m[0]):])
}

// references checks that what journeys name is there.
func (c *compiler) references(journeys []*journey.Journey, w *Compiled) {
	known := c.known(w)
	for _, j := range journeys {
		k := c.journeyKey(j.Name())
		for _, r := range j.References() {
			path := k.journeyPath(r.Path)
			names, checked := known[r.Kind]
			if checked && !slices.Contains(names, r.Name) {
				c.add(k.kind, k.name, path, noSuch(string(r.Kind), r.Name, names))
			}
			if t := w.Templates.Get(r.Name); t != nil && r.Kind == journey.ToTemplate {
				c.sends(k, path, t)
			}
			if t, found := w.Topics[r.Name]; found && r.Kind == journey.ToTopic {
				c.topical(k, path, r.Name, t)
			}
		}
	}
}

// known returns the names that there are of what journeys refer to. What is not in it
// is not checked.
func (c *compiler) known(w *Compiled) map[journey.ReferenceKind][]string {
	known := map[journey.ReferenceKind][]string{
		journey.ToSegment:  c.names("segment"),
		journey.ToTemplate: c.names("template"),
		journey.ToPurpose:  slices.Sorted(maps.Keys(w.Purposes)),
		journey.ToTopic:    slices.Sorted(maps.Keys(w.Topics)),
		journey.ToFeast:    w.Markets.Feasts(),
	}
	if w.Plan.StrictEvents {
		known[journey.ToEvent] = append(slices.Sorted(maps.Keys(w.Plan.Events)), rapport.TraitChanged, rapport.JourneyRequested)
	}
	return known
}
