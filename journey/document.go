package journey

// Doc is a journey as the marketer writes it. Its name is the document's.
type Doc struct {
	Description string            `json:"description" doc:"What the journey is for, in a sentence"`
	Entry       Entry             `json:"entry" required:"true" doc:"What starts a run"`
	Key         string            `json:"key" doc:"A property of the entry event, such as event.cart_id: there is one run per value of it. Without a key there is one run per customer"`
	Reentry     Reentry           `json:"reentry" doc:"What a trigger does while a run is under way, and after it ended"`
	Versions    string            `json:"versions" enum:"finish,move" doc:"What becomes of the runs under way when the journey is changed: they finish as they began (unless said otherwise), or move to the new version, each to the step of the same name"`
	Moved       map[string]string `json:"moved" doc:"For runs that move: the steps that have another name now, from the old name to the new one"`
	Exit        []Exit            `json:"exit" doc:"What ends a run at once, wherever it stands"`
	Goal        *Goal             `json:"goal" doc:"What the journey wants the customer to do; counted, it ends nothing"`
	Steps       []Step            `json:"steps" required:"true" doc:"What happens, one after another"`
}

// Entry says what starts a run: an event, a change of a trait, a request, entering or
// leaving a segment, or a schedule.
type Entry struct {
	Event    []string  `json:"event" doc:"The event, or a list of events, that starts a run"`
	Trait    []string  `json:"trait" doc:"The trait of the customer, or a list of them, a change of which starts a run"`
	API      bool      `json:"api" doc:"A run is started by a request, POST /v1/journeys/{name}/runs, which may give properties along"`
	Segment  string    `json:"segment" doc:"The segment that a customer enters, which starts a run"`
	Schedule *Schedule `json:"schedule" doc:"The days on which runs begin for those of whom where holds"`
	Left     bool      `json:"left" doc:"With segment: leaving it starts the run, not entering it"`
	Existing bool      `json:"existing" doc:"With segment: also those whom a new or changed definition of the segment makes members start a run"`
	Where    string    `json:"where" doc:"A rule about customer and event that must hold as well; of a changed trait event has trait, from and to"`
	MaxAge   string    `json:"max_age" doc:"An event that is older than this when it arrives starts nothing; 24h unless said"`
}

// kinds returns how many of the things that may start a run are named.
func (e *Entry) kinds() (n int) {
	for _, set := range [...]bool{len(e.Event) > 0, len(e.Trait) > 0, e.API, e.Segment != "", e.Schedule != nil} {
		if set {
			n++
		}
	}
	return n
}

// Reentry says what a trigger does when the key has or had a run already.
type Reentry struct {
	Running string `json:"running" enum:"ignore,restart" doc:"While a run is under way: ignore the trigger (unless said otherwise), or restart the run from its first step"`
	After   string `json:"after" doc:"How long after a run ended the next may start: 0s (unless said otherwise), 12h, 7d (calendar days), or never"`
	OncePer string `json:"once_per" enum:"day,week,month,year" doc:"At most one run begins in each day, week (from Monday), month or year on the calendar of the customer's zone"`
}

// Exit is one thing that ends a run: an event, or a rule that comes to hold.
type Exit struct {
	Event []string `json:"event" doc:"The event, or a list of events, that ends the run"`
	Where string   `json:"where" doc:"With event: a rule about customer, cart, event (the one that ends) and entry (the one that started) that must hold as well"`
	When  string   `json:"when" doc:"A rule about customer, cart and entry that ends the run as soon as it holds"`
}

// Goal is what the journey wants the customer to do.
type Goal struct {
	Event  []string `json:"event" required:"true" doc:"The event, or a list of events, that reaches the goal"`
	Where  string   `json:"where" doc:"A rule about customer, cart, event and entry that must hold as well"`
	Within string   `json:"within" required:"true" doc:"How long after the entry it counts, also when the run has ended, such as 3d"`
}

