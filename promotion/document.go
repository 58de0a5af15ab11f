package promotion

// Doc is what a marketer writes about an offer. Its name is the document's.
type Doc struct {
	Title       string `json:"title" doc:"What customers read, such as 20 % off shoes"`
	Description string `json:"description" doc:"What the offer is for, in a sentence"`
	Where       string `json:"where" doc:"The rule that must hold, of the customer and of the order, such as order.amount >= 100 && segment(\"loyal\"); without one the offer is for everybody"`
	Gives       []Give `json:"gives" required:"true" doc:"What the offer gives, one thing after another"`
	Valid       Valid  `json:"valid" doc:"When the offer holds; without it always"`
	Codes       *Codes `json:"codes" doc:"The codes that open the offer; without it the offer applies by itself"`
	Limits      Limits `json:"limits" doc:"How often and how far the offer may be used"`
	Lane        string `json:"lane" doc:"The lane it stands in, of those that the document of kind stacking names; default unless said"`
	Stacks      string `json:"stacks" enum:"common,never,always" doc:"Whether it goes along with others: common (the default) with all but those that never do, never with none but those that always do, always with all"`
	Priority    int    `json:"priority" doc:"Of two offers in a lane the one with the higher number is applied first; 0 unless said"`
	Paused      bool   `json:"paused" doc:"The offer is switched off"`
	Notice      string `json:"notice" doc:"What a customer is told instead of the reason for which the offer does not apply to her"`
}

// Give is one thing that an offer gives. It says one of percent, amount, price
// and free.
type Give struct {
	Percent Decimal            `json:"percent" doc:"A percentage off, such as 20 or 12.5"`
	Amount  map[string]Decimal `json:"amount" doc:"An amount off, by currency, such as SGD: 10"`
	Price   map[string]Decimal `json:"price" doc:"The new price, by currency"`
	Free    *Free              `json:"free" doc:"A product that comes for nothing"`
	Tiers   []Tier             `json:"tiers" doc:"Instead of one percentage or amount, several that depend on how much the order's chosen lines come to; the highest tier that is reached counts"`

	On     string  `json:"on" enum:"order,lines,units,shipping" doc:"What it is taken from: the order as a whole (the default), each line, each unit, or the shipping"`
	Items  string  `json:"items" doc:"The rule that the lines hold it is taken from, such as item.category == \"shoes\"; without one all lines"`
	Except string  `json:"except" doc:"The rule of lines that it is never taken from"`
	Choose Choose  `json:"choose" doc:"Which of these lines, or of their units, by their price; without it all"`
	Bundle *Bundle `json:"bundle" doc:"What has to be bought together for it; it then counts for each bundle"`
	Split  string  `json:"split" enum:"amount,quantity" doc:"How what is taken off the order is shared out among its lines: by what they come to (the default), or by how many units they have"`

	AtMost     map[string]Decimal `json:"at_most" doc:"The most that is taken off in all, by currency"`
	AtMostEach map[string]Decimal `json:"at_most_each" doc:"The most that is taken off each line or unit, by currency"`
}

// Tier is one step of what an offer gives.
type Tier struct {
	From    map[string]Decimal `json:"from" doc:"The amount from which it counts, by currency"`
	Units   int                `json:"units" doc:"Instead of an amount, the number of units"`
	Percent Decimal            `json:"percent" doc:"The percentage off from there on"`
	Amount  map[string]Decimal `json:"amount" doc:"The amount off from there on, by currency"`
}

// Choose picks lines or units by their price.
type Choose struct {
	From  string `json:"from" enum:"cheapest,dearest" doc:"Where the picking begins"`
	Skip  int    `json:"skip" doc:"How many are passed over at the beginning"`
	Every int    `json:"every" doc:"Only every so many-th of those that follow, such as 2 for each second one"`
	Most  int    `json:"most" doc:"How many are picked at most"`
}

// Bundle is what has to be bought together. With get, only what is got is
// discounted; without it all of the bundle is.
type Bundle struct {
	Buy   []Part `json:"buy" required:"true" doc:"What is bought: each part a rule and a number of units"`
	Get   *Part  `json:"get" doc:"What is discounted; without it all that is bought"`
	Times int    `json:"times" doc:"How many bundles of an order count at most; without it as many as there are"`
}

// Part is one part of a bundle.
type Part struct {
	Items string `json:"items" doc:"The rule that its lines hold; without one all lines"`
	Units int    `json:"units" doc:"How many units of them; 1 unless said"`
	From  string `json:"from" enum:"dearest,cheapest" doc:"Which units are taken first: the dearest unless said"`
}

