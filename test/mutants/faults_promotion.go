package main

// promotionFaults are those of what an order comes to under offers.
func promotionFaults() []fault {
	in := func(run string) tests { return tests{pkg: "./promotion", run: run} }
	return []fault{
		{"lines that are alike are not taken together", "promotion/cart.go", "at, known := byKey[key]", "at, known := byKey[key+it.ID]", in("TestSplitting"), 0},
		{"what may still come is told too low", "promotion/search.go", "bounds[i] += k.most - most[at]", "bounds[i] += (k.most - most[at]) / 2", in("TestBestCombination"), 0},
		{"an odd unit goes to the smallest remainder", "promotion/share.go", "case remainder[a] > remainder[b]:\n\t\t\treturn -1\n\t\tcase remainder[a] < remainder[b]:\n\t\t\treturn 1", "case remainder[a] > remainder[b]:\n\t\t\treturn 1\n\t\tcase remainder[a] < remainder[b]:\n\t\t\treturn -1", in("TestDocs|TestScripts"), 0},
		{"a bundle takes what another part needs", "promotion/bundle.go", "free = min(free, serving(sums, set)-need)", "free = min(free, serving(sums, set)+need)", in("TestDocs|TestScripts"), 0},
		{"the dearest of each bundle is free", "promotion/choose.go", "if from == cheapest {\n\t\t\ta, b = b, a", "if from == dearest {\n\t\t\ta, b = b, a", in("TestDocs|TestOneMore"), 0},
		{"units bear nothing of what was taken off their line", "promotion/cart.go", "left -= mulDiv(l.spread, value, all, all-1)", "_ = value", in("TestScripts"), 0},
		{"a line is taken below its least price", "promotion/cart.go", "return max(0, l.left()-l.least)", "return l.left()", in("TestDocs|TestSplitting"), 0},
		{"what a line has no room for is lost", "promotion/share.go", "for total = min(total, room); total > 0; {", "for total = min(total, room); total > 0; total = 0 {", in("TestShare|TestDocs"), 0},
		{"an offer's last instant is one too late", "promotion/valid.go", "return now == from && now < until, earlier(from, until)", "return now == from && now <= until, earlier(from, until)", in("TestDocs|TestScripts"), 0},
		{"a running threshold sees the order as it was at first", "promotion/scene.go", "return number(s.before, s.order.Currency)", "return number(s.first, s.order.Currency)", in("TestDocs"), 0},
		{"an offer that never stacks does", "promotion/search.go", "return a == always || b == always || a == common && b == common", "return a == always || b == always || a == common || b == common", in("TestBestCombination"), 0},
		{"a budget is exceeded", "promotion/calculate.go", "k.left = min(k.left, left)", "_ = left", in("TestDocs"), 0},
		{"yen have cents", "promotion/money.go", "return scaled(string(d), rapport.MinorDigits(currency))", "return scaled(string(d), 2)", in("TestDocs"), 0},
		{"somebody else's code is taken", "promotion/calculate.go", "k.offer.Doc.Codes.Personal && (shown.Holder.IsZero() || shown.Holder != run.scene.ID())", "k.offer.Doc.Codes.Personal && shown.Holder.IsZero()", in("TestPersonal"), 0},
	}
}
