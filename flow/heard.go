package flow

import (
	"rapport"
	"rapport/profile"
)

// hear appends to a list what journeys hear of an event that was folded: the event
// itself, the consents it carries, and the changes of traits that some journey waits for.
func hear(list []*profile.Event, w *Workspace, c *customer, event *profile.Event, changed *profile.Touched) []*profile.Event {
	if event.Name() != rapport.JourneyRequested || event.Type == rapport.Derived { // only the API asks for runs
		list = append(list, event)
	}
	list = append(list, event.Told()...)
	for i, name := range changed.Traits {
		if is := c.record.Trait(name); w.Journeys.ReadsTrait(name) && !is.Equal(changed.Were[i]) {
			list = append(list, profile.TraitChanged(event, name, changed.Were[i], is))
		}
	}
	return list
}