// Free is a product that comes for nothing.
type Free struct {
	Product string             `json:"product" doc:"Its id in the shop; not with add: same"`
	Name    string             `json:"name" doc:"What it is called"`
	Units   int                `json:"units" doc:"How many; 1 unless said"`
	Worth   map[string]Decimal `json:"worth" doc:"What one costs otherwise, by currency"`
	Add     string             `json:"add" enum:"new,missing,same" doc:"new (the default) puts them into the order besides what is there; missing makes those free that are there and adds what is missing; same adds as many of each chosen line's own product"`
}

// Valid says when an offer holds. Days and hours are told in zone, or in the
// customer's own.
type Valid struct {
	From  string   `json:"from" doc:"The instant or day from which it holds, such as 2026-11-11 or 2026-11-11T10:00:00Z"`
	Until string   `json:"until" doc:"The instant or day before which it ends: with 2026-12-01 the last of November is its last day"`
	Days  []string `json:"days" enum:"monday,tuesday,wednesday,thursday,friday,saturday,sunday" doc:"The weekdays on which it holds; without it all"`
	Hours []string `json:"hours" doc:"The hours of the day in which it holds, such as 09:00-12:00 or 22:00-02:00; the second time is not in it"`
	Feast string   `json:"feast" doc:"The feast of the customer's market on whose days it holds"`
	Zone  string   `json:"zone" doc:"The time zone in which days and hours are told; the customer's own unless said"`
}

// Codes says what opens an offer.
type Codes struct {
	Code       string `json:"code" doc:"The one code that everybody uses, such as WINTER10"`
	Pattern    string `json:"pattern" doc:"How generated codes look: each # becomes a letter or digit, such as SAVE-########"`
	Characters string `json:"characters" doc:"What a # may become; 23456789ABCDEFGHJKLMNPQRSTUVWXYZ unless said"`
	Personal   bool   `json:"personal" doc:"Only the customer whom a code was given to may use it"`
	ValidFor   string `json:"valid_for" doc:"How long a code holds from when it was given to a customer, such as 14d"`
	Uses       int    `json:"uses" doc:"How often one code may be used; 1 unless said, for the one code that everybody uses without limit"`
}

// Limits says how often and how far an offer may be used.
type Limits struct {
	Uses        int                `json:"uses" doc:"How often in all"`
	PerCustomer int                `json:"per_customer" doc:"How often by one customer"`
	Per         []Limit            `json:"per" doc:"Further limits: of a count or of money, by whom, and in which period"`
	Budget      map[string]Decimal `json:"budget" doc:"How much it may take off in all, by currency"`
	Soft        bool               `json:"soft" doc:"An order that was promised the offer gets it even if the limit is met meanwhile"`
}

// Limit is one further limit.
type Limit struct {
	By     string             `json:"by" enum:"offer,code,customer,identity" doc:"What is counted: all uses (offer, the default), those of a code, of a customer, or of one identity: her e-mail address without what stands behind a +, or her phone number"`
	Each   string             `json:"each" enum:"day,week,month,year" doc:"The period of the calendar in which it is counted; without it for ever"`
	Uses   int                `json:"uses" doc:"How often"`
	Amount map[string]Decimal `json:"amount" doc:"How much it may take off, by currency"`
}

// StackingDoc is what a marketer writes about how offers go together. A
// workspace has one.
type StackingDoc struct {
	Description string    `json:"description" doc:"How offers go together, in a sentence"`
	Lanes       []LaneDoc `json:"lanes" doc:"The lanes, in the order in which they apply. Of a lane the best offer wins, and what the lanes give adds up; without them there is one, default"`
	Amounts     string    `json:"amounts" enum:"running,initial" doc:"What a percentage is taken of: what is left after the offers before it (the default), or what the lines cost at first"`
	Most        int       `json:"most" doc:"How many offers one order gets at most; 5 unless said"`
	Codes       string    `json:"codes" enum:"partial,all" doc:"What happens if one of several codes does not apply: partial (the default) uses the others, all uses none"`
	Margin      Decimal   `json:"margin" doc:"The percentage of a line's cost that offers must leave the shop above it, for lines whose cost is told; without it offers may go below cost"`
	Case        string    `json:"case" enum:"ignore,exact" doc:"Whether codes in capital and small letters are the same (ignore, the default)"`
}

// LaneDoc is one lane.
type LaneDoc struct {
	Name string `json:"name" required:"true" doc:"What offers call it"`
	Wins string `json:"wins" enum:"best,all" doc:"How many of its offers an order gets: the best one (the default), or all that apply, the one with the highest priority first"`
}
