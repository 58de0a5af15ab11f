package main

import (
	"context"
	"io"
	"os"

	"rapport"
	"rapport/client"
)

type offers struct {
	Try offersTry `cmd:"" help:"Say which offers an order would get, and why not the others. Nothing is used up."`
}

type offersTry struct {
	remote
	Cart     string   `arg:"" help:"A JSON file with an order, such as {\"currency\": \"SGD\", \"items\": [{\"price\": 89.90, \"category\": \"shoes\"}]}; - for standard input." placeholder:"CART.json"`
	Customer string   `help:"Any id of the customer whose order it is."`
	Code     []string `help:"A code that is shown; may be given several times." placeholder:"CODE"`
	JSON     bool     `name:"json" help:"Write the server's answer as it is."`
}

// maxCart is how large a file with a cart may be.
const maxCart = 4 << 20

// Run tries the cart.
func (o *offersTry) Run(ctx context.Context, std *streams) error {
	text, err := o.read(std.in)
	if err != nil {
		return err
	}
	asked, err := client.ReadCart(text)
	if err != nil {
		return err
	}
	if o.Customer != "" {
		asked.Customer = o.Customer
	}
	asked.Codes = append(asked.Codes, o.Code...)
	return o.client().TryOffers(ctx, asked, o.JSON, std.out)
}

func (o *offersTry) read(in io.Reader) ([]byte, error) {
	if o.Cart == "-" {
		return io.ReadAll(io.LimitReader(in, maxCart))
	}
	info, err := os.Stat(o.Cart)
	if err == nil && info.Size() > maxCart {
		return nil, rapport.Errorf(rapport.TooLarge, "%s is larger than %d MB", o.Cart, maxCart>>20)
	}
	if err != nil {
		return nil, &rapport.Error{Kind: rapport.NotFound, Message: "cannot read " + o.Cart, Err: err}
	}
	return os.ReadFile(o.Cart)
}
