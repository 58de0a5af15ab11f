package journey

// Schedule says on which days runs begin, and when on them: on days of the calendar, on
// a feast, or on a date that is told of the customer.
type Schedule struct {
	On     []string `json:"on" doc:"The day, or a list of days: 2026-11-11, or 11-11 for that day of every year"`
	Repeat string   `json:"repeat" doc:"Instead of on: a rule of recurrence in days (RFC 5545), such as FREQ=WEEKLY;BYDAY=MO; it counts from from"`
	Feast  string   `json:"feast" doc:"Instead of on: the name of a feast; each customer's market says when it is"`
	Date   string   `json:"date" doc:"Instead of on: a date of the customer, such as customer.trial_ends"`
	Yearly bool     `json:"yearly" doc:"With date: every year anew, as a birthday returns; one on 29 February returns on the 28th in common years"`
	Shift  string   `json:"shift" doc:"So many days after it, such as 1d, or before it, such as -7d"`
	At     string   `json:"at" required:"true" doc:"The time of day, such as 10:00"`
	Zone   string   `json:"zone" doc:"Whose clocks say so: a time zone, such as Asia/Singapore, for everybody at one instant. Unless said, each customer's market has its own turn"`
	From   string   `json:"from" doc:"The first day on which runs begin"`
	To     string   `json:"to" doc:"The last day on which runs begin"`
	Late   string   `json:"late" doc:"For how long after the time runs may still begin where the server was down: 6h unless said; 0s for not at all"`
	Rate   string   `json:"rate" doc:"How many runs may begin at most, such as 600/m, 5000/h or 50000/d; they are given out minute by minute"`
	Canary *Canary  `json:"canary" doc:"Begin with a few, and stop by itself if they mind"`
}

// Canary lets a few go first.
type Canary struct {
	Stages []float64 `json:"stages" doc:"So many of a hundred customers first, then so many: [1, 10] unless said; then all"`
	Wait   string    `json:"wait" doc:"How long each stage is watched before the next begins: 1h unless said"`
	Stop   Stop      `json:"stop" doc:"What stops it"`
}

// Stop is how many of a hundred messages may meet something before a campaign stops by
// itself. Twenty messages are waited for, and two that met it.
type Stop struct {
	Unsubscribes *float64 `json:"unsubscribes" doc:"How many of a hundred messages may make somebody unsubscribe: 1 unless said"`
	Complaints   *float64 `json:"complaints" doc:"How many of a hundred may be complained of: 0.1 unless said"`
	Failures     *float64 `json:"failures" doc:"How many of a hundred may fail: 10 unless said"`
}

// CampaignDoc is a campaign as the marketer writes it: a journey that a schedule enters.
// Its name is the document's, and no journey has it.
type CampaignDoc struct {
	Description string   `json:"description" doc:"What the campaign is for, in a sentence"`
	Hypothesis  string   `json:"hypothesis" doc:"What is expected of it, and why"`
	Result      string   `json:"result" doc:"What came of it, once it is known, for whoever plans the next one"`
	Audience    string   `json:"audience" required:"true" doc:"A rule about the customer, judged at her turn: segment(\"loyal\"); true is everybody"`
	Schedule    Schedule `json:"schedule" required:"true" doc:"On which days, and when on them"`
	Exit        []Exit   `json:"exit" doc:"What ends a run at once, wherever it stands"`
	Goal        *Goal    `json:"goal" doc:"What the campaign wants the customer to do; counted, it ends nothing"`
	Steps       []Step   `json:"steps" required:"true" doc:"What happens, one after another"`

	Versions string            `json:"versions" enum:"finish,move" doc:"What becomes of the runs under way when the campaign is changed: they finish as they began (unless said otherwise), or move to the new version, each to the step of the same name"`
	Moved    map[string]string `json:"moved" doc:"For runs that move: the steps that have another name now, from the old name to the new one"`
}

// Journey returns the campaign as the journey that it is.
func (d CampaignDoc) Journey() Doc {
	return Doc{
		Description: d.Description, Entry: Entry{Schedule: &d.Schedule, Where: d.Audience},
		Exit: d.Exit, Goal: d.Goal, Steps: d.Steps, Versions: d.Versions, Moved: d.Moved,
	}
}
