package collect

// fault is why an item is refused or was changed. The details quote nothing of
// the item.
type fault struct{ code, detail string }

var (
	notObject = &fault{"not_an_object", "The item is not an object."}
	tooLarge  = &fault{"event_too_large", "The event is larger than 32 KB."}
	tooDeep   = &fault{"nested_too_deep", "The event has lists or objects nested more than 64 deep."}

	typeUnknown  = &fault{"type_unknown", "The type is none of identify, track, page, screen, group and alias."}
	typeMismatch = &fault{"type_mismatch", "The type is another one than that of the address the event was sent to."}

	idInvalid       = &fault{"id_invalid", "An id (messageId, userId, anonymousId, previousId or groupId) is longer than 256 bytes, holds a control character, or is neither a text nor a number."}
	idPlaceholder   = &fault{"id_placeholder", "An id (messageId, userId, anonymousId or previousId) is no id but what a program writes when it has none, such as null, undefined, [object Object] or 0: everybody who is sent with it would become one customer. Leave the id out where there is none."}
	userMissing     = &fault{"user_missing", "There is neither a userId nor an anonymousId."}
	groupMissing    = &fault{"group_missing", "A group call needs a groupId."}
	aliasIncomplete = &fault{"alias_incomplete", "An alias call needs a previousId and a userId."}

	nameMissing = &fault{"event_missing", `A track call needs the name of its event in "event".`}
	nameInvalid = &fault{"event_invalid", "The name of the event is longer than 200 bytes or holds a control character."}
	nameTidied  = &fault{"name_changed", "The name of the page or screen was cut to 200 bytes, or freed of control characters."}

	propertiesInvalid = &fault{"properties_invalid", "The properties or traits are not an object."}
	contextInvalid    = &fault{"context_invalid", "The context, the event's or its batch's, is not an object of at most 64 levels."}
	contextTooLarge   = &fault{"context_too_large", "The batch's context, given to each of its events, makes them larger than can be taken in at once."}

	timeReplaced = &fault{"timestamp_replaced", "The timestamp is not a time with its zone (as in 2026-11-22T09:30:00Z), or lies before the year 1990; the time of receipt stands for it."}
)