// Step is one step; exactly one of the fields besides name is set.
type Step struct {
	Name      string     `json:"name" doc:"The step's name, unlike any other in the journey. A run's place is kept by it. Without one the step is called after its kind and place, such as wait-2"`
	Wait      Wait       `json:"wait" doc:"Wait so long, such as 1h, or until a time of day, a weekday or a date"`
	Send      *Send      `json:"send" doc:"Ask to send a message"`
	Branch    []Case     `json:"branch" doc:"Go on with the first case whose rule holds; an unknown answer counts as no"`
	Split     []Share    `json:"split" doc:"Part the customers by chance; who comes again goes the same way again"`
	WaitUntil *WaitUntil `json:"wait_until" doc:"Wait until something happens or holds, but not for ever"`
	Update    *Update    `json:"update" doc:"Set traits of the customer, or tell an event of her"`
	Webhook   *Webhook   `json:"webhook" doc:"Call an address outside, and go on with its answer"`
	Offer     *Offer     `json:"offer" doc:"Let later steps print and read an offer; a placeholder until there are offers"`
	Stop      bool       `json:"stop" doc:"End the run here"`
}

// Wait says how long a step takes: a length of time, or field by field. What For or
// Until come to is moved on to the next day and time that On and At ask for.
type Wait struct {
	For    string   `json:"for" doc:"So long: 90m and 1h are exact, 2d and 1w are calendar days in the customer's zone"`
	Until  string   `json:"until" doc:"Until a date: one of the customer's or of the entry's, such as customer.trial_ends - duration(\"2d\"), or a day, such as 2026-12-24"`
	On     []string `json:"on" enum:"monday,tuesday,wednesday,thursday,friday,saturday,sunday" doc:"Until it is one of these days in the customer's zone"`
	At     string   `json:"at" doc:"Until her clocks show this time, such as 18:00"`
	Missed string   `json:"missed" enum:"go_on,stop" doc:"With until: what happens when that is past, or nobody told the date: go_on at once (unless said otherwise), or stop"`
}

// UnmarshalText reads a wait that is written as one length of time.
func (w *Wait) UnmarshalText(text []byte) error {
	w.For = string(text)
	return nil
}

func (w *Wait) isZero() bool {
	return w.For == "" && w.Until == "" && len(w.On) == 0 && w.At == "" && w.Missed == ""
}

// Share is one way on from a split.
type Share struct {
	Name  string  `json:"name" required:"true" doc:"The name of the way, by which it is counted"`
	Share float64 `json:"share" required:"true" doc:"How many of a hundred customers go this way. Those that are left go on behind the split"`
	Steps []Step  `json:"steps" doc:"What happens on this way; afterwards the run goes on behind the split"`
}

// Send asks to send a message.
type Send struct {
	Template  string `json:"template" required:"true" doc:"The template of the message"`
	Channel   string `json:"channel" required:"true" enum:"email,sms" doc:"How it is sent"`
	Class     string `json:"class" required:"true" enum:"transactional,must-send,promotional,content" doc:"What the message is for, and so which gates it must pass"`
	Purpose   string `json:"purpose" doc:"The purpose the customer must have agreed to; marketing unless said otherwise, and none for transactional messages"`
	Topic     string `json:"topic" doc:"What the message is about: customers may leave a topic and keep the others. Absent: no topic"`
	UsefulFor string `json:"useful_for" doc:"How long after this step the message still makes sense; later it is dropped"`
}

// Case is one way on from a branch.
type Case struct {
	When      string `json:"when" doc:"A rule about customer, cart and entry; the first case whose rule holds is taken"`
	Otherwise bool   `json:"otherwise" doc:"Taken when no rule before it holds; must be the last case"`
	Steps     []Step `json:"steps" doc:"What happens in this case; afterwards the run goes on behind the branch. Only otherwise may do without"`
}

// WaitUntil waits for an event or for a rule to hold.
type WaitUntil struct {
	Event     []string `json:"event" doc:"The event, or a list of events, that is waited for"`
	Where     string   `json:"where" doc:"With event: a rule about customer, cart, event and entry that must hold as well"`
	When      string   `json:"when" doc:"Instead of event: a rule about customer, cart and entry; if it holds already, nothing is waited for"`
	Timeout   string   `json:"timeout" required:"true" doc:"How long to wait at most"`
	Then      []Step   `json:"then" doc:"What happens when it came"`
	Otherwise []Step   `json:"otherwise" doc:"What happens when it did not come in time"`
}
