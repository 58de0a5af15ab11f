package workspace

import (
	"rapport/internal/strictyaml"
	"rapport/render"
)

// brand is a brand's document. What render calls its name is its title here, since
// a document's name is how other documents call it.
type brand struct {
	Title string `json:"title" required:"true" doc:"The brand's name as customers know it; templates print it as brand.name"`
	render.BrandDoc
}

func (c *compiler) brands(markets *Markets) map[string]render.BrandDoc {
	docs := decode[brand](c, "brand")
	brands := make(map[string]render.BrandDoc, len(docs))
	for name, doc := range docs {
		doc.BrandDoc.Name = doc.Title
		brands[name] = doc.BrandDoc
		if c.faulty[key{"brand", name}] {
			continue
		}
		for _, p := range doc.BrandDoc.Check() {
			c.renderProblem("brand", name, p)
		}
		for market := range doc.Senders {
			if markets.Get(market) == nil {
				c.add("brand", name, strictyaml.Key("senders", market), noSuch("market", market, markets.Names()))
			}
		}
	}
	return brands
}
