package workspace

import (
	"fmt"
	"slices"

	"rapport/internal/strictyaml"
	"rapport/journey"
)

// Past is what a version of the workspace is told of those before it.
type Past struct {
	// Since says of each journey and campaign, by name, which version made it what it
	// is. Of those that it leaves out it is the version that is compiled.
	Since map[string]uint64
	// Earlier are the documents that runs may still follow.
	Earlier []Earlier
}

// Earlier is a journey's document as it was once, and the version that made it so.
type Earlier struct {
	Version uint64
	Document
}

// since returns the version that made a journey what it is.
func (past Past) since(name string, version uint64) uint64 {
	if since, known := past.Since[name]; known {
		return since
	}
	return version
}

// earlier compiles the versions that runs still follow. One that does not compile among
// the documents of today is not kept: its runs go on with the newest, and a warning says
// so.
func (c *compiler) earlier(w *Compiled, past Past) []*journey.Journey {
	var kept []*journey.Journey
	for _, e := range past.Earlier {
		newest := w.Journeys.Get(e.Name)
		if newest == nil || !newest.Stays() || newest.Version() == e.Version {
			continue
		}
		j, problem := c.again(w, e)
		if problem != "" {
			w.Warnings = append(w.Warnings, c.inJourney(e.Name, "", fmt.Sprintf(
				"the runs of version %d can't finish as they began, and go on with this one: %s", e.Version, problem)))
			continue
		}
		kept = append(kept, j)
	}
	return kept
}

// again compiles an earlier document; if it can't be, problem says why.
func (c *compiler) again(w *Compiled, e Earlier) (j *journey.Journey, problem string) {
	doc, problems := decodeEarlier(e)
	if len(problems) > 0 {
		return nil, problems[0].Message
	}
	j, wrong := journey.Compile(e.Name, doc, journey.Env{Plan: w.Plan, Version: e.Version, Campaign: e.Kind == "campaign"})
	if len(wrong) > 0 {
		return nil, wrong[0].String()
	}
	known := c.known(w)
	for _, r := range j.References() {
		if names, checked := known[r.Kind]; checked && !slices.Contains(names, r.Name) {
			return nil, noSuch(string(r.Kind), r.Name, names)
		}
	}
	return j, ""
}

func decodeEarlier(e Earlier) (journey.Doc, []strictyaml.Problem) {
	tree, problems := read(e.Document)
	if tree == nil {
		return journey.Doc{}, problems
	}
	if e.Kind == "campaign" {
		var doc journey.CampaignDoc
		problems = append(problems, tree.Decode(&doc, "kind", "name")...)
		return doc.Journey(), problems
	}
	var doc journey.Doc
	problems = append(problems, tree.Decode(&doc, "kind", "name")...)
	return doc, problems
}
