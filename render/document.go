package render

// The kinds of the documents.
const (
	Kind      = "template"
	BrandKind = "brand"
	BlockKind = "block"
)

// Doc is a template as the marketer writes it. Its name is the document's.
type Doc struct {
	Description string                   `json:"description" doc:"What the message is for, in a sentence"`
	Channel     string                   `json:"channel" enum:"email,sms" doc:"What it is sent by; email unless said"`
	Subject     string                   `json:"subject" doc:"The subject of an e-mail, in Liquid; printed as one line"`
	Preheader   string                   `json:"preheader" doc:"What mail programs show after the subject, in Liquid"`
	HTML        string                   `json:"html" doc:"The body as HTML, in Liquid; what it prints is escaped"`
	Text        string                   `json:"text" doc:"The body as plain text, in Liquid; an e-mail without it gets one made of its HTML"`
	From        *Sender                  `json:"from" doc:"Whom it comes from; the brand's sender unless said"`
	ReplyTo     string                   `json:"reply_to" doc:"Where answers go; the brand's address for them unless said"`
	Language    string                   `json:"language" doc:"The language that the texts above are in, such as en; amounts are written as it does. The market's unless said"`
	Locales     map[string]Variant       `json:"locales" doc:"The same message in other languages, by language: th, zh-Hant, pt-BR"`
	Markets     map[string]MarketVariant `json:"markets" doc:"The same message for other markets, by the market's name"`
	Defaults    map[string]any           `json:"defaults" doc:"What stands for a value that is missing, by name: customer.first_name: friend"`
	Brand       string                   `json:"brand" doc:"The brand it speaks for; the only one, or the one called default, unless said"`
}

// Variant is a template in another language. A subject or preheader that it does
// not have is the template's own; html and text are its own if it has either.
type Variant struct {
	Subject   string `json:"subject" doc:"The subject in this language"`
	Preheader string `json:"preheader" doc:"What mail programs show after the subject, in this language"`
	HTML      string `json:"html" doc:"The body as HTML in this language"`
	Text      string `json:"text" doc:"The body as plain text in this language"`
}

// MarketVariant is a template in a market. What it does not have is the template's,
// in the same language if that has it.
type MarketVariant struct {
	Variant
	Language string             `json:"language" doc:"The language that these texts are in; that of the template's own unless said"`
	Locales  map[string]Variant `json:"locales" doc:"The message for this market in other languages, by language"`
}

// Sender is whom a message comes from.
type Sender struct {
	Name    string `json:"name" doc:"The name that customers see"`
	Address string `json:"address" required:"true" doc:"The e-mail address, or the sender's number or name of a text message"`
}

// BlockDoc is a piece that templates share: {% render 'name' %} prints it. Its
// name is the document's.
type BlockDoc struct {
	Description string `json:"description" doc:"What the block is for, in a sentence"`
	BlockVariant
	Locales map[string]BlockVariant `json:"locales" doc:"The same block in messages in other languages, by language"`
	Markets map[string]BlockMarket  `json:"markets" doc:"The same block in other markets, by the market's name"`
}

// BlockVariant is what a block prints. Which of the two it does not have is the
// block's own.
type BlockVariant struct {
	HTML string `json:"html" doc:"What it prints in HTML, in Liquid"`
	Text string `json:"text" doc:"What it prints in subjects and plain texts, in Liquid"`
}

// BlockMarket is a block in a market.
type BlockMarket struct {
	BlockVariant
	Locales map[string]BlockVariant `json:"locales" doc:"The block for this market in messages in other languages, by language"`
}

// BrandDoc is how a brand presents itself. Name is what customers know it by: a
// brand's document says it as its title, since its name is what other documents
// call it.
type BrandDoc struct {
	Name        string             `json:"-"`
	URL         string             `json:"url" doc:"The address of its site"`
	Logo        string             `json:"logo" doc:"The address of its logo"`
	Address     string             `json:"address" doc:"Its postal address, which optional e-mails show"`
	Sender      *Sender            `json:"sender" doc:"Whom its e-mails come from"`
	Senders     map[string]*Sender `json:"senders" doc:"Whom its e-mails come from in a market, by the market's name"`
	SMSSender   string             `json:"sms_sender" doc:"The number or name that its text messages come from"`
	ReplyTo     string             `json:"reply_to" doc:"The e-mail address that answers go to"`
	Colours     map[string]string  `json:"colours" doc:"Its colours by name, for templates: brand.colours.accent"`
	Fonts       map[string]string  `json:"fonts" doc:"Its fonts by name, for templates: brand.fonts.body"`
	Values      map[string]string  `json:"values" doc:"Anything else that templates print, by name: brand.values.hotline"`
	Unsubscribe map[string]string  `json:"unsubscribe" doc:"The words of the link to unsubscribe in the footer, by language"`
}
