package shop

// The manners of visitors: every number of the model that is not a market's. Figures
// says of each what it is and where it comes from.
const (
	// Visits.
	sessionsPerWeek = 1.6
	paceSpread      = 0.7
	viewsPerSession = 5
	signUpSession   = 0.22
	leaveUnknown    = 0.30
	leaveKnown      = 0.04
	secondDevice    = 0.35
	sharedTablet    = 0.04
	signInFirst     = 0.55

	// What they tell.
	agreeToMail   = 0.68
	agreeToHelp   = 0.45
	phoneAtSignUp = 0.25
	phoneLater    = 0.02
	tellsBirthday = 0.35
	changesDetail = 0.004

	// Buying.
	addAfterView   = 0.05
	buyCart        = 0.25
	oldCartForgets = 0.5
	waitForFeast   = 0.8
	creditShare    = 0.1

	// Before the shop opened.
	pastDays     = 730
	ordersBefore = 2.5
	orderGapDays = 70
	goneBefore   = 0.6

	// Sending back.
	exchangeSize   = 0.3
	returnNoReason = 0.2

	// Reading.
	openPromotional   = 0.17
	openContent       = 0.25
	openTransactional = 0.65
	openOwnDoing      = 2.4
	openAfterGone     = 0.5
	clickOpened       = 0.10
	clickKnownThing   = 2.3
	clickText         = 0.098
	buyAfterClick     = 0.42
	answerQuestion    = 0.25
	readWithinHours   = 5

	// Being annoyed.
	unsubscribe     = 0.002
	unsubscribeText = 0.009
	complain        = 0.0003
	patience        = 2
	annoyance       = 0.45
	deadAddress     = 0.005
)

// Figure is one number of the model, what it is and where it comes from.
type Figure struct {
	Name  string
	Value float64
	What  string
	// Source is where the number, or the order of its size, was published and when;
	// Assumed says that nobody measured it.
	Source string
}

// Assumed marks a number that was chosen and not measured.
const Assumed = "assumption"

// Where numbers come from.
const (
	oberloHours   = "https://www.oberlo.com/statistics/what-time-do-people-shop-online (read 2026)"
	feroFunnel    = "https://www.fero.com/blog/p-2618 (2024): 7.1 of 100 sessions put something into a cart"
	baymard       = "https://redstagfulfillment.com/percentage-of-online-shoppers-abandon-their-cart (2024, citing Baymard Institute): 70.19 of 100 carts are left"
	campaignMon   = "https://bizness-journal.com/2022/08 (2022, citing Campaign Monitor, retail): 17.1 of 100 opened, 0.1 unsubscribed"
	mailTypes     = "https://www.emailmarketingskill.com/appendix-a-benchmarks (2026): newsletters 20 to 30, transactional 60 to 80 of 100 opened; 0.2 unsubscribed"
	klaviyoCarts  = "https://www.klaviyo.com/marketing-resources/abandoned-cart-benchmarks (2017): 41.18 of 100 reminders opened, 9.5 clicked"
	klaviyoBought = "https://www.mediapost.com/publications/article/309175 (2017, citing Klaviyo): 4 to 5 of 100 reminded carts are bought, 9.5 clicked"
	postscript    = "https://www.postscript.io/sms-benchmarks (2020): of 100 texts 9.8 clicked, 0.9 unsubscribed"
	complaintRate = "https://messaging.sortediq.com/what-is-good-spam-complaint-rate.html (read 2026): below 0.05 of 100 is excellent, 0.1 of 100 the limit that Gmail recommends"
	tooManyMails  = "https://www.marketingsherpa.com/article/chart/why-consumers-unsubscribe (2017): too many mails is the first reason to leave; how steep it is, is an assumption"
	bounces       = "https://www.emailverifierapp.com/tips/what-is-an-acceptable-number-for-spam-complaints (read 2026): 0 to 1 of 100 bounce"
	fitReturns    = "https://bestcolorfulsocks.com/blogs/news/fashion-returns-statistics (2025): 38 of 100 returns for fit"
	returnsByLand = "https://prime-ai.com/en/media/clothing-return-rates-by-category-and-country-csf-a (2024, citing Statista 2022): Germany 44 of 100, Asia-Pacific 5 to 15"
	tikiEleven    = "https://e.vnexpress.net/news/business/industries/e-commerce-sites-reap-bumper-harvests-on-singles-day-4011727.html (2019, Tiki): three times the traffic, four times the orders"
	shopbackHour  = "https://themalaysianreserve.com/2019/11/12/e-commerce-players-sales-jump-within-1st-hour-of-11-11-sales (2019): 35 of 100 visits of the day in its first hour"
	storeisBlack  = "https://store.is/ecommerce-tips/black-friday-2021-how-did-it-go (2021): sessions up by 59 of 100, conversion by more than half"
	operaXmas     = "https://www.fierceretail.com/operations/consumers-prefer-sundays-amazon-for-mobile-shopping (2014, citing Opera): Germany up by 28 of 100 in November and December"
	criteoDiwali  = "https://bestmediainfo.com/insights/diwali-2025-sees-record-online-turnout-as-93-shop-digitally-10597367 (2025, citing Criteo): fashion sells 30 of 100 more in the two weeks before, traffic up by 36 of 100 at its peak"
	indiaCash     = "https://statinvestor.com/data/7392/india-online-payment-methods (2016): 45 to 57 of 100 by cash on delivery, 8 to 15 by wallet"
)

