package flow

import (
	"rapport"
	"rapport/profile"
)

// hear appends to a list what journeys hear of an event that was folded: the event
// itself, the consents it carries, and the changes of traits that some journey waits for.
// Of one that pretends to be what only we tell they hear that something happened, since
// rules that they wait for may read it.
func hear(list []*profile.Event, w *Workspace, c *customer, event *profile.Event, changed *profile.Touched) []*profile.Event {
	if event.Pretends() {
		list = append(list, nameless(event))
	} else {
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

// nameless is an event under a name that no journey listens to.
func nameless(event *profile.Event) *profile.Event {
	one := *event.Event
	one.Type, one.Name = rapport.Noted, ""
	return profile.Read(&one)
}