// Figures returns every number of the model.
func Figures() []Figure {
	return append([]Figure{
		{"sessionsPerWeek", sessionsPerWeek, "visits a week of an average visitor", Assumed},
		{"paceSpread", paceSpread, "how much visitors differ in that: sigma of a log-normal factor", Assumed},
		{"viewsPerSession", viewsPerSession, "things looked at in a visit, on average", Assumed},
		{"signUpSession", signUpSession, "that an unknown visitor signs up in a visit", Assumed},
		{"leaveUnknown", leaveUnknown, "that an unknown visitor never comes again after a visit", Assumed},
		{"leaveKnown", leaveKnown, "that a customer never comes again after a visit", Assumed},
		{"secondDevice", secondDevice, "that a visitor has two devices", Assumed},
		{"sharedTablet", sharedTablet, "that a visitor shares a tablet with the one before, where one signs out and the other in", Assumed},
		{"signInFirst", signInFirst, "that a customer signs in at once on a device that does not know her; else at the checkout", Assumed},
		{"agreeToMail", agreeToMail, "that who signs up agrees to marketing", Assumed},
		{"agreeToHelp", agreeToHelp, "that she also agrees to personalisation", Assumed},
		{"phoneAtSignUp", phoneAtSignUp, "that she gives a phone number when she signs up", Assumed},
		{"phoneLater", phoneLater, "that she gives one in a later visit", Assumed},
		{"tellsBirthday", tellsBirthday, "that she tells her birthday", Assumed},
		{"changesDetail", changesDetail, "that she changes address, phone or password in a visit", Assumed},
		{"addAfterView", addAfterView, "that a look ends in the cart: 22 of 100 visits do, for these visitors know the shop", Assumed + "; for all sessions of all shops " + feroFunnel},
		{"buyCart", buyCart, "that a cart is bought in the visit; with later visits about 30 of 100 carts are", baymard},
		{"oldCartForgets", oldCartForgets, "that a cart is emptied after a week untouched", Assumed},
		{"waitForFeast", waitForFeast, "what becomes of buying in the five days before a large festival: people wait", Assumed},
		{"creditShare", creditShare, "the part of a purchase on 11.11 that comes back as credit for Christmas", Assumed},
		{"pastDays", pastDays, "days before the opening in which old customers began to buy", Assumed},
		{"ordersBefore", ordersBefore, "orders of an old customer until then, on average", Assumed},
		{"orderGapDays", orderGapDays, "days between two of them, on average", Assumed},
		{"goneBefore", goneBefore, "that an old customer never comes again by herself", Assumed},
		{"exchangeSize", exchangeSize, "that who sends back for the size buys it in another", Assumed},
		{"returnNoReason", returnNoReason, "that nobody says why something comes back", Assumed},
		{"openPromotional", openPromotional, "that a promotional letter is opened", campaignMon},
		{"openContent", openContent, "that a letter with content is opened", mailTypes},
		{"openTransactional", openTransactional, "that a transactional letter is opened", mailTypes},
		{"openOwnDoing", openOwnDoing, "how much more a letter is opened that comes within two days of her own doing: 0.17 becomes 0.41", klaviyoCarts},
		{"openAfterGone", openAfterGone, "how much less one who has stayed away opens", Assumed},
		{"clickOpened", clickOpened, "that an opened letter is clicked", klaviyoCarts},
		{"clickKnownThing", clickKnownThing, "how much more if it names something of her cart or last looks: 0.10 becomes 0.23", klaviyoCarts},
		{"clickText", clickText, "that a text with a link is clicked", postscript},
		{"buyAfterClick", buyAfterClick, "that a cart is bought in the visit that a click began", klaviyoBought},
		{"answerQuestion", answerQuestion, "that a question with answers to click is answered by who opens it", Assumed},
		{"readWithinHours", readWithinHours, "hours until a letter is opened, on average", Assumed},
		{"unsubscribe", unsubscribe, "that a letter makes somebody leave, while letters are few", mailTypes},
		{"unsubscribeText", unsubscribeText, "that a text does", postscript},
		{"complain", complain, "that a letter is called spam, while letters are few", complaintRate},
		{"patience", patience, "optional letters in seven days that annoy nobody", tooManyMails},
		{"annoyance", annoyance, "with each further one the odds of leaving grow by e to this, and fewer open", tooManyMails},
		{"deadAddress", deadAddress, "that an address bounces", bounces},
	}, marketFigures()...)
}

// marketFigures returns the numbers of the markets.
func marketFigures() []Figure {
	var all []Figure
	for _, m := range Markets() {
		source := returnsByLand
		all = append(all,
			Figure{m.Name + ".share", m.Share, "of all visitors", Assumed},
			Figure{m.Name + ".price", m.Price, "of " + m.Currency + " for one unit of the catalogue's prices, about a euro", Assumed},
			Figure{m.Name + ".returns", m.Returns, "of orders are sent back", source},
			Figure{m.Name + ".appFirst", m.AppFirst, "of visitors come by the app first", Assumed},
		)
		for _, f := range m.Feasts {
			all = append(all,
				Figure{m.Name + "." + f.Name + ".visits", f.Visits, "times the visits of another day", f.source},
				Figure{m.Name + "." + f.Name + ".buying", f.Buying, "times the carts that are bought", f.source})
		}
		for _, p := range m.Pays {
			all = append(all, Figure{m.Name + ".pays " + p.How, p.Share, "of orders", p.source})
		}
	}
	for _, r := range reasons() {
		all = append(all, Figure{"reason " + r.text, r.share, "of the returns of which somebody says why", r.source})
	}
	return append(all, Figure{"firstHour", firstHour, "of the visits of a double-digit day fall in its first hour", shopbackHour})
}
